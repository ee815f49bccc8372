//! The secrets that are planted: each can be told from every other, none of them stands in a recorded host, and only
//! their place tells that the plainest of them is one.

use std::collections::BTreeMap;

use gw_snapshot::redact::{Length, Mark, is_clear_variable};

/// A part of every secret that is a text.
const WORD: &str = "swordfi";
/// A part of every number of a chat.
const CHAT: &str = "771202046";

/// What the machine is called. Nothing that is shown needs it.
const MACHINE: &str = "quentins-mbp";

/// Where a secret was planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    Arguments,
    Body,
    Dotenv,
    DropIn,
    Environment,
    Executions,
    ExitLog,
    Generator,
    Headers,
    JobStore,
    Journal,
    LaunchctlList,
    LaunchctlManagername,
    LaunchctlPrint,
    LaunchctlPrintDisabled,
    Log,
    Malformed,
    LoginctlShowUser,
    Names,
    OwnEnvironment,
    Pause,
    PidRecord,
    Plist,
    Python,
    ReloadLog,
    Script,
    Starts,
    State,
    Stderr,
    SystemctlShow,
    Target,
    Unit,
    Unknown,
    Yaml,
}

impl Source {
    pub(crate) const ALL: [Self; 34] = [
        Self::Arguments,
        Self::Body,
        Self::Dotenv,
        Self::DropIn,
        Self::Environment,
        Self::Executions,
        Self::ExitLog,
        Self::Generator,
        Self::Headers,
        Self::JobStore,
        Self::Journal,
        Self::LaunchctlList,
        Self::LaunchctlManagername,
        Self::LaunchctlPrint,
        Self::LaunchctlPrintDisabled,
        Self::Log,
        Self::Malformed,
        Self::LoginctlShowUser,
        Self::Names,
        Self::OwnEnvironment,
        Self::Pause,
        Self::PidRecord,
        Self::Plist,
        Self::Python,
        Self::ReloadLog,
        Self::Script,
        Self::Starts,
        Self::State,
        Self::Stderr,
        Self::SystemctlShow,
        Self::Target,
        Self::Unit,
        Self::Unknown,
        Self::Yaml,
    ];
}

/// What stands around the first planted secret in a text.
pub(crate) fn leak(text: &str) -> Option<&str> {
    let at = [WORD, CHAT, MACHINE].iter().filter_map(|secret| text.find(secret)).min()?;
    let start = (0..=at.saturating_sub(60)).rev().find(|at| text.is_char_boundary(*at))?;
    let end = (at + 60..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    text.get(start..end)
}

/// Makes secrets, and counts them by where they are planted.
#[derive(Default)]
pub(crate) struct Secrets {
    made: usize,
    at: Option<Source>,
    /// What stood where a mark of this digest stands.
    marked: BTreeMap<String, String>,
    arguments: Vec<String>,
    variables: Vec<String>,
    pub(crate) planted: BTreeMap<Source, usize>,
}

impl Secrets {
    /// What is made from now on is planted here.
    pub(super) fn at(&mut self, source: Source) {
        self.at = Some(source);
    }

    fn next(&mut self) -> usize {
        let source = self.at.expect("a source");
        *self.planted.entry(source).or_default() += 1;
        self.made += 1;
        self.made
    }

    /// What only its place tells from any other word.
    pub(super) fn word(&mut self) -> String {
        format!("swordfish-{}-swordfish", self.next())
    }

    /// The number of a chat.
    pub(super) fn chat(&mut self) -> u64 {
        let number = self.next() % 10_000;
        format!("{CHAT}{number:04}").parse().expect("a number")
    }

    pub(super) fn key(&mut self) -> String {
        match self.next() % 4 {
            0 => format!("ghp_swordfish{}swordfish", self.made),
            1 => format!("xoxb-swordfish-{}", self.made),
            2 => format!("123456789:AAswordfish{}swordfishswordfishsword", self.made),
            _ => format!("sk-swordfish{}swordfish", self.made),
        }
    }

    pub(super) fn url(&mut self) -> String {
        let [user, password, key] = [self.word(), self.word(), self.word()];
        format!("https://{user}:{password}@planted.example/v1?api_key={key}")
    }

    /// A sentence of which nothing is secret by its place.
    pub(super) fn sentence(&mut self) -> String {
        let (key, url, bearer, password) = (self.key(), self.url(), self.word(), self.word());
        format!("401 for {key} at {url} Authorization: Bearer {bearer} and password={password}")
    }

    pub(super) fn machine(&mut self) -> String {
        self.next();
        format!("{MACHINE}.local")
    }

    /// The same wherever they stand: what is loaded is what is on disk, and what runs.
    pub(super) fn arguments(&mut self) -> Vec<String> {
        let words = [
            "--token".into(),
            self.word(),
            format!("--api-key={}", self.word()),
            format!("PLANTED_NOTE={}", self.word()),
            self.url(),
            format!(
                "sh -c 'SLACK_TOKEN={} curl -H \"Authorization: Bearer {}\"'",
                self.word(),
                self.word()
            ),
            "--password".into(),
            self.word(),
        ];
        if self.arguments.is_empty() {
            self.arguments = words.into();
        }
        self.arguments.clone()
    }

    /// Those of one environment, the same wherever they stand.
    pub(super) fn variables(&mut self) -> Vec<String> {
        let variables = [
            format!("OPENAI_API_KEY={}", self.key()),
            format!("PLANTED_NOTE={}", self.word()),
            format!("TELEGRAM_HOME_CHANNEL={}", self.chat()),
            format!("DATABASE_URL={}", self.url()),
            format!("LANG={}", self.key()),
            format!("HOSTNAME={}", self.machine()),
        ];
        if self.variables.is_empty() {
            self.variables = variables.into();
        }
        self.variables.clone()
    }

    /// Returns the same text with a secret in the place of every mark: as long, and the same for the same. A variable
    /// whose value may be seen is marked only where it refers to a secret: there stands such a reference.
    pub(super) fn restored(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        let mut secret = None;
        while let Some((before, after)) = rest.split_once('‹') {
            out.push_str(before);
            let (inner, tail) = after.split_once('›').unwrap_or((after, ""));
            let mark = Mark::read(&format!("‹{inner}›")).expect("a mark");
            let name = before.lines().last().and_then(|line| line.strip_suffix('='));
            match secret {
                Some(referred) if name.is_some_and(is_clear_variable) => {
                    out.extend(["${", referred, "}"]);
                }
                _ => {
                    out.push_str(&self.behind(inner, &mark));
                    secret = name.or(secret);
                }
            }
            rest = tail;
        }
        out + rest
    }

    fn behind(&mut self, written: &str, mark: &Mark) -> String {
        match mark.length {
            _ if mark.placeholder => "changeme".into(),
            Length::Empty => String::new(),
            Length::Under8 => WORD.into(),
            Length::Under16 => "swordfish-1".into(),
            Length::Long => {
                let next = self.marked.len();
                let secret = || format!("swordfish-behind-{next}-swordfish");
                self.marked.entry(written.into()).or_insert_with(secret).clone()
            }
        }
    }
}
