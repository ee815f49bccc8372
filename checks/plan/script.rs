//! A plan as a POSIX shell script that a person reads, and then runs.

use std::fmt::Write as _;

use gw_snapshot::host::Scope;

use super::{
    Action, Chosen, Course, Expect, Fallback, Guard, Plan, Proof, Service, Step, functions,
};

/// The script of the chosen steps. Safe to run twice: what is done is seen by its guards, and stops it.
pub fn write(plans: &[Plan], uid: Option<u32>, chosen: &Chosen) -> String {
    let mut out = String::from(
        "#!/bin/sh\n# Suggested by gw-doctor, which has changed nothing. Read it before you run it.\n",
    );
    for plan in plans {
        head(&mut out, plan);
    }
    let bodies: Vec<String> =
        plans.iter().zip(1..).filter_map(|(plan, at)| body(plan, at, chosen)).collect();
    if bodies.is_empty() {
        return out;
    }
    let bodies = bodies.concat();
    out.push_str(
        "\n# It ends with 0: done, and proven. 1: a guard stopped it before the step that it stands before.\n\
         # 2: a step was taken, and what it is for did not come. 3: the gateway of before is to be given back.\n\
         \nset -eu\nfallback=\n",
    );
    let functions = functions::called_by(&bodies);
    if [&functions, &bodies].iter().any(|text| text.contains("user_systemctl")) {
        user_systemctl(&mut out, uid);
    }
    out.push_str(&functions);
    if let Some(uid) = uid {
        line(
            &mut out,
            &format!("\n[ \"$(id -u)\" = {uid} ] || stop 'this is to be run by uid {uid}'"),
        );
    }
    out.push_str(&bodies);
    line(&mut out, "\necho 'Done. See for yourself: gw-doctor'");
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
        Course::Look { because, by_hand, commands } => {
            line(out, &format!("# No plan: {}.", comment(because)));
            for sentence in by_hand {
                line(out, &format!("# By hand: {}.", comment(sentence)));
            }
            for command in commands {
                line(out, &format!("# To know more: {}", comment(&words(command))));
            }
        }
    }
}

/// The chosen steps of one plan. None where none of its steps is chosen.
fn body(plan: &Plan, at: usize, chosen: &Chosen) -> Option<String> {
    let steps: Vec<(usize, &Step)> =
        plan.steps().filter(|(number, step)| chosen.takes(*number, step.name)).collect();
    if steps.is_empty() {
        return None;
    }
    let mut out = String::new();
    let starts =
        |rest: &[(usize, &Step)]| rest.iter().any(|(_, step)| step.expect.service().is_some());
    let mut is_held = false;
    for (place, (number, step)) in steps.iter().enumerate() {
        line(
            &mut out,
            &format!(
                "\n# {} {number}, {}. {}",
                comment(&plan.profile),
                step.name,
                comment(&step.why)
            ),
        );
        line(&mut out, &format!("# It changes: {}.", comment(&step.changes)));
        line(&mut out, &format!("# To take it back: {}", comment(&step.undo)));
        for guard in &step.guards {
            line(&mut out, &guard_line(guard));
        }
        let is_end = matches!(step.action, Action::Terminate { .. });
        if let Some(fallback) = plan
            .fallback
            .as_ref()
            .filter(|_| is_end && starts(steps.get(place..).unwrap_or_default()))
        {
            is_held = true;
            let name = format!("give_back_{at}");
            line(
                &mut out,
                "# From here to the start nothing may cut this off: in between, no gateway runs.",
            );
            out.push_str(&give_back(&name, fallback));
            line(&mut out, "trap '' HUP INT TERM");
            line(
                &mut out,
                &format!("{} || stop 'it could not be asked to end'", action_line(&step.action)),
            );
        } else {
            let action = action_line(&step.action);
            line(&mut out, &format!("{action}{} || stop 'the command failed'", or_under_way(step)));
        }
        line(&mut out, &expect_line(&step.expect));
        if is_end && is_held {
            line(&mut out, &format!("fallback=give_back_{at}"));
        }
        if is_held && step.expect.service().is_some() {
            is_held = false;
            line(&mut out, "fallback=");
            line(&mut out, "trap - HUP INT TERM");
        }
    }
    if let Some(proof) = plan.proof.as_ref().filter(|_| starts(&steps)) {
        line(
            &mut out,
            &format!(
                "\n# {}: the proof, by the same evidence that gw-doctor reads.",
                comment(&plan.profile)
            ),
        );
        out.push_str(&proof_lines(proof));
    }
    Some(out)
}

/// What starts a gateway as it ran before, as a person would type it.
pub fn fallback_command(fallback: &Fallback) -> String {
    let home = quoted(&fallback.home);
    format!("cd {home} && HERMES_HOME={home} {}", words(&fallback.argv))
}

/// What gives the gateway back as it ran before, with an end of its own.
fn give_back(name: &str, fallback: &Fallback) -> String {
    let start = fallback_command(fallback);
    let mut out = format!("{name}() {{\n    fallback=\n    trap - HUP INT TERM\n");
    match (&fallback.service, fallback.is_taken_back) {
        (Service::Unit { scope, unit }, _) => {
            line(&mut out, "    # The service must not try on beside it.");
            line(&mut out, &format!("    {} stop {} || true", manager(*scope), quoted(unit)));
        }
        (Service::Job { target }, true) => {
            line(&mut out, "    # The job was not loaded before, and must not try on beside it.");
            line(&mut out, &format!("    launchctl bootout {} || true", quoted(target)));
        }
        (Service::Job { target }, false) => {
            let note = format!("launchd keeps trying: see launchctl print {target}");
            line(&mut out, &format!("    printf '%s\\n' {} >&2", quoted(&note)));
        }
    }
    line(&mut out, &format!("    nobody_locks {}", quoted(&fallback.lock)));
    line(
        &mut out,
        &format!(
            "    printf 'No gateway runs. To give it back as it ran before, in a terminal: %s\\n' {} >&2",
            quoted(&start)
        ),
    );
    out.push_str("    exit 3\n}\n");
    out
}

/// The proof as the script has it, a command a line.
pub fn proof_lines(proof: &Proof) -> String {
    let mut out = String::new();
    let (status, lock) = (quoted(&proof.status), quoted(&proof.lock));
    line(
        &mut out,
        &match &proof.service {
            Service::Unit { scope, unit } => {
                format!("proven_unit {} {} {status} {lock}", manager(*scope), quoted(unit))
            }
            Service::Job { target } => format!("proven_job {} {status} {lock}", quoted(target)),
        },
    );
    if let Some(port) = proof.port {
        line(&mut out, &format!("until_listens \"$gateway\" {port}"));
    }
    if let Some(url) = &proof.health {
        line(&mut out, &format!("until_answers {}", quoted(url)));
    }
    out
}

/// A guard as the script has it.
pub fn guard_line(guard: &Guard) -> String {
    match guard {
        Guard::SameProcess { pid, ticks, argv } => {
            format!("same_process {pid} {ticks} {}", quoted(&argv.join(" ")))
        }
        Guard::SameByPs { pid, started, argv } => {
            format!("same_by_ps {pid} {} {}", quoted(started), quoted(&argv.join(" ")))
        }
        Guard::JobRuns { target, pid } => format!("job_runs {} {pid}", quoted(target)),
        Guard::JobIdle { target } => format!("job_idle {}", quoted(target)),
        Guard::Loaded { target } => format!("still_loaded {}", quoted(target)),
        Guard::NotLoaded { target } => format!("not_loaded {}", quoted(target)),
        Guard::NotDisabled { domain, label } => {
            format!("not_disabled {} {}", quoted(domain), quoted(label))
        }
        Guard::UnitIdle { scope, unit } => {
            format!("unit_idle {} {}", manager(*scope), quoted(unit))
        }
        Guard::UnitRuns { scope, unit, pid } => {
            format!("unit_runs {} {} {pid}", manager(*scope), quoted(unit))
        }
        Guard::UnitIs { scope, unit, property, value } => {
            format!("still_is {} {} {property} {value}", manager(*scope), quoted(unit))
        }
        Guard::NotLingering { uid } => format!("not_lingering {uid}"),
        Guard::SameFile(file) => {
            format!("same_file {} {} {}", quoted(&file.path), file.size, file.mtime.as_second())
        }
        Guard::Readable { path } => format!("readable {}", quoted(path)),
        Guard::NoTurns { status } => format!("no_turns {}", quoted(status)),
        Guard::LockedBy { lock, pid } => format!("holds_lock {} {pid}", quoted(lock)),
        Guard::StillStopped { pid } => format!("still_stopped {pid}"),
        Guard::StillSilent { url } => format!("still_silent {}", quoted(url)),
        Guard::NoMarks { marks, within } => format!("no_marks {within} {}", words(marks)),
        Guard::FreePort { port } => format!("free_port {port}"),
        Guard::Agreed { question } => format!("you_agree {}", quoted(&comment(question))),
        Guard::NoGateway { lock } => format!("nobody_locks {}", quoted(lock)),
    }
}

/// What a guard makes sure of, for people.
pub fn guard_text(guard: &Guard) -> String {
    match guard {
        Guard::SameProcess { pid, .. } | Guard::SameByPs { pid, .. } => {
            format!("PID {pid} is still the process that was seen: same start, same command line")
        }
        Guard::JobRuns { target, pid } => format!("{target} still has PID {pid}"),
        Guard::JobIdle { target } => format!("{target} has no process"),
        Guard::Loaded { target } => format!("{target} is still loaded"),
        Guard::NotLoaded { target } => format!("{target} is not loaded"),
        Guard::NotDisabled { domain, label } => {
            format!("no override keeps {label} out of {domain}")
        }
        Guard::UnitIdle { unit, .. } => format!("{unit} is loaded and has no process"),
        Guard::UnitRuns { unit, pid, .. } => format!("{unit} is active with main PID {pid}"),
        Guard::UnitIs { unit, property, value, .. } => {
            format!("{property} of {unit} is still {value}")
        }
        Guard::NotLingering { uid } => format!("uid {uid} does not linger yet"),
        Guard::SameFile(file) => format!("{} was not written since", file.path),
        Guard::Readable { path } => format!("{path} can be read"),
        Guard::NoTurns { .. } => "no turn is under way".into(),
        Guard::LockedBy { lock, pid } => format!("PID {pid} holds {lock}"),
        Guard::StillStopped { pid } => format!("PID {pid} is still stopped"),
        Guard::StillSilent { url } => format!("{url} still answers nothing"),
        Guard::NoMarks { marks, within } => {
            format!("nothing is written to {} for {within} s", marks.join(" and "))
        }
        Guard::FreePort { port } => format!("nobody listens on port {port}"),
        Guard::Agreed { question } => format!("you answer yes: {question}"),
        Guard::NoGateway { lock } => format!("no process holds {lock}"),
    }
}

/// The command of a step as a person would type it.
pub fn command(step: &Step) -> String {
    match &step.action {
        Action::Terminate { pid } => format!("kill -TERM {pid}"),
        Action::Launchctl { words } if is_of_system(words) => {
            format!("as root: launchctl {}", self::words(words))
        }
        Action::Launchctl { words } => format!("launchctl {}", self::words(words)),
        Action::Reload { target, domain, plist, .. } => format!(
            "launchctl bootout {}, wait for its end, {}",
            quoted(target),
            bootstrap(domain, plist)
        ),
        Action::Systemctl { scope: Scope::User, words } => {
            format!("systemctl --user {}", self::words(words))
        }
        Action::Systemctl { scope: Scope::System, words } => {
            format!("sudo systemctl {}", self::words(words))
        }
        Action::Linger { uid } => format!("sudo loginctl enable-linger {uid}"),
    }
}

/// Whether a command of `launchctl` speaks to the system's domain, which is root's to change.
fn is_of_system(words: &[String]) -> bool {
    words.iter().any(|word| word == "system" || word.starts_with("system/"))
}

fn action_line(action: &Action) -> String {
    match action {
        Action::Terminate { pid } => format!("kill -TERM {pid}"),
        Action::Launchctl { words } if is_of_system(words) => {
            format!("as_root launchctl {}", self::words(words))
        }
        Action::Launchctl { words } => format!("launchctl {}", self::words(words)),
        Action::Reload { target, domain, plist, pid, within } => {
            format!(
                "reload_job {} {} {} {pid} {within} {}",
                quoted(target),
                quoted(domain),
                quoted(plist),
                quoted(&bootstrap(domain, plist))
            )
        }
        Action::Systemctl { scope, words } => {
            format!("{} {}", manager(*scope), self::words(words))
        }
        Action::Linger { uid } => format!("as_root loginctl enable-linger {uid}"),
    }
}

/// A bootout that ends with 36 is still under way, and a kickstart that ends with 37 was forestalled by launchd itself: what
/// is waited for decides.
fn or_under_way(step: &Step) -> &'static str {
    match (&step.action, &step.expect) {
        (_, Expect::NotLoaded { .. }) => " || [ $? = 36 ]",
        (Action::Launchctl { words }, Expect::JobRuns { old: None, .. })
            if words.first().is_some_and(|verb| verb == "kickstart") =>
        {
            " || [ $? = 37 ]"
        }
        _ => "",
    }
}

/// What a step is waited for, as the script has it.
pub fn expect_line(expect: &Expect) -> String {
    match expect {
        Expect::Gone { pid, within } => format!("until_gone {pid} {within}"),
        Expect::UnitIs { scope, unit, property, value } => {
            format!("until_unit_is {} {} {property} {value} 10", manager(*scope), quoted(unit))
        }
        Expect::Lingers { uid } => format!("user_lingers {uid}"),
        Expect::NotDisabled { domain, label } => {
            format!("came_to_be_enabled {} {}", quoted(domain), quoted(label))
        }
        Expect::NotLoaded { target, within } => {
            format!("until_not_loaded {} {within}", quoted(target))
        }
        Expect::JobRuns { target, old, status, within } => {
            format!(
                "until_job_runs {} {} {} {within}",
                quoted(target),
                old.unwrap_or(0),
                quoted(status)
            )
        }
        Expect::Runs { scope, unit, old, status, within } => {
            format!(
                "until_runs {} {} {} {} {within}",
                manager(*scope),
                quoted(unit),
                old.unwrap_or(0),
                quoted(status)
            )
        }
    }
}

/// What is to be so afterwards, for people.
pub fn expect_text(expect: &Expect) -> String {
    match expect {
        Expect::Gone { pid, within } => format!("PID {pid} is gone within {within} s"),
        Expect::UnitIs { unit, property, value, .. } => format!("{property} of {unit} is {value}"),
        Expect::Lingers { uid } => {
            format!("the service manager of uid {uid} outlives its last session")
        }
        Expect::NotDisabled { domain, label } => {
            format!("no override keeps {label} out of {domain}")
        }
        Expect::NotLoaded { target, within } => {
            format!("{target} is not loaded within {within} s")
        }
        Expect::JobRuns { target, within, .. } => {
            format!("{target} has a process, and its gateway says that it runs, within {within} s")
        }
        Expect::Runs { unit, within, .. } => {
            format!("{unit} has a process, and its gateway says that it runs, within {within} s")
        }
    }
}

const fn manager(scope: Scope) -> &'static str {
    match scope {
        Scope::User => "user_systemctl",
        Scope::System => "system_systemctl",
    }
}

/// A shell without a session, such as that of `su`, does not know where the user's manager is.
fn user_systemctl(out: &mut String, uid: Option<u32>) {
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

/// What loads a plist, as a person would type it.
pub(super) fn bootstrap(domain: &str, plist: &str) -> String {
    format!("launchctl bootstrap {} {}", quoted(domain), quoted(plist))
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
