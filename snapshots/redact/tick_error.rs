//! What a ticker leaves of a tick that failed: when, and the error. The words of an error can be anybody's, so that only
//! its name and what Hermes or the system says in it stay.

use super::shape;
use crate::parse::time;

/// What may be said in an error.
const KNOWN: [&str; 9] = [
    "Cron database corrupted",
    "Cron tick yielded",
    "Permission denied",
    "Read-only file system",
    "No space left on device",
    "Too many open files",
    "database disk image is malformed",
    "database is locked",
    "waiting for the cron jobs lock",
];

/// How the names of errors end.
const ENDINGS: [&str; 6] = ["Error", "Exception", "Exit", "Expired", "Interrupt", "Yielded"];

/// The text of `cron/ticker_last_error` without its secrets: the time, and below it the name of the error and what is
/// known of its words.
pub fn text(text: &str) -> String {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let at = if time::epoch(first).is_some() { first.trim() } else { "" };
    let name = rest.split_once(':').map_or(rest, |(name, _)| name).trim();
    let is_name = shape::is_name(name) && ENDINGS.iter().any(|ending| name.ends_with(ending));
    let mut said: Vec<&str> = KNOWN.into_iter().filter(|known| rest.contains(known)).collect();
    if is_name && !said.contains(&name) {
        said.insert(0, name);
    }
    format!("{at}\n{}\n", said.join(": "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_time_the_name_and_known_words_stay() {
        for (seen, expected) in [
            (
                "1795224107.68\nOSError: [Errno 28] No space left on device: '/home/alice/.hermes'\n",
                "1795224107.68\nOSError: No space left on device\n",
            ),
            (
                "1795224107.68\nCronTickYielded: Cron tick yielded to a fresh gateway process\n",
                "1795224107.68\nCronTickYielded: Cron tick yielded\n",
            ),
            ("1795224107.68\nhunter2: of Alice\n", "1795224107.68\n\n"),
            ("1795224107.68\nalice said hunter2\n", "1795224107.68\n\n"),
            ("hunter2\nValueError: of Alice", "\nValueError\n"),
            ("", "\n\n"),
        ] {
            let once = text(seen);
            assert_eq!(once, expected, "{seen}");
            assert_eq!(text(&once), once, "{seen}");
        }
    }
}
