//! The exit codes: public API.

use gw_checks::finding::{Finding, Verdict};

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Nothing at or above the threshold, and nothing essential unknown.
    Fine = 0,
    /// Problems found.
    Problems = 1,
    /// Wrong usage, unreadable input, or a bug of ours.
    Misused = 2,
    /// No problem found, but something essential could not be determined.
    Undetermined = 3,
}

/// From which verdict on a finding is a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum FailOn {
    /// Failures.
    Failure,
    /// Failures and warnings.
    Warning,
    /// Failures, warnings, and whatever could not be determined.
    Unknown,
}

impl Exit {
    /// The exit code that these findings ask for.
    pub(crate) fn of<'a>(findings: impl Iterator<Item = &'a Finding>, fail_on: FailOn) -> Self {
        findings
            .map(|finding| Self::of_one(finding, fail_on))
            .max_by_key(|exit| exit.weight())
            .unwrap_or(Self::Fine)
    }

    /// The exit code that one finding asks for.
    pub(crate) fn of_one(finding: &Finding, fail_on: FailOn) -> Self {
        match (finding.verdict, fail_on) {
            (Verdict::Failure, _)
            | (Verdict::Warning, FailOn::Warning | FailOn::Unknown)
            | (Verdict::Unknown, FailOn::Unknown) => Self::Problems,
            (Verdict::Unknown, _) if finding.essential => Self::Undetermined,
            _ => Self::Fine,
        }
    }

    /// A problem counts more than a gap, though its code is lower.
    const fn weight(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Undetermined => 1,
            Self::Problems => 2,
            Self::Misused => 3,
        }
    }

    /// The code itself.
    pub(crate) const fn code(self) -> u8 {
        self as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gw_snapshot::fact::Why;

    #[test]
    fn a_problem_outweighs_a_gap_and_a_note_weighs_nothing() {
        let failure = Finding::failure("x");
        let warning = Finding::warning("x");
        let unknown = Finding::unknown("x", &Why::TimedOut);
        let minor = Finding::unknown("x", &Why::TimedOut).minor();
        let note = Finding::note("x");
        for (findings, fail_on, expected) in [
            (vec![], FailOn::Failure, Exit::Fine),
            (vec![&note, &warning, &minor], FailOn::Failure, Exit::Fine),
            (vec![&warning], FailOn::Warning, Exit::Problems),
            (vec![&unknown, &warning], FailOn::Failure, Exit::Undetermined),
            (vec![&unknown, &failure], FailOn::Failure, Exit::Problems),
            (vec![&minor], FailOn::Unknown, Exit::Problems),
        ] {
            assert_eq!(Exit::of(findings.into_iter(), fail_on), expected);
        }
    }
}
