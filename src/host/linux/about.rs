//! What this Linux is, and from where we look at it.

use gw_snapshot::redact::Salt;
use gw_snapshot::snapshot::{About, Os};
use jiff::Timestamp;
use procfs::FromRead;
use procfs::process::Stat;
use rustix::fs::{AtFlags, CWD, readlinkat, statat};
use rustix::process::{Resource, getrlimit};

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
        ("pid-namespace", is_in_namespace("pid", FIRST_PID_NAMESPACE)),
        ("user-namespace", is_in_namespace("user", FIRST_USER_NAMESPACE)),
        ("network-namespace", is_in_another_network()),
        ("hidepid", stands("/proc/self") && !stands("/proc/1")),
        ("no-proc", !stands("/proc/self")),
        ("loopback-down", is_loopback_down()),
        ("memory-limit", has_little_memory(getrlimit(Resource::As).current)),
        ("s6", system_text("/proc/1/comm").is_some_and(|comm| comm.trim() == "s6-svscan")),
    ]
    .into_iter()
    .filter(|(_, holds)| *holds)
    .map(|(hint, _)| hint.to_string())
    .collect()
}

/// True if the flags of the loopback interface lack `IFF_UP` (netdevice(7)): then no connection to 127.0.0.1 ever comes about.
fn is_loopback_down() -> bool {
    system_text("/sys/class/net/lo/flags").is_some_and(|flags| is_down(&flags))
}

/// `0x9`: up, and a loopback. `0x8`: the latter alone.
fn is_down(flags: &str) -> bool {
    let flags = flags.trim().strip_prefix("0x").and_then(|hex| u32::from_str_radix(hex, 16).ok());
    flags.is_some_and(|flags| flags & 1 == 0)
}

/// Whether we are in another namespace of a kind than the first one: then there may be processes that we cannot see, and
/// that cannot be seen to hold locks, or users have other numbers.
fn is_in_namespace(kind: &str, first: &str) -> bool {
    readlinkat(CWD, format!("/proc/self/ns/{kind}"), Vec::new())
        .is_ok_and(|name| name.to_bytes() != format!("{kind}:[{first}]").as_bytes())
}

/// The numbers of the first namespaces since Linux 3.8 (`PROC_PID_INIT_INO`, `PROC_USER_INIT_INO`).
const FIRST_PID_NAMESPACE: &str = "4026531836";
const FIRST_USER_NAMESPACE: &str = "4026531837";

/// True if the network namespace of the first process is another than ours: each has a `net/dev` of its own, which everybody
/// may look at. `ns/net` of the first process is for root alone.
fn is_in_another_network() -> bool {
    Process::open(1).is_ok_and(|first| first.is_in_another_network())
}

/// True if a limit of the address space leaves less than a large look needs. In bytes.
fn has_little_memory(limit: Option<u64>) -> bool {
    limit.is_some_and(|limit| limit < 1 << 30)
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
    fn a_namespace_is_told_from_the_first_one_by_its_number() {
        let own = std::fs::read_link("/proc/self/ns/user").expect("a namespace");
        let own = own.to_string_lossy().into_owned();
        let number = own.trim_start_matches("user:[").trim_end_matches(']');
        assert!(!is_in_namespace("user", number) && is_in_namespace("user", "1"));
        assert!(!is_in_namespace("nothing", "1"), "what is not there tells nothing");
        assert!(has_little_memory(Some(1 << 20)) && !has_little_memory(Some(1 << 40)));
        assert!(!has_little_memory(None));
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
