//! Whether a platform of this very process is in trouble.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::home::join;
use gw_snapshot::facts::record::Platform;

use crate::Subject;
use crate::finding::{Finding, Verdict, span};
use crate::subject::Platforms;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    if at.gateway.process().is_none() && at.gateway.served_by.is_none() {
        return at.no_process();
    }
    let Some(Platforms { host, process, here }) = at.platforms() else {
        return vec![Finding::skipped("no status is known to be that of this process")];
    };
    let mut findings = Vec::new();
    for (name, platform) in here.into_iter().filter(|(_, platform)| is_out(platform)) {
        let state = &platform.state;
        // Entries outlive the process that wrote them; an older one says nothing of this process.
        let finding = match platform.is_of(process, at.facts.about.os) {
            Some(false) => continue,
            Some(true) if is_paused_by_hand(platform) => {
                Finding::note(format!("platform {name} is paused, and no error is given for it"))
            }
            Some(true) => Finding::failure(format!(
                "platform {name} is {state}{}: {}{}",
                since(at, platform),
                reason(platform),
                if platform.needs_attention { "; Hermes has flagged it" } else { "" }
            )),
            None => {
                let why = Why::Failed(format!("it is {state}, and nothing says since when"));
                Finding::unknown(&format!("how platform {name} stands"), &why).minor()
            }
        };
        let file = join(&host.home.path, "gateway_state.json");
        findings.push(finding.seen(file, format!("{}: {state}", platform.name)));
    }
    if findings.is_empty() { vec![Finding::pass("no platform reports trouble")] } else { findings }
}

/// Says for how long it has tried, where that is told (0.20.4+).
fn since(at: &Subject<'_>, platform: &Platform) -> String {
    let age = platform.retrying_since.and_then(|since| at.age_of(since));
    let age = age.filter(|_| platform.state == "retrying");
    age.map_or_else(String::new, |age| format!(" for {}", span(age.unsigned_abs())))
}

fn is_out(platform: &Platform) -> bool {
    matches!(platform.state.as_str(), "fatal" | "retrying" | "paused")
}

/// Hermes pauses a platform as well that has failed too often, and says why then.
fn is_paused_by_hand(platform: &Platform) -> bool {
    platform.state == "paused" && platform.error_code.is_none() && platform.error_message.is_none()
}

/// The code, and the first sentence of the message: what follows is advice, and not always good.
fn reason(platform: &Platform) -> String {
    let message = platform.error_message.as_deref().map(|message| {
        let first = message.split(". ").next().unwrap_or_default().trim_end_matches('.');
        shortened(first)
    });
    match (&platform.error_code, message) {
        (Some(code), Some(message)) => format!("{code}, {message}"),
        (Some(code), None) => code.clone(),
        (None, Some(message)) => message,
        (None, None) => "no reason given".into(),
    }
}

/// The beginning of a text, up to the end of a word.
fn shortened(text: &str) -> String {
    let Some((end, _)) = text.char_indices().nth(LONGEST) else { return text.into() };
    let start = text.get(..end).unwrap_or(text);
    format!("{} …", start.rsplit_once(' ').map_or(start, |(start, _)| start))
}

/// Of a message that is no sentence, this many characters.
const LONGEST: usize = 120;
