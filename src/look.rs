//! Looks at this host as of one moment.
//!
//! A look takes a tenth of a second and more, and its parts are seen one after the other. Where a gateway ends meanwhile, it lives in
//! one part and answers nobody in the next. Such a look is thrown away, and another one is made.

use std::time::{Duration, Instant};

use gw_snapshot::facts::Facts;
use gw_snapshot::host::Host;

use crate::host::Live;

/// Makes a look, and once more if a process on which it rests has ended by its end. `open` makes of a live host what is asked.
///
/// # Errors
/// Those of the host and of the look.
pub(crate) fn at_one_moment<H>(
    timeout: Duration,
    open: impl Fn(Live) -> H,
    gather: impl Fn(&H) -> anyhow::Result<Facts>,
) -> anyhow::Result<(H, Facts)> {
    let begun = Instant::now();
    let host = open(Live::new(timeout)?);
    let facts = gather(&host)?;
    let used = begun.elapsed();
    // What took long waited for something, and to wait twice would break the promise.
    if facts.rests_on().is_empty() || used > timeout / SHARE {
        return Ok((host, facts));
    }
    let again = Live::new(timeout.saturating_sub(used))?;
    if facts.rests_on().iter().all(|process| process.lasts(&again.process(process.pid))) {
        return Ok((host, facts));
    }
    let host = open(again);
    let facts = gather(&host)?;
    Ok((host, facts))
}

/// The part of the time that a look may have used to be made again.
const SHARE: u32 = 3;
