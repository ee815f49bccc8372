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
        let steps = || {
            plans.iter().flat_map(|plan| match &plan.course {
                Course::Steps(steps) => steps.as_slice(),
                _ => &[],
            })
        };
        if steps().any(|step| matches!(step.action, Action::Systemctl { .. })) {
            out.push_str(SYSTEMD);
            tools_for_user(&mut out, uid);
        }
        if steps()
            .any(|step| matches!(step.action, Action::Launchctl { .. } | Action::Reload { .. }))
        {
            out.push_str(LAUNCHD);
        }
        if let Some(uid) = uid {
            line(
                &mut out,
                &format!("[ \"$(id -u)\" = {uid} ] || stop 'this is to be run by uid {uid}'"),
            );
        }
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
        Guard::SameByPs { pid, started, argv } => {
            format!("same_by_ps {pid} {} {}", quoted(started), quoted(&argv.join(" ")))
        }
        Guard::JobRuns { target, pid } => format!("job_runs {} {pid}", quoted(target)),
        Guard::JobIdle { target } => format!("job_idle {}", quoted(target)),
        Guard::NotLoaded { target } => format!("not_loaded {}", quoted(target)),
        Guard::NotDisabled { domain, label } => {
            format!("not_disabled {} {}", quoted(domain), quoted(label))
        }
        Guard::UnitIdle { scope, unit } => format!("idle {} {}", manager(*scope), quoted(unit)),
        Guard::NoGateway { lock } => format!("unlocked {}", quoted(lock)),
    }
}

/// The command of a step as a person would type it.
pub fn command(step: &Step) -> String {
    match &step.action {
        Action::Terminate { pid } => format!("kill -TERM {pid}"),
        Action::Launchctl { words } => format!("launchctl {}", self::words(words)),
        Action::Reload { target, domain, plist, .. } => format!(
            "launchctl bootout {}, wait for its end, launchctl bootstrap {} {}",
            quoted(target),
            quoted(domain),
            quoted(plist)
        ),
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
        Action::Launchctl { words } => format!("launchctl {}", self::words(words)),
        Action::Reload { target, domain, plist, pid, within } => {
            format!("reload {} {} {} {pid} {within}", quoted(target), quoted(domain), quoted(plist))
        }
        Action::Systemctl { scope, verb, unit } => {
            format!("{} {verb} {}", manager(*scope), quoted(unit))
        }
    }
}

fn expect_line(expect: &Expect) -> String {
    match expect {
        Expect::Gone { pid, within } => format!("until_gone {pid} {within}"),
        Expect::Enabled { scope, unit } => format!("enabled {} {}", manager(*scope), quoted(unit)),
        Expect::NotDisabled { domain, label } => {
            format!("not_disabled {} {}", quoted(domain), quoted(label))
        }
        Expect::JobRuns { target, status, within } => {
            format!("until_job_runs {} {} {within}", quoted(target), quoted(status))
        }
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
until_gone() {
    left=$2
    while kill -0 "$1" 2>/dev/null; do
        [ "$left" -gt 0 ] || stop "PID $1 still lives after $2 s"
        left=$((left - 1)); sleep 1
    done
}
# unlocked FILE: no gateway holds the lock of its home, or has it open where locks cannot be seen.
unlocked() {
    [ -e "$1" ] || return 0
    if [ -r /proc/locks ]; then
        inode=$(stat -c %i "$1")
        if grep -q "FLOCK .*:$inode " /proc/locks; then stop "a gateway holds $1"; fi
    elif [ -n "$(lsof -t -- "$1" 2>/dev/null)" ]; then
        stop "a gateway has $1 open"
    fi
}
# same_process PID TICKS COMMAND: the process is the one that was seen.
same_process() {
    [ -r "/proc/$1/stat" ] || stop "PID $1 is gone"
    [ "$(sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f20)" = "$2" ] || stop "PID $1 is another process now"
    [ "$(tr '\0' ' ' <"/proc/$1/cmdline" | sed 's/ $//')" = "$3" ] || stop "PID $1 runs another command now"
}
# same_by_ps PID START COMMAND: the same, where there is no /proc.
same_by_ps() {
    [ "$(TZ=UTC LC_ALL=C ps -o lstart= -p "$1" | sed 's/ *$//')" = "$2" ] || stop "PID $1 is another process now"
    [ "$(ps -ww -o command= -p "$1" | sed 's/ *$//')" = "$3" ] || stop "PID $1 runs another command now"
}
"#;

/// What a script needs that speaks to systemd.
const SYSTEMD: &str = r#"# idle MANAGER UNIT: the unit has no process, and is not about to get one.
idle() {
    case "$("$1" show -p ActiveState --value "$2")" in
    inactive | failed) ;;
    *) stop "$2 is not idle any more" ;;
    esac
}
# until_runs MANAGER UNIT STATUS-FILE SECONDS: the unit's process says that it runs.
until_runs() {
    left=$4
    until says_running "$("$1" show -p MainPID --value "$2")" "$3"; do
        [ "$left" -gt 0 ] || stop "$2 did not come up in $4 s"
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

/// What a script needs that speaks to launchd. `launchctl` is never put into a pipe whose end would be
/// taken for its own.
const LAUNCHD: &str = r#"# job_pid TARGET: the process of a loaded job, or nothing.
job_pid() {
    shown=$(launchctl print "$1" 2>/dev/null) || return 0
    printf '%s\n' "$shown" | sed -n 's/^	pid = \([0-9]*\)$/\1/p' | head -n 1
}
job_runs() { [ "$(job_pid "$1")" = "$2" ] || stop "PID $2 is no more the process of $1"; }
job_idle() { [ -z "$(job_pid "$1")" ] || stop "$1 has a process now"; }
# is_loaded TARGET: no answer but 113 is taken for absence.
is_loaded() {
    code=0
    launchctl print "$1" >/dev/null 2>&1 || code=$?
    case $code in
    0) return 0 ;;
    113) return 1 ;;
    *) stop "launchctl print $1 ended with $code" ;;
    esac
}
not_loaded() { if is_loaded "$1"; then stop "$1 is loaded now"; fi; }
not_disabled() {
    listed=$(launchctl print-disabled "$1") || stop "launchctl print-disabled $1 failed"
    if printf '%s\n' "$listed" | grep -Eq "\"$2\" => (disabled|true)"; then stop "an override keeps $2 out of $1"; fi
}
# until_job_runs TARGET STATUS-FILE SECONDS: the job has a process, and a live gateway says that it runs.
until_job_runs() {
    left=$3
    until [ -n "$(job_pid "$1")" ] && says_running "$2"; do
        [ "$left" -gt 0 ] || stop "$1 did not come up in $3 s"
        left=$((left - 1)); sleep 1
    done
}
says_running() {
    [ -r "$1" ] || return 1
    writer=$(sed -n 's/.*"pid": *\([0-9][0-9]*\).*/\1/p' "$1" | head -n 1)
    [ -n "$writer" ] && kill -0 "$writer" 2>/dev/null && grep -Eq '"gateway_state": *"(running|degraded)"' "$1"
}
is_gone() {
    code=0
    launchctl print "$1" >/dev/null 2>&1 || code=$?
    [ "$code" = 113 ]
}
# reload TARGET DOMAIN PLIST PID SECONDS: a hang-up must not come between bootout and bootstrap.
reload() {
    trap '' HUP INT TERM
    # 36 only says that it is still under way: what counts is looked at below.
    launchctl bootout "$1" || true
    left=$5
    while kill -0 "$4" 2>/dev/null || ! is_gone "$1"; do
        [ "$left" -gt 0 ] || stop "$1 has not ended after $5 s, and is still loaded"
        left=$((left - 1)); sleep 1
    done
    tries=10
    until launchctl bootstrap "$2" "$3" || ! is_gone "$1"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || stop "$1 could not be loaded again: run launchctl bootstrap $2 $3"
        sleep 2
    done
    trap - HUP INT TERM
}
"#;

fn tools_for_user(out: &mut String, uid: Option<u32>) {
    let runtime =
        uid.map_or_else(|| "/run/user/$(id -u)".to_string(), |uid| format!("/run/user/{uid}"));
    line(
        out,
        &format!("user_systemctl() {{ env XDG_RUNTIME_DIR={runtime} systemctl --user \"$@\"; }}"),
    );
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
