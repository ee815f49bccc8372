//! `gw-doctor explain`: the pages of the checks and the diagnoses.

use anyhow::bail;
use gw_checks::CHECKS;
use gw_checks::diagnosis::DIAGNOSES;

/// The page of a check or a diagnosis, or the list of all.
///
/// # Errors
/// If there is none of that name.
pub(crate) fn explain(id: Option<&str>) -> anyhow::Result<String> {
    let Some(id) = id else { return Ok(list()) };
    let check = CHECKS.iter().find(|check| check.id == id).map(|check| check.page);
    let diagnosis = DIAGNOSES.iter().find(|kind| kind.id == id).map(|kind| kind.page);
    match check.or(diagnosis) {
        Some(page) => Ok(page.to_string()),
        None => bail!("there is no check or diagnosis {id:?}; `gw-doctor explain` lists them"),
    }
}

fn list() -> String {
    let mut lines = Vec::new();
    let mut family = "";
    for check in CHECKS {
        if check.family != family {
            family = check.family;
            lines.push(format!("\n{family}"));
        }
        lines.push(format!("  {:<32} {}", check.id, first_sentence(check.page)));
    }
    lines.push("\ndiagnoses".into());
    lines.extend(
        DIAGNOSES.iter().map(|kind| format!("  {:<32} {}", kind.id, first_sentence(kind.page))),
    );
    let mut text = lines.join("\n").trim_start().to_string();
    text.push('\n');
    text
}

/// The line below a page's title.
pub(crate) fn first_sentence(page: &str) -> &str {
    page.lines().skip(1).find(|line| !line.trim().is_empty()).unwrap_or_default()
}
