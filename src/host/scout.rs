//! Sends a program ahead into a directory of which another machine or program has to answer.
//!
//! A thread that the kernel does not let go (state D) keeps its whole process from ending, be the report printed or not: whoever
//! waits for gw-doctor then waits for the dead server. Such a thread waits for the lock of a directory, which another process
//! holds that waits for the server, and no signal ends that (NFS, and FUSE without parallel lookups). A program that hangs so is
//! left behind instead, and ends whenever the server comes back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::run;

/// The directories into which a program was sent, each with whether it came back.
#[derive(Default)]
pub(super) struct Scouts(Mutex<BTreeMap<String, Arc<OnceLock<bool>>>>);

impl Scouts {
    /// True if a program comes back from this directory in time. One is sent for all who ask.
    pub(super) fn come_back(&self, directory: &str, within: Duration) -> bool {
        let mut sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let scout = Arc::clone(sent.entry(directory.into()).or_default());
        drop(sent);
        *scout.get_or_init(|| run::comes_back(directory, Instant::now() + within))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_comes_back_from_a_directory_that_answers_and_from_none_at_all() {
        let scouts = Scouts::default();
        for directory in ["/", "/no/such/directory"] {
            assert!(scouts.come_back(directory, Duration::from_secs(20)), "{directory}");
        }
        assert_eq!(scouts.0.lock().expect("nobody panicked").len(), 2);
    }
}
