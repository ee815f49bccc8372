//! The seal: this program gives up the right to change anything before it looks at anything, so that
//! "read-only" is held by the kernel and not by our care alone. It says truly whether that worked.

/// Whether the seal holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sealed {
    /// It holds: what would write, lock or signal was tried, and was refused.
    Held,
    /// The kernel, or what this program runs in, did not allow it.
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "only Linux has a seal to refuse")
    )]
    Refused(String),
    /// This system has nothing of the kind, or we do not know its processor.
    NotHere,
    /// The command line asked for none.
    Off,
}

/// Seals this process and all that it starts, for good. To be called first in `main`: a thread that
/// runs already would keep its rights.
pub(crate) fn seal() -> Sealed {
    super::system::seal()
}
