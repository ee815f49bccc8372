//! What the host is, and from where we look at it: who we are, and what of our environment matters.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use gw_snapshot::redact::{Salt, is_clear_variable, shape};
use gw_snapshot::snapshot::About;

use super::read::system_text;
use super::system;

/// Variables that say where a Hermes of ours would look.
const VARIABLES: [&str; 7] = [
    "HERMES_GATEWAY_LOCK_DIR",
    "HERMES_HOME",
    "HERMES_MANAGED_DIR",
    "TZ",
    "XDG_CONFIG_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
];

/// What there is to say of this host. Only the home directory can be slow to look at.
pub(super) fn about(timeout: Duration) -> About {
    let uid = rustix::process::geteuid().as_raw();
    let passwd = system_text("/etc/passwd").unwrap_or_default();
    let entry = passwd.lines().find_map(|line| Entry::read(line, uid));
    let mut about = system::about();
    about.uid = Some(uid);
    about.user = entry.as_ref().map(|entry| entry.user.into());
    about.home = home(variable("HOME"), entry.map(|entry| entry.home.into()), |home| {
        is_owned_by(home, uid, timeout)
    });
    about.hints.extend(hints(uid));
    about.hints.sort_unstable();
    about.env = environment(variable, &system::secret());
    about
}

/// A line of /etc/passwd.
struct Entry<'a> {
    user: &'a str,
    home: &'a str,
}

impl<'a> Entry<'a> {
    /// `a:x:1000:1000:A,,,:/home/a:/bin/bash`, if it is the line of this user.
    fn read(line: &'a str, uid: u32) -> Option<Self> {
        let mut fields = line.split(':');
        let user = fields.next()?;
        let is_it = fields.nth(1)?.parse::<u32>().ok()? == uid;
        let home = fields.nth(2)?;
        is_it.then_some(Self { user, home })
    }
}

/// `$HOME`, unless it is somebody else's, as after `sudo`; then what /etc/passwd says.
fn home(
    named: Option<String>,
    listed: Option<String>,
    is_ours: impl Fn(&str) -> bool,
) -> Option<String> {
    let named = named.filter(|home| Path::new(home).is_absolute());
    match (named, listed) {
        (Some(named), Some(listed)) if named != listed && !is_ours(&named) => Some(listed),
        (Some(named), _) => Some(named),
        (None, listed) => listed,
    }
}

/// Whether a directory is a user's. One on a mount that does not answer is nobody's.
fn is_owned_by(path: &str, uid: u32, timeout: Duration) -> bool {
    let (tell, told) = mpsc::channel();
    let path = path.to_string();
    let looks = thread::Builder::new().name("home".into()).spawn(move || {
        let owned = fs::metadata(path).is_ok_and(|stat| stat.uid() == uid);
        // Nobody listens any more if this took too long.
        let _ = tell.send(owned);
    });
    looks.is_ok() && told.recv_timeout(timeout).unwrap_or(false)
}

fn hints(uid: u32) -> Vec<String> {
    let sudo = variable("SUDO_UID").and_then(|uid| uid.parse::<u32>().ok());
    [
        ("in-gateway", variable("_HERMES_GATEWAY").is_some()),
        ("ssh", variable("SSH_CONNECTION").is_some()),
        ("sudo", sudo.is_some_and(|before| before != uid)),
    ]
    .into_iter()
    .filter(|(_, holds)| *holds)
    .map(|(hint, _)| hint.to_string())
    .collect()
}

/// What of our own environment matters, without what looks like a secret in it.
pub(super) fn environment(
    variable: impl Fn(&str) -> Option<String>,
    salt: &Salt,
) -> BTreeMap<String, String> {
    VARIABLES
        .into_iter()
        .filter(|name| is_clear_variable(name))
        .filter_map(|name| Some((name.to_string(), shape::text(&variable(name)?, salt))))
        .collect()
}

/// A variable that is set to something.
fn variable(name: &str) -> Option<String> {
    let value = std::env::var_os(name)?;
    Some(value.to_string_lossy().into_owned()).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn home_is_the_variable_unless_it_is_somebody_elses() {
        let some = |text: &str| Some(text.to_string());
        let choose = |named: Option<&str>, listed: Option<&str>, ours: bool| {
            home(named.and_then(some), listed.and_then(some), |_| ours)
        };
        let (a, root) = (Some("/home/a"), Some("/root"));
        assert_eq!(choose(a, a, false).as_deref(), a);
        assert_eq!(choose(a, root, false).as_deref(), root, "after sudo");
        assert_eq!(choose(a, root, true).as_deref(), a, "a home that was moved");
        assert_eq!(choose(Some("here"), root, true).as_deref(), root, "not absolute");
        assert_eq!(choose(None, root, false).as_deref(), root);
        assert_eq!(choose(a, None, false).as_deref(), a, "a user that no file lists");
        assert_eq!(choose(None, None, false), None);
    }

    #[test]
    fn a_user_is_found_by_number_and_not_by_a_part_of_it() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\na:x:1000:100:A,,,:/home/a:/bin/sh\nbad\n";
        let find = |uid| passwd.lines().find_map(|line| Entry::read(line, uid));
        assert_eq!(find(1000).map(|entry| (entry.user, entry.home)), Some(("a", "/home/a")));
        assert!(find(100).is_none());
    }

    #[test]
    fn what_looks_like_a_secret_in_a_variable_is_none_of_it() {
        let variable = |name: &str| Some(format!("/srv/{name}/sk-planted0123456789"));
        let env = environment(variable, &Salt(b"test".to_vec()));
        assert_eq!(env.len(), VARIABLES.len());
        assert!(env.values().all(|value| !value.contains("planted")), "{env:?}");
        assert!(env["TZ"].starts_with("/srv/TZ/"), "{env:?}");
    }

    #[test]
    fn every_variable_that_is_taken_may_be_seen() {
        assert!(VARIABLES.iter().all(|name| is_clear_variable(name)));
    }
}
