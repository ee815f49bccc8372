//! Whether files of the home belong to another user than the home itself.

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(owner) = at.gateway.directory.uid else {
        return vec![Finding::skipped("whose the home is, is not known")];
    };
    let known: Vec<_> =
        at.gateway.files.iter().filter_map(|file| Some((file, file.uid?))).collect();
    if known.is_empty() {
        return vec![Finding::skipped("whose the files of the home are, is not known")];
    }
    let foreign: Vec<_> = known.into_iter().filter(|(_, uid)| *uid != owner).collect();
    let Some((first, uid)) = foreign.first() else {
        return vec![Finding::pass("the files of the home belong to its owner")];
    };
    let more = match foreign.len() {
        1 => String::new(),
        count => format!(", and {} more", count - 1),
    };
    let effect = match at.user().filter(|_| at.closed_files().any(|file| file == *first)) {
        Some(user) => format!("a gateway of uid {user} cannot open it"),
        None => "the gateway may not be able to use it".into(),
    };
    let claim =
        format!("{} belongs to uid {uid}, and its home to uid {owner}{more}: {effect}", first.path);
    let finding = Finding::failure(claim).help(
        "give these files, and no others, back to the owner of the home, with the gateway stopped",
    );
    vec![foreign.iter().fold(finding, |finding, (file, uid)| {
        let mode = file.mode.as_deref().unwrap_or("not known");
        finding.seen(&file.path, format!("uid {uid}, mode {mode}"))
    })]
}
