//! The line of a file that an evidence points at, for people. It is redacted once more: a snapshot that somebody made by
//! hand may hold what no capture lets through.

use gw_checks::finding::Evidence;
use gw_snapshot::redact::{self, Salt};

use super::{Report, Reported};

/// What kind of file it is, by which its secrets are known.
enum Kind {
    Definition,
    Dotenv,
    Yaml,
}

/// The lines that are meant, each with its number: one, or a few where a key of a plist stands above its value.
pub(super) fn lines(
    report: &Report<'_>,
    reported: &Reported<'_>,
    seen: &Evidence,
) -> Vec<(usize, String)> {
    let (Some(file), Some(line)) = (&seen.file, seen.line) else { return Vec::new() };
    let Some(text) = text(report, reported, file) else { return Vec::new() };
    let mut lines = Vec::new();
    for (number, text) in (1..).zip(text.lines()).skip(line.saturating_sub(1)).take(MOST) {
        lines.push((number, text.to_string()));
        if !OPENING.iter().any(|tag| text.trim_end().ends_with(tag)) {
            break;
        }
    }
    lines
}

/// What a line of a plist ends with if its value stands below it.
const OPENING: [&str; 3] = ["</key>", "<array>", "<dict>"];
/// A key, what opens its value, and the beginning of that.
const MOST: usize = 4;

/// The redacted text of a file of which the report knows one.
fn text(report: &Report<'_>, reported: &Reported<'_>, file: &str) -> Option<String> {
    let lanes = reported.gateway.lanes.iter().filter_map(|lane| lane.definition.known());
    let reference = report.intent.reference.iter().map(|reference| &reference.definition);
    let mut texts = lanes.chain(reference).flat_map(|definition| &definition.texts);
    if let Some((_, text)) = texts.find(|(path, _)| path == file) {
        return redacted(&Kind::Definition, text);
    }
    let gateway = reported.gateway;
    let mut files = gateway.files.iter().chain([&gateway.dotenv]);
    let seen = files.find(|seen| seen.path == file && seen.text.is_some())?;
    let kind = match file.rsplit('/').next()? {
        ".env" => Kind::Dotenv,
        "config.yaml" => Kind::Yaml,
        _ => return None,
    };
    redacted(&kind, seen.text.as_ref()?)
}

fn redacted(kind: &Kind, text: &str) -> Option<String> {
    let salt = Salt(Vec::new());
    let text = match kind {
        Kind::Dotenv => redact::dotenv::text(text, &salt),
        Kind::Yaml => redact::yaml::text(text, &salt).ok()?,
        Kind::Definition if gw_snapshot::parse::plist::is_plist(text.as_bytes()) => {
            String::from_utf8(redact::plist::list(text.as_bytes(), &salt).ok()?).ok()?
        }
        Kind::Definition => redact::unit::text(text, &salt),
    };
    // A digest that is made here has no salt, and would let the value be guessed at.
    Some(redact::without_digests(&text))
}
