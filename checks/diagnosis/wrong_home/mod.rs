//! The service works in another home than the one that people look into.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let (finding, what) =
        SIGNS.iter().find_map(|(check, what)| case.found(check).map(|finding| (finding, what)))?;
    Found::certain(
        format!("{what}: {}", finding.claim),
        &[
            "definition/temp-home",
            "definition/shell-home",
            "definition/other-home",
            "runtime/platform-error",
            "runtime/no-platform",
        ],
    )
}

const SIGNS: &[(&str, &str)] = &[
    ("definition/temp-home", "the service works in the wrong home"),
    ("definition/shell-home", "this shell looks into the wrong home"),
    ("definition/other-home", "the service works in another home than its name says"),
];
