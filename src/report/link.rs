//! Links from the ids in a report to their pages, for terminals that follow them (OSC 8).
//!
//! Where the pages of a version stand on the web is what `repository` in Cargo.toml says. As long as it says nothing,
//! there are no links: an address is not to be guessed.

use gw_checks::CHECKS;
use gw_checks::diagnosis::DIAGNOSES;
use supports_hyperlinks::Stream;

/// Where the folders of the checks and the diagnoses stand, if there is such a place and standard output is a terminal
/// that follows links.
pub(super) fn pages() -> Option<String> {
    let repository = env!("CARGO_PKG_REPOSITORY");
    let is_followed = !repository.is_empty() && supports_hyperlinks::on(Stream::Stdout);
    is_followed.then(|| format!("{repository}/blob/v{}/checks", env!("CARGO_PKG_VERSION")))
}

/// The text, each id in brackets a link to its page.
pub(super) fn linked(text: &str, pages: &str) -> String {
    let checks = CHECKS.iter().map(|check| (check.id, check.id.to_string()));
    let diagnoses = DIAGNOSES.iter().map(|kind| (kind.id, format!("diagnosis/{}", kind.id)));
    checks.chain(diagnoses).fold(text.to_string(), |text, (id, folder)| {
        let page = format!("{pages}/{}/README.md", folder.replace('-', "_"));
        text.replace(
            &format!("[{id}]"),
            &format!("[\u{1b}]8;;{page}\u{1b}\\{id}\u{1b}]8;;\u{1b}\\]"),
        )
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_id_leads_to_a_page_that_is_there_and_reads_as_before() {
        let ids = CHECKS.iter().map(|check| check.id).chain(DIAGNOSES.iter().map(|kind| kind.id));
        for id in ids {
            let text = format!("something is wrong [{id}]");
            let shown = linked(&text, "checks");
            let page = shown.split("8;;").nth(1).and_then(|rest| rest.split('\u{1b}').next());
            let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(page.expect("a link"));
            assert!(page.is_file(), "{}", page.display());
            assert_eq!(anstream::adapter::strip_str(&shown).to_string(), text);
        }
    }

    #[test]
    fn what_is_no_id_is_no_link() {
        let text = "[2026-11-21] [job/no-such] job/not-running [::1]:8642";
        assert_eq!(linked(text, "checks"), text);
    }
}
