//! What happened at each gateway, in order: one line an event, the newest last, then what has no time, then what was not seen.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use gw_checks::timeline::{Event, Kind, Precision, Timeline, Unseen};
use gw_snapshot::facts::Facts;
use gw_snapshot::snapshot::Tool;
use jiff::Timestamp;
use owo_colors::OwoColorize as _;
use serde::Serialize;

use super::names::Names;
use super::text::{NO_GATEWAY, clean, is_coloured};
use super::{html, markdown};
use crate::cli::{TimelineArgs, TimelineFormat};

/// So many events stand in a report on something else.
pub(super) const FEW: usize = 20;
/// So many sources of one event are named; the JSON has all.
const SHOWN: usize = 3;
/// So many stand in a page for strangers.
const MANY: usize = 400;

/// The timelines in the wanted form.
///
/// # Errors
/// If they cannot be written as JSON.
pub(crate) fn render(
    facts: &Facts,
    timelines: &[Timeline],
    args: &TimelineArgs,
) -> anyhow::Result<String> {
    Ok(match args.format {
        TimelineFormat::Text => text(timelines, args.color),
        TimelineFormat::Json => json(facts, timelines)?,
        TimelineFormat::Markdown => as_markdown(facts, timelines),
        TimelineFormat::Html => as_html(facts, timelines),
    })
}

/// The timelines for people.
fn text(timelines: &[Timeline], color: clap::ColorChoice) -> String {
    let mut out = String::new();
    for (number, timeline) in timelines.iter().enumerate() {
        if number > 0 {
            out.push('\n');
        }
        let title = format!("{}  {}", clean(&timeline.profile), clean(&timeline.home));
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(out, "{}  {}", title.bold(), "(times in UTC)".dimmed());
        if let Some(left_out) = left_out(timeline) {
            let _ = writeln!(out, "  {}", left_out.dimmed());
        }
        for event in &timeline.events {
            line(&mut out, timeline, event);
        }
        if !timeline.undated.is_empty() {
            let _ = writeln!(out, "  undated");
        }
        for event in &timeline.undated {
            line(&mut out, timeline, event);
        }
        if let Some(unseen) = unseen(timeline) {
            let _ = writeln!(out, "  {}", clean(&unseen));
        }
    }
    if timelines.is_empty() {
        let _ = writeln!(out, "? {NO_GATEWAY}");
    }
    if is_coloured(color) { out } else { anstream::adapter::strip_str(&out).to_string() }
}

fn line(out: &mut String, timeline: &Timeline, event: &Event) {
    let (what, source) = (clean(&said(event)), clean(&sources(event, timeline)));
    let what = match event.kind {
        Kind::Now => what.bold().to_string(),
        Kind::End => what.red().to_string(),
        Kind::Start => what.green().to_string(),
        _ => what,
    };
    let source = format!("[{source}]");
    let kind = event.kind.word();
    let _ = writeln!(out, "  {:<20}  {kind:<7}  {what}  {}", time(event), source.dimmed());
}

/// The time of an event; none where it is that of an unknown zone, which its words tell.
fn time(event: &Event) -> String {
    event.at.map_or_else(String::new, |at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
}

/// What happened, with what its time is.
fn said(event: &Event) -> String {
    let clock = event.clock.map(|clock| clock.strftime("%Y-%m-%d %H:%M:%S").to_string());
    match (event.precision, clock) {
        (Precision::Latest, _) => format!("{} (then at the latest)", event.what),
        (_, Some(clock)) => format!("{} (at {clock} by its own clock)", event.what),
        _ => event.what.clone(),
    }
}

/// The surest sources, without the home that stands above.
fn sources(event: &Event, timeline: &Timeline) -> String {
    let home = format!("{}/", timeline.home);
    let shown: Vec<String> =
        event.sources.iter().take(SHOWN).map(|source| source.replace(&home, "")).collect();
    let more = event.sources.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

fn left_out(timeline: &Timeline) -> Option<String> {
    let count = timeline.left_out;
    let ending = if count == 1 { "" } else { "s" };
    (count > 0).then(|| format!("({count} earlier event{ending} left out)"))
}

/// What was not seen, in one line, by the reason.
fn unseen(timeline: &Timeline) -> Option<String> {
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for unseen in &timeline.unseen {
        by_reason.entry(&unseen.why).or_default().push(&unseen.what);
    }
    let parts: Vec<String> =
        by_reason.into_iter().map(|(why, what)| format!("{} ({why})", what.join(", "))).collect();
    (!parts.is_empty()).then(|| format!("not seen: {}", parts.join("; ")))
}

/// The timelines for programs.
fn json(facts: &Facts, timelines: &[Timeline]) -> anyhow::Result<String> {
    #[derive(Serialize)]
    struct Document<'a> {
        schema: &'static str,
        tool: Tool,
        taken_at: Timestamp,
        gateways: Vec<Gateway<'a>>,
    }
    #[derive(Serialize)]
    struct Gateway<'a> {
        profile: &'a str,
        home: &'a str,
        left_out: usize,
        events: &'a [Event],
        undated: &'a [Event],
        unseen: &'a [Unseen],
    }
    let gateways = timelines.iter().map(|timeline| Gateway {
        profile: &timeline.profile,
        home: &timeline.home,
        left_out: timeline.left_out,
        events: &timeline.events,
        undated: &timeline.undated,
        unseen: &timeline.unseen,
    });
    let document = Document {
        schema: "gw-doctor/timeline/1",
        tool: Tool::this(),
        taken_at: facts.now,
        gateways: gateways.collect(),
    };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

/// The timelines as a comment for an issue tracker, without the names of people, machines, profiles and paths.
fn as_markdown(facts: &Facts, timelines: &[Timeline]) -> String {
    let mut names = Names::new(facts);
    let mut out = format!(
        "**What happened, in order** (times in UTC; gw-doctor {})\n\n",
        Tool::this().version
    );
    if timelines.is_empty() {
        let _ = writeln!(out, "? {NO_GATEWAY}\n");
    }
    let most = MANY.checked_div(timelines.len()).unwrap_or(MANY).max(1);
    for timeline in timelines {
        let profile = names.profile(&timeline.profile);
        let _ = writeln!(out, "### Gateway {}\n", markdown::escaped(&profile));
        let lines = lines(&timeline.clone().last(most), &mut names);
        out.push_str(&markdown::fenced(&lines));
        out.push('\n');
    }
    out + &names.explained().map(|text| format!("{text}\n")).unwrap_or_default()
}

/// The timelines as one page for a browser, without those names.
fn as_html(facts: &Facts, timelines: &[Timeline]) -> String {
    let mut names = Names::new(facts);
    let mut body = String::new();
    let most = MANY.checked_div(timelines.len()).unwrap_or(MANY).max(1);
    for timeline in timelines {
        let profile = html::escaped(&names.profile(&timeline.profile));
        let _ = writeln!(body, "<section>\n<h2>Gateway {profile}</h2>");
        body.push_str(&html::list(&lines(&timeline.clone().last(most), &mut names)));
        body.push_str("</section>\n");
    }
    let title = if timelines.is_empty() { NO_GATEWAY } else { "What happened, in order" };
    html::page(title, &body, &names)
}

/// A timeline line by line, without names.
pub(super) fn lines(timeline: &Timeline, names: &mut Names) -> Vec<String> {
    let mut told = |event: &Event| {
        let (what, source) = (names.hide(&said(event)), names.hide(&sources(event, timeline)));
        let time = time(event);
        let lead = if time.is_empty() { "undated".into() } else { time };
        format!("{lead} {}: {what} ({source})", event.kind.word())
    };
    let dated: Vec<String> = timeline.events.iter().map(&mut told).collect();
    let undated: Vec<String> = timeline.undated.iter().map(&mut told).collect();
    let unseen = unseen(timeline).map(|unseen| names.hide(&unseen));
    left_out(timeline).into_iter().chain(dated).chain(undated).chain(unseen).collect()
}

#[cfg(test)]
mod tests;
