//! The verbs: what `launchctl` prints and ends with. Here the true refusals of launchd become what a
//! caller is told, which for `bootstrap` is 5 for nearly everything unless the caller is root. Verbs
//! that are not modelled are refused loudly, with a status that launchctl never has.

use std::path::Path;
use std::time::Instant;

use crate::domain::{Domain, Target};
use crate::exit;
use crate::launchd::Launchd;
use crate::refusal::Refusal;
use crate::settings::{Gui, Release};
use crate::wire::{Answer, Request};
use crate::{definition::Definition, list, print};

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
            Err(refusal @ (Refusal::NotPermitted | Refusal::Unsupported)) => {
                Answer::failed(refusal.number(), format!("Bootstrap failed: {refusal}"))
            }
            Err(refusal) => self.in_or_out("Bootstrap", refusal),
        }
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
        let definition = Definition::import(&self.directory.join(path));
        let told = definition
            .ok_or(Refusal::InvalidPropertyList)
            .and_then(|definition| self.launchd.bootout(domain, &definition.label, self.now));
        match told {
            Ok(()) => Answer::default(),
            Err(Refusal::NowInProgress) => {
                let refusal = Refusal::NowInProgress;
                Answer::failed(refusal.number(), format!("Boot-out failed: {refusal}"))
            }
            Err(_) => self.in_or_out("Boot-out", Refusal::InputOutput),
        }
    }

    /// Only root is told what it was.
    fn in_or_out(&self, what: &str, refusal: Refusal) -> Answer {
        if self.launchd.settings.caller == 0 {
            return Answer::failed(refusal.number(), format!("{what} failed: {refusal}"));
        }
        let refusal = Refusal::InputOutput;
        let text = format!(
            "{what} failed: {refusal}\nTry re-running the command as root for richer errors."
        );
        Answer::failed(refusal.number(), text)
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
        match self.launchd.overrides.set(domain, &label, verb == "disable") {
            Ok(()) => Answer::default(),
            Err(error) => refuse(&error.to_string()),
        }
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

fn no_service(label: &str, domain: Domain) -> String {
    format!("Could not find service \"{label}\" in domain for {}", domain.in_words())
}
