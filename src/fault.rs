//! What becomes of a fault of gw-doctor itself. It is no verdict on a host: the program says where it happened, and ends with
//! the code for that. It never shows the panic's own words, which may hold those of a file.

use std::io::Write as _;
use std::panic::{self, AssertUnwindSafe, catch_unwind};

use anyhow::bail;

/// Has every panic told by its place alone.
pub(crate) fn announce() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, |place| format!(" at {place}"));
        // Standard error may be gone; there is nobody left to tell then.
        let _ = writeln!(
            std::io::stderr(),
            "gw-doctor: a fault of gw-doctor itself{place}; please report this line, with the version and the command"
        );
    }));
}

/// What comes of this work. A panic in it is an error like others.
///
/// # Errors
/// Those of the work, and its panic.
pub(crate) fn caught<T>(work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(ended) => ended,
        Err(_) => bail!("it could not go on, for a fault of its own"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_that_shows_none_of_its_words() {
        let ended = caught(|| -> anyhow::Result<u8> { panic!("hunter2") });
        let said = format!("{:#}", ended.expect_err("a fault"));
        assert!(!said.contains("hunter2") && said.contains("fault"), "{said}");
        assert_eq!(caught(|| Ok(7)).expect("no fault"), 7);
    }
}
