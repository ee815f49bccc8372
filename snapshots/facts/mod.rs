//! What the observations of a host say, typed: every gateway with its definition, job, process,
//! listener, health, records and cron.
//!
//! [`gather`] asks a [`Host`](crate::host::Host) and never fails; each fact is known, absent, or unknown with a reason.
//! It asks early for what takes long (service managers, the health endpoint) and meanwhile reads what
//! does not.

pub mod address;
pub mod credential;
pub mod cron;
pub mod definition;
pub mod disk;
pub mod endings;
pub mod executions;
pub mod gateway;
mod gather;
pub mod generation;
pub mod health;
pub mod home;
pub mod install;
pub mod job;
pub mod journal;
pub mod limit;
pub mod listening;
pub mod liveness;
pub mod manager;
pub mod marks;
pub mod place;
pub mod process;
pub mod record;
pub mod reference;
pub mod release;
pub mod settings;
pub mod shape;
pub mod terms;

pub use gateway::{Facts, Gateway, Lane};
pub use gather::{Choice, Wanted, gather};
pub use manager::Manager;
