//! The verbs: what `launchctl` prints and ends with. Here the true refusals of launchd become what a
//! caller is told, which for `bootstrap` is 5 for nearly everything unless the caller is root. Verbs
//! that are not modelled are refused loudly, with a status that launchctl never has.

use std::path::Path;
use std::time::Instant;

use crate::domain::{Domain, Target};
use crate::exit;
use crate::exit::Exit;
use crate::launchd::Launchd;
use crate::refusal::{NotLoaded, Refusal};
use crate::settings::{Gui, Release};
use crate::wire::{Answer, Request};
use crate::{list, print};

/// `EX_USAGE`, as launchctl ends when it does not understand.
const USAGE: u8 = 64;

/// `EX_SOFTWARE`: the stand-in does not know.
pub(crate) const NOT_MODELLED: u8 = 70;

const UNRECOGNIZED: &str = "Unrecognized target specifier. <service-target> takes a form of \
     <domain-target>/<service-id>.\nPlease refer to `man launchctl` for explanation of the \
     <domain-target> specifiers.";

/// Answers one call.
pub(crate) fn answer(launchd: &mut Launchd, request: &Request, now: Instant) -> Answer {
    let words: Vec<&str> = request.words.iter().map(String::as_str).collect();
    let mut call = Call { launchd, directory: &request.directory, now };
    match words.as_slice() {
        ["--stop"] => Answer::default(),
        ["--set", assignments @ ..] => call.set(assignments),
        ["--end", target, told] => call.end_process(target, told),
        ["managername"] => Answer::printed(format!("{}\n", call.launchd.settings.managername())),
        ["manageruid"] => Answer::printed(format!("{}\n", call.launchd.settings.caller)),
        ["list"] => {
            let own = call.launchd.settings.own_domain();
            Answer::printed(list::table(call.launchd.jobs(own)))
        }
        ["list", label] => call.list(label),
        ["print", target] => call.print(target),
        ["print-disabled", target] => call.print_disabled(target),
        ["bootstrap", domain, path] => call.bootstrap(domain, path),
        ["bootout", domain, path] => call.bootout_path(domain, path),
        ["bootout", target] => call.bootout(target),
        ["kickstart", flag, target] if flag.starts_with('-') => call.kickstart(flag, target),
        ["kickstart", target] => call.kickstart("", target),
        ["enable", target] => call.overrule("enable", target),
        ["disable", target] => call.overrule("disable", target),
        ["kill", signal, target] => call.kill(signal, target),
        ["load", path] => call.load(path, false),
        ["load", "-w", path] => call.load(path, true),
        ["unload", path] => call.unload(path, false),
        ["unload", "-w", path] => call.unload(path, true),
        ["start", label] => call.start(label),
        ["stop", label] => call.stop(label),
        ["remove", label] => call.remove(label),
        ["setenv", name, value] => {
            let own = call.launchd.settings.own_domain();
            call.launchd.set_environment(own, name, value);
            Answer::default()
        }
        [] => Answer::failed(USAGE, "Usage: launchctl <subcommand> ... | help [subcommand]"),
        _ => refuse(&format!("not modelled: launchctl {}", words.join(" "))),
    }
}

/// Says that the stand-in cannot answer this, in a way that nobody takes for an answer of launchctl.
pub(crate) fn refuse(why: &str) -> Answer {
    Answer::failed(NOT_MODELLED, format!("launchd stand-in: {why}"))
}

/// One call of launchctl.
struct Call<'a> {
    launchd: &'a mut Launchd,
    directory: &'a Path,
    now: Instant,
}

impl Call<'_> {
    fn set(&mut self, assignments: &[&str]) -> Answer {
        for assignment in assignments {
            if let Err(why) = self.launchd.settings.assign(assignment) {
                return refuse(&why);
            }
        }
        if self.launchd.settings.gui == Gui::Absent {
            self.launchd.log_out(self.now);
        }
        Answer::default()
    }

    fn list(&self, label: &str) -> Answer {
        match self.launchd.job(self.launchd.settings.own_domain(), label) {
            Ok(job) => Answer::printed(list::dictionary(job)),
            Err(refusal) => {
                let text = format!("Could not find service \"{label}\" in domain for port");
                Answer::failed(refusal.number(), text)
            }
        }
    }

    fn print(&self, target: &str) -> Answer {
        let Some(Target { domain, label }) = Target::read(target) else {
            return Answer::failed(USAGE, UNRECOGNIZED);
        };
        let printed = self.launchd.readable(domain).and_then(|()| match &label {
            None => Ok(print::domain(self.launchd, domain)),
            Some(label) => Ok(print::job(self.launchd, self.launchd.job(domain, label)?)),
        });
        printed.map_or_else(|refusal| self.not_printed(refusal, domain, label), Answer::printed)
    }

    fn print_disabled(&self, target: &str) -> Answer {
        match Target::read(target) {
            Some(Target { domain, label: None }) => match self.launchd.readable(domain) {
                Ok(()) => Answer::printed(print::disabled(&self.launchd.overrides, domain)),
                Err(refusal) => self.not_printed(refusal, domain, None),
            },
            _ => Answer::failed(USAGE, UNRECOGNIZED),
        }
    }

    /// What is not found is a bad request too, since macOS 26.
    fn not_printed(&self, refusal: Refusal, domain: Domain, label: Option<String>) -> Answer {
        let text = match (refusal, label) {
            (Refusal::NoService, Some(label)) => no_service(&label, domain),
            (Refusal::NoDomain, _) => format!("Could not find domain for {}", domain.in_words()),
            _ => {
                return Answer::failed(
                    refusal.number(),
                    format!("Could not print domain: {refusal}"),
                );
            }
        };
        let bad = if self.launchd.settings.macos == Release::Tahoe { "Bad request.\n" } else { "" };
        Answer::failed(refusal.number(), format!("{bad}{text}"))
    }

    fn bootstrap(&mut self, domain: &str, path: &str) -> Answer {
        let Some(Target { domain, label: None }) = Target::read(domain) else {
            return Answer::failed(USAGE, UNRECOGNIZED);
        };
        let path = self.directory.join(path);
        match self.launchd.bootstrap(domain, &path, self.now) {
            Ok(()) => Answer::default(),
            Err(NotLoaded::NotModelled(what)) => refuse(&format!("not modelled: {what}")),
            Err(NotLoaded::Refused(refusal)) if self.is_told(refusal) => {
                Answer::failed(refusal.number(), format!("Bootstrap failed: {refusal}"))
            }
            Err(NotLoaded::Refused(_)) => self.in_or_out("Bootstrap"),
        }
    }

    /// Whether the caller of `bootstrap` is told why it is refused.
    fn is_told(&self, refusal: Refusal) -> bool {
        let settings = &self.launchd.settings;
        settings.caller == 0
            || settings.bootstrap_tells
            || matches!(refusal, Refusal::NotPermitted | Refusal::Unsupported)
    }

    fn bootout(&mut self, target: &str) -> Answer {
        match Target::read(target) {
            Some(Target { domain, label: Some(label) }) => {
                match self.launchd.bootout(domain, &label, self.now) {
                    Ok(()) => Answer::default(),
                    Err(refusal) => {
                        let text = format!("Boot-out failed: {refusal}");
                        Answer::failed(refusal.number(), text)
                    }
                }
            }
            Some(_) => refuse("not modelled: the end of a whole domain"),
            None => Answer::failed(USAGE, UNRECOGNIZED),
        }
    }

    /// By the property list instead of the label. Whatever is wrong, it is 5.
    fn bootout_path(&mut self, domain: &str, path: &str) -> Answer {
        let Some(Target { domain, label: None }) = Target::read(domain) else {
            return Answer::failed(USAGE, UNRECOGNIZED);
        };
        let definition = self.launchd.import(&self.directory.join(path));
        let told = definition.and_then(|definition| {
            Ok(self.launchd.bootout(domain, &definition.label, self.now)?)
        });
        match told {
            Ok(()) => Answer::default(),
            Err(NotLoaded::Refused(refusal @ Refusal::NowInProgress)) => {
                Answer::failed(refusal.number(), format!("Boot-out failed: {refusal}"))
            }
            Err(_) => self.in_or_out("Boot-out"),
        }
    }

    /// What everybody but root is told of nearly everything.
    fn in_or_out(&self, what: &str) -> Answer {
        let refusal = Refusal::InputOutput;
        let advice = if self.launchd.settings.caller == 0 {
            ""
        } else {
            "\nTry re-running the command as root for richer errors."
        };
        Answer::failed(refusal.number(), format!("{what} failed: {refusal}{advice}"))
    }

    /// The old `load`, into the domain of the caller. With `-w` it takes an override away first.
    fn load(&mut self, path: &str, enable: bool) -> Answer {
        let (own, path) = (self.launchd.settings.own_domain(), self.directory.join(path));
        let told = self.launchd.import(&path).and_then(|definition| {
            if enable {
                self.override_it(own, &definition.label, false);
            }
            self.launchd.bootstrap(own, &path, self.now)
        });
        legacy("Load", "bootstrap", told)
    }

    /// The old `unload`. With `-w` it leaves an override behind.
    fn unload(&mut self, path: &str, disable: bool) -> Answer {
        let own = self.launchd.settings.own_domain();
        let told = self.launchd.import(&self.directory.join(path)).and_then(|definition| {
            if disable {
                self.override_it(own, &definition.label, true);
            }
            Ok(self.launchd.bootout(own, &definition.label, self.now)?)
        });
        legacy("Unload", "bootout", told)
    }

    /// The old `start`: a demand, of which it is not told what came of it.
    fn start(&mut self, label: &str) -> Answer {
        let own = self.launchd.settings.own_domain();
        match self.launchd.kickstart(own, label, false, self.now) {
            Ok(_) | Err(Refusal::AlreadyInProgress) => Answer::default(),
            Err(_) => not_loaded(),
        }
    }

    /// The old `stop`: SIGTERM, after which `KeepAlive` does as always.
    fn stop(&mut self, label: &str) -> Answer {
        let own = self.launchd.settings.own_domain();
        match self.launchd.stop(own, label, self.now) {
            Ok(()) => Answer::default(),
            Err(_) => not_loaded(),
        }
    }

    /// The old `remove`: a bootout by label.
    fn remove(&mut self, label: &str) -> Answer {
        let own = self.launchd.settings.own_domain();
        match self.launchd.bootout(own, label, self.now) {
            Ok(()) | Err(Refusal::NowInProgress) => Answer::default(),
            Err(_) => not_loaded(),
        }
    }

    fn override_it(&mut self, domain: Domain, label: &str, disable: bool) -> Option<Answer> {
        let apart = self.launchd.settings.overrides_apart;
        let set = self.launchd.overrides.set(domain, label, disable, apart);
        set.err().map(|error| refuse(&error.to_string()))
    }

    /// Ends a job's process for a reason that no process has by itself.
    fn end_process(&mut self, target: &str, told: &str) -> Answer {
        let (Some(Target { domain, label: Some(label) }), Some(told)) =
            (Target::read(target), Exit::told(told))
        else {
            return refuse(&format!("not modelled: an end of {target} by {told}"));
        };
        match self.launchd.end_process(domain, &label, told) {
            Ok(()) => Answer::default(),
            Err(refusal) => refuse(&format!("{target}: {refusal}")),
        }
    }

    fn kickstart(&mut self, flags: &str, target: &str) -> Answer {
        let Some(Target { domain, label: Some(label) }) = Target::read(target) else {
            return Answer::failed(USAGE, UNRECOGNIZED);
        };
        if let Some(flag) = flags.chars().find(|flag| !"-kp".contains(*flag)) {
            return refuse(&format!("not modelled: kickstart -{flag}"));
        }
        match self.launchd.kickstart(domain, &label, flags.contains('k'), self.now) {
            Ok(Some(pid)) if flags.contains('p') => Answer::printed(format!("{pid}\n")),
            Ok(_) => Answer::default(),
            Err(refusal @ Refusal::AlreadyInProgress) => Answer::failed(refusal.number(), ""),
            Err(refusal @ Refusal::NoService) => {
                Answer::failed(refusal.number(), no_service(&label, domain))
            }
            Err(refusal) => {
                let text = format!("Could not kickstart service \"{label}\": {refusal}");
                Answer::failed(refusal.number(), text)
            }
        }
    }

    /// `enable` and `disable` touch no job, only the override.
    fn overrule(&mut self, verb: &str, target: &str) -> Answer {
        let Some(Target { domain, label: Some(label) }) = Target::read(target) else {
            return Answer::failed(USAGE, UNRECOGNIZED);
        };
        if let Err(refusal) = self.launchd.changeable(domain) {
            let text = format!("Could not {verb} service: {refusal}");
            return Answer::failed(refusal.number(), text);
        }
        self.override_it(domain, &label, verb == "disable").unwrap_or_default()
    }

    fn kill(&mut self, signal: &str, target: &str) -> Answer {
        let Some(signal) = exit::signal(signal) else {
            return Answer::failed(USAGE, "Invalid signal.");
        };
        let Some(Target { domain, label: Some(label) }) = Target::read(target) else {
            return Answer::failed(USAGE, UNRECOGNIZED);
        };
        let Err(refusal) = self.launchd.kill(domain, &label, signal) else {
            return Answer::default();
        };
        let text = match refusal {
            Refusal::NoService => no_service(&label, domain),
            Refusal::NotPermitted => "Not privileged to signal service.".to_owned(),
            Refusal::NoSuchProcess => "No process to signal.".to_owned(),
            other => format!("Could not signal service: {other}"),
        };
        Answer::failed(refusal.number(), text)
    }
}

/// What the old verbs print of a refusal.
fn legacy(what: &str, instead: &str, told: Result<(), NotLoaded>) -> Answer {
    match told {
        Ok(()) => Answer::default(),
        Err(NotLoaded::NotModelled(what)) => refuse(&format!("not modelled: {what}")),
        Err(NotLoaded::Refused(_)) => {
            let refusal = Refusal::InputOutput;
            let advice = format!("Try running `launchctl {instead}` as root for richer errors.");
            Answer::failed(refusal.number(), format!("{what} failed: {refusal}\n{advice}"))
        }
    }
}

/// What the old verbs end with where the label is not loaded.
fn not_loaded() -> Answer {
    Answer::failed(Refusal::NoSuchProcess.number(), "")
}

fn no_service(label: &str, domain: Domain) -> String {
    format!("Could not find service \"{label}\" in domain for {}", domain.in_words())
}
