//! The story of one gateway, computed once between the facts and the checks, which ask for it: its lives, what it is doing
//! now, and what happened, in order.

pub(crate) mod lives;
pub(crate) mod phase;
pub mod timeline;

pub(crate) use phase::{LONGEST_CALL, UnderWay, meanwhile};
