//! The seal on Linux: a seccomp filter that takes from this process, and from all it starts, the right
//! to change what others could notice. A refused call fails with EACCES; nothing is killed.
//!
//! It keeps a promise, it is no sandbox: a filter sees the numbers of a call and not what its pointers
//! lead to, so the words that `systemctl` says to the bus are the allow-list's affair, and writing to
//! what is open already (a report's pipe) stays possible. Not Landlock, which empties other processes'
//! `/proc/PID/fd` without a word, so that every listener would seem to have no owner.

use std::collections::BTreeMap;

use libc::c_long;
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};

use super::super::run;
use super::super::seal::Sealed;

/// Seals the calling thread and all that it will start. It must be the first thing that `main` does:
/// threads that run already keep their rights. (One filter for all threads at once, by TSYNC, is not
/// what we need: the thread that ends overdue children keeps the right to signal.)
pub(in super::super) fn seal() -> Sealed {
    let Ok(arch) = TargetArch::try_from(std::env::consts::ARCH) else { return Sealed::NotHere };
    match install(arch) {
        Ok(()) if holds() => Sealed::Held,
        Ok(()) => Sealed::Refused("the filter has no effect".into()),
        Err(error) => Sealed::Refused(error),
    }
}

fn install(arch: TargetArch) -> Result<(), String> {
    let words = |error: seccompiler::Error| error.to_string();
    let (ours, for_ending) = (Filters::new(arch, true)?, Filters::new(arch, false)?);
    match run::begin_ending(move || for_ending.apply()) {
        Some(outcome) => outcome.map_err(words)?,
        None => return Err("the thread that ends overdue programs could not be sealed".into()),
    }
    ours.apply().map_err(words)
}

/// Tries what the filter refuses and what would change nothing: a directory opened for reading, with a
/// flag that only matters to one who writes.
fn holds() -> bool {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::APPEND;
    matches!(open("/", flags, Mode::empty()), Err(Errno::ACCESS))
}

/// A filter has one answer to all that it refuses, so there are two.
struct Filters {
    denied: BpfProgram,
    absent: BpfProgram,
}

impl Filters {
    fn new(arch: TargetArch, with_signals: bool) -> Result<Self, String> {
        let filter = |rules, errno: i32| {
            let action = SeccompAction::Errno(errno.unsigned_abs());
            SeccompFilter::new(rules, SeccompAction::Allow, action, arch)
                .and_then(BpfProgram::try_from)
                .map_err(|error| error.to_string())
        };
        // "No such call" makes the C library fall back to `openat`, whose flags a filter can see.
        let absent = BTreeMap::from([(libc::SYS_openat2, Vec::new())]);
        let denied = denied(with_signals).map_err(|error| error.to_string())?;
        Ok(Self { denied: filter(denied, libc::EACCES)?, absent: filter(absent, libc::ENOSYS)? })
    }

    fn apply(&self) -> Result<(), seccompiler::Error> {
        apply_filter(&self.absent)?;
        apply_filter(&self.denied)
    }
}

type Rules = BTreeMap<c_long, Vec<SeccompRule>>;

fn denied(with_signals: bool) -> Result<Rules, seccompiler::BackendError> {
    // A call without rules is denied whatever its arguments.
    let mut rules: Rules = ALWAYS.iter().map(|call| (*call, Vec::new())).collect();
    #[cfg(target_arch = "x86_64")]
    rules.extend(OLD.iter().map(|call| (*call, Vec::new())));
    if with_signals {
        rules.extend(SIGNALS.iter().map(|call| (*call, Vec::new())));
        // To its own threads a process may signal, or `abort` could not do its work.
        let to_others = SeccompCondition::new(
            0,
            SeccompCmpArgLen::Dword,
            SeccompCmpOp::Ne,
            std::process::id().into(),
        )?;
        rules.insert(libc::SYS_tgkill, vec![SeccompRule::new(vec![to_others])?]);
    }
    rules.insert(libc::SYS_openat, any_flag(2)?);
    #[cfg(target_arch = "x86_64")]
    rules.insert(libc::SYS_open, any_flag(1)?);
    rules.insert(libc::SYS_fcntl, any_of(1, &LOCKING)?);
    rules.insert(libc::SYS_ioctl, any_of(1, &CHANGING)?);
    // The limits and the processors of another process; its own are a program's own affair.
    for call in [libc::SYS_prlimit64, libc::SYS_sched_setaffinity] {
        let of_another = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, 0)?;
        rules.insert(call, vec![SeccompRule::new(vec![of_another])?]);
    }
    Ok(rules)
}

/// Opening with any of the flags that write or create.
fn any_flag(argument: u8) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    [libc::O_WRONLY, libc::O_RDWR, libc::O_CREAT, libc::O_TRUNC, libc::O_APPEND]
        .into_iter()
        .map(|flag| {
            let flag = u64::from(flag.unsigned_abs());
            let is_set = SeccompCmpOp::MaskedEq(flag);
            let set = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, is_set, flag)?;
            SeccompRule::new(vec![set])
        })
        .collect()
}

/// An argument that is one of these.
fn any_of(argument: u8, values: &[u32]) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    values
        .iter()
        .map(|value| {
            let equal = SeccompCmpOp::Eq;
            let value = u64::from(*value);
            let same = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, equal, value)?;
            SeccompRule::new(vec![same])
        })
        .collect()
}

/// Commands of `fcntl` that lock, break into others' opening of a file, or have the kernel signal others (from
/// asm-generic/fcntl.h and linux/fcntl.h): `F_SETLK`, `F_SETLKW`, `F_OFD_SETLK`, `F_OFD_SETLKW`, `F_SETLEASE`,
/// `F_NOTIFY`, `F_SETOWN`, `F_SETOWN_EX`.
const LOCKING: [u32; 8] = [6, 7, 37, 38, 1024, 1026, 8, 15];

/// Commands of `ioctl` that change a file or a file system opened for reading, type into a terminal, or have the
/// kernel signal others: `FS_IOC_SETFLAGS`, its form for 32 bits, `FS_IOC_FSSETXATTR`, `FS_IOC_SETVERSION`,
/// `FS_IOC_ENABLE_VERITY`, `FIFREEZE`, `FITHAW`, `TIOCSTI`, `TIOCLINUX`, `FIOSETOWN`, `SIOCSPGRP`.
const CHANGING: [u32; 11] = [
    0x4008_6602,
    0x4004_6602,
    0x401c_5820,
    0x4008_7602,
    0x4080_6685,
    0xc004_5877,
    0xc004_5878,
    0x5412,
    0x541c,
    0x8901,
    0x8902,
];

/// Signals to others.
const SIGNALS: [c_long; 5] = [
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_pidfd_send_signal,
];

/// Newer than the list of the C library, and the same on every processor: `quotactl_fd`, `fchmodat2`, `setxattrat`,
/// `removexattrat`, `open_tree_attr`, `file_setattr`.
const QUOTACTL_FD: c_long = 443;
const FCHMODAT2: c_long = 452;
const SETXATTRAT: c_long = 463;
const REMOVEXATTRAT: c_long = 466;
const OPEN_TREE_ATTR: c_long = 467;
const FILE_SETATTR: c_long = 469;

/// What is refused whatever its arguments.
const ALWAYS: [c_long; 95] = [
    // Names of files.
    libc::SYS_linkat,
    libc::SYS_mkdirat,
    libc::SYS_mknodat,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_symlinkat,
    libc::SYS_unlinkat,
    // Their content, owner, rights, times and attributes.
    libc::SYS_fallocate,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    FCHMODAT2,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    FILE_SETATTR,
    libc::SYS_fremovexattr,
    libc::SYS_fsetxattr,
    libc::SYS_ftruncate,
    libc::SYS_lremovexattr,
    libc::SYS_lsetxattr,
    libc::SYS_removexattr,
    REMOVEXATTRAT,
    libc::SYS_setxattr,
    SETXATTRAT,
    libc::SYS_truncate,
    libc::SYS_utimensat,
    // Opening past the check of the flags.
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    libc::SYS_open_by_handle_at,
    // Locks.
    libc::SYS_flock,
    // Other processes.
    libc::SYS_ioprio_set,
    libc::SYS_kcmp,
    libc::SYS_migrate_pages,
    libc::SYS_move_pages,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_open,
    libc::SYS_process_madvise,
    libc::SYS_process_mrelease,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_sched_setattr,
    libc::SYS_sched_setparam,
    libc::SYS_sched_setscheduler,
    libc::SYS_setpriority,
    // Queues, semaphores and memory that others share.
    libc::SYS_mq_open,
    libc::SYS_mq_unlink,
    libc::SYS_msgctl,
    libc::SYS_msgget,
    libc::SYS_msgrcv,
    libc::SYS_msgsnd,
    libc::SYS_semctl,
    libc::SYS_semget,
    libc::SYS_semop,
    libc::SYS_semtimedop,
    libc::SYS_shmat,
    libc::SYS_shmctl,
    libc::SYS_shmget,
    // The system.
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_adjtimex,
    libc::SYS_bpf,
    libc::SYS_chroot,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_fanotify_init,
    libc::SYS_finit_module,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_init_module,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    OPEN_TREE_ATTR,
    libc::SYS_perf_event_open,
    libc::SYS_pivot_root,
    libc::SYS_quotactl,
    QUOTACTL_FD,
    libc::SYS_reboot,
    libc::SYS_setdomainname,
    libc::SYS_sethostname,
    libc::SYS_setns,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
    libc::SYS_vhangup,
];

/// The same under names that only the older processor has.
#[cfg(target_arch = "x86_64")]
const OLD: [c_long; 15] = [
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_creat,
    libc::SYS_futimesat,
    libc::SYS_lchown,
    libc::SYS_link,
    libc::SYS_mkdir,
    libc::SYS_mknod,
    libc::SYS_rename,
    libc::SYS_rmdir,
    libc::SYS_symlink,
    libc::SYS_unlink,
    libc::SYS_uselib,
    libc::SYS_utime,
    libc::SYS_utimes,
];

#[cfg(test)]
mod tests;
