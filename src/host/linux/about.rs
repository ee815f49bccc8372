//! What this Linux is, and from where we look at it.

use gw_snapshot::redact::Salt;
use gw_snapshot::snapshot::{About, Os};
use jiff::Timestamp;
use procfs::FromRead;
use procfs::process::Stat;
use rustix::fs::{AtFlags, CWD, readlinkat, statat};

use super::super::read::system_text;
use super::proc::Process;

/// How far up the ancestry goes: sixteen shells within each other are enough.
const GENERATIONS: usize = 16;

/// Fills in what only Linux tells.
pub(in super::super) fn about() -> About {
    About {
        os: Os::Linux,
        os_version: os_version(),
        arch: std::env::consts::ARCH.into(),
        uid: None,
        user: None,
        home: None,
        boot_time: boot_time(),
        ticks_per_second: Some(rustix::param::clock_ticks_per_second()),
        ancestry: ancestry(std::process::id()),
        hints: hints(),
        env: std::collections::BTreeMap::new(),
    }
}

/// What marks are salted with: the machine's id, which is for its own programs only, as machine-id(5)
/// asks. Without one, that of this boot; then marks of two boots cannot be compared.
pub(in super::super) fn secret() -> Salt {
    let id = ["/etc/machine-id", "/var/lib/dbus/machine-id", "/proc/sys/kernel/random/boot_id"]
        .iter()
        .filter_map(|path| system_text(path))
        .map(|id| id.trim().to_string())
        .find(|id| id.len() >= 32)
        .unwrap_or_default();
    Salt(format!("gw-doctor {id}").into_bytes())
}

fn os_version() -> String {
    let release = ["/etc/os-release", "/usr/lib/os-release"];
    release.iter().find_map(|path| system_text(path)).map_or_else(String::new, |text| name(&text))
}

/// `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"`.
fn name(release: &str) -> String {
    let value = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    value.unwrap_or_default().trim().trim_matches(['"', '\'']).to_string()
}

fn boot_time() -> Option<Timestamp> {
    let text = system_text("/proc/stat")?;
    let seconds = text.lines().find_map(|line| line.strip_prefix("btime "))?;
    Timestamp::from_second(seconds.trim().parse().ok()?).ok()
}

fn ancestry(pid: u32) -> Vec<u32> {
    let parent = |pid: &u32| {
        let stat = Process::open(*pid).and_then(|process| process.read("stat")).ok()?;
        let parent = Stat::from_read(stat.as_slice()).ok()?.ppid;
        u32::try_from(parent).ok().filter(|parent| *parent > 0)
    };
    std::iter::successors(Some(pid), parent).take(GENERATIONS).collect()
}

/// What is special about this system and may explain what is odd about a gateway.
fn hints() -> Vec<String> {
    let contains = |path: &str, word: &str| {
        system_text(path).is_some_and(|text| text.to_lowercase().contains(word))
    };
    let stands = |path: &str| statat(CWD, path, AtFlags::empty()).is_ok();
    let container = ["/.dockerenv", "/run/.containerenv", "/run/systemd/container"];
    [
        ("wsl", contains("/proc/version", "microsoft")),
        ("container", container.iter().any(|path| stands(path))),
        ("no-systemd", !stands("/run/systemd/system")),
        ("pid-namespace", is_in_pid_namespace()),
        ("s6", system_text("/proc/1/comm").is_some_and(|comm| comm.trim() == "s6-svscan")),
    ]
    .into_iter()
    .filter(|(_, holds)| *holds)
    .map(|(hint, _)| hint.to_string())
    .collect()
}

/// Whether there may be processes that we cannot see, and that cannot be seen to hold locks. The first
/// namespace has had this number since Linux 3.8 (`PROC_PID_INIT_INO`).
fn is_in_pid_namespace() -> bool {
    readlinkat(CWD, "/proc/self/ns/pid", Vec::new())
        .is_ok_and(|name| name.to_bytes() != b"pid:[4026531836]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_is_named_as_it_names_itself() {
        assert_eq!(name("NAME=x\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n"), "Debian GNU/Linux 12");
        assert_eq!(name("PRETTY_NAME='Arch Linux'"), "Arch Linux");
        assert_eq!(name("NAME=x\n"), "");
    }

    #[test]
    fn the_ancestry_begins_with_ourselves_and_goes_up() {
        let own = std::process::id();
        let ancestry = ancestry(own);
        assert_eq!(ancestry.first(), Some(&own));
        assert_eq!(ancestry.get(1), Some(&std::os::unix::process::parent_id()));
        assert!(ancestry.len() <= GENERATIONS);
    }

    #[test]
    fn the_boot_was_before_now() {
        assert!(boot_time().is_some_and(|boot| boot < Timestamp::now()));
    }

    #[test]
    fn marks_are_salted_with_something_of_this_host() {
        assert!(secret().0.len() > 40);
    }
}
