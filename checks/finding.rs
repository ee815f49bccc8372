//! What a check has to say: a claim with its verdict, its evidence and its scope.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::place::Place;
use jiff::civil::Date;
use serde::Serialize;

/// How a claim stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Looked at, and as it should be.
    Pass,
    /// Does not apply here, and why.
    Skipped,
    /// Worth knowing; nothing is wrong.
    Note,
    /// Something will go wrong, or is not as it is meant to be.
    Warning,
    /// It could not be determined, and why.
    Unknown,
    /// Something is wrong now.
    Failure,
}

impl Verdict {
    /// The word for it, in every format.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Skipped => "skipped",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Unknown => "unknown",
            Self::Failure => "failure",
        }
    }
}

/// One claim of one check about one gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `family/name`.
    pub check: &'static str,
    /// How it stands.
    pub verdict: Verdict,
    /// One sentence in the present tense, without a full stop.
    pub claim: String,
    /// Of what it is claimed.
    pub scope: Scope,
    /// What was seen.
    pub evidence: Vec<Evidence>,
    /// What to do about it, or what would settle it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Why it does not count, where the policy says that it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excused: Option<Excused>,
    /// Of an unknown: whether the state of the gateway cannot be told without it.
    #[serde(skip)]
    pub essential: bool,
}

/// Why something does not count, though it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Excused {
    /// What the verdict would be.
    pub was: Verdict,
    /// The operator's reason.
    pub reason: String,
    /// The last day on which it holds, in UTC. None: as long as the policy says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// Whether it was an unknown without which the state of the gateway cannot be told.
    #[serde(skip)]
    pub(crate) essential: bool,
}

impl Excused {
    /// What stands before a claim that does not count.
    pub(crate) fn words(&self) -> String {
        match self.until {
            Some(until) => format!("ignored until {until} ({})", self.reason),
            None => self.reason.clone(),
        }
    }
}

/// Of what something is claimed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Scope {
    /// The profile.
    pub profile: String,
    /// Its home.
    pub home: String,
    /// The numeric user who looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// The service, with its manager.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
}

/// Something that was seen, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// A command, a file with its line, a process, a URL.
    pub source: String,
    /// What it said, as far as it matters.
    pub said: String,
    /// The file, where it is a line of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line, 1-based.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
}

impl Finding {
    fn new(verdict: Verdict, claim: impl Into<String>) -> Self {
        Self {
            check: "",
            verdict,
            claim: claim.into(),
            scope: Scope::default(),
            evidence: Vec::new(),
            help: None,
            excused: None,
            essential: verdict == Verdict::Unknown,
        }
    }

    /// As it should be.
    pub fn pass(claim: impl Into<String>) -> Self {
        Self::new(Verdict::Pass, claim)
    }

    /// Not applicable, because of this.
    pub fn skipped(why: impl Into<String>) -> Self {
        Self::new(Verdict::Skipped, why)
    }

    /// Worth knowing.
    pub fn note(claim: impl Into<String>) -> Self {
        Self::new(Verdict::Note, claim)
    }

    /// Not as it is meant to be.
    pub fn warning(claim: impl Into<String>) -> Self {
        Self::new(Verdict::Warning, claim)
    }

    /// Wrong now.
    pub fn failure(claim: impl Into<String>) -> Self {
        Self::new(Verdict::Failure, claim)
    }

    /// Not to be told: `what` continues "cannot tell", `why` says why.
    pub fn unknown(what: &str, why: &Why) -> Self {
        let mut finding = Self::new(Verdict::Unknown, format!("cannot tell {what}: {why}"));
        // What nobody recorded is no shortcoming of the host, and no reason to alarm anybody.
        finding.essential = !why.is_not_observed();
        finding
    }

    /// The gateway's state cannot be told without it.
    #[must_use]
    pub const fn essential(mut self) -> Self {
        self.essential = true;
        self
    }

    /// The gateway's state can be told without it.
    #[must_use]
    pub const fn minor(mut self) -> Self {
        self.essential = false;
        self
    }

    /// Whether it is more than a remark: something wrong, or a gap.
    pub const fn is_wrong(&self) -> bool {
        matches!(self.verdict, Verdict::Failure | Verdict::Warning | Verdict::Unknown)
    }

    /// Found, and not counted.
    pub(crate) fn excuse(&mut self, reason: &str, until: Option<Date>) {
        let excused =
            Excused { was: self.verdict, reason: reason.into(), until, essential: self.essential };
        self.claim = format!("{}: {}", excused.words(), self.claim);
        self.verdict = Verdict::Note;
        self.essential = false;
        self.excused = Some(excused);
    }

    /// What was seen, and where.
    #[must_use]
    pub fn seen(mut self, source: impl Into<String>, said: impl Into<String>) -> Self {
        let (source, said) = (source.into(), said.into());
        self.evidence.push(Evidence { source, said, file: None, line: None });
        self
    }

    /// What was seen in a file, and on which line.
    #[must_use]
    pub fn seen_at(mut self, place: &Place, said: impl Into<String>) -> Self {
        self.evidence.push(Evidence {
            source: place.to_string(),
            said: said.into(),
            file: Some(place.file.clone()),
            line: place.line,
        });
        self
    }

    /// What to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The service of which it is claimed.
    #[must_use]
    pub fn of_service(mut self, service: impl Into<String>) -> Self {
        self.scope.service = Some(service.into());
        self
    }
}

/// The ending of a noun for so many things.
pub(crate) fn plural<N: Copy + PartialEq + From<u8>>(count: N) -> &'static str {
    if count == N::from(1) { "" } else { "s" }
}

/// A length of time in the largest unit that says enough: `48 s`, `25 min`, `3 h`, `12 days`.
pub fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// The verdict on all findings: what is wrong counts first, then what is essential and unknown, then what
/// is not as it is meant to be. A note is no blemish.
pub fn worst<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Verdict {
    let weight = |finding: &Finding| match finding.verdict {
        Verdict::Unknown if !finding.essential => Verdict::Pass,
        Verdict::Note | Verdict::Skipped => Verdict::Pass,
        verdict => verdict,
    };
    findings.into_iter().map(weight).max().unwrap_or(Verdict::Pass)
}
