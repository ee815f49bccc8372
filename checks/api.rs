//! What becomes of the API server with the key that it has.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::release::Capability;
use gw_snapshot::facts::settings::{ApiServer, Key};
use gw_snapshot::redact::Length;

/// What is wrong with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeyFault {
    /// Nothing.
    None,
    /// It depends on the version, which is not known, or allows it.
    Depends(&'static str),
    /// Every start is refused.
    Refused(&'static str),
    /// The key cannot be told.
    Open(Why),
}

/// Judges the key of an API server that is enabled, by the rules of its release: none was needed on loopback up
/// to 0.14, any from 0.15, 16 characters from 0.18; beyond loopback always 8, then 16. A word out of a template is no key.
pub(crate) fn key_fault(api: &ApiServer) -> KeyFault {
    match api.host.value.is_loopback() {
        Some(is_loopback) => fault(api, !is_loopback),
        None => match [false, true].map(|exposed| fault(api, exposed)) {
            [one, other] if one == other => one,
            _ => KeyFault::Depends("depends on its address, which is not known"),
        },
    }
}

/// Says what is wrong with a key that is none from 0.20 on, for people. None if nothing is.
pub(crate) const fn no_key(key: &Key) -> Option<&'static str> {
    match key {
        Key::Missing => Some(MISSING),
        Key::Present { placeholder: true, .. }
        | Key::Present { template: true, length: Length::Long, .. } => Some(TEMPLATE),
        Key::Present { length: Length::Long, .. } | Key::Open(_) => None,
        Key::Present { .. } => Some(SHORT),
    }
}

const MISSING: &str = "API_SERVER_KEY is not set in any source";
const SHORT: &str = "API_SERVER_KEY is shorter than 16 characters";
const TEMPLATE: &str = "API_SERVER_KEY is a word out of a template";

fn fault(api: &ApiServer, exposed: bool) -> KeyFault {
    let has = |capability| api.release.as_ref().and_then(|release| release.has(capability));
    match (&api.key.value, exposed) {
        (Key::Open(why), _) => KeyFault::Open(why.clone()),
        (Key::Missing, false) => match has(Capability::KeyOnLoopback) {
            Some(true) => KeyFault::Refused(MISSING),
            Some(false) => KeyFault::Depends("this version allows on loopback"),
            None => KeyFault::Depends("Hermes refuses from 0.15 on"),
        },
        (Key::Missing, true) => KeyFault::Refused(MISSING),
        (Key::Present { placeholder: true, .. }, exposed)
            if exposed || has(Capability::LongKey) != Some(false) =>
        {
            KeyFault::Refused(TEMPLATE)
        }
        (Key::Present { length: Length::Empty | Length::Under8, .. }, true) => {
            KeyFault::Refused(SHORT)
        }
        (Key::Present { length: Length::Long, template: true, .. }, _) => {
            match has(Capability::RefusesTemplateKeys) {
                Some(true) => KeyFault::Refused(TEMPLATE),
                Some(false) => KeyFault::None,
                None => KeyFault::Depends(
                    "Hermes refuses from 0.21.4 on, for it looks like one out of a template",
                ),
            }
        }
        (Key::Present { length: Length::Long, .. }, _) => KeyFault::None,
        (Key::Present { .. }, _) => match has(Capability::LongKey) {
            Some(true) => KeyFault::Refused(SHORT),
            Some(false) => KeyFault::None,
            None => KeyFault::Depends(
                "Hermes refuses from 0.18 on, for it is shorter than 16 characters",
            ),
        },
    }
}
