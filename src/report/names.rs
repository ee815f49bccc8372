//! Hides who and where: a text of the host, in words that gw-doctor has itself.
//!
//! Default deny. A word stays if it stands in gw-doctor's own code or pages, or is a small number; every other becomes a
//! number in angles, the same for the same word. What a person could be known by needs no list here, for it is not on that of what may stay.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use gw_snapshot::facts::Facts;

use super::text::clean;

/// The words of gw-doctor's code and pages, in lower case and sorted.
static OWN: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!(concat!(env!("OUT_DIR"), "/words.txt")).lines().collect());

/// Words of others that name nobody: systems, programs that people run beside a gateway, reasons that launchd and serde give.
/// Sorted.
const COMMON: [&str; 31] = [
    "alpine",
    "app",
    "arch",
    "bookworm",
    "caddy",
    "character",
    "column",
    "debian",
    "docker",
    "eof",
    "expected",
    "fedora",
    "gnu",
    "homebrew",
    "inefficient",
    "lts",
    "medium",
    "nginx",
    "nixos",
    "node",
    "nvm",
    "parsing",
    "podman",
    "semaphore",
    "sonoma",
    "tahoe",
    "trailing",
    "trixie",
    "ubuntu",
    "uvicorn",
    "vite",
];

/// Accounts and profiles of these names say nothing of a person. Sorted.
const IMPERSONAL: [&str; 6] = ["default", "gateway", "hermes", "nobody", "root", "user"];

/// A text longer than this is cut. In characters.
const LONGEST: usize = 600;

/// A run of digits longer than this may be the number of a chat or a telephone; PIDs, ports and spans are shorter.
const DIGITS: usize = 7;

/// The words that were hidden, with their numbers.
pub(super) struct Names {
    home: Option<String>,
    /// Parts of names that this host is known to have, in lower case: not even a word of ours may stay where it can be one of these.
    personal: BTreeSet<String>,
    numbers: BTreeMap<String, usize>,
}

impl Names {
    /// With the names that this host is known to have.
    pub(super) fn new(facts: &Facts) -> Self {
        let about = &facts.about;
        let account = about.home.as_deref().and_then(|home| home.rsplit_once('/'));
        let personal = facts
            .gateways
            .iter()
            .map(|gateway| gateway.home.profile.as_str())
            .chain(about.user.as_deref())
            .chain(account.map(|(_, name)| name))
            .flat_map(|name| name.split(|c| !is_of_word(c)))
            .map(str::to_lowercase)
            .filter(|name| IMPERSONAL.binary_search(&name.as_str()).is_err())
            .collect();
        let home = about.home.clone().filter(|home| home.len() > 1);
        Self { home, personal, numbers: BTreeMap::new() }
    }

    /// What the numbers stand for, if anything was hidden.
    pub(super) fn explained(&self) -> Option<&'static str> {
        (!self.numbers.is_empty()).then_some(
            "Numbers in angles, such as ‹1›, stand for words that gw-doctor does not have itself: names of people, machines, \
             profiles, programs and paths. The same number is the same word.",
        )
    }

    /// A text without control characters and without names.
    pub(super) fn hide(&mut self, text: &str) -> String {
        let mut cut: String = text.chars().take(LONGEST).collect();
        if cut.len() < text.len() {
            cut.push_str("...");
        }
        let text = self.without_home(&clean(&cut));
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(first) = rest.chars().next() {
            if !is_of_word(first) {
                out.push(first);
                rest = rest.strip_prefix(first).unwrap_or_default();
                continue;
            }
            let length = address(rest).unwrap_or_else(|| stretch(rest, is_of_word));
            let (word, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
            let is_joined =
                out.ends_with(JOINTS) || (after.starts_with(JOINTS) && !after.starts_with(". "));
            let is_escape = out.ends_with("\\u{") && is_code_point(word);
            let is_account = out.ends_with("/home/") || out.ends_with("/Users/");
            if is_escape || (!is_account && self.may_stay(word, is_joined)) {
                out.push_str(word);
            } else {
                out.push_str(&self.number(word));
            }
            rest = after;
        }
        out
    }

    /// The name of a profile: all of it goes, unless it says nothing of a person.
    pub(super) fn profile(&mut self, name: &str) -> String {
        if IMPERSONAL.binary_search(&name).is_ok() {
            return name.into();
        }
        // It is one of the personal names, and as the last part of a path it cannot be a word of ours.
        let hidden = self.hide(&format!("/{name}"));
        hidden.strip_prefix('/').unwrap_or(&hidden).into()
    }

    /// With `~` in the place of the user's home directory.
    fn without_home(&self, text: &str) -> String {
        let Some(home) = &self.home else { return text.into() };
        let mut parts = text.split(home.as_str());
        let mut out = parts.next().unwrap_or_default().to_string();
        for part in parts {
            let goes_on = part.starts_with(|c| is_of_word(c) || matches!(c, '-' | '_'));
            out.push_str(if goes_on { home } else { "~" });
            out.push_str(part);
        }
        out
    }

    fn may_stay(&self, word: &str, is_joined: bool) -> bool {
        if word.contains(['.', ':']) {
            let address: Option<IpAddr> = word.parse().ok();
            return address
                .is_some_and(|address| address.is_loopback() || address.is_unspecified());
        }
        let lower = word.to_lowercase();
        let is_personal = is_joined && self.personal.contains(&lower);
        let is_known = OWN.binary_search(&lower.as_str()).is_ok()
            || COMMON.binary_search(&lower.as_str()).is_ok();
        !is_personal && (is_known || is_number(word))
    }

    fn number(&mut self, word: &str) -> String {
        let next = self.numbers.len() + 1;
        let number = self.numbers.entry(word.into()).or_insert(next);
        format!("‹{number}›")
    }
}

/// What joins words into a name.
const JOINTS: [char; 7] = ['/', '.', '-', '_', '@', '=', '~'];

/// Every character beyond ASCII counts as part of a word: gw-doctor says nothing that needs one.
const fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || !c.is_ascii()
}

/// The length in bytes of the stretch of such characters at the start of a text.
fn stretch(text: &str, of: impl Fn(char) -> bool) -> usize {
    text.find(|c| !of(c)).unwrap_or(text.len())
}

/// The length of the IP address with which a text begins.
fn address(text: &str) -> Option<usize> {
    let head =
        |of: fn(char) -> bool| text.split_at_checked(stretch(text, of)).map(|(head, _)| head);
    let v6 = head(|c| c.is_ascii_hexdigit() || c == ':')?;
    if v6.parse::<Ipv6Addr>().is_ok() {
        return Some(v6.len());
    }
    let v4 = head(|c| c.is_ascii_digit() || c == '.')?.trim_end_matches('.');
    v4.parse::<Ipv4Addr>().is_ok().then_some(v4.len())
}

/// A count, a span with its unit, a part of a time, or a number with its letter: `8642`, `12ms`, `21T03`, `v20`.
fn is_number(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let letters = word.trim_matches(|c: char| c.is_ascii_digit());
    let is_unit =
        matches!(letters, "" | "s" | "ms" | "m" | "min" | "h" | "d" | "T" | "Z" | "v" | "c");
    is_unit && (1..=DIGITS).contains(&digits)
}

/// Whether it is what stands between the braces of an escaped character.
fn is_code_point(word: &str) -> bool {
    word.len() <= 6 && word.chars().all(|c| c.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(user: &str, profiles: &[&str]) -> Names {
        Names {
            home: Some(format!("/home/{user}")),
            personal: profiles.iter().chain([&user]).map(ToString::to_string).collect(),
            numbers: BTreeMap::new(),
        }
    }

    #[test]
    fn what_gw_doctor_says_stays_and_who_it_is_about_goes() {
        let mut names = names("alice", &["work"]);
        for (text, hidden) in [
            ("the gateway is up but not supervised", "the gateway is up but not supervised"),
            ("/home/alice/.hermes/cron/jobs.json", "~/.hermes/cron/jobs.json"),
            ("/home/alicette/x", "/home/‹1›/x"),
            ("/home/hermes/x", "/home/‹2›/x"),
            ("hermes-gateway-work.service", "hermes-gateway-‹3›.service"),
            ("the jobs work", "the jobs work"),
            ("alice runs it", "‹4› runs it"),
            (
                "127.0.0.1:8642, [::1]:8642 and 0.0.0.0:1",
                "127.0.0.1:8642, [::1]:8642 and 0.0.0.0:1",
            ),
            ("192.168.1.5:8642", "‹5›:8642"),
            ("2001:db8::7 and 192.168.1.5", "‹6› and ‹5›"),
            ("chat -1001234567890", "chat -‹7›"),
            ("PID 4194304 for 12ms", "PID 4194304 for 12ms"),
            ("job 8cdd638f3642 (every 30m)", "job ‹8› (every 30m)"),
            ("Jürgen", "‹9›"),
            ("\u{202e}\u{1b}", "\\u{202e}\\u{1b}"),
        ] {
            assert_eq!(names.hide(text), hidden, "{text}");
        }
    }

    #[test]
    fn the_profile_in_a_heading_is_the_one_in_a_path() {
        let mut names = names("alice", &["work"]);
        assert_eq!(names.profile("default"), "default");
        assert_eq!(names.profile("work"), "‹1›");
        assert_eq!(names.hide("~/.hermes/profiles/work"), "~/.hermes/profiles/‹1›");
        assert_eq!(names.profile("/srv/alice"), "/‹2›/‹3›");
    }

    #[test]
    fn a_long_text_is_cut_and_the_lists_are_sorted() {
        assert!(names("alice", &[]).hide(&"a ".repeat(10_000)).len() < 1_000);
        assert!(COMMON.is_sorted() && IMPERSONAL.is_sorted() && OWN.is_sorted());
        assert!(OWN.len() > 1_000, "the words were listed");
    }
}
