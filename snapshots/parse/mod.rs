//! Readers: text in, meaning and positions out. One file a format. None can fail on what a host may
//! hold; what makes no sense is a value with a reason.

pub mod dotenv;
pub mod unit;
pub mod yaml;
