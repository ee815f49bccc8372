//! Processes: which look like Hermes, and what one of them is. A process may vanish at any moment, and
//! what belongs to another user shows less of itself.

use std::fs;
use std::sync::PoisonError;

use gw_snapshot::host::Seen;
use gw_snapshot::observation::{ProcessSeen, Started, Trouble};
use gw_snapshot::parse::cmdline::looks_like_hermes;
use gw_snapshot::redact::Salt;
use procfs::FromRead;
use procfs::process::Stat;
use rustix::io::Errno;

use super::super::read::system_text;
use super::super::redacted;
use super::System;
use super::proc::{self, Process};

/// The open files by which a gateway is known.
const KNOWN_BY: [&str; 3] = ["gateway.lock", ".tick.lock", ".jobs.lock"];
/// One that is of interest once nobody else can open it any more.
const MISSED: &str = "state.db";

/// All processes, in two heaps.
#[derive(Default)]
pub(super) struct Survey {
    /// Those that look like Hermes.
    pub(super) hermes: Vec<u32>,
    /// The rest.
    pub(super) others: Vec<u32>,
    /// Whether there are no more of the first kind.
    complete: bool,
    trouble: Option<Trouble>,
}

/// The name of a namespace of which nothing but that it is another may be seen.
const UNNAMED: &str = "net:[?]";

impl System {
    /// Every process that looks like Hermes.
    pub(in super::super) fn processes(&self) -> Seen<ProcessSeen> {
        let survey = self.survey();
        let mut list: Vec<_> = survey.hermes.iter().map(|pid| self.process(*pid)).collect();
        // Gone since it was listed.
        list.retain(|process| process.error != Some(Trouble::NotFound));
        Seen { list, complete: survey.complete, trouble: survey.trouble.clone() }
    }

    /// One process, the same whoever asks.
    pub(in super::super) fn process(&self, pid: u32) -> ProcessSeen {
        let observed = || self.observed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(process) = observed().get(&pid) {
            return process.clone();
        }
        // Looked at without the lock: to read the arguments of a process can take for ever.
        let process = observe(pid, &self.salt);
        observed().entry(pid).or_insert(process).clone()
    }

    pub(super) fn survey(&self) -> &Survey {
        self.survey.get_or_init(survey)
    }
}

fn survey() -> Survey {
    let pids = match proc::pids() {
        Ok(pids) => pids,
        Err(error) => {
            return Survey { trouble: Some(proc::why_not(error)), ..Survey::default() };
        }
    };
    // With `hidepid` others' processes are not even listed.
    let mut survey = Survey { complete: pids.contains(&1), ..Survey::default() };
    for pid in pids {
        match is_hermes(pid) {
            Ok(true) => survey.hermes.push(pid),
            Ok(false) => survey.others.push(pid),
            Err(Errno::NOENT | Errno::SRCH) => {}
            Err(error) => {
                survey.complete = false;
                survey.trouble.get_or_insert_with(|| proc::why_not(error));
            }
        }
    }
    if !survey.complete {
        survey.trouble.get_or_insert(Trouble::PermissionDenied);
    }
    survey
}

fn is_hermes(pid: u32) -> rustix::io::Result<bool> {
    let process = Process::open(pid)?;
    let argv = strings(&process.read("cmdline")?);
    let comm = process.read("comm")?;
    let comm = String::from_utf8_lossy(&comm);
    Ok(looks_like_hermes(&argv, Some(comm.trim_end_matches('\n'))))
}

/// What can be seen of a process.
fn observe(pid: u32, salt: &Salt) -> ProcessSeen {
    let mut seen = ProcessSeen { pid, ..ProcessSeen::default() };
    if let Err(error) = fill(&mut seen, salt) {
        seen.error = Some(proc::why_not(error));
    }
    seen
}

fn fill(seen: &mut ProcessSeen, salt: &Salt) -> rustix::io::Result<()> {
    let process = Process::open(seen.pid)?;
    let stat = process.read("stat")?;
    if let Ok(stat) = Stat::from_read(stat.as_slice()) {
        seen.ppid = u32::try_from(stat.ppid).ok();
        seen.started = Some(Started::Units(stat.starttime));
        seen.state = Some(stat.state.to_string());
        seen.tty = tty(stat.tty_nr());
        seen.comm = Some(stat.comm);
    }
    let status = process.read("status").unwrap_or_default();
    seen.uid = effective_uid(&status);
    seen.inner_pid = inner_pid(&status);
    seen.tracer = tracer(&status);
    let another = |namespace: &str| {
        process.link(namespace).ok().filter(|its| {
            let ours = fs::read_link(format!("/proc/self/{namespace}"));
            ours.is_ok_and(|ours| ours.as_os_str() != its.as_str())
        })
    };
    let unnamed = || process.is_in_another_network().then(|| UNNAMED.into());
    seen.network = another("ns/net").or_else(unnamed);
    seen.mounts = another("ns/mnt");
    // Of a zombie nothing is left.
    let argv = process.read("cmdline").map(|bytes| strings(&bytes)).unwrap_or_default();
    seen.argv = (!argv.is_empty()).then(|| redacted::arguments(&argv, salt));
    seen.exe = process.link("exe").ok();
    seen.cgroup = process.read("cgroup").ok().and_then(|cgroup| place(&cgroup));
    seen.frozen = seen.cgroup.as_deref().and_then(frozen);
    seen.open = process.open_files().ok().map(known_files);
    seen.env =
        process.read("environ").ok().map(|environ| redacted::variables(&strings(&environ), salt));
    // It may have ended halfway, and then what is missing means nothing.
    process.read("comm").map(drop)
}

/// A list of strings, each ended by a zero. A process title leaves zeros behind, which are no arguments.
fn strings(bytes: &[u8]) -> Vec<String> {
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    match bytes.get(..end).unwrap_or_default() {
        [] => Vec::new(),
        bytes => bytes
            .split(|byte| *byte == 0)
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect(),
    }
}

/// The second number of `Uid:`.
fn effective_uid(status: &[u8]) -> Option<u32> {
    let text = String::from_utf8_lossy(status);
    let line = text.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// `TracerPid:`, unless it is 0.
fn tracer(status: &[u8]) -> Option<u32> {
    let text = String::from_utf8_lossy(status);
    let line = text.lines().find_map(|line| line.strip_prefix("TracerPid:"))?;
    line.trim().parse().ok().filter(|pid| *pid > 0)
}

/// True if the kernel says that a cgroup, or one above it, is frozen. None where it does not, or cannot be asked.
fn frozen(cgroup: &str) -> Option<bool> {
    // Above the root of our own namespace there is nothing to ask.
    if cgroup.split('/').any(|part| part == "..") {
        return None;
    }
    let events = system_text(&format!("/sys/fs/cgroup{cgroup}/cgroup.events"))?;
    is_frozen(&events).then_some(true)
}

/// `populated 1`, `frozen 0`: a line each.
fn is_frozen(events: &str) -> bool {
    events.lines().any(|line| line.trim() == "frozen 1")
}

/// The last number of `NSpid:`, where there is more than one.
fn inner_pid(status: &[u8]) -> Option<u32> {
    let text = String::from_utf8_lossy(status);
    let line = text.lines().find_map(|line| line.strip_prefix("NSpid:"))?;
    line.split_whitespace().skip(1).last()?.parse().ok()
}

/// The path in the v2 hierarchy, or in systemd's own where v1 is still in use.
fn place(cgroup: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(cgroup);
    let path = |prefix: &str| {
        text.lines().find_map(|line| line.split_once(prefix)).map(|(_, path)| path.to_string())
    };
    let unified = text.lines().find_map(|line| line.strip_prefix("0::")).map(String::from);
    match path(":name=systemd:") {
        Some(of_systemd) if unified.as_deref().is_none_or(|path| path == "/") => Some(of_systemd),
        _ => unified,
    }
}

/// The name of a terminal by its device number, as `ps` gives it.
fn tty((major, minor): (i32, i32)) -> Option<String> {
    match (major, minor) {
        (0, 0) => None,
        (136..=143, _) => Some(format!("pts/{}", (major - 136) * 256 + minor)),
        (4, 0..64) => Some(format!("tty{minor}")),
        (4, _) => Some(format!("ttyS{}", minor - 64)),
        _ => Some(format!("{major}:{minor}")),
    }
}

/// The files by which a gateway is known, each once.
fn known_files(open: Vec<String>) -> Vec<String> {
    let is_known = |target: &String| {
        let deleted = target.strip_suffix(" (deleted)");
        let path = deleted.unwrap_or(target);
        path.rsplit_once('/').is_some_and(|(_, name)| {
            KNOWN_BY.contains(&name) || deleted.is_some() && name == MISSED
        })
    };
    let mut known: Vec<String> = open.into_iter().filter(is_known).collect();
    known.sort_unstable();
    known.dedup();
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    fn salt() -> Salt {
        Salt(b"test".to_vec())
    }

    #[test]
    fn arguments_are_split_at_zeros_and_a_title_s_padding_is_no_argument() {
        assert_eq!(strings(b""), Vec::<String>::new());
        assert_eq!(strings(b"\0\0\0"), Vec::<String>::new());
        assert_eq!(strings(b"hermes\0\0\0\0"), ["hermes"]);
        assert_eq!(strings(b"a\0\0b\0"), ["a", "", "b"]);
        assert_eq!(strings(b"a\xff\0"), ["a\u{fffd}"]);
    }

    #[test]
    fn a_cgroup_is_found_under_every_hierarchy() {
        let v1 = b"12:pids:/x\n1:name=systemd:/system.slice/a.service\n0::/\n";
        for (text, expected) in [
            (&b"0::/system.slice/a.service\n"[..], Some("/system.slice/a.service")),
            (v1, Some("/system.slice/a.service")),
            (b"0::/\n", Some("/")),
            (b"", None),
        ] {
            assert_eq!(place(text).as_deref(), expected);
        }
    }

    #[test]
    fn only_a_process_of_a_namespace_below_has_another_number_there() {
        for (text, expected) in [
            (&b"Pid:\t385\nNSpid:\t385\t1\n"[..], Some(1)),
            (b"NSpid:\t385\n", None),
            (b"NSpid:\t385\t9\t2\n", Some(2)),
            (b"NSpid:\t385\tx\n", None),
            (b"", None),
        ] {
            assert_eq!(inner_pid(text), expected);
        }
    }

    #[test]
    fn a_debugger_is_known_by_its_number_and_a_frozen_group_by_the_kernel_s_word() {
        for (text, expected) in [
            (&b"State:\tt (tracing stop)\nTracerPid:\t77\n"[..], Some(77)),
            (b"TracerPid:\t0\n", None),
            (b"TracerPid:\tx\n", None),
            (b"", None),
        ] {
            assert_eq!(tracer(text), expected);
        }
        for (events, expected) in [
            ("populated 1\nfrozen 1\n", true),
            ("populated 1\nfrozen 0\n", false),
            ("populated 1\n", false),
            ("frozen 10\n", false),
        ] {
            assert_eq!(is_frozen(events), expected, "{events}");
        }
        assert_eq!(frozen("/../outside"), None);
    }

    #[test]
    fn a_terminal_is_named_as_ps_names_it() {
        for (device, expected) in [
            ((0, 0), None),
            ((136, 3), Some("pts/3")),
            ((137, 1), Some("pts/257")),
            ((4, 1), Some("tty1")),
            ((4, 64), Some("ttyS0")),
            ((229, 0), Some("229:0")),
        ] {
            assert_eq!(tty(device).as_deref(), expected, "{device:?}");
        }
    }

    #[test]
    fn of_open_files_only_those_of_a_gateway_are_kept_and_deleted_ones_stay_deleted() {
        let open = [
            "socket:[1]",
            "/h/gateway.lock",
            "/h/gateway.lock (deleted)",
            "/h/state.db",
            "/p/state.db (deleted)",
        ];
        let known = known_files(open.map(String::from).to_vec());
        assert_eq!(
            known,
            ["/h/gateway.lock", "/h/gateway.lock (deleted)", "/p/state.db (deleted)"]
        );
    }

    #[test]
    fn this_very_process_can_be_seen_and_one_that_cannot_exist_is_not_found() {
        let system = System::new(salt());
        let own = system.process(std::process::id());
        assert_eq!(own.error, None);
        assert_eq!(own.uid, Some(rustix::process::geteuid().as_raw()));
        assert!(own.argv.is_some() && own.exe.is_some() && own.open.is_some());
        assert!(matches!(own.started, Some(Started::Units(ticks)) if ticks > 0));
        // Beyond the kernel's limit for process numbers.
        assert_eq!(system.process(1 << 30).error, Some(Trouble::NotFound));
    }

    #[test]
    fn a_process_is_the_same_whoever_asks() {
        let system = System::new(salt());
        let own = std::process::id();
        let first = system.process(own);
        std::thread::yield_now();
        assert_eq!(system.process(own), first);
    }
}
