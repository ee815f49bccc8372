//! Looking again: until the gateways rest (`--settle`), or until they are healthy (`--wait-until healthy`).
//! This is the only place where time passes by intention. What it waits for is decided by
//! `gw_checks::transient`; how a look is made, by its caller.

use std::thread;
use std::time::{Duration, Instant};

use crate::cli::CheckArgs;

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    /// No gateway is between two states.
    Settled,
    /// Every gateway is healthy.
    Healthy,
}

/// For what to wait, and how long.
pub(crate) struct Patience {
    /// For what.
    pub(crate) goal: Goal,
    /// When the last look begins, at the latest.
    last: Duration,
    /// When the last look ends, at the latest; none if each look has its own time to itself.
    end: Option<Duration>,
    /// How long one look may take.
    look: Duration,
}

/// How long it was waited, and to what end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Waited {
    /// For what.
    pub(crate) goal: Goal,
    /// From the begin of the first look to the end of the last.
    pub(crate) time: Duration,
    /// How many looks there were.
    pub(crate) looks: u32,
    /// Why it was in vain, a line for each gateway; empty if it was not.
    pub(crate) open: Vec<String>,
}

/// Time, and a way to let it pass.
pub(crate) trait Clock {
    /// How long ago the first look began.
    fn elapsed(&self) -> Duration;
    /// Lets time pass.
    fn pause(&self, time: Duration);
}

/// The clock of this machine.
pub(crate) struct Watch(Instant);

impl Watch {
    /// Begins to count.
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for Watch {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn pause(&self, time: Duration) {
        thread::sleep(time);
    }
}

impl Patience {
    /// What the command line asks for, if it asks to wait at all.
    pub(crate) fn of(args: &CheckArgs) -> Option<Self> {
        let timeout = args.look.timeout;
        if let Some(settle) = args.settle {
            return Some(Self { goal: Goal::Settled, last: settle, end: None, look: timeout });
        }
        args.wait_until.map(|_| Self {
            goal: Goal::Healthy,
            last: timeout.saturating_sub(LEAST),
            end: Some(timeout),
            look: timeout.min(LOOK),
        })
    }

    /// Looks, and looks again while the goal is open and there is time. A look is told how long it may
    /// take. What came of the last one is the result.
    ///
    /// # Errors
    /// Those of a look: who cannot look now will not be able to in a second.
    pub(crate) fn wait<T, E>(
        &self,
        clock: &dyn Clock,
        mut look: impl FnMut(Duration) -> Result<T, E>,
        open: impl Fn(&T) -> Vec<String>,
    ) -> Result<(T, Waited), E> {
        let mut looks = 0_u32;
        loop {
            let seen = look(self.time_for_a_look(clock.elapsed()))?;
            looks = looks.saturating_add(1);
            let (open, time) = (open(&seen), clock.elapsed());
            if open.is_empty() || time >= self.last {
                return Ok((seen, Waited { goal: self.goal, time, looks, open }));
            }
            clock.pause(PAUSE.min(self.last.saturating_sub(time)));
        }
    }

    fn time_for_a_look(&self, elapsed: Duration) -> Duration {
        self.end.map_or(self.look, |end| self.look.min(end.saturating_sub(elapsed)))
    }
}

impl Waited {
    /// Whether it was waited in vain.
    pub(crate) const fn is_in_vain(&self) -> bool {
        !self.open.is_empty()
    }

    /// What there is to say, if there is anything: that the first look was enough is no news.
    pub(crate) fn text(&self) -> Option<String> {
        let looks = match self.looks {
            1 if !self.is_in_vain() => return None,
            1 => "looked once".into(),
            looks => format!("looked {looks} times in {:.1} s", self.time.as_secs_f64()),
        };
        let ended = match (self.goal, self.is_in_vain()) {
            (Goal::Settled, false) => "until nothing was between two states",
            (Goal::Settled, true) => "and it has not settled",
            (Goal::Healthy, false) => "until all was healthy",
            (Goal::Healthy, true) => "and not all is healthy",
        };
        let open = self.open.join("; ");
        let open = if open.is_empty() { open } else { format!(" ({open})") };
        Some(format!("{looks}, {ended}{open}"))
    }
}

/// Between two looks: a service manager's own unit of time. A look costs a hundredth of it.
const PAUSE: Duration = Duration::from_secs(1);

/// The longest that one look may take of the time for all of them.
const LOOK: Duration = Duration::from_secs(10);

/// With less time than this a look would only say that nobody answered.
const LEAST: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use clap::Parser as _;

    use super::*;
    use crate::cli::Cli;

    /// Time that passes only where somebody lets it.
    struct Still(Cell<Duration>);

    impl Clock for Still {
        fn elapsed(&self) -> Duration {
            self.0.get()
        }

        fn pause(&self, time: Duration) {
            assert!(!time.is_zero(), "a pause of nothing is a busy loop");
            self.0.set(self.0.get() + time);
        }
    }

    /// Waits by a command line. The goal is reached by the look of this number, and each takes so long.
    fn wait(command_line: &str, reached: usize, takes: Duration) -> (Vec<Duration>, Waited) {
        let cli = Cli::try_parse_from(command_line.split(' ')).expect("a command line");
        let clock = Still(Cell::default());
        let mut given = Vec::new();
        let look = |time: Duration| {
            given.push(time);
            clock.0.set(clock.0.get() + takes.min(time));
            Ok::<_, ()>(given.len())
        };
        let open = |number: &usize| if *number < reached { vec!["a".into()] } else { Vec::new() };
        let patience = Patience::of(&cli.check).expect("it asks to wait");
        let (last, waited) = patience.wait(&clock, look, open).expect("no look fails");
        assert_eq!((last, waited.looks as usize), (given.len(), given.len()));
        (given, waited)
    }

    const SHORT: Duration = Duration::from_millis(20);

    #[test]
    fn who_does_not_ask_to_wait_looks_once() {
        let cli = Cli::try_parse_from(["gw-doctor"]).expect("a command line");
        assert!(Patience::of(&cli.check).is_none());
    }

    #[test]
    fn a_state_that_rests_is_looked_at_once_and_nothing_is_said_of_it() {
        let (given, waited) = wait("gw-doctor --settle 30 --timeout 4", 1, SHORT);
        assert_eq!(given, [Duration::from_secs(4)]);
        assert_eq!((waited.is_in_vain(), waited.text()), (false, None));
    }

    #[test]
    fn a_state_that_settles_ends_the_wait() {
        let (given, waited) = wait("gw-doctor --settle 30", 4, SHORT);
        assert_eq!(given, [Duration::from_secs(10); 4], "each look has its own timeout");
        let text = waited.text().expect("it waited");
        assert_eq!(text, "looked 4 times in 3.1 s, until nothing was between two states");
    }

    #[test]
    fn a_state_that_never_settles_is_looked_at_once_more_when_the_time_is_up() {
        let (given, waited) = wait("gw-doctor --settle 2.5", usize::MAX, SHORT);
        assert_eq!(given.len(), 4, "at 0, 1, 2 and 2.5 seconds");
        assert_eq!(waited.time, Duration::from_millis(2520));
        let text = waited.text().expect("it waited");
        assert_eq!(text, "looked 4 times in 2.5 s, and it has not settled (a)");
    }

    #[test]
    fn who_waits_for_health_has_one_timeout_for_all_looks() {
        let (given, waited) = wait("gw-doctor --wait-until healthy --timeout 60", 3, SHORT);
        assert_eq!(given, [Duration::from_secs(10); 3]);
        assert_eq!(
            waited.text().expect("it waited"),
            "looked 3 times in 2.1 s, until all was healthy"
        );

        // Every look hangs for as long as it may.
        let hang = Duration::MAX;
        let (given, waited) = wait("gw-doctor --wait-until healthy --timeout 25", usize::MAX, hang);
        assert_eq!(given, [10, 10, 3].map(Duration::from_secs));
        assert_eq!(waited.time, Duration::from_secs(25));
        assert!(waited.is_in_vain());
    }

    #[test]
    fn no_look_begins_without_time_for_it() {
        for takes in [SHORT, Duration::from_millis(990), Duration::from_secs(3), Duration::MAX] {
            let line = "gw-doctor --wait-until healthy --timeout 7.3";
            let (given, waited) = wait(line, usize::MAX, takes);
            assert!(given.iter().all(|time| *time >= LEAST), "{takes:?}: {given:?}");
            assert!(waited.time <= Duration::from_millis(7300), "{takes:?}: {waited:?}");
        }
        let (given, _) = wait("gw-doctor --wait-until healthy --timeout 0.5", usize::MAX, SHORT);
        assert_eq!(given, [Duration::from_millis(500)]);
    }

    #[test]
    fn a_look_that_fails_ends_the_wait() {
        let cli = Cli::try_parse_from(["gw-doctor", "--settle", "9"]).expect("a command line");
        let patience = Patience::of(&cli.check).expect("it asks to wait");
        let failed = patience.wait(&Watch::start(), |_| Err::<(), _>("gone"), |()| Vec::new());
        assert_eq!(failed.err(), Some("gone"));
    }
}
