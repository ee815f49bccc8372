//! Which part of a gateway each of its listeners belongs to.
//!
//! A gateway may listen in several places: for its API server, for webhooks, for a bridge. The best witness is the status
//! file (0.21.3 and later), in which a connected platform of the live process names its listener; then an answer; then the
//! settings. Where one listener is known for the API server's, the others are not.

use crate::facts::gateway::{Facts, Gateway, Listener};
use crate::facts::health::{self, Answer};
use crate::facts::record::API_SERVER;
use crate::facts::settings::health_url;

/// What a listener is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The API server.
    ApiServer,
    /// Another platform, by its name.
    Platform(String),
    /// Not the API server, whatever it is.
    Other,
    /// It cannot be told.
    Unclear,
}

impl Facts {
    /// Returns what a listener of this gateway's own process is for.
    pub fn part_of(&self, gateway: &Gateway, listener: &Listener) -> Part {
        if let Some(part) = self.told(gateway, listener) {
            return part;
        }
        let own = || gateway.process().into_iter().flat_map(|own| self.held_by(own.pid));
        let is_api_s = |other: &Listener| self.told(gateway, other) == Some(Part::ApiServer);
        // One server may have a socket for each address of a name, or of a family.
        if own().any(|other| is_api_s(other) && other.port == listener.port) {
            return Part::ApiServer;
        }
        let is_known = own().any(is_api_s);
        if !is_known && self.is_meant(gateway, listener) {
            return Part::ApiServer;
        }
        let is_elsewhere = is_known || own().any(|other| self.is_meant(gateway, other));
        if listener.port == WEBHOOK_PORT && (is_elsewhere || self.has_webhooks(gateway)) {
            return Part::Platform(WEBHOOK.into());
        }
        if is_elsewhere { Part::Other } else { Part::Unclear }
    }

    /// What the status file or an answer says of it.
    fn told(&self, gateway: &Gateway, listener: &Listener) -> Option<Part> {
        let (status, process) = (gateway.status.known(), gateway.process());
        let binder = status
            .zip(process)
            .and_then(|(status, process)| status.binder_of(listener, process, self.about.os));
        if let Some(name) = binder {
            return Some(match name {
                API_SERVER => Part::ApiServer,
                name => Part::Platform(name.into()),
            });
        }
        let health = gateway.health.as_ref()?;
        if health_url(&listener.address, listener.port).as_deref() != Some(health.url.as_str()) {
            return None;
        }
        match &health.answer {
            Answer::Hermes { .. } | Answer::Unauthorised { by_hermes: true, .. } => {
                Some(Part::ApiServer)
            }
            Answer::Foreign { what } if *what == health::WEBHOOK => {
                Some(Part::Platform(WEBHOOK.into()))
            }
            _ => None,
        }
    }

    fn is_meant(&self, gateway: &Gateway, listener: &Listener) -> bool {
        let api = gateway.api.known().filter(|api| api.enabled.value);
        api.is_some_and(|api| listener.is_meant_by(api) == Some(true))
    }

    /// True if the gateway's process says of itself that it takes webhooks.
    fn has_webhooks(&self, gateway: &Gateway) -> bool {
        let entry = gateway.status.known().and_then(|status| status.platform(WEBHOOK));
        let is_live =
            |process| entry.is_some_and(|entry| entry.is_of(process, self.about.os) == Some(true));
        gateway.process().is_some_and(is_live)
    }

    /// Returns the listener of this gateway that surely is its API server's, if one is.
    pub fn api_listener<'a>(&'a self, gateway: &'a Gateway) -> Option<&'a Listener> {
        let own = gateway.process().into_iter().flat_map(|own| self.held_by(own.pid));
        let mut own = own.filter(|listener| self.told(gateway, listener) == Some(Part::ApiServer));
        own.next()
    }
}

impl Part {
    /// True if it is not the API server.
    pub const fn is_another(&self) -> bool {
        matches!(self, Self::Platform(_) | Self::Other)
    }
}

/// The platform that takes webhooks, and where it listens unless its settings say otherwise: on every address.
const WEBHOOK: &str = "webhook";
const WEBHOOK_PORT: u16 = 8644;
