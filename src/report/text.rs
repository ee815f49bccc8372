//! The report for people. The first line is the answer; colour only adds to it.

use std::cmp::Reverse;
use std::fmt::Write as _;

use comfy_table::{ContentArrangement, Table, presets};
use gw_checks::diagnosis::HEALTHY;
use gw_checks::finding::{Evidence, Finding, Verdict};
use gw_checks::limits::limits;
use gw_checks::plan::{Course, script};
use owo_colors::{OwoColorize as _, Style as Paint};
use unicode_width::UnicodeWidthStr as _;

use super::{Report, Reported, link, source};
use crate::cli::CheckArgs;
use crate::exit::Exit;
use crate::host::Sealed;
use crate::wait::Waited;

/// How to print.
pub(crate) struct Style {
    color: bool,
    width: usize,
    verbose: bool,
    quiet: bool,
    /// Where the pages of the ids stand, if the terminal follows links.
    pages: Option<String>,
}

impl Style {
    /// As the command line and the terminal ask for.
    pub(super) fn of(args: &CheckArgs) -> Self {
        let width = terminal_size::terminal_size_of(std::io::stdout())
            .map_or(80, |(width, _)| usize::from(width.0));
        Self {
            color: is_coloured(args.color),
            width: width.clamp(40, 120),
            verbose: args.verbose,
            quiet: args.quiet,
            pages: link::pages(),
        }
    }
}

/// Whether to colour, as the command line, the environment and the terminal ask for.
pub(super) fn is_coloured(choice: clap::ColorChoice) -> bool {
    match choice {
        clap::ColorChoice::Always => true,
        clap::ColorChoice::Never => false,
        clap::ColorChoice::Auto => {
            anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
        }
    }
}

/// What there is to say where there is nothing to look at.
pub(super) const NO_GATEWAY: &str = "no gateway to look at: no Hermes home is known here";

/// More gateways than this are shown in a table first.
const FEW: usize = 3;

pub(super) fn render(report: &Report<'_>, style: &Style) -> String {
    let mut out = String::new();
    let broken: Vec<&Reported<'_>> =
        report.gateways.iter().filter(|reported| is_broken(reported)).collect();
    let rest: Vec<&Reported<'_>> =
        report.gateways.iter().filter(|reported| !is_broken(reported)).collect();
    if style.quiet {
        let counts = |reported: &&&Reported<'_>| {
            Exit::of(reported.examined.findings.iter(), report.fail_on) != Exit::Fine
        };
        for reported in broken.iter().chain(&rest).filter(counts) {
            headline(&mut out, reported, style);
        }
        return finish(out, style);
    }
    if report.gateways.len() > FEW {
        overview(&mut out, report, style);
        for reported in &broken {
            detail(&mut out, report, reported, style);
        }
    } else {
        broken.iter().chain(&rest).for_each(|reported| headline(&mut out, reported, style));
        broken.iter().chain(&rest).for_each(|reported| detail(&mut out, report, reported, style));
    }
    if report.gateways.is_empty() {
        line(&mut out, &format!("? {NO_GATEWAY}"));
    }
    counts(&mut out, report, style);
    finish(out, style)
}

fn finish(out: String, style: &Style) -> String {
    match &style.pages {
        _ if !style.color => anstream::adapter::strip_str(&out).to_string(),
        Some(pages) => link::linked(&out, pages),
        None => out,
    }
}

fn is_broken(reported: &Reported<'_>) -> bool {
    matches!(reported.examined.verdict, Verdict::Failure | Verdict::Unknown)
}

/// The answer for one gateway.
fn headline(out: &mut String, reported: &Reported<'_>, style: &Style) {
    let (text, id) = answer(reported);
    let profile = clean(&reported.gateway.home.profile);
    let tag = id.map_or_else(String::new, |id| format!(" [{id}]"));
    let text = format!("{profile}: {}{tag}", clean(&text));
    let verdict = verdict_of_answer(reported);
    let mark = mark(verdict);
    for (at, part) in wrapped(&text, style.width.saturating_sub(2)).iter().enumerate() {
        let lead = if at == 0 { mark } else { " " };
        line(out, &format!("{} {}", lead.style(paint(verdict)), part.bold()));
    }
}

/// How the answer is marked. One that says that something cannot be told is no good news, though nothing wrong was seen.
fn verdict_of_answer(reported: &Reported<'_>) -> Verdict {
    let examined = &reported.examined;
    let says_nothing = examined.diagnoses.is_empty()
        && examined.findings.iter().all(|finding| finding.excused.is_none())
        && examined.findings.iter().any(|finding| finding.verdict == Verdict::Unknown);
    match examined.verdict {
        Verdict::Pass if says_nothing => Verdict::Unknown,
        verdict => verdict,
    }
}

/// The first diagnosis, else the worst finding. A failure that no diagnosis explains goes before one that explains none.
pub(super) fn answer<'a>(reported: &'a Reported<'_>) -> (String, Option<&'a str>) {
    let examined = &reported.examined;
    if let Some(failure) = examined.unexplained() {
        return (failure.claim.clone(), Some(failure.check));
    }
    if let Some(first) = examined.diagnoses.first() {
        let warnings =
            examined.findings.iter().filter(|finding| finding.verdict == Verdict::Warning).count();
        let summary = match (first.id == HEALTHY, warnings) {
            (true, 0) => format!("healthy: {}", first.summary),
            (true, 1) => format!("healthy, with one warning: {}", first.summary),
            (true, count) => format!("healthy, with {count} warnings: {}", first.summary),
            (false, _) => first.summary.clone(),
        };
        return (summary, Some(first.id));
    }
    let mut accepted = examined.findings.iter().filter(|finding| finding.excused.is_some());
    if let (Some(finding), Verdict::Pass) = (accepted.next(), examined.verdict) {
        return (format!("nothing is wrong but this: {}", finding.claim), Some(finding.check));
    }
    // Of equals the first: the checks stand in the order of the chain.
    let worst = examined.findings.iter().min_by_key(|finding| Reverse(finding.verdict));
    worst.map_or_else(
        || ("nothing was checked".into(), None),
        |finding| (finding.claim.clone(), Some(finding.check)),
    )
}

/// What lies behind the answer.
fn detail(out: &mut String, report: &Report<'_>, reported: &Reported<'_>, style: &Style) {
    let examined = &reported.examined;
    line(out, "");
    let version = reported.gateway.install.as_ref().and_then(|install| install.version.known());
    let version = version.map_or_else(String::new, |version| format!("  hermes-agent {version}"));
    let home = format!(
        "{}  {}{version}",
        clean(&reported.gateway.home.profile),
        clean(&reported.gateway.home.path)
    );
    line(out, &format!("{}", home.bold()));
    chain(out, reported, style);
    survival(out, reported);
    let answered = usize::from(examined.unexplained().is_none());
    for diagnosis in examined.diagnoses.iter().skip(answered) {
        paragraph(
            out,
            "also  ",
            &format!("{} [{}]", clean(&diagnosis.summary), diagnosis.id),
            style,
        );
    }
    if style.verbose {
        everything(out, report, reported, style);
    } else {
        let is_quiet = reported.plan.course == Course::Nothing;
        let worth = examined.findings.iter().filter(|finding| {
            // From where a plan may be run matters wherever there is one to make.
            is_worth_a_line(finding) || !is_quiet && is_about_the_place(finding)
        });
        for finding in worth {
            brief(out, finding, style);
            if is_of_a_file(finding) {
                lines(out, report, reported, finding, style);
            }
        }
    }
    suggestions(out, reported);
}

/// Whether a finding is shown to somebody who did not ask for everything.
pub(super) fn is_worth_a_line(finding: &Finding) -> bool {
    // What the policy accepts for a while is not forgotten meanwhile.
    let is_accepted = finding.excused.as_ref().is_some_and(|excused| excused.until.is_some());
    match finding.verdict {
        _ if is_accepted => true,
        Verdict::Failure | Verdict::Warning => true,
        Verdict::Unknown => finding.essential,
        Verdict::Pass | Verdict::Skipped | Verdict::Note => false,
    }
}

/// Whether what is wrong stands in a file, so that its line says more than any words.
fn is_of_a_file(finding: &Finding) -> bool {
    finding.check.starts_with("definition/") || finding.check.starts_with("policy/")
}

/// The lines of files that show what a finding means, a few of them.
fn lines(
    out: &mut String,
    report: &Report<'_>,
    reported: &Reported<'_>,
    finding: &Finding,
    style: &Style,
) {
    let shown = finding
        .evidence
        .iter()
        .map(|seen| (seen, source::lines(report, reported, seen)))
        .filter(|(_, lines)| !lines.is_empty());
    for (seen, lines) in shown.take(FEW) {
        evidence(out, seen, &lines, style);
    }
}

/// What was seen, and the lines of the file where it was.
fn evidence(out: &mut String, seen: &Evidence, lines: &[(usize, String)], style: &Style) {
    let text = format!("{}: {}", clean(&seen.source), clean(&seen.said));
    for part in wrapped(&text, style.width.saturating_sub(6)) {
        line(out, &format!("      {}", part.dimmed()));
    }
    let width = style.width.saturating_sub(15);
    for (number, text) in lines {
        for (at, part) in wrapped(&clean(text), width).iter().take(ROWS).enumerate() {
            let number = if at == 0 { number.to_string() } else { String::new() };
            let part = shortened(part, width);
            line(out, &format!("      {:>6} {} {part}", number.blue(), "|".blue()));
        }
    }
}

/// Of a line of a file, so many rows are shown: a PATH is long, and says little.
const ROWS: usize = 4;

/// A text that fits into a row.
fn shortened(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.into();
    }
    let mut out = String::new();
    for c in text.chars() {
        if out.width().saturating_add(2) > width {
            break;
        }
        out.push(c);
    }
    out + "…"
}

fn is_about_the_place(finding: &Finding) -> bool {
    finding.check == "owner/inside-gateway" && finding.verdict == Verdict::Note
}

fn chain(out: &mut String, reported: &Reported<'_>, style: &Style) {
    let links = reported.examined.chain.iter().map(|link| {
        let text = clean(&link.text);
        format!("{} {} {text}", link.link, mark(link.verdict).style(paint(link.verdict)))
    });
    let mut row = String::from(" ");
    for (at, link) in links.enumerate() {
        let piece = if at == 0 { format!(" {link}") } else { format!(" ─ {link}") };
        if at > 0 && columns(&row) + columns(&piece) > style.width {
            line(out, &row);
            row = "   ".into();
        }
        row.push_str(&piece);
    }
    line(out, &row);
}

/// The forecasts, in one row.
fn survival(out: &mut String, reported: &Reported<'_>) {
    let forecasts: Vec<String> = reported
        .examined
        .findings
        .iter()
        .filter(|finding| finding.verdict != Verdict::Skipped)
        .filter_map(|finding| {
            let name = finding.check.strip_prefix("survival/")?;
            Some(format!("{name} {}", mark(finding.verdict).style(paint(finding.verdict))))
        })
        .collect();
    if !forecasts.is_empty() {
        line(out, &format!("  survives {}", forecasts.join(", ")));
    }
}

/// The width of a text on a terminal, its colours not counted.
fn columns(text: &str) -> usize {
    anstream::adapter::strip_str(text).to_string().width()
}

fn brief(out: &mut String, finding: &Finding, style: &Style) {
    let lead = format!("  {} ", mark(finding.verdict).style(paint(finding.verdict)));
    let text = format!("{} [{}]", clean(&finding.claim), finding.check);
    paragraph_after(out, &lead, 4, &text, style);
    if let Some(help) = &finding.help {
        paragraph(out, "      ", &clean(help), style);
    }
}

/// Every finding with all of its evidence.
fn everything(out: &mut String, report: &Report<'_>, reported: &Reported<'_>, style: &Style) {
    for finding in &reported.examined.findings {
        brief(out, finding, style);
        for seen in &finding.evidence {
            evidence(out, seen, &source::lines(report, reported, seen), style);
        }
    }
}

/// The commands of the plan; without them, where to read on.
fn suggestions(out: &mut String, reported: &Reported<'_>) {
    let Course::Steps(steps) = &reported.plan.course else {
        let (_, id) = answer(reported);
        let is_wrong = matches!(
            reported.examined.verdict,
            Verdict::Failure | Verdict::Warning | Verdict::Unknown
        );
        if let Some(id) = id.filter(|id| is_wrong && *id != HEALTHY) {
            line(out, &format!("  What to do: {}", format!("gw-doctor explain {id}").cyan()));
        }
        return;
    };
    line(out, "  To put it right (`gw-doctor plan` prints these with their guards):");
    for (number, step) in (1..).zip(steps) {
        line(out, &format!("    {number}. {}", clean(&script::command(step)).cyan()));
    }
}

/// Many gateways, a row each.
fn overview(out: &mut String, report: &Report<'_>, style: &Style) {
    let lead = mark(report.verdict);
    line(out, &format!("{} {}", lead.style(paint(report.verdict)), sum(report)));
    if let Some(worst) = report.worst_first().into_iter().find(|reported| is_broken(reported)) {
        headline(out, worst, style);
    }
    let mut table = Table::new();
    *table.style_mut() = presets::NOTHING;
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(style.width).unwrap_or(u16::MAX));
    for reported in &report.gateways {
        let id = reported.examined.diagnoses.first().map_or("-", |diagnosis| diagnosis.id);
        let of = |name: &str| {
            let link = reported.examined.chain.iter().find(|link| link.link == name);
            link.map(|link| clean(&link.text)).unwrap_or_default()
        };
        table.add_row([
            mark(reported.examined.verdict).to_string(),
            clean(&reported.gateway.home.profile),
            id.to_string(),
            of("process"),
            of("port"),
        ]);
    }
    line(out, "");
    line(out, &table.to_string());
}

/// How many of the gateways are well, and how many are not.
fn sum(report: &Report<'_>) -> String {
    let all = report.gateways.len();
    let of = |verdict| {
        report.gateways.iter().filter(|reported| reported.examined.verdict == verdict).count()
    };
    let (failed, unknown) = (of(Verdict::Failure), of(Verdict::Unknown));
    let blind = format!("{unknown} of {all} gateways could not be judged");
    match (failed, unknown) {
        (0, 0) => well(report),
        (0, _) => blind,
        (1, 0) => format!("1 of {all} gateways has a problem"),
        (_, 0) => format!("{failed} of {all} gateways have a problem"),
        (1, _) => format!("1 of {all} gateways has a problem, and {unknown} could not be judged"),
        _ => {
            format!("{failed} of {all} gateways have a problem, and {unknown} could not be judged")
        }
    }
}

/// What is to be said of gateways of which none has failed. One that was never set up is neither healthy nor ill.
fn well(report: &Report<'_>) -> String {
    let all = report.gateways.len();
    let first = |reported: &&Reported<'_>| {
        reported.examined.diagnoses.first().is_some_and(|diagnosis| diagnosis.id == HEALTHY)
    };
    let warned = |reported: &&Reported<'_>| reported.examined.verdict == Verdict::Warning;
    let healthy = report.gateways.iter().filter(first).count();
    let warned = report.gateways.iter().filter(|gateway| !first(gateway)).filter(warned).count();
    if healthy == all {
        return format!("{all} gateways, all healthy");
    }
    let warned = match warned {
        0 => String::new(),
        count => format!(", {count} with a warning"),
    };
    format!("{healthy} of {all} gateways healthy{warned}, nothing wrong with the others")
}

/// How many findings there are of each kind that matters.
pub(super) fn tally(report: &Report<'_>) -> String {
    let number = |count: usize, what: &str, plural: &str| match count {
        0 => None,
        1 => Some(format!("1 {what}")),
        _ => Some(format!("{count} {what}{plural}")),
    };
    let wrong = [
        number(report.count(Verdict::Failure), "failed", ""),
        number(report.count(Verdict::Warning), "warning", "s"),
        number(report.count(Verdict::Unknown), "unknown", ""),
    ];
    let wrong: Vec<String> = wrong.into_iter().flatten().collect();
    // What passed is news only where nothing else is.
    match wrong.as_slice() {
        [] => {
            format!("{} checks passed", report.count(Verdict::Pass) + report.count(Verdict::Note))
        }
        wrong => wrong.join(", "),
    }
}

fn counts(out: &mut String, report: &Report<'_>, style: &Style) {
    let more = if style.verbose { "" } else { "  (-v shows what passed, with evidence)" };
    let text = format!("{}{more}", tally(report));
    line(out, "");
    line(out, &format!("{}", text.dimmed()));
    if let Some(waited) = report.waited.as_ref().and_then(Waited::text) {
        paragraph(out, "", &clean(&waited), style);
    }
    // They may be why something is not known, or is not seen as it is.
    if style.verbose || report.exit != Exit::Fine {
        for limit in limits(report.facts) {
            paragraph(out, "", limit, style);
        }
    }
    if style.verbose {
        let seal = match report.sealed {
            Sealed::Held => {
                "sealed: the kernel refused this program every write while it looked".to_string()
            }
            Sealed::Refused(why) => format!("not sealed: {why}"),
            Sealed::NotHere => "not sealed: this system has no seal".to_string(),
            Sealed::Off => "not sealed: --no-seal was given".to_string(),
        };
        line(out, &format!("{}", clean(&seal).dimmed()));
    }
}

fn paragraph(out: &mut String, lead: &str, text: &str, style: &Style) {
    paragraph_after(out, lead, lead.width(), text, style);
}

/// A text that hangs under its lead.
fn paragraph_after(out: &mut String, lead: &str, indent: usize, text: &str, style: &Style) {
    let blank = " ".repeat(indent);
    for (at, part) in wrapped(text, style.width.saturating_sub(indent)).iter().enumerate() {
        line(out, &format!("{}{part}", if at == 0 { lead } else { &blank }));
    }
}

/// A text cut at its spaces into lines of this width. A longer word stands alone.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut row = String::new();
    for word in text.split(' ') {
        if !row.is_empty() && row.width() + 1 + word.width() > width {
            lines.push(std::mem::take(&mut row));
        } else if !row.is_empty() {
            row.push(' ');
        }
        row.push_str(word);
    }
    lines.push(row);
    lines
}

fn line(out: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}", text.trim_end());
}

pub(super) const fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "✓",
        Verdict::Skipped => "-",
        Verdict::Note => "·",
        Verdict::Warning => "!",
        Verdict::Unknown => "?",
        Verdict::Failure => "✗",
    }
}

fn paint(verdict: Verdict) -> Paint {
    match verdict {
        Verdict::Pass => Paint::new().green(),
        Verdict::Skipped | Verdict::Note => Paint::new().dimmed(),
        Verdict::Warning => Paint::new().yellow(),
        Verdict::Unknown => Paint::new().magenta(),
        Verdict::Failure => Paint::new().red(),
    }
}

/// A text of the host without what would steer a terminal: control characters and those that turn the
/// direction of writing are shown as escapes.
pub(super) fn clean(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || turns(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_host_cannot_steer_the_terminal() {
        assert_eq!(clean("a\u{1b}[31mb\nc\u{202e}d"), "a\\u{1b}[31mb\\nc\\u{202e}d");
        assert_eq!(clean("Grüße ✓"), "Grüße ✓");
    }

    #[test]
    fn a_long_text_is_cut_at_its_spaces() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("averylongword x", 4), ["averylongword", "x"]);
        assert_eq!(wrapped("", 4), [""]);
    }
}
