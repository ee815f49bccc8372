//! What was seen on a host, and what it says.
//!
//! ```text
//! Host ──► observations ──► parse ──► facts
//! ```
//!
//! This crate is pure: it opens nothing, runs nothing, asks no clock and reads no environment. A
//! [`host::Host`] answers questions; [`recorded::Recorded`] is the one that lives here.

pub mod fact;
pub mod facts;
pub mod generator;
pub mod host;
pub mod observation;
pub mod parse;
pub mod recorded;
pub mod redact;
pub mod snapshot;
pub mod value;
