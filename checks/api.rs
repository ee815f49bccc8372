//! Whether Hermes will start an API server with the key that it has.

use gw_snapshot::facts::release::{Capability, Version};
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
}

/// Judges a key by the rules of the installed version: none was needed on loopback up to 0.14, any from
/// 0.15, 16 characters from 0.18; beyond loopback always 8, then 16. A word out of a template is no key.
pub(crate) fn key_fault(api: &ApiServer, version: Option<&Version>) -> KeyFault {
    let has = |capability| version.and_then(|version| version.has(capability));
    let (missing, short) =
        ("API_SERVER_KEY is not set in any source", "API_SERVER_KEY is shorter than 16 characters");
    match (api.key.value, api.is_exposed()) {
        (Key::Missing, false) => match has(Capability::KeyOnLoopback) {
            Some(true) => KeyFault::Refused(missing),
            Some(false) => KeyFault::Depends("this version allows on loopback"),
            None => KeyFault::Depends("Hermes refuses from 0.15 on"),
        },
        (Key::Missing, true) => KeyFault::Refused(missing),
        (Key::Present { placeholder: true, .. }, exposed)
            if exposed || has(Capability::LongKey) != Some(false) =>
        {
            KeyFault::Refused("API_SERVER_KEY is a word out of a template")
        }
        (Key::Present { length: Length::Empty | Length::Under8, .. }, true) => {
            KeyFault::Refused(short)
        }
        (Key::Present { length: Length::Long, .. }, _) => KeyFault::None,
        (Key::Present { .. }, _) => match has(Capability::LongKey) {
            Some(true) => KeyFault::Refused(short),
            Some(false) => KeyFault::None,
            None => KeyFault::Depends(
                "Hermes refuses from 0.18 on, for it is shorter than 16 characters",
            ),
        },
    }
}
