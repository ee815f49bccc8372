//! A plan as a POSIX shell script that a person reads, and then runs.

use std::fmt::Write as _;

use gw_snapshot::host::Scope;

use super::{Action, Course, Expect, Guard, Plan, Step};

/// The script. Safe to run twice: what is done is seen by its guards, and stops it.
pub fn write(plans: &[Plan], uid: Option<u32>) -> String {
    let mut out = String::from(
        "#!/bin/sh\n# Suggested by gw-doctor, which has changed nothing. Read it before you run it.\n",
    );
    for plan in plans {
        head(&mut out, plan);
    }
    if plans.iter().any(|plan| matches!(plan.course, Course::Steps(_))) {
        out.push_str("\nset -eu\n");
        out.push_str(TOOLS);
        tools_for_user(&mut out, uid);
        for plan in plans {
            if let Course::Steps(steps) = &plan.course {
                body(&mut out, plan, steps);
            }
        }
    }
    out
}

fn head(out: &mut String, plan: &Plan) {
    line(out, &format!("\n# {} ({})", comment(&plan.profile), comment(&plan.home)));
    if let Some(diagnosis) = plan.diagnosis {
        line(out, &format!("# {diagnosis}: {}", comment(&plan.summary)));
    }
    match &plan.course {
        Course::Nothing => line(out, "# Nothing to do."),
        Course::Steps(_) => {}
        Course::Look { because, commands } => {
            line(out, &format!("# No plan: {}.", comment(because)));
            for command in commands {
                line(out, &format!("# To know more: {}", comment(&words(command))));
            }
        }
    }
}

fn body(out: &mut String, plan: &Plan, steps: &[Step]) {
    for (number, step) in (1..).zip(steps) {
        line(out, &format!("\n# {} {number}. {}", comment(&plan.profile), comment(&step.why)));
        line(out, &format!("# To take it back: {}", comment(&step.undo)));
        for guard in &step.guards {
            line(out, &guard_line(guard));
        }
        line(out, &action_line(&step.action));
        line(out, &expect_line(&step.expect));
    }
    line(out, "\necho 'Done. See for yourself: gw-doctor'");
}

fn guard_line(guard: &Guard) -> String {
    match guard {
        Guard::SameProcess { pid, ticks, argv } => {
            format!("same_process {pid} {ticks} {}", quoted(&argv.join(" ")))
        }
        Guard::UnitIdle { scope, unit } => format!("idle {} {}", manager(*scope), quoted(unit)),
        Guard::NoGateway { lock } => format!("unlocked {}", quoted(lock)),
    }
}

/// The command of a step as a person would type it.
pub fn command(step: &Step) -> String {
    match &step.action {
        Action::Terminate { pid } => format!("kill -TERM {pid}"),
        Action::Systemctl { scope: Scope::User, verb, unit } => {
            format!("systemctl --user {verb} {}", quoted(unit))
        }
        Action::Systemctl { scope: Scope::System, verb, unit } => {
            format!("sudo systemctl {verb} {}", quoted(unit))
        }
    }
}

fn action_line(action: &Action) -> String {
    match action {
        Action::Terminate { pid } => format!("kill -TERM {pid}"),
        Action::Systemctl { scope, verb, unit } => {
            format!("{} {verb} {}", manager(*scope), quoted(unit))
        }
    }
}

fn expect_line(expect: &Expect) -> String {
    match expect {
        Expect::Gone { pid, within } => format!("until_gone {pid} {within}"),
        Expect::Enabled { scope, unit } => format!("enabled {} {}", manager(*scope), quoted(unit)),
        Expect::Runs { scope, unit, status, within } => {
            format!("until_runs {} {} {} {within}", manager(*scope), quoted(unit), quoted(status))
        }
    }
}

const fn manager(scope: Scope) -> &'static str {
    match scope {
        Scope::User => "user_systemctl",
        Scope::System => "system_systemctl",
    }
}

/// What every script has at its head: guards that stop it, and waits that end.
const TOOLS: &str = r#"
stop() { printf 'stopped: %s. Nothing further was changed.\n' "$1" >&2; exit 1; }
# same_process PID TICKS COMMAND: the process is the one that was seen.
same_process() {
    [ -r "/proc/$1/stat" ] || stop "PID $1 is gone"
    [ "$(sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f20)" = "$2" ] || stop "PID $1 is another process now"
    [ "$(tr '\0' ' ' <"/proc/$1/cmdline" | sed 's/ $//')" = "$3" ] || stop "PID $1 runs another command now"
}
# idle MANAGER UNIT: the unit has no process, and is not about to get one.
idle() {
    case "$("$1" show -p ActiveState --value "$2")" in
    inactive | failed) ;;
    *) stop "$2 is not idle any more" ;;
    esac
}
# unlocked FILE: no gateway holds the lock of its home.
unlocked() {
    [ -e "$1" ] || return 0
    inode=$(stat -c %i "$1")
    if grep -q "FLOCK .*:$inode " /proc/locks; then stop "a gateway holds $1"; fi
}
until_gone() {
    left=$2
    while kill -0 "$1" 2>/dev/null; do
        [ "$left" -gt 0 ] || stop "PID $1 still lives after $2 s"
        left=$((left - 1)); sleep 1
    done
}
# until_runs MANAGER UNIT STATUS-FILE SECONDS: the unit's process says that it runs.
until_runs() {
    left=$4
    until says_running "$("$1" show -p MainPID --value "$2")" "$3"; do
        [ "$left" -gt 0 ] || stop "$2 does not say that it runs after $4 s"
        left=$((left - 1)); sleep 1
    done
}
says_running() {
    [ "${1:-0}" -gt 0 ] && grep -Eq "\"pid\": *$1([^0-9]|$)" "$2" 2>/dev/null &&
        grep -Eq '"gateway_state": *"(running|degraded)"' "$2"
}
enabled() {
    [ "$("$1" show -p UnitFileState --value "$2")" = enabled ] || stop "$2 is not enabled"
}
system_systemctl() { systemctl "$@"; }
"#;

fn tools_for_user(out: &mut String, uid: Option<u32>) {
    let runtime =
        uid.map_or_else(|| "/run/user/$(id -u)".to_string(), |uid| format!("/run/user/{uid}"));
    line(
        out,
        &format!("user_systemctl() {{ env XDG_RUNTIME_DIR={runtime} systemctl --user \"$@\"; }}"),
    );
    if let Some(uid) = uid {
        line(out, &format!("[ \"$(id -u)\" = {uid} ] || stop 'this is to be run by uid {uid}'"));
    }
}

fn line(out: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{text}");
}

/// A text that stays within its comment.
fn comment(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A command as a person would type it.
pub fn words(command: &[String]) -> String {
    command.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// A word as `sh` reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.into();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
