//! Readers: text in, meaning and positions out. One file a format. None can fail on what a host may
//! hold; what makes no sense is a value with a reason.

pub mod bootstrap;
pub mod cgroup;
pub mod cmdline;
pub mod dotenv;
pub mod exec;
pub mod journal;
pub mod json;
pub mod launchctl;
pub mod lifecycle;
pub mod log;
pub mod lsof;
pub mod plist;
pub mod ps;
pub mod python;
pub mod reload;
pub mod shell;
pub mod show;
pub mod specifier;
pub mod sqlite;
pub mod time;
pub mod unit;
pub mod yaml;
