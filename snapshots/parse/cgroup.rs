//! Which systemd unit a process belongs to, by its path in the cgroup v2 hierarchy.
//!
//! The innermost unit decides, and only a `.service` supervises: a terminal's `.scope` inside
//! `user@1000.service` does not (upstream PR #86410).

use crate::host::Scope;

/// Where a process stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a service, possibly in a delegated group below it.
    Service {
        /// Whose manager it is.
        scope: Scope,
        /// The user of that manager, for a user's.
        uid: Option<u32>,
        /// The unit, with `.service`.
        unit: String,
    },
    /// In a scope: a login session, a terminal, a container.
    Session {
        /// The unit, with `.scope`.
        unit: String,
    },
    /// In no unit: the root group, or a hierarchy that systemd does not keep.
    Nowhere,
}

impl Place {
    /// The service, if this user can ask the manager that keeps it: another user's manager, root's among them,
    /// answers only its own (upstream #42685).
    pub fn service_for(&self, asker: Option<u32>) -> Option<(Scope, &str)> {
        let Self::Service { scope, uid, unit } = self else { return None };
        let is_anothers = uid.zip(asker).is_some_and(|(owner, asker)| owner != asker);
        (!is_anothers).then_some((*scope, unit.as_str()))
    }
}

/// Reads a path such as `/user.slice/user-1000.slice/user@1000.service/app.slice/hermes-gateway.service`.
pub fn place(path: &str) -> Place {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let manager = parts.iter().position(|part| user_manager(part).is_some());
    let Some((at, unit)) = parts.iter().copied().enumerate().rfind(|(_, part)| is_unit(part))
    else {
        return Place::Nowhere;
    };
    if unit.strip_suffix(".scope").is_some() {
        return Place::Session { unit: unit.into() };
    }
    match manager {
        Some(manager) if manager < at => Place::Service {
            scope: Scope::User,
            uid: parts.get(manager).and_then(|part| user_manager(part)),
            unit: unit.into(),
        },
        _ => Place::Service { scope: Scope::System, uid: None, unit: unit.into() },
    }
}

/// The innermost group on a path that a container's runtime made: a scope that bears its name (systemd's driver), or an
/// id below its own group (the runtime's driver). Units below that are those of a manager within the container.
pub fn container(path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let is_id = |text: &str| text.len() >= 12 && text.chars().all(|c| c.is_ascii_hexdigit());
    let is_scope = |part: &&&str| {
        let Some(name) = part.strip_suffix(".scope") else { return false };
        name.starts_with("machine-")
            || name.rsplit_once('-').is_some_and(|(name, id)| RUNTIMES.contains(&name) && is_id(id))
    };
    let scope = parts.iter().rev().find(is_scope).map(|scope| (*scope).to_string());
    scope.or_else(|| {
        parts.windows(2).rev().find_map(|pair| match pair {
            [name, id] if RUNTIMES.contains(name) && is_id(id) => Some(format!("{name}/{id}")),
            _ => None,
        })
    })
}

/// The names by which container runtimes go in the hierarchy.
const RUNTIMES: [&str; 6] =
    ["docker", "libpod", "libpod_parent", "crio", "cri-containerd", "containerd"];

fn is_unit(part: &str) -> bool {
    let has_name = |ending: &str| part.strip_suffix(ending).is_some_and(|name| !name.is_empty());
    has_name(".service") || has_name(".scope")
}

fn user_manager(part: &str) -> Option<u32> {
    part.strip_prefix("user@")?.strip_suffix(".service")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(scope: Scope, uid: Option<u32>, unit: &str) -> Place {
        Place::Service { scope, uid, unit: unit.into() }
    }

    #[test]
    fn only_its_own_user_can_ask_a_user_s_manager() {
        let roots =
            place("/user.slice/user-0.slice/user@0.service/app.slice/hermes-gateway.service");
        assert_eq!(roots.service_for(Some(1500)), None);
        assert_eq!(roots.service_for(Some(0)), Some((Scope::User, "hermes-gateway.service")));
        assert_eq!(roots.service_for(None), Some((Scope::User, "hermes-gateway.service")));
        let systems = place("/system.slice/hermes-gateway.service");
        assert_eq!(
            systems.service_for(Some(1500)),
            Some((Scope::System, "hermes-gateway.service"))
        );
        assert_eq!(place("/user.slice/session-c1.scope").service_for(Some(0)), None);
    }

    #[test]
    fn the_innermost_unit_decides() {
        for (path, expected) in [
            (
                "/user.slice/user-1500.slice/user@1500.service/app.slice/hermes-gateway.service",
                service(Scope::User, Some(1500), "hermes-gateway.service"),
            ),
            (
                "/system.slice/hermes-gateway.service",
                service(Scope::System, None, "hermes-gateway.service"),
            ),
            (
                "/user.slice/user-1500.slice/session-c1.scope",
                Place::Session { unit: "session-c1.scope".into() },
            ),
            (
                "/user.slice/user-1000.slice/user@1000.service/app.slice/app-ptyxis.slice/ptyxis-spawn-1.scope",
                Place::Session { unit: "ptyxis-spawn-1.scope".into() },
            ),
            (
                "/system.slice/hermes-gateway.service/delegated/inner",
                service(Scope::System, None, "hermes-gateway.service"),
            ),
            (
                "/user.slice/user-1000.slice/user@1000.service/init.scope",
                Place::Session { unit: "init.scope".into() },
            ),
            ("/", Place::Nowhere),
            ("/.service", Place::Nowhere),
            ("", Place::Nowhere),
        ] {
            assert_eq!(place(path), expected, "{path}");
        }
    }

    #[test]
    fn a_container_is_known_by_the_group_of_its_runtime() {
        for (path, expected) in [
            ("/system.slice/docker-4f1c0a9be2d7.scope", Some("docker-4f1c0a9be2d7.scope")),
            (
                "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-4f1c0a9be2d7.scope/container",
                Some("libpod-4f1c0a9be2d7.scope"),
            ),
            (
                "/system.slice/docker-4f1c0a9be2d7.scope/system.slice/hermes-gateway.service",
                Some("docker-4f1c0a9be2d7.scope"),
            ),
            ("/docker/4f1c0a9be2d7", Some("docker/4f1c0a9be2d7")),
            ("/machine.slice/machine-box.scope/payload", Some("machine-box.scope")),
            ("/user.slice/user-1000.slice/user@1000.service/app.slice/docker-desktop.scope", None),
            ("/system.slice/docker.service", None),
            ("/docker/buildkit", None),
            ("/", None),
        ] {
            assert_eq!(container(path).as_deref(), expected, "{path}");
        }
    }
}
