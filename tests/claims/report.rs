//! The report on a changed host, and what to demand of it.

use gw_snapshot::snapshot::Snapshot;
use serde_json::Value;

use crate::{edit, replay};

/// A report, and the gateway of it to speak of.
pub(crate) struct Report {
    pub(crate) code: i32,
    pub(crate) whole: Value,
    profile: &'static str,
}

/// The report on a recorded host with these changes.
pub(crate) fn report(host: &str, changes: &str) -> Report {
    of(&edit::changed(host, changes))
}

pub(crate) fn of(host: &Snapshot) -> Report {
    let text = host.write().expect("a snapshot");
    let output = replay::run(&["check", "--from", "-", "--format", "json"], text.as_bytes());
    let said = String::from_utf8_lossy(&output.stderr);
    Report {
        code: output.status.code().expect("an exit code"),
        whole: serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {said}")),
        profile: "default",
    }
}

impl Report {
    /// The same, of another gateway.
    pub(crate) fn of(mut self, profile: &'static str) -> Self {
        self.profile = profile;
        self
    }

    pub(crate) fn gateway(&self) -> &Value {
        let of_profile = |gateway: &&Value| gateway["profile"] == self.profile;
        list(&self.whole["gateways"])
            .find(of_profile)
            .unwrap_or_else(|| panic!("no {}", self.profile))
    }

    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{:#}", self.gateway());
        assert_eq!(self.whole["exit"], code);
        self
    }

    /// This check says so, in these words among others.
    pub(crate) fn finds(self, check: &str, verdict: &str, words: &str) -> Self {
        let gateway = self.gateway();
        let of_check = list(&gateway["findings"]).filter(|finding| finding["check"] == check);
        let findings: Vec<&Value> = of_check.collect();
        let fits = |finding: &&Value| {
            finding["verdict"] == verdict && text(&finding["claim"]).contains(words)
        };
        assert!(findings.iter().any(fits), "{check} {verdict} {words}: {findings:#?}");
        assert!(findings.iter().all(|finding| finding["scope"]["profile"] == self.profile));
        self
    }

    /// The first diagnosis is this one, in these words among others.
    pub(crate) fn is(self, diagnosis: &str, words: &str) -> Self {
        let first = &self.gateway()["diagnoses"][0];
        assert!(first["id"] == diagnosis && text(&first["summary"]).contains(words), "{first:#}");
        self
    }

    /// A link of the chain stands so.
    pub(crate) fn link(self, link: &str, verdict: &str, words: &str) -> Self {
        let found =
            list(&self.gateway()["chain"]).find(|found| found["link"] == link).expect("a link");
        assert!(found["verdict"] == verdict && text(&found["text"]).contains(words), "{found}");
        self
    }

    /// None of these words stands in anything that is claimed of any gateway: what passed and what did not,
    /// what is advised, forecast and diagnosed. What cannot be told is named, and not claimed.
    pub(crate) fn never(self, words: &[&str]) -> Self {
        let said: Vec<String> = list(&self.whole["gateways"]).flat_map(claims).collect();
        for word in words {
            let found = said.iter().find(|claim| claim.contains(word));
            assert!(found.is_none(), "{word:?} in {found:?}");
        }
        self
    }
}

fn claims(gateway: &Value) -> Vec<String> {
    let diagnoses = list(&gateway["diagnoses"])
        .filter(|found| found["id"] != "observer-limited")
        .map(|found| {
            let [id, certainty, summary] =
                ["id", "certainty", "summary"].map(|key| text(&found[key]));
            format!("[{id} {certainty}] {summary}")
        });
    let chain = list(&gateway["chain"]).map(|link| text(&link["text"]).into());
    let is_claim = |found: &&Value| found["verdict"] != "unknown";
    let findings = list(&gateway["findings"]).filter(is_claim).flat_map(|finding| {
        [&finding["claim"], &finding["help"]].map(|words| text(words).to_string())
    });
    let survival = gateway["survival"].as_object().into_iter().flat_map(|map| map.values());
    let forecasts = survival.filter(is_claim).map(|forecast| text(&forecast["because"]).into());
    diagnoses.chain(chain).chain(findings).chain(forecasts).collect()
}

pub(crate) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
