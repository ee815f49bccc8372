//! A gateway that lives and rests on purpose: somebody paused it, or asked it to drain.

use gw_snapshot::facts::marks::Pause;
use gw_snapshot::facts::release::Capability;

use crate::Subject;
use crate::finding::span;

/// Why a gateway runs no jobs and takes no new work, and is meant to.
pub(crate) enum Rest<'a> {
    /// `hermes pause`.
    Paused(&'a Pause),
    /// Somebody asked it to drain.
    Drained,
}

impl<'a> Subject<'a> {
    /// Returns why this gateway rests, if it does. A release that does not know of pauses heeds none.
    pub(crate) fn rest(&self) -> Option<Rest<'a>> {
        let marks = &self.gateway.marks;
        let knows_pauses = self.runs_with(Capability::Pause);
        let pause = marks.pause.known().filter(|pause| {
            let is_over = pause.until.is_some_and(|until| until <= self.facts.now);
            let ends = self.runs_with(Capability::PauseExpires) != Some(false);
            knows_pauses != Some(false) && !(is_over && ends)
        });
        if let Some(pause) = pause {
            return Some(Rest::Paused(pause));
        }
        let asked = *marks.drain_request.known()?;
        let is_void = asked.is_some_and(|asked| {
            let age = self.facts.now.duration_since(asked).as_secs();
            age > DRAIN_SECONDS || self.facts.about.boot_time.is_some_and(|boot| asked < boot)
        });
        (!is_void || knows_pauses == Some(false)).then_some(Rest::Drained)
    }

    /// Returns the pause that `hermes pause` began, while it is in force.
    pub(crate) fn pause(&self) -> Option<&'a Pause> {
        match self.rest()? {
            Rest::Paused(pause) => Some(pause),
            Rest::Drained => None,
        }
    }

    /// Says of a pause since when it is, whose it is where that is another user's, and what ends it.
    pub(crate) fn paused(&self, pause: &Pause) -> String {
        let age = pause.since.and_then(|since| self.age_of(since));
        let since =
            age.map_or_else(String::new, |age| format!(" {} ago", span(age.unsigned_abs())));
        let owner = self.gateway.directory.uid;
        let by = pause.uid.filter(|uid| owner.is_some_and(|owner| owner != *uid));
        let by = by.map_or_else(String::new, |uid| format!(" by uid {uid}"));
        let heeds = self.runs_with(Capability::PauseExpires) == Some(true);
        let ends = match pause.until.filter(|_| heeds) {
            Some(until) => {
                let left = until.duration_since(self.facts.now).as_secs().unsigned_abs();
                format!("for {} more, or until `hermes resume`", span(left))
            }
            None => "until `hermes resume`".into(),
        };
        format!(
            "paused on purpose{since}{by} (`hermes pause`): it runs no jobs and begins no turns {ends}"
        )
    }
}

/// How long a request to drain is in force (0.20.4+). In seconds.
const DRAIN_SECONDS: i64 = 3600;
