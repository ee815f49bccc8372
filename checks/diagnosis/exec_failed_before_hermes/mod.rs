//! The manager could not even begin to run Hermes.

use gw_snapshot::facts::gateway::Usable;
use gw_snapshot::facts::job::systemd::Load;
use gw_snapshot::facts::job::{Exit, Job, Phase};
use gw_snapshot::facts::{Lane, Manager};

use super::{Case, Found};
use crate::spawn::{self, hidden, written};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let (lane, job) = case.at.job()?;
    if let Some(hindrance) = spawn::hindrance(case.at, lane, job) {
        let summary = if has_run(case, job) {
            format!(
                "the last run of {} came as far as Hermes and was ended from outside: {hindrance}",
                lane.name
            )
        } else {
            format!("launchd cannot start {}: {hindrance}; Hermes itself was never run", lane.name)
        };
        return Found::certain(summary, EXPLAINS);
    }
    if let Some(found) = never_begun(case, lane, job) {
        return Some(found);
    }
    let Some(Exit::Code(code)) = job.last_exit.filter(|_| job.phase != Phase::Running) else {
        return None;
    };
    let broken = case.found("definition/broken-path");
    // What is broken has its name in the claim about it.
    let definition = lane.definition.known().filter(|_| broken.is_none());
    let name = |name: Option<&str>| name.map_or_else(String::new, |name| format!(" {name}"));
    let user = definition.and_then(|definition| definition.user.as_deref());
    if lane.manager.is_launchd() {
        return None;
    }
    let what = match code {
        200 => {
            let directory = definition.and_then(|definition| definition.working_directory.as_ref());
            let directory = name(directory.map(|(directory, _)| directory.as_str()));
            let by = user.map_or_else(String::new, |user| format!(" by its user {user}"));
            format!("its working directory{directory} cannot be entered{by}{}", hidden(definition))
        }
        203 => {
            let program = definition.and_then(|definition| definition.argv.first());
            let hidden = hidden(definition);
            let kernel = spawn::refused_by_kernel(case.at);
            let though = match (hidden.is_empty() && is_there(case, lane), kernel) {
                (true, Some(reason)) => format!(", though it is there: {reason}"),
                (true, None) => {
                    ", though it is there: its #! line, a mount with noexec or SELinux may forbid it"
                        .into()
                }
                (false, _) => String::new(),
            };
            format!(
                "its program{} cannot be run{hidden}{though}",
                name(program.map(String::as_str))
            )
        }
        217 => format!("its user{} does not exist", name(user)),
        216 if lane.manager == Manager::SystemdUser => format!(
            "its groups cannot be set{}, and a user's own manager can set neither these nor a user",
            written(definition, &["User", "Group", "SupplementaryGroups"])
        ),
        218 if lane.manager == Manager::SystemdUser => format!(
            "its capabilities cannot be set{}, and a user's own manager has none to give",
            written(definition, &["AmbientCapabilities", "CapabilityBoundingSet"])
        ),
        226 => format!("its sandbox cannot be set up{}", written(definition, SANDBOX)),
        _ => {
            let (_, what, by) = STEPS.iter().find(|(step, ..)| *step == code)?;
            format!("{what}{}", written(definition, by))
        }
    };
    let named = broken.map_or_else(String::new, |finding| format!(": {}", finding.claim));
    let summary = format!("{} ends with {code} before Hermes begins: {what}{named}", lane.title());
    Found::certain(summary, EXPLAINS)
}

/// True if the only run since the job was loaded is one of which the gateway's own records tell: then the kernel ended it while
/// it ran, and did not keep it from running.
fn has_run(case: &Case<'_>, job: &Job) -> bool {
    let Some(launchd) = &job.launchd else { return false };
    let is_by_kernel = launchd.exit_reason.is_some() && launchd.execs != Some(0);
    let is_only_one = launchd.runs == Some(1);
    let written = case.at.gateway.status.known().and_then(|status| status.updated_at);
    // The plist was loaded no earlier than it was written.
    let (lane, _) = case.at.job().unzip();
    let since = lane.and_then(|lane| lane.files.first()).map(|file| file.mtime);
    is_by_kernel
        && is_only_one
        && written.zip(since).is_some_and(|(written, since)| written >= since)
}

/// Whether its program is there for whoever looks, and its mode lets its user run it.
fn is_there(case: &Case<'_>, lane: &Lane) -> bool {
    let argv = lane.definition.known().map(|definition| definition.argv.as_slice());
    let program = argv.and_then(|argv| argv.first());
    let mut named = lane.paths.iter().filter(|named| Some(&named.path) == program);
    named.any(|named| {
        let mode = named.seen.mode.as_deref().and_then(|mode| u32::from_str_radix(mode, 8).ok());
        case.at.usable(lane, named) == Usable::Yes && mode.is_some_and(|mode| mode & 0o111 == 0o111)
    })
}

/// What needs a mount namespace.
const SANDBOX: &[&str] = &[
    "RootDirectory",
    "RootImage",
    "ProtectSystem",
    "ProtectHome",
    "PrivateTmp",
    "PrivateDevices",
    "ReadWritePaths",
    "ReadOnlyPaths",
    "InaccessiblePaths",
    "BindPaths",
    "BindReadOnlyPaths",
    "TemporaryFileSystem",
];

/// The step at which systemd gives up, by the status with which it then ends (systemd.exec(5), "Process Exit Codes"), and
/// the directives that ask for that step.
const STEPS: &[(i32, &str, &[&str])] = &[
    (201, "its priority cannot be set", &["Nice"]),
    (204, "there is no memory to set it up", &[]),
    (205, "its limits cannot be set", &["LimitNOFILE", "LimitNPROC", "LimitCORE", "LimitMEMLOCK"]),
    (206, "its OOM score cannot be set", &["OOMScoreAdjust"]),
    (208, "its input cannot be opened", &["StandardInput"]),
    (209, "its output cannot be opened", &["StandardOutput", "StandardError"]),
    (210, "its root directory cannot be entered", &["RootDirectory"]),
    (211, "its IO priority cannot be set", &["IOSchedulingClass", "IOSchedulingPriority"]),
    (214, "its scheduling cannot be set", &["CPUSchedulingPolicy", "CPUSchedulingPriority"]),
    (215, "its CPUs cannot be set", &["CPUAffinity"]),
    (216, "its groups cannot be set", &["Group", "SupplementaryGroups"]),
    (218, "its capabilities cannot be set", &["AmbientCapabilities", "CapabilityBoundingSet"]),
    (219, "its control group cannot be set up", &["Slice", "Delegate"]),
    (222, "its error output cannot be opened", &["StandardError"]),
    (224, "its PAM session cannot be opened", &["PAMName"]),
    (225, "its network namespace cannot be set up", &["PrivateNetwork", "NetworkNamespacePath"]),
    (228, "its system call filter cannot be set", &["SystemCallFilter"]),
    (229, "its SELinux context cannot be set", &["SELinuxContext"]),
    (231, "its AppArmor profile cannot be set", &["AppArmorProfile"]),
    (233, "its runtime directory cannot be made", &["RuntimeDirectory"]),
    (238, "its state directory cannot be made", &["StateDirectory"]),
    (239, "its cache directory cannot be made", &["CacheDirectory"]),
    (240, "its logs directory cannot be made", &["LogsDirectory"]),
    (241, "its configuration directory cannot be made", &["ConfigurationDirectory"]),
    (243, "its credentials cannot be loaded", &["LoadCredential", "LoadCredentialEncrypted"]),
];

/// systemd does not come to the program at all.
fn never_begun(case: &Case<'_>, lane: &Lane, job: &Job) -> Option<Found> {
    let systemd = job.systemd.as_ref()?;
    if job.phase == Phase::Running || !case.at.gateway.liveness.process.is_absent() {
        return None;
    }
    let title = lane.title();
    if systemd.load == Load::Refused {
        let claim = &case.found("definition/invalid")?.claim;
        return Found::certain(
            format!("{title} cannot be started: {claim}; Hermes itself is not run"),
            EXPLAINS,
        );
    }
    if systemd.result == "resources" {
        let broken = case.found("definition/broken-path").map_or_else(
            || "systemd lacks what it is to set up first (Result=resources)".into(),
            |finding| finding.claim.clone(),
        );
        return Found::certain(
            format!("{title} cannot be started: {broken}; Hermes itself is not run"),
            EXPLAINS,
        );
    }
    // Its own process has a start, or there has been none, or systemd has forgotten it in a `daemon-reload`: so there has
    // to be a command that can have failed.
    let goes_before = |text: &str| text.contains("ExecStartPre") || text.contains("ExecCondition");
    let definition = lane.definition.known()?;
    if !definition.texts.iter().any(|(_, text)| goes_before(text)) {
        return None;
    }
    let has_failed = matches!(systemd.result.as_str(), "exit-code" | "signal" | "timeout");
    let is_over = matches!(job.phase, Phase::Failed | Phase::Restarting);
    (is_over && has_failed && job.started_at.is_none() && job.last_exit.is_none())
        .then(|| {
            Found::likely(
                format!(
                    "{title} fails before Hermes begins ({}): a command that stands before its program does, such as an ExecStartPre=",
                    systemd.result
                ),
                EXPLAINS,
            )
        })
        .flatten()
}

const EXPLAINS: &[&str] = &[
    "definition/invalid",
    "definition/restart-policy",
    "definition/broken-path",
    "job/crash-loop",
    "job/not-running",
    "job/fatal-config",
    "job/parked",
    "job/killed",
    "job/restarting",
    "job/start-limit",
    "port/no-listener",
    "health/refused",
    "cron/no-ticker",
    "cron/overdue",
    "owner/stale-pid-file",
    "owner/pid-reused",
    "runtime/restart-requested",
    "survival/crash",
];
