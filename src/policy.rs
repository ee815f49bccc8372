//! The policy of `--policy`: TOML, read into what the checks take. It says where each entry stands, and refuses what it
//! does not know: a policy with a slip of the pen would excuse, or expect, something else than is meant.
//!
//! No error shows a value, for a secret may have got into the wrong place.

use std::collections::BTreeMap;

use gw_checks::CHECKS;
use gw_checks::diagnosis::{DIAGNOSES, HEALTHY, Kind};
use gw_checks::intent::{Accepted, Entry, Expected, Ignored, Policy, Thresholds};
use gw_snapshot::facts::home::is_profile_name;
use gw_snapshot::facts::place::Place;
use gw_snapshot::redact::shape;
use jiff::civil::Date;
use thiserror::Error;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Why a file is no policy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}:{line}:{column}: {what}")]
pub(crate) struct PolicyError {
    file: String,
    /// 1-based.
    line: usize,
    /// In characters, 1-based.
    column: usize,
    what: String,
}

/// Reads a policy. `file` is its name, for people.
///
/// # Errors
/// If it is no TOML, if a key in it is unknown, or if a value is none that it could be.
pub(crate) fn read(file: &str, text: &str) -> Result<Policy, PolicyError> {
    let source = Source { file, text };
    let document = DeTable::parse(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        source.error(start, error.message())
    })?;
    let mut top = Table::of(source, document.get_ref());
    let mut policy = Policy::default();
    for table in top.tables("expect")? {
        policy.expected.push(expected(table)?);
    }
    if let Some(mut table) = top.table("profiles")? {
        policy.off = table.list("off", profile_name)?;
        table.end()?;
    }
    for table in top.tables("ignore")? {
        policy.ignored.push(ignored(table)?);
    }
    if let Some(mut table) = top.table("thresholds")? {
        policy.thresholds = Thresholds {
            ticker_late: table.one("ticker_late", seconds)?.map(|entry| entry.value),
            overdue: table.one("overdue", seconds)?.map(|entry| entry.value),
        };
        table.end()?;
    }
    top.end()?;
    Ok(policy)
}

fn expected(mut table: Table<'_>) -> Result<Expected, PolicyError> {
    let expected = Expected {
        profile: table.one("profile", profile_name)?.map(|entry| entry.value),
        address: table.one("address", address)?,
        port: table.one("port", port)?,
        required: table.list("required", variable)?,
        forbidden: table.list("forbidden", variable)?,
    };
    let is_empty = expected.address.is_none()
        && expected.port.is_none()
        && expected.required.is_empty()
        && expected.forbidden.is_empty();
    let start = table.start;
    let source = table.source;
    table.end()?;
    if is_empty {
        return Err(source.error(
            start,
            "it expects nothing: give an address, a port, or required or forbidden settings",
        ));
    }
    for name in &expected.required {
        if expected.forbidden.iter().any(|other| other.value == name.value) {
            return Err(source.error(start, "a setting is both required and forbidden"));
        }
    }
    Ok(expected)
}

fn ignored(mut table: Table<'_>) -> Result<Ignored, PolicyError> {
    let check = table.one("check", check_id)?;
    let diagnosis = table.one("diagnosis", diagnosis_id)?;
    let (source, start) = (table.source, table.start);
    let at = source.place(start);
    let what = match (check, diagnosis) {
        (Some(check), None) => Accepted::Check(check.value),
        (None, Some(diagnosis)) => Accepted::Diagnosis(diagnosis.value),
        _ => {
            return Err(source.error(start, "give a check or a diagnosis, and not both"));
        }
    };
    let ignored = Ignored {
        what,
        profile: table.one("profile", profile_name)?.map(|entry| entry.value),
        reason: table.needed("reason", reason)?,
        until: table.needed("until", date)?,
        at,
    };
    table.end()?;
    Ok(ignored)
}

/// The text, to say where something stands.
#[derive(Clone, Copy)]
struct Source<'a> {
    file: &'a str,
    text: &'a str,
}

impl Source<'_> {
    /// The line and the column of a byte.
    fn position(&self, byte: usize) -> (usize, usize) {
        let before = self.text.get(..byte).unwrap_or(self.text);
        let line = before.matches('\n').count().saturating_add(1);
        let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count());
        (line, column.saturating_add(1))
    }

    fn place(&self, byte: usize) -> Place {
        Place { file: self.file.into(), line: Some(self.position(byte).0) }
    }

    fn error(&self, byte: usize, what: impl Into<String>) -> PolicyError {
        let (line, column) = self.position(byte);
        PolicyError { file: self.file.into(), line, column, what: what.into() }
    }
}

/// What a value is to be: how to read it, and what to say of another.
struct Form<T> {
    read: fn(&DeValue<'_>) -> Option<T>,
    wanted: &'static str,
}

/// A table whose keys are taken out one by one; what is left in the end is unknown.
struct Table<'a> {
    source: Source<'a>,
    /// The byte where it begins.
    start: usize,
    left: BTreeMap<&'a str, (usize, &'a Spanned<DeValue<'a>>)>,
    /// The keys that were asked for.
    known: Vec<&'static str>,
}

impl<'a> Table<'a> {
    fn of(source: Source<'a>, table: &'a DeTable<'a>) -> Self {
        let entry =
            |(key, value): (&'a Spanned<std::borrow::Cow<'a, str>>, &'a Spanned<DeValue<'a>>)| {
                (key.get_ref().as_ref(), (key.span().start, value))
            };
        let left: BTreeMap<_, _> = table.iter().map(entry).collect();
        let start = left.values().map(|(start, _)| *start).min().unwrap_or(0);
        Self { source, start, left, known: Vec::new() }
    }

    fn take(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.known.push(key);
        self.left.remove(key).map(|(_, value)| value)
    }

    /// The table of this name.
    fn table(&mut self, key: &'static str) -> Result<Option<Self>, PolicyError> {
        self.take(key).map(|value| self.below(key, value)).transpose()
    }

    /// The table of this name, or each of an array of them.
    fn tables(&mut self, key: &'static str) -> Result<Vec<Self>, PolicyError> {
        let Some(value) = self.take(key) else { return Ok(Vec::new()) };
        match value.get_ref() {
            DeValue::Array(items) => items.iter().map(|item| self.below(key, item)).collect(),
            _ => Ok(vec![self.below(key, value)?]),
        }
    }

    fn below(&self, key: &str, value: &'a Spanned<DeValue<'a>>) -> Result<Self, PolicyError> {
        let start = value.span().start;
        match value.get_ref() {
            DeValue::Table(table) => Ok(Self { start, ..Self::of(self.source, table) }),
            _ => Err(self.source.error(start, format!("{key} is to be a table"))),
        }
    }

    fn one<T>(
        &mut self,
        key: &'static str,
        form: fn() -> Form<T>,
    ) -> Result<Option<Entry<T>>, PolicyError> {
        self.take(key).map(|value| self.entry(key, value, &form())).transpose()
    }

    fn needed<T>(&mut self, key: &'static str, form: fn() -> Form<T>) -> Result<T, PolicyError> {
        match self.one(key, form)? {
            Some(entry) => Ok(entry.value),
            None => Err(self.source.error(self.start, format!("{key} is missing"))),
        }
    }

    fn list<T>(
        &mut self,
        key: &'static str,
        form: fn() -> Form<T>,
    ) -> Result<Vec<Entry<T>>, PolicyError> {
        let Some(value) = self.take(key) else { return Ok(Vec::new()) };
        let DeValue::Array(items) = value.get_ref() else {
            let what = format!("{key} is to be a list");
            return Err(self.source.error(value.span().start, what));
        };
        items.iter().map(|item| self.entry(key, item, &form())).collect()
    }

    fn entry<T>(
        &self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        form: &Form<T>,
    ) -> Result<Entry<T>, PolicyError> {
        let start = value.span().start;
        match (form.read)(value.get_ref()) {
            Some(value) => Ok(Entry { value, at: self.source.place(start) }),
            None => Err(self.source.error(start, format!("{key} is to be {}", form.wanted))),
        }
    }

    fn end(self) -> Result<(), PolicyError> {
        let Some((key, (start, _))) = self.left.iter().min_by_key(|(_, (start, _))| *start) else {
            return Ok(());
        };
        let known = self.known.join(", ");
        let is_word = |key: &str| {
            key.len() <= LONGEST_KEY
                && shape::is_clean(key)
                && key.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, '_' | '-'))
        };
        let name =
            if is_word(key) { format!("an unknown key, {key:?}") } else { "an unknown key".into() };
        Err(self.source.error(*start, format!("{name}; known here: {known}")))
    }
}

/// Longer than any name that somebody could have meant.
const LONGEST_KEY: usize = 24;

fn profile_name() -> Form<String> {
    Form {
        read: |value| {
            let name = value.as_str()?;
            let is_home = name.starts_with('/') && !name.contains(char::is_control);
            (is_profile_name(name) || is_home && shape::is_clean(name)).then(|| name.into())
        },
        wanted: "the name of a profile, in lower case, or the path of a home of its own",
    }
}

fn check_id() -> Form<String> {
    Form {
        read: |value| {
            let id = value.as_str()?;
            CHECKS.iter().find(|check| check.id == id).map(|check| check.id.into())
        },
        wanted: "the id of a check; `gw-doctor explain` lists them",
    }
}

fn diagnosis_id() -> Form<String> {
    Form {
        read: |value| {
            let id = value.as_str()?;
            let is_meant = |kind: &&Kind| kind.id == id && id != HEALTHY;
            DIAGNOSES.iter().find(is_meant).map(|kind| kind.id.into())
        },
        wanted: "the id of a diagnosis; `gw-doctor explain` lists them",
    }
}

fn address() -> Form<String> {
    Form {
        read: |value| {
            let text = value.as_str()?;
            let is_one = text == "localhost" || text.parse::<std::net::IpAddr>().is_ok();
            is_one.then(|| text.into())
        },
        wanted: "an IP address, or \"localhost\"",
    }
}

fn port() -> Form<u16> {
    Form {
        read: |value| {
            whole(value).and_then(|number| u16::try_from(number).ok()).filter(|port| *port > 0)
        },
        wanted: "a port, from 1 to 65535",
    }
}

fn seconds() -> Form<u32> {
    Form {
        read: |value| {
            let number = u32::try_from(whole(value)?).ok()?;
            (SHORTEST..=LONGEST).contains(&number).then_some(number)
        },
        wanted: "a whole number of seconds, from 60 to 604800",
    }
}

/// The ticker comes round once a minute: less than that would call every gateway late.
const SHORTEST: u32 = 60;
const LONGEST: u32 = 7 * 86_400;

fn whole(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

fn variable() -> Form<String> {
    Form {
        read: |value| {
            let name = value.as_str()?;
            let is_name = !name.is_empty()
                && name.len() <= 128
                && !name.starts_with(|c: char| c.is_ascii_digit())
                && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
            (is_name && shape::is_clean(name)).then(|| name.into())
        },
        wanted: "the names of variables, in capitals, such as \"API_SERVER_KEY\"",
    }
}

fn reason() -> Form<String> {
    Form {
        read: |value| {
            let text = value.as_str()?.trim();
            let is_line = !text.is_empty() && text.chars().count() <= 200;
            let is_plain = !text.contains(char::is_control) && shape::is_clean(text);
            (is_line && is_plain).then(|| text.into())
        },
        wanted: "a sentence on one line, without anything that looks like a secret: it stands in the report",
    }
}

fn date() -> Form<Date> {
    Form {
        read: |value| {
            let found = value.as_datetime()?;
            let day = found.date.filter(|_| found.time.is_none())?;
            let [month, day_of_month] = [day.month, day.day].map(i8::try_from);
            Date::new(i16::try_from(day.year).ok()?, month.ok()?, day_of_month.ok()?).ok()
        },
        wanted: "a day without quotes, such as 2027-01-31",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"# What is meant here.
[expect]
address = "127.0.0.1"
port = 8_642
required = ["API_SERVER_KEY"]
forbidden = ["GATEWAY_ALLOW_ALL_USERS"]

[profiles]
off = ["work"]

[[ignore]]
check = "survival/logout"
profile = "coder"
reason = "it runs on a desktop"
until = 2026-12-31

[[ignore]]
diagnosis = "not-durable"
reason = "so"
until = 2027-01-01

[thresholds]
ticker_late = 400
overdue = 0x258
"#;

    #[test]
    fn a_whole_policy_is_read_with_its_places() {
        let policy = read("p.toml", WHOLE).expect("a policy");
        let [expected] = &policy.expected[..] else { panic!("{:?}", policy.expected) };
        assert_eq!(expected.port.as_ref().map(|entry| entry.value), Some(8642));
        let name = &expected.required[0];
        assert_eq!(
            (name.value.as_str(), name.at.to_string().as_str()),
            ("API_SERVER_KEY", "p.toml:5")
        );
        assert_eq!(policy.off("work").map(ToString::to_string).as_deref(), Some("p.toml:9"));
        let [one, other] = &policy.ignored[..] else { panic!("{:?}", policy.ignored) };
        assert_eq!(one.what, Accepted::Check("survival/logout".into()));
        assert_eq!((one.at.line, one.until.to_string().as_str()), (Some(11), "2026-12-31"));
        assert!(one.is_of("coder") && !one.is_of("work") && other.is_of("work"));
        let thresholds = Thresholds { ticker_late: Some(400), overdue: Some(600) };
        assert_eq!(policy.thresholds, thresholds);
    }

    #[test]
    fn the_example_of_the_page_is_a_policy_that_uses_every_key() {
        let page = include_str!("../checks/policy/README.md");
        let example = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next());
        let policy = read("policy.toml", example.expect("an example")).expect("a policy");
        let [expected] = &policy.expected[..] else { panic!("{policy:?}") };
        assert!(expected.address.is_some() && expected.port.is_some());
        assert!(!expected.required.is_empty() && !expected.forbidden.is_empty());
        assert!(policy.ignored[0].profile.is_some() && !policy.off.is_empty());
        assert!(policy.thresholds.ticker_late.is_some() && policy.thresholds.overdue.is_some());
    }

    #[test]
    fn an_empty_policy_says_nothing_and_several_expectations_stand_side_by_side() {
        assert!(read("p", "").is_ok_and(|policy| policy.ignored.is_empty()));
        let two = "[[expect]]\nprofile = \"a\"\nport = 1\n[[expect]]\nprofile = \"b\"\nport = 2\n";
        let policy = read("p", two).expect("a policy");
        let port = |profile: &str| {
            policy
                .expected_of(profile)
                .filter_map(|of| Some(of.port.as_ref()?.value))
                .collect::<Vec<_>>()
        };
        assert_eq!((port("a"), port("b"), port("c")), (vec![1], vec![2], vec![]));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_column_and_without_its_value() {
        for (text, position, why) in [
            ("[expect]\nprot = 1\n", "2:1", "unknown key, \"prot\""),
            ("\n  hunter2 = 1\n", "2:3", "an unknown key; known here: expect, profiles"),
            ("[expect]\nport = \"hunter2\"\n", "2:8", "port is to be a port"),
            ("[expect]\nport = 70000\n", "2:8", "1 to 65535"),
            ("[expect]\naddress = \"hunter2\"\n", "2:11", "an IP address"),
            ("[expect]\nrequired = \"A\"\n", "2:12", "to be a list"),
            (
                "[expect]\nrequired = [\"A\", \"B=hunter2\"]\n",
                "2:18",
                "names of variables, in capitals",
            ),
            (
                "[expect]\nrequired = [\"A\"]\nforbidden = [\"A\"]\n",
                "1:1",
                "both required and forbidden",
            ),
            ("[expect]\n", "1:1", "expects nothing"),
            ("profiles = 1\n", "1:12", "to be a table"),
            ("[[profiles]]\noff = []\n", "1:1", "to be a table"),
            ("[profiles]\noff = [\"Work Hunter2\"]\n", "2:8", "the name of a profile"),
            ("[[ignore]]\nreason = \"x\"\nuntil = 2026-12-31\n", "1:1", "a check or a diagnosis"),
            ("[[ignore]]\ncheck = \"job/hunter2\"\n", "2:9", "the id of a check"),
            (
                "[[ignore]]\ncheck = \"job/disabled\"\nuntil = 2026-12-31\n",
                "1:1",
                "reason is missing",
            ),
            ("[[ignore]]\ncheck = \"job/disabled\"\nreason = \"x\"\n", "1:1", "until is missing"),
            ("[[ignore]]\ncheck = \"job/disabled\"\nreason = \" \"\n", "3:10", "a sentence"),
            (
                "[[ignore]]\ncheck = \"job/disabled\"\nreason = \"x\"\nuntil = \"2026-12-31\"\n",
                "4:9",
                "without quotes",
            ),
            (
                "[[ignore]]\ncheck = \"job/disabled\"\nreason = \"x\"\nuntil = 2026-12-31T00:00:00\n",
                "4:9",
                "a day",
            ),
            ("[thresholds]\nticker_late = 5\n", "2:15", "60 to 604800"),
            ("[thresholds]\nticker_late = 1.5\n", "2:15", "60 to 604800"),
            ("Grüße = 1\n", "1:3", "unquoted key"),
            ("a = \"hunter2\n", "1:", ""),
            ("a = 1\na = 2\n", "2:1", "duplicate key"),
        ] {
            let error = read("p.toml", text).expect_err(text).to_string();
            assert!(error.starts_with(&format!("p.toml:{position}")), "{text:?}: {error}");
            assert!(error.contains(why) && !error.contains("unter2"), "{text:?}: {error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }

    #[test]
    fn a_reason_that_looks_like_a_secret_is_refused() {
        let text = "[[ignore]]\ncheck = \"job/disabled\"\nreason = \"key sk-planted0123456789abcdef0123\"\n";
        let error = read("p", text).expect_err("a secret").to_string();
        assert!(!error.contains("planted"), "{error}");
    }
}
