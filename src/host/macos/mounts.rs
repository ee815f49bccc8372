//! What is mounted where. The list of all mounts cannot be had without unsafe code, so the directories are asked, one by
//! one, on which file system they are.

use rustix::fs::{StatFs, statfs};

use super::super::filesystem::Mounted;
use super::System;

/// Directories in a home that Hermes writes to.
const WRITTEN: [&str; 3] = ["cron", "logs", "state"];

impl System {
    /// True if a path leads into a file system for which nobody is to look before somebody came back from it. None is: that a
    /// thread there keeps its process from ending is known of Linux alone.
    #[expect(clippy::unused_self, reason = "the same question is asked of every system")]
    pub(in super::super) const fn is_remote(&self, _path: &str) -> bool {
        false
    }

    /// How a directory, named by its real path, is mounted.
    #[expect(clippy::unused_self, reason = "the same question is asked of every system")]
    pub(in super::super) fn mounted(&self, path: &str) -> Mounted {
        let Ok(found) = statfs(path) else { return Mounted::default() };
        let mount = text(&found.f_mntonname);
        let below = WRITTEN.iter().map(|name| format!("{path}/{name}")).filter(|below| {
            statfs(below.as_str()).is_ok_and(|inner: StatFs| text(&inner.f_mntonname) != mount)
        });
        let below = Some(below.collect());
        Mounted { kind: Some(text(&found.f_fstypename)), mount: Some(mount), below }
    }
}

/// A text of C's, up to its zero.
fn text(bytes: &[i8]) -> String {
    let bytes: Vec<u8> =
        bytes.iter().take_while(|byte| **byte != 0).map(|byte| byte.cast_unsigned()).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}
