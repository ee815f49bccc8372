//! Whether the log says that a platform or a provider cannot be reached.

use gw_snapshot::parse::log::Class;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let platforms = at.logged(Class::Transport, "a platform cannot be reached");
    let providers = at.logged(Class::ProviderNetwork, "a provider cannot be reached");
    // Two that say the same, such as that there is no log, say it once.
    if providers == platforms || providers.iter().all(|finding| finding.verdict == Verdict::Pass) {
        return platforms;
    }
    if platforms.iter().all(|finding| finding.verdict == Verdict::Pass) {
        return providers;
    }
    platforms.into_iter().chain(providers).collect()
}
