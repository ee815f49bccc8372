//! What `GET /v1/health` says: that some Hermes API server answers, and no more than that.
//!
//! The body bears no PID, profile or home. Two profiles on one port: the loser's question is answered
//! by the winner (verified on 0.19). So the answer counts only beside the listener's owner.

use serde_json::Value;

use crate::fact::Why;
use crate::observation::{HttpSeen, Trouble};

/// The outcome of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A Hermes API server. Its version is told from 0.17 on.
    Hermes {
        /// `version`.
        version: Option<String>,
        /// `status`: `ok` for as long as it answers at all.
        status: String,
    },
    /// Nobody accepts connections.
    Refused,
    /// It accepts, and says nothing in time.
    TimedOut,
    /// It hung up.
    Closed,
    /// It speaks something else.
    NotHttp,
    /// It sends us elsewhere, where we do not go.
    Redirect {
        /// `Location`, without its query.
        to: String,
    },
    /// 401 or 403: Hermes never asks for a key here.
    Unauthorised {
        /// Which of the two.
        status: u16,
        /// Whether the body is that of a Hermes API server (0.20 and later), which then is one of a later release.
        by_hermes: bool,
    },
    /// Any other status than 200.
    Status(u16),
    /// 200, and no JSON.
    NotJson,
    /// 200, and more than Hermes would ever say.
    TooLong,
    /// 200 and JSON, of something else than a Hermes API server.
    Foreign {
        /// What it seems to be.
        what: &'static str,
    },
    /// The request could not be made.
    Unknown(Why),
}

/// Reads an answer.
pub fn answer(seen: &HttpSeen) -> Answer {
    if let Some(trouble) = &seen.error {
        return match trouble {
            Trouble::Refused => Answer::Refused,
            Trouble::TimedOut => Answer::TimedOut,
            Trouble::Closed => Answer::Closed,
            Trouble::NotHttp => Answer::NotHttp,
            other => Answer::Unknown(other.clone().into_why()),
        };
    }
    match seen.status {
        None => Answer::Unknown(Why::NotObserved),
        Some(200) if seen.truncated => Answer::TooLong,
        Some(200) => body(seen),
        Some(status @ (401 | 403)) => {
            Answer::Unauthorised { status, by_hermes: is_refused_by_hermes(seen) }
        }
        Some(300..=399) => {
            Answer::Redirect { to: seen.headers.get("location").cloned().unwrap_or_default() }
        }
        Some(status) => Answer::Status(status),
    }
}

impl Answer {
    /// True if something answers that is no API server of Hermes.
    pub(super) const fn is_of_another_server(&self) -> bool {
        match self {
            Self::Status(_)
            | Self::NotJson
            | Self::NotHttp
            | Self::TooLong
            | Self::Foreign { .. }
            | Self::Redirect { .. }
            | Self::Unauthorised { by_hermes: false, .. } => true,
            Self::Hermes { .. }
            | Self::Refused
            | Self::TimedOut
            | Self::Closed
            | Self::Unauthorised { by_hermes: true, .. }
            | Self::Unknown(_) => false,
        }
    }
}

/// True if the body is that with which an API server of 0.20 and later refuses a request without its key.
fn is_refused_by_hermes(seen: &HttpSeen) -> bool {
    let parsed = seen.body.as_deref().and_then(|body| serde_json::from_str::<Value>(body).ok());
    let code = parsed.as_ref().and_then(|body| body.pointer("/error/code")?.as_str());
    code == Some("gateway_auth_failed")
}

/// What answers at `/health` of a listener for webhooks.
pub(super) const WEBHOOK: &str = "Hermes's webhook listener";

fn body(seen: &HttpSeen) -> Answer {
    let parsed = seen.body.as_deref().map(serde_json::from_str::<Value>);
    let Some(Ok(Value::Object(map))) = parsed else {
        return Answer::NotJson;
    };
    let text = |key: &str| map.get(key).and_then(Value::as_str);
    match (text("platform"), text("status")) {
        (Some("hermes-agent"), status) => Answer::Hermes {
            version: text("version").map(String::from),
            status: status.unwrap_or_default().into(),
        },
        (Some("webhook"), _) => Answer::Foreign { what: WEBHOOK },
        (_, Some("live")) if map.get("ok").and_then(Value::as_bool) == Some(true) => {
            Answer::Foreign { what: "an OpenClaw gateway" }
        }
        _ => Answer::Foreign { what: "something that is not Hermes" },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_is_kept_apart_from_every_other() {
        let of = |json: &str| answer(&serde_json::from_str(json).expect("a test's own answer"));
        let hermes = r#"{"url": "", "status": 200, "body": "{\"status\": \"ok\", \"platform\": \"hermes-agent\", \"version\": \"0.19.0\"}"}"#;
        assert_eq!(
            of(hermes),
            Answer::Hermes { version: Some("0.19.0".into()), status: "ok".into() }
        );
        for (json, expected) in [
            (r#"{"url": "", "error": "refused"}"#, Answer::Refused),
            (r#"{"url": "", "error": "timeout"}"#, Answer::TimedOut),
            (r#"{"url": "", "error": "closed"}"#, Answer::Closed),
            (r#"{"url": "", "error": "not-http"}"#, Answer::NotHttp),
            (r#"{"url": "", "error": "not-observed"}"#, Answer::Unknown(Why::NotObserved)),
            (
                r#"{"url": "", "status": 401}"#,
                Answer::Unauthorised { status: 401, by_hermes: false },
            ),
            (
                r#"{"url": "", "status": 401, "body": "{\"error\": {\"message\": \"‹redacted:16+›\", \"code\": \"gateway_auth_failed\"}}"}"#,
                Answer::Unauthorised { status: 401, by_hermes: true },
            ),
            (
                r#"{"url": "", "status": 403, "body": "{\"error\": {\"code\": \"invalid_api_key\"}}"}"#,
                Answer::Unauthorised { status: 403, by_hermes: false },
            ),
            (r#"{"url": "", "status": 500}"#, Answer::Status(500)),
            (
                r#"{"url": "", "status": 302, "headers": {"location": "http://x/"}}"#,
                Answer::Redirect { to: "http://x/".into() },
            ),
            (r#"{"url": "", "status": 200, "body": "<html>"}"#, Answer::NotJson),
            (r#"{"url": "", "status": 200, "body": "[]"}"#, Answer::NotJson),
            (r#"{"url": "", "status": 200}"#, Answer::NotJson),
            (r#"{"url": "", "status": 200, "body": "{", "truncated": true}"#, Answer::TooLong),
            (
                r#"{"url": "", "status": 200, "body": "{\"ok\": true, \"status\": \"live\"}"}"#,
                Answer::Foreign { what: "an OpenClaw gateway" },
            ),
        ] {
            assert_eq!(of(json), expected, "{json}");
        }
    }
}
