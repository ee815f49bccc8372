//! What this Mac is, and from where we look at it.

use gw_snapshot::parse::plist::Plist;
use gw_snapshot::redact::Salt;
use gw_snapshot::snapshot::{About, Os};
use libproc::bsd_info::BSDInfo;
use libproc::proc_pid::pidinfo;

/// How far up the ancestry goes: sixteen shells within each other are enough.
const GENERATIONS: usize = 16;
const VERSION: &str = "/System/Library/CoreServices/SystemVersion.plist";
/// Holds the addresses of this machine's network cards, so that no two have the same.
const OF_THIS_MACHINE: &str = "/Library/Preferences/SystemConfiguration/NetworkInterfaces.plist";

/// Fills in what only macOS tells.
pub(in super::super) fn about() -> About {
    About {
        os: Os::Macos,
        os_version: os_version().unwrap_or_default(),
        arch: std::env::consts::ARCH.into(),
        uid: None,
        user: None,
        home: None,
        boot_time: None,
        ticks_per_second: None,
        ancestry: ancestry(std::process::id()),
        hints: Vec::new(),
        env: std::collections::BTreeMap::new(),
    }
}

/// What marks are salted with. Without it, marks of two looks at this machine cannot be compared.
pub(in super::super) fn secret() -> Salt {
    let mut salt = b"gw-doctor ".to_vec();
    salt.extend(
        std::fs::read(OF_THIS_MACHINE)
            .unwrap_or_else(|_| std::process::id().to_le_bytes().to_vec()),
    );
    Salt(salt)
}

fn os_version() -> Option<String> {
    let plist = Plist::read(&std::fs::read(VERSION).ok()?).ok()?;
    Some(format!("macOS {}", plist.text("ProductVersion")?))
}

fn ancestry(pid: u32) -> Vec<u32> {
    let parent = |pid: &u32| {
        let info = pidinfo::<BSDInfo>(i32::try_from(*pid).ok()?, 0).ok()?;
        Some(info.pbi_ppid).filter(|parent| *parent > 0)
    };
    std::iter::successors(Some(pid), parent).take(GENERATIONS).collect()
}
