//! Commands that stop or restart the gateway that runs them.
//!
//! Hermes refuses such a cron job at its creation since 0.18, by the prompt and the script's text, but
//! not at an edit, not in older jobs, and not for `launchctl bootout` and `bootstrap` (upstream #30719).

/// A phrase that belongs to such a command, as `verb … target` on one line.
const COMMANDS: &[(&str, &[&str], &str)] = &[
    ("hermes gateway restart", &[], "hermes gateway restart"),
    ("hermes gateway stop", &[], "hermes gateway stop"),
    ("launchctl bootout", &["hermes"], "launchctl bootout … hermes"),
    ("launchctl bootstrap", &["hermes"], "launchctl bootstrap … hermes"),
    ("launchctl kickstart", &["hermes"], "launchctl kickstart … hermes"),
    ("launchctl unload", &["hermes"], "launchctl unload … hermes"),
    ("launchctl load", &["hermes"], "launchctl load … hermes"),
    ("launchctl stop", &["hermes"], "launchctl stop … hermes"),
    ("launchctl restart", &["hermes"], "launchctl restart … hermes"),
    ("systemctl", &["restart", "hermes-gateway"], "systemctl restart … hermes-gateway"),
    ("systemctl", &["stop", "hermes-gateway"], "systemctl stop … hermes-gateway"),
    ("systemctl", &["start", "hermes-gateway"], "systemctl start … hermes-gateway"),
    ("pkill", &["hermes", "gateway"], "pkill … hermes … gateway"),
    ("kill", &["hermes", "gateway"], "kill … hermes … gateway"),
];

/// The first such command in a text, in a fixed wording that holds nothing else of the text.
pub fn command_in(text: &str) -> Option<&'static str> {
    text.lines().find_map(|line| {
        let line = line.to_lowercase();
        let words: Vec<&str> = words(&line).collect();
        COMMANDS.iter().find_map(|(verb, targets, wording)| {
            let verb: Vec<&str> = verb.split(' ').collect();
            let found = words.windows(verb.len()).any(|at| at == verb)
                && targets.iter().all(|target| words.iter().any(|word| names(word, target)));
            found.then_some(*wording)
        })
    })
}

/// The words of a line as a shell would have them, each program without its directory: a skill is no
/// `kill`, and what was started is no `start`.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let is_between = |c: char| c.is_whitespace() || "`'\"(){}[],;|&<>".contains(c);
    line.split(is_between).filter_map(|word| {
        let word = word.trim_matches(['.', ':', '!', '?', '*', '_']);
        word.rsplit('/').next().filter(|word| !word.is_empty())
    })
}

/// Whether a word is a target: a verb as it stands or at the end of `try-restart`, a name as a part of the word.
fn names(word: &str, target: &str) -> bool {
    match target {
        "restart" | "stop" | "start" => word.rsplit('-').next() == Some(target),
        _ => word.contains(target),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifecycle_command_is_found_by_verb_and_target_on_one_line() {
        for (text, expected) in [
            ("Run `hermes  gateway restart` and report", Some("hermes gateway restart")),
            (
                "systemctl --user restart hermes-gateway.service",
                Some("systemctl restart … hermes-gateway"),
            ),
            ("launchctl bootout gui/501/ai.hermes.gateway", Some("launchctl bootout … hermes")),
            (
                "/usr/bin/systemctl --user try-restart 'hermes-gateway-work'",
                Some("systemctl restart … hermes-gateway"),
            ),
            ("kill -15 $(pgrep -f 'hermes gateway')", Some("kill … hermes … gateway")),
            ("Ask me, then **hermes gateway stop**.", Some("hermes gateway stop")),
            ("Use the hermes-gateway skill to sum up the day", None),
            ("systemctl --user status hermes-gateway: when was it started?", None),
            ("systemctl restart nginx", None),
            ("systemctl restart\nhermes-gateway", None),
            ("hermes gateway status", None),
            ("", None),
        ] {
            assert_eq!(command_in(text), expected, "{text}");
        }
    }
}
