//! Linux: what /proc, netlink and the seal tell and do. Compiled here and nowhere else; what every
//! system has in common stands one floor up.

mod about;
mod locks;
mod mounts;
mod proc;
mod processes;
mod seal;
mod sockets;

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock};

use gw_snapshot::observation::ProcessSeen;
use gw_snapshot::redact::Salt;
use rustix::fs::OFlags;

use processes::Survey;

pub(super) use about::{about, secret};
pub(super) use seal::seal;

/// Opens a file so that reading it does not even change when it was last read.
pub(super) const LEAVE_ACCESS_TIME: OFlags = OFlags::NOATIME;

/// What one run has seen of this system, so that it sees it only once.
pub(super) struct System {
    salt: Salt,
    survey: OnceLock<Survey>,
    observed: Mutex<BTreeMap<u32, ProcessSeen>>,
    locks: OnceLock<locks::Table>,
    remote: OnceLock<Vec<String>>,
}

impl System {
    /// Nothing seen yet.
    pub(super) fn new(salt: Salt) -> Self {
        Self {
            salt,
            survey: OnceLock::new(),
            observed: Mutex::default(),
            locks: OnceLock::new(),
            remote: OnceLock::new(),
        }
    }

    /// Sees what every look at a gateway needs, and what takes the longest, before anybody asks.
    pub(super) fn look_ahead(&self) {
        self.lock_table();
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File, FileTimes};
    use std::time::{Duration, SystemTime};

    use gw_snapshot::host::Part;

    use super::super::read;
    use super::*;

    #[test]
    fn reading_leaves_the_time_of_last_access() {
        let home = tempfile::tempdir().expect("a directory");
        let path = home.path().join("active_profile");
        fs::write(&path, "coder").expect("a file");
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let times = FileTimes::new().set_accessed(long_ago);
        File::options()
            .write(true)
            .open(&path)
            .and_then(|file| file.set_times(times))
            .expect("ours");
        let name = path.to_str().expect("UTF-8");
        let seen = read::file(name, Part::SMALL, &Salt(Vec::new()));
        assert_eq!(seen.text.as_deref(), Some("coder"));
        let accessed = || fs::metadata(&path).and_then(|stat| stat.accessed()).expect("a time");
        assert_eq!(accessed(), long_ago);
        // Only root can give a file away.
        if std::os::unix::fs::chown(&path, Some(1000), None).is_ok() {
            read::file(name, Part::SMALL, &Salt(Vec::new()));
            assert_eq!(accessed(), long_ago, "another user's");
        }
    }

    #[test]
    fn a_file_of_proc_has_content_though_no_size() {
        let status = read::system_text("/proc/self/status");
        assert!(status.is_some_and(|text| text.contains("Name:")));
    }
}
