//! A host that is changed by a few words, so that a scenario reads as what happened.
//!
//! One change a line; `#` begins a comment. A value with spaces needs no quotes where it is the last.
//!
//! ```text
//! unit hermes-gateway.service ActiveState=failed SubState=failed MainPID=0
//! file ~/.hermes/gateway.pid absent | denied | malformed | too-large | directory | text …
//! file ~/.hermes/.env mode 0600 | uid 0 | mtime 2026-11-21T04:00:00Z
//! file ~/.hermes/gateway_state.json replace "running" => "draining"
//! directory ~/.hermes absent | timeout | denied | denied 1500 | uid 0 | names coder work | target /data/hermes
//! process 384 gone | denied | unseen | closed | env=NAME=value | state=T | uid=0 | started=99 | cgroup=/… | argv=hermes gateway run
//! process 384 open=/home/lab/.hermes/gateway.lock (deleted)
//! lock ~/.hermes/gateway.lock free | hidden | absent | denied | unseen | held 384
//! filesystem ~/.hermes free 0 | free 50000000 of 500000000 | inodes 0 of 65536 | read-only | read-write | mount /home ext4
//! filesystem ~/.hermes below cron | timeout | unseen
//! listener 127.0.0.1:8642 by 384 | by 384 999 | hidden | gone
//! http refused | timeout | closed | not-http | unseen | status 500 | status 401 {…} | body {…} | location http://…
//! manager user Failed to connect to bus: No medium found
//! launchctl print gui/501/ai.hermes.gateway replace state = running => state = not running
//! launchctl print user/501/ai.hermes.gateway said 113 Could not find service … | unseen
//! launchctl print-disabled gui/501 said 0 disabled services = {\n"ai.hermes.gateway" => disabled\n}
//! launchctl managername said 0 Background
//! linger yes | no
//! hint container | -container
//! env HERMES_HOME=/srv/hermes
//! observer uid 0 | user root | home /root
//! search processes complete | partial | timeout
//! forget processes | listeners | locks | files | commands | http | ancestry | hints
//! clock +3600
//! ```

use std::collections::BTreeMap;
use std::path::Path;

use gw_snapshot::observation::{
    CommandSeen, DirectorySeen, FileSeen, FilesystemSeen, HttpSeen, Kind, ListenerSeen, LockSeen,
    ProcessSeen, Reach, Started, Trouble,
};
use gw_snapshot::parse::show;
use gw_snapshot::snapshot::{Search, Snapshot};
use jiff::SignedDuration;

/// A recorded host with these changes.
pub(crate) fn changed(name: &str, changes: &str) -> Snapshot {
    let hosts = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/hosts");
    let text = std::fs::read_to_string(hosts.join(name).join("snapshot.json"))
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut host = Snapshot::read(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    apply(&mut host, changes).unwrap_or_else(|error| panic!("{name}: {error}"));
    host
}

/// Makes every change in turn.
fn apply(host: &mut Snapshot, changes: &str) -> Result<(), String> {
    for line in
        changes.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        change(host, line).map_err(|what| format!("{what} in {line:?}"))?;
    }
    Ok(())
}

fn change(host: &mut Snapshot, line: &str) -> Result<(), String> {
    let (verb, rest) = split(line);
    let home = host.host.home.clone().unwrap_or_default();
    let rest = rest.replacen("~/", &format!("{home}/"), 1);
    let (what, how) = split(&rest);
    match verb {
        "unit" => unit(host, what, how),
        "file" => file(host, what, how),
        "directory" => directory(host, what, how),
        "process" => process(host, what.parse().map_err(|_| "no PID")?, how),
        "lock" => lock(host, what, how),
        "listener" => listener(host, what, how),
        "filesystem" => filesystem(host, what, how),
        "http" => http(host, what, how),
        "manager" => manager(host, what, how),
        "launchctl" => launchctl(host, what, how),
        "linger" => linger(host, what),
        "env" => {
            let (name, value) = rest.split_once('=').ok_or("no assignment")?;
            host.host.env.insert(name.into(), value.into());
            Ok(())
        }
        "observer" => observer(host, what, how),
        "hint" => {
            match what.strip_prefix('-') {
                Some(hint) => host.host.hints.retain(|known| known != hint),
                None => host.host.hints.push(what.into()),
            }
            Ok(())
        }
        "search" => search(host, what, how),
        "forget" => forget(host, what),
        "clock" => clock(host, what),
        _ => Err("an unknown change".into()),
    }
}

fn split(text: &str) -> (&str, &str) {
    let (head, rest) = text.split_once(' ').unwrap_or((text, ""));
    (head, rest.trim())
}

/// The blocks of `systemctl show` for one unit, in each scope that lists it; the user's by default.
fn unit(host: &mut Snapshot, name: &str, how: &str) -> Result<(), String> {
    let commands = host.observations.commands.get_or_insert_default();
    let is_user = |command: &CommandSeen| command.argv.iter().any(|word| word == "--user");
    let system = how.starts_with("system ");
    let how = how.strip_prefix("system ").unwrap_or(how);
    let is_shown = |command: &CommandSeen| {
        command.argv.first().is_some_and(|program| program == "systemctl")
            && is_user(command) != system
    };
    let speaks_of_it = |command: &CommandSeen| {
        show::blocks(&command.stdout)
            .iter()
            .any(|block| block.get("Id").is_some_and(|id| id == name))
    };
    let at = commands.iter().position(|command| is_shown(command) && speaks_of_it(command));
    let at = at.or_else(|| commands.iter().position(is_shown));
    let command = &mut commands[at.ok_or("no such systemctl show in this host")?];
    let mut blocks = show::blocks(&command.stdout);
    let at = blocks.iter().position(|block| block.get("Id").is_some_and(|id| id == name));
    let at = at.unwrap_or_else(|| {
        blocks.push(BTreeMap::from([("Id".into(), name.into())]));
        blocks.len() - 1
    });
    for (key, value) in assignments(how) {
        blocks[at].insert(key, value);
    }
    let text = |block: &show::Properties| {
        block.iter().map(|(key, value)| [key, "=", value, "\n"].concat()).collect::<String>()
    };
    command.stdout = blocks.iter().map(text).collect::<Vec<_>>().join("\n");
    Ok(())
}

/// `A=1 B=two words C=3`: a word without `=` belongs to the value before it.
fn assignments(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for word in text.split(' ') {
        match (word.split_once('='), found.last_mut()) {
            (Some((key, value)), _) if key.chars().all(|c| c.is_ascii_alphabetic()) => {
                found.push((key.into(), value.into()));
            }
            (_, Some((_, value))) => value.extend([" ", word]),
            _ => {}
        }
    }
    found
}

fn file(host: &mut Snapshot, path: &str, how: &str) -> Result<(), String> {
    let files = host.observations.files.get_or_insert_default();
    let old = files.iter().position(|file| file.path == path).map(|at| files.remove(at));
    let mut seen = old.unwrap_or_default();
    seen.path = path.into();
    let text = seen.text.take();
    (seen.base64, seen.error, seen.detail) = (None, None, None);
    match split(how) {
        ("absent", _) => {
            seen = FileSeen {
                path: path.into(),
                error: Some(Trouble::NotFound),
                ..FileSeen::default()
            }
        }
        ("unseen", _) => return Ok(()),
        ("link", target) => {
            (seen.error, seen.kind) = (Some(Trouble::NotFound), Some(Kind::Symlink));
            (seen.mode, seen.uid, seen.target) = (None, None, Some(target.into()));
        }
        ("denied", owner) => {
            let (mode, uid) = owner.split_once(' ').unwrap_or(("0600", "0"));
            seen.error = Some(Trouble::PermissionDenied);
            (seen.mode, seen.uid) = (Some(mode.into()), Some(uid.parse().map_err(|_| "no uid")?));
        }
        ("malformed", detail) => {
            (seen.error, seen.detail) = (Some(Trouble::Malformed), Some(detail.into()));
        }
        ("timeout", _) => seen.error = Some(Trouble::TimedOut),
        ("too-large", _) => (seen.error, seen.size) = (Some(Trouble::TooLarge), Some(1 << 30)),
        ("directory", _) => {
            (seen.error, seen.kind) = (Some(Trouble::NotAFile), Some(Kind::Directory));
        }
        ("fifo", _) => (seen.error, seen.kind) = (Some(Trouble::NotAFile), Some(Kind::Fifo)),
        ("bytes", _) => seen.base64 = Some("//79".into()),
        ("text", text) => seen.text = Some(text.replace("\\n", "\n")),
        ("replace", change) => {
            let (from, to) = change.split_once(" => ").ok_or("no =>")?;
            let (from, to) = (from.replace("\\n", "\n"), to.replace("\\n", "\n"));
            let text = text.filter(|text| text.contains(&from));
            let text = text.ok_or("what is to be replaced is not there")?;
            seen.text = Some(text.replace(&from, &to));
        }
        ("mode", mode) => (seen.mode, seen.text) = (Some(mode.into()), text),
        ("mtime", at) => {
            (seen.mtime, seen.text) = (Some(at.parse().map_err(|_| "no time")?), text);
        }
        ("uid", uid) => {
            (seen.uid, seen.text) = (Some(uid.parse().map_err(|_| "no uid")?), text);
        }
        _ => return Err("an unknown state of a file".into()),
    }
    files.push(seen);
    Ok(())
}

fn directory(host: &mut Snapshot, path: &str, how: &str) -> Result<(), String> {
    let directories = host.observations.directories.get_or_insert_default();
    let old = directories.iter().position(|directory| directory.path == path);
    let old = old.map(|at| directories.remove(at));
    let mut seen = DirectorySeen { path: path.into(), ..DirectorySeen::default() };
    match split(how) {
        ("absent", _) => seen.error = Some(Trouble::NotFound),
        ("timeout", _) => seen.error = Some(Trouble::TimedOut),
        ("denied", owner) => {
            let owner = if owner.is_empty() { "0" } else { owner };
            seen.error = Some(Trouble::PermissionDenied);
            (seen.mode, seen.uid) =
                (Some("0700".into()), Some(owner.parse().map_err(|_| "no uid")?));
        }
        ("unseen", _) => return Ok(()),
        ("uid", uid) => {
            (seen.entries, seen.mode) = (Some(Vec::new()), Some("0700".into()));
            seen.uid = Some(uid.parse().map_err(|_| "no uid")?);
        }
        ("names", names) => {
            seen.entries = Some(names.split_whitespace().map(String::from).collect());
        }
        ("target", target) => {
            seen = old.unwrap_or(seen);
            seen.target = Some(target.into());
        }
        _ => return Err("an unknown state of a directory".into()),
    }
    directories.push(seen);
    Ok(())
}

fn process(host: &mut Snapshot, pid: u32, how: &str) -> Result<(), String> {
    let processes = host.observations.processes.get_or_insert_default();
    let old =
        processes.iter().position(|process| process.pid == pid).map(|at| processes.remove(at));
    let mut seen = old.unwrap_or_else(|| ProcessSeen { pid, ..ProcessSeen::default() });
    match how.split_once('=') {
        None if how == "gone" => {
            seen = ProcessSeen { pid, error: Some(Trouble::NotFound), ..ProcessSeen::default() };
        }
        None if how == "unseen" => return Ok(()),
        None if how == "denied" => {
            let error = Some(Trouble::PermissionDenied);
            seen = ProcessSeen { pid, error, ..ProcessSeen::default() };
        }
        Some(("frozen", is)) => seen.frozen = Some(is == "true"),
        Some(("tracer", pid)) => seen.tracer = Some(pid.parse().map_err(|_| "no PID")?),
        Some(("exe", path)) => seen.exe = Some(path.into()),
        Some(("network", namespace)) => seen.network = Some(namespace.into()),
        Some(("mounts", namespace)) => seen.mounts = Some(namespace.into()),
        None if how == "closed" => (seen.open, seen.env) = (None, None),
        Some(("state", state)) => seen.state = Some(state.into()),
        Some(("ppid", pid)) => seen.ppid = Some(pid.parse().map_err(|_| "no PID")?),
        Some(("uid", uid)) => seen.uid = Some(uid.parse().map_err(|_| "no uid")?),
        Some(("inner_pid", pid)) => seen.inner_pid = Some(pid.parse().map_err(|_| "no PID")?),
        Some(("started", ticks)) => {
            seen.started = Some(Started::Units(ticks.parse().map_err(|_| "no ticks")?));
        }
        Some(("cgroup", cgroup)) => seen.cgroup = Some(cgroup.into()),
        Some(("argv", argv)) => seen.argv = Some(argv.split(' ').map(String::from).collect()),
        Some(("open", path)) => seen.open = Some(vec![path.into()]),
        Some(("env", assignment)) => {
            let (name, value) = assignment.split_once('=').ok_or("no =")?;
            seen.env.get_or_insert_default().insert(name.into(), value.into());
        }
        Some(("home", home)) => {
            seen.env = Some(BTreeMap::from([("HERMES_HOME".into(), home.into())]));
        }
        _ => return Err("an unknown state of a process".into()),
    }
    processes.push(seen);
    processes.sort_by_key(|process| process.pid);
    Ok(())
}

fn lock(host: &mut Snapshot, path: &str, how: &str) -> Result<(), String> {
    let locks = host.observations.locks.get_or_insert_default();
    locks.retain(|lock| lock.path != path);
    let mut seen = LockSeen { path: path.into(), ..LockSeen::default() };
    match split(how) {
        ("free", _) => seen.held = Some(false),
        ("hidden", _) => seen.held = Some(true),
        ("absent", _) => seen.error = Some(Trouble::NotFound),
        ("denied", _) => seen.error = Some(Trouble::PermissionDenied),
        ("unseen", _) => return Ok(()),
        ("held", pid) => {
            (seen.held, seen.pid) = (Some(true), Some(pid.parse().map_err(|_| "no PID")?));
        }
        _ => return Err("an unknown state of a lock".into()),
    }
    locks.push(seen);
    Ok(())
}

/// One file system of a gibibyte with room, mounted writable, until something else is said of it.
fn filesystem(host: &mut Snapshot, path: &str, how: &str) -> Result<(), String> {
    const PLENTY: u64 = 512 << 20;
    let filesystems = host.observations.filesystems.get_or_insert_default();
    let old = filesystems.iter().position(|seen| seen.path == path);
    let mut seen = old.map_or_else(
        || FilesystemSeen {
            path: path.into(),
            kind: Some("ext4".into()),
            mount: Some("/".into()),
            read_only: Some(false),
            size: Some(2 * PLENTY),
            free: Some(PLENTY),
            available: Some(PLENTY),
            inodes: Some(65536),
            inodes_free: Some(60000),
            below: Some(Vec::new()),
            error: None,
        },
        |at| filesystems.remove(at),
    );
    let number = |text: &str| text.parse::<u64>().map_err(|_| "no number");
    let (what, rest) = split(how);
    let (first, second) = rest.split_once(" of ").unwrap_or((rest, ""));
    match what {
        "free" => {
            (seen.free, seen.available) = (Some(number(first)?), Some(number(first)?));
            if !second.is_empty() {
                seen.size = Some(number(second)?);
            }
        }
        "reserved" => seen.available = Some(number(first)?),
        "inodes" => {
            (seen.inodes_free, seen.inodes) = (Some(number(first)?), Some(number(second)?));
        }
        "read-only" => seen.read_only = Some(true),
        "read-write" => {}
        "mount" => {
            let (mount, kind) = split(rest);
            (seen.mount, seen.kind) = (Some(mount.into()), Some(kind.into()));
        }
        "below" => seen.below = Some(vec![format!("{path}/{rest}")]),
        "unseen" => return Ok(()),
        word => {
            let error = Some(Trouble::from(word.to_string()));
            seen = FilesystemSeen { path: path.into(), error, ..FilesystemSeen::default() };
        }
    }
    filesystems.push(seen);
    Ok(())
}

fn listener(host: &mut Snapshot, at: &str, how: &str) -> Result<(), String> {
    let listeners = host.observations.listeners.get_or_insert_default();
    let (address, port) = at.rsplit_once(':').ok_or("no address and port")?;
    let port = port.parse().map_err(|_| "no port")?;
    listeners.retain(|listener| (listener.address.as_str(), listener.port) != (address, port));
    let pids = match split(how) {
        ("gone", _) => return Ok(()),
        ("hidden", _) => None,
        ("by", pids) => {
            let pids: Result<_, _> = pids.split_whitespace().map(str::parse).collect();
            Some(pids.map_err(|_| "no PID")?)
        }
        _ => return Err("an unknown state of a listener".into()),
    };
    let user = pids.is_none().then(|| "alice".to_string());
    listeners.push(ListenerSeen { address: address.into(), port, pids, uid: Some(1000), user });
    Ok(())
}

/// Changes every answer that this host holds.
fn http(host: &mut Snapshot, what: &str, how: &str) -> Result<(), String> {
    if what == "unseen" {
        host.observations.http = None;
        return Ok(());
    }
    for answer in host.observations.http.iter_mut().flatten() {
        let mut seen = HttpSeen { url: answer.url.clone(), ms: answer.ms, ..HttpSeen::default() };
        match what {
            "status" => {
                let (status, body) = split(how);
                seen.status = Some(status.parse().map_err(|_| "no status")?);
                seen.body = Some(body).filter(|body| !body.is_empty()).map(String::from);
            }
            "body" => (seen.status, seen.body) = (Some(200), Some(how.into())),
            "long" => (seen.status, seen.truncated) = (Some(200), true),
            "location" => {
                seen.status = Some(302);
                seen.headers.insert("location".into(), how.into());
            }
            word => seen.error = Some(Trouble::from(word.to_string())),
        }
        *answer = seen;
    }
    Ok(())
}

/// One systemd manager gives no answer but this.
fn manager(host: &mut Snapshot, scope: &str, said: &str) -> Result<(), String> {
    let commands = host.observations.commands.get_or_insert_default();
    let wanted = |command: &&mut CommandSeen| {
        let is_show = command.argv.first().is_some_and(|program| program == "systemctl");
        is_show && command.argv.iter().any(|word| word == "--user") == (scope == "user")
    };
    let command = commands.iter_mut().find(wanted).ok_or("no such systemctl show in this host")?;
    (command.stdout, command.stderr, command.exit) = (String::new(), format!("{said}\n"), Some(1));
    Ok(())
}

/// What launchctl said to one question: its exit code and its words, on standard error unless it is 0.
fn launchctl(host: &mut Snapshot, verb: &str, rest: &str) -> Result<(), String> {
    let commands = host.observations.commands.get_or_insert_default();
    let (target, how) = if verb == "managername" { ("", rest) } else { split(rest) };
    let argv: Vec<String> = ["launchctl", verb, target]
        .iter()
        .filter(|word| !word.is_empty())
        .map(ToString::to_string)
        .collect();
    let old =
        commands.iter().position(|command| command.argv == argv).map(|at| commands.remove(at));
    let mut seen = old.unwrap_or_default();
    seen.argv = argv;
    match split(how) {
        ("unseen", _) => return Ok(()),
        ("replace", change) => {
            let (from, to) = change.split_once(" => ").ok_or("no =>")?;
            let plain = |text: &str| text.replace("\\n", "\n").replace("\\t", "\t");
            if !seen.stdout.contains(&plain(from)) {
                return Err("what is to be replaced is not there".into());
            }
            seen.stdout = seen.stdout.replace(&plain(from), &plain(to));
        }
        ("said", words) => {
            let (code, words) = split(words);
            let code = code.parse().map_err(|_| "no exit code")?;
            let words = words.replace("\\n", "\n").replace("\\t", "\t") + "\n";
            (seen.exit, seen.error) = (Some(code), None);
            (seen.stdout, seen.stderr) =
                if code == 0 { (words, String::new()) } else { (String::new(), words) };
        }
        ("error", word) => {
            (seen.exit, seen.error) = (None, Some(Trouble::from(word.to_string())));
            seen.stdout.clear();
        }
        _ => return Err("an unknown answer".into()),
    }
    commands.push(seen);
    Ok(())
}

fn linger(host: &mut Snapshot, how: &str) -> Result<(), String> {
    let commands = host.observations.commands.get_or_insert_default();
    let loginctl = |command: &&mut CommandSeen| {
        command.argv.first().is_some_and(|program| program == "loginctl")
    };
    let command = commands.iter_mut().find(loginctl).ok_or("no loginctl in this host")?;
    command.stdout = format!("Linger={how}\n");
    Ok(())
}

/// Another user looks.
fn observer(host: &mut Snapshot, what: &str, how: &str) -> Result<(), String> {
    match what {
        "uid" => host.host.uid = Some(how.parse().map_err(|_| "no uid")?),
        "user" => host.host.user = Some(how.into()),
        "home" => host.host.home = Some(how.into()),
        _ => return Err("an unknown part of who looks".into()),
    }
    Ok(())
}

fn search(host: &mut Snapshot, what: &str, how: &str) -> Result<(), String> {
    let search = match what {
        "processes" => Search::Processes,
        "listeners" => Search::Listeners,
        "definitions" => Search::Definitions,
        _ => return Err("an unknown search".into()),
    };
    host.observations.searches.insert(search, Reach::from(how.to_string()));
    Ok(())
}

/// Nobody looked.
fn forget(host: &mut Snapshot, what: &str) -> Result<(), String> {
    let seen = &mut host.observations;
    match what {
        "processes" => {
            seen.processes = None;
            seen.searches.remove(&Search::Processes);
        }
        "listeners" => {
            seen.listeners = None;
            seen.searches.remove(&Search::Listeners);
        }
        "files" => seen.files = None,
        "directories" => {
            seen.directories = None;
            seen.searches.remove(&Search::Definitions);
        }
        "locks" => seen.locks = None,
        "ancestry" => host.host.ancestry.clear(),
        "hints" => host.host.hints.clear(),
        "commands" => seen.commands = None,
        "http" => seen.http = None,
        _ => return Err("an unknown list".into()),
    }
    Ok(())
}

/// Looks later, or earlier: so many seconds.
fn clock(host: &mut Snapshot, seconds: &str) -> Result<(), String> {
    let seconds: i64 = seconds.parse().map_err(|_| "no seconds")?;
    let moved = host.taken_at.checked_add(SignedDuration::from_secs(seconds));
    host.taken_at = moved.map_err(|_| "no such time")?;
    Ok(())
}
