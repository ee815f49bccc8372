//! What is mounted where, by `/proc/self/mountinfo` (`proc_pid_mountinfo(5)`).

use rustix::fs::{AtFlags, CWD, StatxFlags, readlinkat, statx};

use super::super::filesystem::Mounted;
use super::super::read::system_text;
use super::System;

/// A line of the table.
#[derive(Debug, PartialEq, Eq)]
struct Mount {
    id: u64,
    point: String,
    kind: String,
}

impl System {
    /// How a directory, named by its real path, is mounted.
    #[expect(clippy::unused_self, reason = "the same question is asked of every system")]
    pub(in super::super) fn mounted(&self, path: &str) -> Mounted {
        let Some(table) = system_text("/proc/self/mountinfo") else { return Mounted::default() };
        // The kernel's own word (5.8 and later) counts before the paths, of which one can lie hidden under another.
        let told = statx(CWD, path, AtFlags::empty(), StatxFlags::MNT_ID).ok();
        let told = told.filter(|told| told.stx_mask & StatxFlags::MNT_ID.bits() != 0);
        find(&table, path, told.map(|told| told.stx_mnt_id))
    }
}

impl System {
    /// True if a path leads into a file system of which another machine or program answers.
    pub(in super::super) fn is_remote(&self, path: &str) -> bool {
        let remote = self.remote.get_or_init(|| {
            system_text("/proc/self/mountinfo").map(|table| remote(&table)).unwrap_or_default()
        });
        leads_into(remote, path)
    }
}

/// Where file systems are mounted that another machine or program answers for. Where that is so of the root, it is so of all
/// programs too, and nobody could be sent.
fn remote(table: &str) -> Vec<String> {
    let mounts = table.lines().filter_map(mount);
    let is_remote = |mount: &Mount| {
        let kind = mount.kind.as_str();
        (REMOTE.contains(&kind) || kind.starts_with("fuse.")) && mount.point != "/"
    };
    mounts.filter(is_remote).map(|mount| mount.point).collect()
}

/// Kinds of file systems beside `fuse.*` that hang with their server.
const REMOTE: [&str; 14] = [
    "9p", "afs", "autofs", "beegfs", "ceph", "cifs", "fuse", "fuseblk", "lustre", "nfs", "nfs4",
    "orangefs", "smb3", "virtiofs",
];

/// Follows a path up to the first directory that is one of these. Its links are read, and nothing below such a directory.
fn leads_into(remote: &[String], path: &str) -> bool {
    if remote.is_empty() {
        return false;
    }
    let mut rest: Vec<String> = path.rsplit('/').map(String::from).collect();
    let mut reached = String::new();
    let mut links = 0;
    while let Some(name) = rest.pop() {
        match name.as_str() {
            "" | "." => continue,
            ".." => {
                reached.truncate(reached.rfind('/').unwrap_or(0));
                continue;
            }
            name => {
                reached.push('/');
                reached.push_str(name);
            }
        }
        if remote.contains(&reached) {
            return true;
        }
        let Ok(target) = readlinkat(CWD, reached.as_str(), Vec::new()) else { continue };
        links += 1;
        if links > MOST_LINKS {
            return false;
        }
        let target = target.to_string_lossy();
        rest.extend(target.rsplit('/').map(String::from));
        reached.truncate(if target.starts_with('/') { 0 } else { reached.rfind('/').unwrap_or(0) });
    }
    false
}

/// So many links the kernel follows (`path_resolution(7)`).
const MOST_LINKS: u32 = 40;

/// The mount that holds a path, and those below the path.
fn find(table: &str, path: &str, id: Option<u64>) -> Mounted {
    let mounts: Vec<Mount> = table.lines().filter_map(mount).collect();
    let by_id = id.and_then(|id| mounts.iter().find(|mount| mount.id == id));
    // Of several at one place, the last lies on top.
    let by_path = || {
        let above = mounts.iter().filter(|mount| holds(&mount.point, path));
        above.max_by_key(|mount| mount.point.len())
    };
    let mut below: Vec<String> = mounts
        .iter()
        .filter(|mount| mount.point != path && holds(path, &mount.point))
        .map(|mount| mount.point.clone())
        .collect();
    below.sort_unstable();
    below.dedup();
    let found = by_id.or_else(by_path);
    Mounted {
        kind: found.map(|mount| mount.kind.clone()),
        mount: found.map(|mount| mount.point.clone()),
        below: Some(below),
    }
}

/// True if a directory is this path, or above it.
fn holds(directory: &str, path: &str) -> bool {
    let rest = path.strip_prefix(directory.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`: what is mounted, and not from where.
fn mount(line: &str) -> Option<Mount> {
    let (head, tail) = line.split_once(" - ")?;
    let mut fields = head.split(' ');
    let id = fields.next()?.parse().ok()?;
    let point = plain(fields.nth(3)?);
    Some(Mount { id, point, kind: tail.split(' ').next()?.into() })
}

/// A path as it is: the kernel writes a blank as `\040`.
fn plain(path: &str) -> String {
    let escapes = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")];
    escapes.iter().fold(path.to_string(), |path, (escape, plain)| path.replace(escape, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /home rw - btrfs /dev/sdb rw
31 30 0:41 / /home/a/.hermes rw - nfs4 server:/x rw
32 22 0:42 / /home rw - tmpfs tmpfs rw
40 31 0:43 / /home/a/.hermes/cron\\040b rw - ext4 /dev/sdc ro
not a line
";

    #[test]
    fn a_path_is_followed_through_its_links_up_to_a_remote_mount() {
        let here = tempfile::tempdir().expect("a directory");
        let here = here.path().canonicalize().expect("it is there");
        let at = |name: &str| format!("{}/{name}", here.display());
        for directory in ["nas/hermes", "local"] {
            std::fs::create_dir_all(at(directory)).expect("a directory");
        }
        for (target, link) in
            [(at("nas/hermes"), "home"), ("../nas".into(), "local/near"), ("loop".into(), "loop")]
        {
            std::os::unix::fs::symlink(target, at(link)).expect("a link");
        }
        let remote = [at("nas")];
        for path in
            ["nas", "nas/hermes/cron", "home", "home/logs", "local/near/x", "local/../nas/x"]
        {
            assert!(leads_into(&remote, &at(path)), "{path}");
        }
        for path in ["", "local", "nasty", "loop", "loop/x", "local/../local"] {
            assert!(!leads_into(&remote, &at(path)), "{path}");
        }
    }

    #[test]
    fn what_others_answer_for_is_remote_but_for_the_root() {
        let table = format!("{TABLE}50 22 0:50 / /mnt/b rw - fuse.sshfs b:/ rw\n");
        assert_eq!(remote(&table), ["/home/a/.hermes", "/mnt/b"]);
        assert_eq!(remote("22 1 0:1 / / rw - fuse.fuse-overlayfs x rw\n"), [""; 0]);
    }

    #[test]
    fn the_kernel_s_word_counts_before_the_paths() {
        let found = find(TABLE, "/home/a/.hermes", Some(32));
        assert_eq!((found.mount.as_deref(), found.kind.as_deref()), (Some("/home"), Some("tmpfs")));
        let found = find(TABLE, "/home/a/.hermes", None);
        assert_eq!(found.mount.as_deref(), Some("/home/a/.hermes"));
        assert_eq!(found.below, Some(vec!["/home/a/.hermes/cron b".to_string()]));
    }

    #[test]
    fn the_nearest_mount_above_holds_a_path_and_the_last_of_one_place_lies_on_top() {
        for (path, mount, kind) in [
            ("/home/b", "/home", "tmpfs"),
            ("/homes", "/", "ext4"),
            ("/home/a/.hermes/logs", "/home/a/.hermes", "nfs4"),
            ("/home/a/.hermes-old", "/home", "tmpfs"),
        ] {
            let found = find(TABLE, path, None);
            assert_eq!(
                (found.mount.as_deref(), found.kind.as_deref()),
                (Some(mount), Some(kind)),
                "{path}"
            );
        }
        assert_eq!(find("", "/home", None), Mounted { below: Some(vec![]), ..Mounted::default() });
    }
}
