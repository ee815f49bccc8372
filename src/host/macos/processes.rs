//! Processes: `ps` sees everybody's with their arguments, libproc our own to the microsecond.

use std::collections::BTreeMap;

use gw_snapshot::host::Seen;
use gw_snapshot::observation::{ProcessSeen, Started, Trouble};
use gw_snapshot::parse::cmdline::looks_like_hermes;
use gw_snapshot::parse::{lsof, ps};
use jiff::tz::TimeZone;
use libproc::bsd_info::BSDInfo;
use libproc::proc_pid::{pidinfo, pidpath};

use super::super::redacted;
use super::super::run::{Tool, ask};
use super::{System, seen};

/// How libproc words ESRCH (0.14, 0.15).
const NO_SUCH_PROCESS: &str = "errno = 3,";

/// The open files by which a gateway is known.
const KNOWN_BY: [&str; 3] = ["/gateway.lock", "/.tick.lock", "/.jobs.lock"];

impl System {
    /// Every process that looks like Hermes.
    pub(in super::super) fn processes(&self) -> Seen<ProcessSeen> {
        let all = match self.all_processes() {
            Ok(all) => all,
            Err(trouble) => return Seen::failed(trouble.clone()),
        };
        let mut list: Vec<ProcessSeen> =
            all.values().filter(|seen| is_hermes(seen)).cloned().collect();
        let pids: Vec<u32> = list.iter().map(|seen| seen.pid).collect();
        let open = ask(&Tool::OpenFiles(pids)).map(|text| lsof::open(&text));
        for process in &mut list {
            self.add(process, open.as_ref().ok());
        }
        seen(Ok(list), all.contains_key(&1))
    }

    /// One process, the same whoever asks.
    pub(in super::super) fn process(&self, pid: u32) -> ProcessSeen {
        let missing = |trouble| ProcessSeen { pid, error: Some(trouble), ..ProcessSeen::default() };
        match self.all_processes().as_ref().map(|all| all.get(&pid)) {
            Ok(Some(found)) => {
                let mut process = found.clone();
                self.add(&mut process, None);
                process
            }
            // It may have begun since `ps` looked: a restart, for one.
            Ok(None) => match pidinfo::<BSDInfo>(i32::try_from(pid).unwrap_or(i32::MAX), 0) {
                Ok(info) => ProcessSeen {
                    pid,
                    started: Some(Started::Units(hundredths(&info))),
                    ..ProcessSeen::default()
                },
                Err(words) if words.contains(NO_SUCH_PROCESS) => missing(Trouble::NotFound),
                Err(words) => missing(Trouble::Other(words)),
            },
            Err(trouble) => missing(trouble.clone()),
        }
    }

    pub(super) fn all_processes(&self) -> &Result<BTreeMap<u32, ProcessSeen>, Trouble> {
        self.processes.get_or_init(|| {
            let text = ask(&Tool::Processes)?;
            // `ps` is run with the zone UTC.
            let processes = text.lines().filter_map(|line| ps::line(line, &TimeZone::UTC));
            Ok(processes.map(|process| (process.pid, process)).collect())
        })
    }

    /// What libproc and `lsof` say beyond `ps`, and the arguments without their secrets.
    fn add(&self, process: &mut ProcessSeen, open: Option<&BTreeMap<u32, Vec<String>>>) {
        if let Ok(pid) = i32::try_from(process.pid) {
            if let Ok(info) = pidinfo::<BSDInfo>(pid, 0) {
                process.started = Some(Started::Units(hundredths(&info)));
            }
            process.exe = pidpath(pid).ok();
        }
        process.argv = process.argv.take().map(|argv| redacted::arguments(&argv, &self.salt));
        let names = open.and_then(|open| open.get(&process.pid));
        process.open = names.map(|names| {
            names
                .iter()
                .filter(|name| KNOWN_BY.iter().any(|known| name.ends_with(known)))
                .cloned()
                .collect()
        });
    }
}

/// As Hermes records it from 0.18 on.
const fn hundredths(info: &BSDInfo) -> u64 {
    info.pbi_start_tvsec.saturating_mul(100).saturating_add(info.pbi_start_tvusec / 10_000)
}

fn is_hermes(process: &ProcessSeen) -> bool {
    looks_like_hermes(process.argv.as_deref().unwrap_or_default(), process.comm.as_deref())
}
