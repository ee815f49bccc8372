//! A log becomes the list of its lines that mean something to us: time, level, logger, and the known
//! phrase. Message texts, names, chats and tracebacks do not survive.

use crate::parse::log::Head;
use crate::parse::{log, reload};

/// The lines of known classes, each reduced to its head and its phrase. Of a head only the time, the level and the logger
/// are kept, in the form that Hermes writes; where a line has another, its phrase stands alone.
pub fn extract(text: &str) -> String {
    let mut out = String::new();
    for line in log::known_lines(text) {
        if let Some((_, phrase)) = log::class(line) {
            let head = Head::of(line);
            for part in [head.time, head.level].into_iter().flatten() {
                out.push_str(part);
                out.push(' ');
            }
            if let Some(logger) = head.known_logger() {
                out.push_str(logger);
                out.push_str(": ");
            }
            out.push_str(phrase);
            out.push('\n');
        }
    }
    out
}

/// The lines of `launchd-reload.log` that are understood, each reduced to its time and its phrase.
pub fn extract_reloads(text: &str) -> String {
    let line = |(stamp, event): (&str, reload::Event)| {
        let is_time = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | ':' | ' ');
        let stamp = if stamp.chars().all(is_time) { stamp } else { "" };
        format!("[{stamp}] {}\n", event.phrase())
    };
    text.lines().filter_map(reload::entry).fold(String::new(), |out, entry| out + &line(entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_heads_and_known_phrases_survive() {
        let text = "\
2026-11-21 01:22:01,932 INFO gateway.run: Starting Hermes Gateway...
2026-11-21 01:22:01,933 INFO gateway.run: user said hello
2026-11-21 01:22:01,963 ERROR [chat-42] gateway.run: API Server: aiohttp not installed for alice
Could not bind 10.0.0.7:8642 with sk-secret";
        assert_eq!(
            extract(text),
            "2026-11-21 01:22:01,932 INFO gateway.run: Starting Hermes Gateway...\n\
             2026-11-21 01:22:01,963 ERROR gateway.run: API Server: aiohttp not installed\n\
             Could not bind\n"
        );
    }

    #[test]
    fn of_a_reload_the_time_and_the_outcome_survive() {
        let text = "[2026-07-28 10:00:31 +0200] bootstrap attempt 1 failed (rc=5) for gui/501/ai.hermes.gateway-alice\n\
                    [sk-secret] FAILED launchd reload of alice\nalice was here\n";
        let kept = extract_reloads(text);
        assert_eq!(
            kept,
            "[2026-07-28 10:00:31 +0200] bootstrap not yet registered\n[] FAILED launchd reload\n"
        );
        assert_eq!(reload::all(&kept).last().map(|entry| entry.event), Some(reload::Event::GaveUp));
    }

    #[test]
    fn an_extract_of_an_extract_is_itself() {
        let text = "2026-11-21 01:22:01,963 ERROR [s] cron.x: x Cron tick error: y\nTraceback\n\
                    WARNING gateway.platforms.webhook: Could not bind 10.0.0.7\n\
                    ERROR sk_secret: api_server_port_in_use\n";
        let once = extract(text);
        assert_eq!(
            once,
            "2026-11-21 01:22:01,963 ERROR cron.x: Cron tick error:\n\
             WARNING gateway.platforms.webhook: Could not bind\nERROR api_server_port_in_use\n"
        );
        assert_eq!(extract(&once), once);
    }
}
