//! Two profiles read one platform with the same credential.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::Gateway;
use gw_snapshot::facts::credential::Credential;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Finds the profiles that share a credential with this one.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let own = &at.gateway.credentials;
    if own.is_empty() {
        return vec![Finding::skipped("no credential of a platform is set in this home")];
    }
    if at.is_off() {
        return at.expects_nothing().map(Finding::skipped).into_iter().collect();
    }
    // A profile that is parked, or that was never more than settings, reads nothing.
    let is_used = |other: &&Gateway| {
        !std::ptr::eq(*other, at.gateway)
            && other.marks.parked.is_absent()
            && (other.served_by.is_some() || other.process().is_some() || other.is_installed())
    };
    let others: Vec<&Gateway> = at.facts.gateways.iter().filter(is_used).collect();
    let mut findings = Vec::new();
    let mut is_open = false;
    for credential in own {
        for other in &others {
            let same =
                other.credentials.iter().find(|theirs| theirs.platform == credential.platform);
            let Some(theirs) = same else { continue };
            match credential.value.same_on_one_host(&theirs.value) {
                Some(true) => findings.push(shared(credential, other, theirs)),
                Some(false) => {}
                None => is_open = true,
            }
        }
    }
    if !findings.is_empty() {
        return findings;
    }
    if is_open {
        let why = Why::Failed("the marks in their places are too short to be compared".into());
        return vec![Finding::unknown("whether two profiles share a credential", &why).minor()];
    }
    vec![Finding::pass("no other profile has the credentials of this one")]
}

fn shared(own: &Credential, other: &Gateway, theirs: &Credential) -> Finding {
    let platform = own.platform;
    let claim = format!(
        "profile {} has the same credential for {platform} as this one: only one of them can use it",
        other.home.profile
    );
    Finding::warning(claim)
        .help(format!(
            "give each profile a {platform} credential of its own, or take it out of one"
        ))
        .seen_at(&own.at, format!("the credential for {platform}"))
        .seen_at(&theirs.at, format!("the same, of profile {}", other.home.profile))
}
