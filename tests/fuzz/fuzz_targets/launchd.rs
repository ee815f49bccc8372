//! Everything that reads what a Mac prints, on one input: no text may make it panic, hang or grow.

#![no_main]

use gw_snapshot::parse::launchctl::{disabled, domain, list, service};
use gw_snapshot::parse::plist::Plist;
use gw_snapshot::parse::{lsof, ps, reload};
use gw_snapshot::redact::{self, Salt};
use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = Plist::read(bytes);
    let salt = Salt(Vec::new());
    let _ = redact::plist::list(bytes, &salt);
    let text = String::from_utf8_lossy(bytes);
    if let Some(service) = service::read(&text) {
        // A PID is only ever known beside a state that has one.
        let has_process = service.state.known().and_then(service::State::has_process);
        assert!(has_process != Some(false) || service.pid.known().is_none());
    }
    let _ = domain::read(&text);
    let _ = disabled::read(&text);
    let _ = list::table(&text);
    let _ = list::job(&text);
    let _ = reload::last(&text);
    for line in text.lines() {
        let _ = ps::line(line, &TimeZone::UTC);
    }
    for name in lsof::open(&text).into_values().flatten() {
        let _ = lsof::listener(&name);
    }
    let _ = redact::launchctl::print(&text, &salt);
});
