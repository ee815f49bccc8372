//! Which Hermes homes there are, what they are called, and which service names they lead to.

use jiff::civil::DateTime;
use sha2::{Digest, Sha256};

use crate::value::Value;

/// A `HERMES_HOME` and the name by which a person knows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Home {
    /// `default`, a profile's name, or the path of a home outside the root.
    pub profile: String,
    /// Absolute path.
    pub path: String,
    /// The other paths that lead there: over symbolic links, or without any, as Hermes pins it and the kernel tells it.
    pub also: Vec<String>,
}

/// The directory above `profiles/`, as Hermes finds it (0.13 to 0.22): a `HERMES_HOME` outside
/// `~/.hermes` is its own root, unless its parent is called `profiles`.
pub fn root(user_home: Option<&str>, hermes_home: Option<&str>) -> Option<String> {
    let standard = user_home.map(|home| join(home, ".hermes"));
    let Some(home) = hermes_home.filter(|home| !home.is_empty()).map(trimmed) else {
        return standard;
    };
    if let Some(standard) = standard.filter(|standard| home == standard || is_below(home, standard))
    {
        return Some(standard);
    }
    match home.rsplit_once('/').map(|(parent, _)| parent.rsplit_once('/')) {
        Some(Some((grandparent, "profiles"))) if !grandparent.is_empty() => {
            Some(grandparent.into())
        }
        _ => Some(home.into()),
    }
}

/// The home that a gateway ends up with (0.13 to 0.22, verified on 0.19): a `--profile` wins, then a
/// `HERMES_HOME` below a `profiles` directory, then the sticky `active_profile`, then `HERMES_HOME`. From 0.21.0 on a
/// service is exempt from the sticky profile.
#[derive(Debug, Clone, Copy)]
pub struct Choice<'a> {
    /// `--profile` on the command line.
    pub profile: Option<&'a str>,
    /// `HERMES_HOME` of the environment.
    pub hermes_home: Option<&'a str>,
    /// Home directory of the user it runs as.
    pub user_home: Option<&'a str>,
}

impl Choice<'_> {
    /// The path, or none where there is nothing to tell it from. `sticky` says what `ROOT/active_profile` holds, of
    /// the root that it is asked for and of no other, unless something exempts the process from it.
    pub fn home(&self, sticky: impl FnOnce(&str) -> Option<String>) -> Option<String> {
        let root = root(self.user_home, self.hermes_home)?;
        let named = |name: &str| match name.trim() {
            "" | "default" => root.clone(),
            name => join(&root, &format!("profiles/{name}")),
        };
        if let Some(profile) = self.profile {
            return Some(named(profile));
        }
        let pinned = self.hermes_home.map(trimmed).filter(|home| !home.is_empty());
        if let Some(home) = pinned.filter(|home| parent_is_profiles(home)) {
            return Some(home.into());
        }
        match sticky(&root).map(|name| named(&name)).filter(|home| *home != root) {
            Some(home) => Some(home),
            None => Some(pinned.map_or(root, String::from)),
        }
    }
}

impl Home {
    /// The home at this path, named by where it lies.
    pub fn at(path: &str, root: Option<&str>) -> Self {
        let path = trimmed(path);
        let profile = match root {
            Some(root) if path == root => "default".to_string(),
            Some(root) => match profile_of(path, root) {
                Some(name) => name.to_string(),
                None => path.to_string(),
            },
            None => path.to_string(),
        };
        Self { profile, path: path.into(), also: Vec::new() }
    }

    /// Whether this path, as a record, a definition or the kernel has it, names this home.
    pub fn is_at(&self, path: &str) -> bool {
        let path = trimmed(path);
        path == self.path || self.also.iter().any(|other| other == path)
    }

    /// True if this value names this home, or may: it is no value to compare.
    pub fn may_be_at(&self, path: &Value) -> bool {
        path.literal().is_none_or(|path| self.is_at(path))
    }

    /// The names under which Hermes looks for its service, most likely first: the bare one for a root, else that of its
    /// profile, else eight digits of a hash. From 0.21.2 on a root of its own, outside `~/.hermes`, has the hash; where an
    /// installed unit of the bare name is for it, that stays its name.
    pub fn service_names(&self, stem: &str, user_home: Option<&str>) -> Vec<String> {
        let hashed = || format!("{stem}-{}", hash8(&self.path));
        let standard = user_home.map(|home| join(home, ".hermes"));
        match root(user_home, Some(&self.path)) {
            Some(root) if root == self.path => {
                let is_own = standard.is_some_and(|standard| standard != root);
                [stem.to_string()].into_iter().chain(is_own.then(hashed)).collect()
            }
            Some(root) => match profile_of(&self.path, &root) {
                Some(profile) => vec![format!("{stem}-{profile}")],
                None => vec![hashed()],
            },
            None => vec![stem.to_string()],
        }
    }
}

/// `[a-z0-9][a-z0-9_-]{0,63}`, the names that Hermes takes for profiles.
pub fn is_profile_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name.len() <= 64
        && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'))
}

/// The profile whose home this path is, below this root.
fn profile_of<'a>(path: &'a str, root: &str) -> Option<&'a str> {
    let name = path.strip_prefix(root)?.strip_prefix("/profiles/")?;
    is_profile_name(name).then_some(name)
}

fn parent_is_profiles(path: &str) -> bool {
    path.rsplit_once('/').is_some_and(|(parent, _)| parent.ends_with("/profiles"))
}

fn is_below(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
}

/// A path without slashes at its end.
pub(super) fn trimmed(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" => "/",
        trimmed => trimmed,
    }
}

fn hash8(path: &str) -> String {
    let digest = Sha256::digest(path.as_bytes());
    let first = digest.iter().take(4).fold(0_u32, |first, byte| first << 8 | u32::from(*byte));
    format!("{first:08x}")
}

/// A path below a directory.
pub fn join(directory: &str, name: &str) -> String {
    format!("{}/{name}", directory.trim_end_matches('/'))
}

/// When a start put `state.db` aside under this name, by the clock of the host: `state.db.zeroed-20261130-101500-77.bak`, of a
/// file whose first page was no database any more (0.21.5+). None for any other name.
pub fn set_aside(name: &str) -> Option<DateTime> {
    let rest = name.strip_prefix("state.db.")?.strip_suffix(".bak")?;
    let (kind, stamp) = rest.split_once('-')?;
    let (stamp, pid) = stamp.rsplit_once('-')?;
    let is_pid = !pid.is_empty() && pid.chars().all(|c| c.is_ascii_digit());
    let at = DateTime::strptime("%Y%m%d-%H%M%S", stamp).ok();
    at.filter(|_| is_pid && matches!(kind, "zeroed" | "notadb"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_was_put_aside_is_known_by_its_name_with_its_time() {
        let day = |name: &str| set_aside(name).map(|at| at.date().to_string());
        for (name, expected) in [
            ("state.db.zeroed-20261130-101500-77.bak", Some("2026-11-30")),
            ("state.db.notadb-20260102-000000-1.bak", Some("2026-01-02")),
            ("state.db.zeroed-20261130-101500-77.bak-wal", None),
            ("state.db.zeroed-20261330-101500-77.bak", None),
            ("state.db.zeroed-20261130-101500-.bak", None),
            ("state.db.zeroed-20261130-101500-x.bak", None),
            ("state.db.of-alice-20261130-101500-7.bak", None),
            ("state.db", None),
        ] {
            assert_eq!(day(name).as_deref(), expected, "{name}");
        }
    }

    const USER: Option<&str> = Some("/home/a");

    #[test]
    fn service_names_follow_the_rules_of_both_eras() {
        for (path, expected) in [
            ("/home/a/.hermes", &["hermes-gateway"][..]),
            ("/home/a/.hermes/profiles/coder", &["hermes-gateway-coder"]),
            // As 0.20.6 and 0.21.5 name it.
            ("/srv/hermes", &["hermes-gateway", "hermes-gateway-fbdca692"]),
            ("/srv/hermes/profiles/coder", &["hermes-gateway-coder"]),
        ] {
            let names = Home::at(path, None).service_names("hermes-gateway", USER);
            assert_eq!(names, expected, "{path}");
        }
        let odd =
            Home::at("/home/a/.hermes/profiles/Coder", None).service_names("hermes-gateway", USER);
        assert_eq!(odd[0].len(), "hermes-gateway-01234567".len(), "{odd:?}");
    }

    #[test]
    fn the_hash_is_that_of_the_path_without_a_newline() {
        // printf %s /opt/x | sha256sum
        assert_eq!(hash8("/opt/x").len(), 8);
        assert_eq!(hash8(""), "e3b0c442");
    }

    #[test]
    fn a_service_serves_the_home_that_hermes_would_choose() {
        let choice = |profile, hermes_home, sticky: Option<&str>| {
            let choice = Choice { profile, hermes_home, user_home: USER };
            choice.home(|_| sticky.map(String::from)).expect("a home")
        };
        let standard = "/home/a/.hermes";
        let coder = "/home/a/.hermes/profiles/coder";
        assert_eq!(choice(None, None, None), standard);
        assert_eq!(choice(None, Some(standard), None), standard);
        assert_eq!(choice(Some("coder"), Some(standard), Some("work")), coder);
        assert_eq!(choice(Some("default"), Some(standard), Some("work")), standard);
        assert_eq!(choice(None, Some(coder), Some("work")), coder);
        // The sticky profile turns the default service into another's (verified on 0.19).
        assert_eq!(choice(None, Some(standard), Some("coder\n")), coder);
        assert_eq!(choice(None, Some("/opt/x"), None), "/opt/x");
        assert_eq!(choice(None, Some("/opt/x/"), Some("n")), "/opt/x/profiles/n");
    }

    #[test]
    fn the_sticky_profile_is_that_of_the_root_in_question() {
        let of_the_standard = |root: &str| (root == "/home/a/.hermes").then(|| "coder".to_string());
        for (hermes_home, expected) in [
            (None, "/home/a/.hermes/profiles/coder"),
            (Some("/home/a/.hermes"), "/home/a/.hermes/profiles/coder"),
            (Some("/opt/x"), "/opt/x"),
            (Some("/opt/x/profiles/n"), "/opt/x/profiles/n"),
        ] {
            let choice = Choice { profile: None, hermes_home, user_home: USER };
            assert_eq!(choice.home(of_the_standard).as_deref(), Some(expected), "{hermes_home:?}");
        }
    }

    #[test]
    fn a_home_is_called_by_its_place() {
        let root = Some("/home/a/.hermes");
        assert_eq!(Home::at("/home/a/.hermes/", root).profile, "default");
        assert_eq!(Home::at("/home/a/.hermes/profiles/coder", root).profile, "coder");
        assert_eq!(
            Home::at("/home/a/.hermes/profiles/coder/x", root).profile,
            "/home/a/.hermes/profiles/coder/x"
        );
        assert_eq!(Home::at("/srv/h", root).profile, "/srv/h");
    }
}
