//! Whether the job store may be read.

use gw_snapshot::fact::{Fact, Why};

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    match &at.gateway.cron.store {
        Fact::Unknown(Why::Malformed(_) | Why::NotAFile(_)) | Fact::Known(_) | Fact::Absent => {
            vec![Finding::pass("the job store can be looked at")]
        }
        Fact::Unknown(Why::Denied { mode: Some(mode), uid: Some(uid) })
            if is_closed_to_its_owner(at, mode, *uid) =>
        {
            let claim = format!(
                "the gateway may not read its own job store (mode {mode}): every tick fails, and no job runs"
            );
            vec![
                Finding::failure(claim)
                    .seen(at.path("cron/jobs.json"), format!("mode {mode}, uid {uid}"))
                    .help("give its owner the right to read it: `chmod 600`"),
            ]
        }
        Fact::Unknown(why) => vec![
            Finding::unknown("which jobs there are", why)
                .seen(at.path("cron/jobs.json"), why.to_string()),
        ],
    }
}

/// True if the user as whom the gateway runs owns the file, and its mode lets the owner read nothing. Root reads it all the same.
fn is_closed_to_its_owner(at: &Subject<'_>, mode: &str, uid: u32) -> bool {
    let runs_as = at.gateway.process().and_then(|process| process.seen.uid);
    let bits = u32::from_str_radix(mode, 8).ok();
    uid != 0 && runs_as == Some(uid) && bits.is_some_and(|bits| bits & 0o400 == 0)
}
