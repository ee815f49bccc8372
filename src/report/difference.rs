//! Two looks at a host, side by side: the answer first, then what changed, the worse before the better.

use std::fmt::Write as _;

use gw_checks::compare::{Change, Way};
use owo_colors::OwoColorize as _;
use serde::Serialize;

use super::text::{clean, is_coloured};

/// The changes for people.
pub(crate) fn text(changes: &[Change], color: clap::ColorChoice) -> String {
    let mut out = String::new();
    let worse = changes.iter().filter(|change| change.way == Way::Worse).count();
    let answer = match (worse, changes.is_empty()) {
        (_, true) => "✓ nothing changed".to_string(),
        (0, _) => "✓ nothing got worse".to_string(),
        (1, _) => "✗ 1 thing got worse".to_string(),
        (count, _) => format!("✗ {count} things got worse"),
    };
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}", answer.bold());
    let mut sorted: Vec<&Change> = changes.iter().collect();
    sorted.sort_by_key(|change| change.way);
    for change in sorted {
        let mark = match change.way {
            Way::Worse => "✗".red().to_string(),
            Way::Better => "✓".green().to_string(),
            Way::Other => "·".to_string(),
        };
        let _ = writeln!(out, "  {mark} {}: {}", clean(&change.profile), clean(&change.what));
    }
    if is_coloured(color) { out } else { anstream::adapter::strip_str(&out).to_string() }
}

/// The changes for programs.
///
/// # Errors
/// If they cannot be written as JSON.
pub(crate) fn json(changes: &[Change]) -> anyhow::Result<String> {
    #[derive(Serialize)]
    struct Document<'a> {
        schema: &'static str,
        worse: bool,
        changes: &'a [Change],
    }
    let worse = changes.iter().any(|change| change.way == Way::Worse);
    let document = Document { schema: "gw-doctor/diff/1", worse, changes };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}
