//! Reads what `strace -f -y` wrote, and finds every call that would change something.
//!
//! An attempt counts, whether it was refused or not. Writing is only allowed to standard output, to
//! standard error, and to what a program shares with itself or with the one whom it asks: pipes, sockets.

/// The calls of a trace that change something, or would have; and how many were looked at.
pub(crate) struct Trace {
    pub(crate) guilty: Vec<String>,
    pub(crate) opened: usize,
    pub(crate) programs: Vec<String>,
}

impl Trace {
    pub(crate) fn read(text: &str) -> Self {
        let mut trace = Self { guilty: Vec::new(), opened: 0, programs: Vec::new() };
        for line in text.lines() {
            let Some((name, arguments)) = call(line) else { continue };
            if name.starts_with("open") {
                trace.opened += 1;
            }
            if name == "execve"
                && let Some(program) = arguments.split('"').nth(1)
            {
                trace.programs.push(program.rsplit('/').next().unwrap_or(program).into());
            }
            if is_guilty(name, arguments) {
                trace.guilty.push(line.into());
            }
        }
        trace
    }
}

/// `4711  openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3`: the call and its arguments. The second half of a
/// call that was interrupted adds nothing.
fn call(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
    let (name, arguments) = line.split_once('(')?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then_some((name, arguments))
}

fn is_guilty(name: &str, arguments: &str) -> bool {
    let has = |words: &[&str]| words.iter().any(|word| arguments.contains(word));
    match name {
        _ if MUTATING.contains(&name) => true,
        // The seal tries itself, on a directory, which nobody can open for writing: it must be refused.
        "open" if arguments.starts_with("\"/\", ") && has(&["O_DIRECTORY"]) => {
            !arguments.contains("= -1 EACCES")
        }
        "open" | "openat" | "openat2" => {
            has(&["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND", "O_TMPFILE"])
                && !arguments.contains("\"/dev/null\"")
        }
        "fcntl" => has(&["F_SETLK", "F_OFD_SETLK", "F_SETLEASE", "F_NOTIFY"]),
        "write" | "writev" | "pwrite64" | "pwritev" | "pwritev2" | "sendfile" => !is_own(arguments),
        "connect" => !is_near(arguments),
        "execve" | "execveat" => !PROGRAMS.iter().any(|program| {
            arguments
                .split('"')
                .nth(1)
                .is_some_and(|path| path == *program || path.ends_with(&format!("/{program}")))
        }),
        "creat" | "kill" | "tkill" | "tgkill" => true,
        _ => false,
    }
}

/// Standard output and error, and what has no name in the file system.
fn is_own(arguments: &str) -> bool {
    let target = arguments.split(',').next().unwrap_or_default();
    let (number, path) = target.split_once('<').unwrap_or((target, ""));
    let nameless = ["pipe:", "socket:", "anon_inode:", "UNIX", "TCP", "NETLINK", "/dev/null"];
    matches!(number.trim(), "1" | "2") || nameless.iter().any(|kind| path.starts_with(kind))
}

/// A socket of this machine: of a service manager, of the kernel, or of the gateway on loopback.
fn is_near(arguments: &str) -> bool {
    let near = ["AF_UNIX", "AF_NETLINK", "inet_addr(\"127.", "inet_pton(AF_INET6, \"::1\""];
    near.iter().any(|family| arguments.contains(family))
}

/// What may be run: the program itself, and what it is allowed to ask.
const PROGRAMS: [&str; 7] =
    ["gw-doctor", "systemctl", "loginctl", "journalctl", "launchctl", "lsof", "ps"];

/// Calls that change something whatever their arguments are.
const MUTATING: [&str; 58] = [
    "acct",
    "add_key",
    "adjtimex",
    "bind",
    "bpf",
    "chmod",
    "chown",
    "chroot",
    "clock_settime",
    "copy_file_range",
    "delete_module",
    "fallocate",
    "fchmod",
    "fchmodat",
    "fchmodat2",
    "fchown",
    "fchownat",
    "finit_module",
    "flock",
    "fremovexattr",
    "fsetxattr",
    "ftruncate",
    "futimesat",
    "init_module",
    "keyctl",
    "lchown",
    "link",
    "linkat",
    "listen",
    "lremovexattr",
    "lsetxattr",
    "mkdir",
    "mkdirat",
    "mknod",
    "mknodat",
    "mount",
    "pidfd_send_signal",
    "pivot_root",
    "process_vm_writev",
    "ptrace",
    "reboot",
    "removexattr",
    "rename",
    "renameat",
    "renameat2",
    "rmdir",
    "rt_sigqueueinfo",
    "sethostname",
    "setxattr",
    "symlink",
    "symlinkat",
    "truncate",
    "umount2",
    "unlink",
    "unlinkat",
    "utime",
    "utimensat",
    "utimes",
];
