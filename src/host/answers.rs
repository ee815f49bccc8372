//! Questions and their answers: each is asked once, worked on elsewhere, and waited for until its deadline: that of the
//! run, and for what a file system may hold up a shorter one of its own. What has no answer by then never gets one: "timed
//! out" is its answer, or "not asked" where nobody came to look.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use gw_snapshot::observation::Trouble;

use super::View;

/// One kind of question.
pub(super) trait Inquiry: Clone + Ord + Send + 'static {
    /// What answers it.
    type Answer: Clone + Send + 'static;

    /// Whether it is slow by nature, and so gets a thread of its own at once.
    const SLOW: bool = false;

    /// Returns the directory whose file system it depends on, where it may hang there: it then has a deadline of its own, and
    /// costs nobody else's.
    fn hangs_with(&self) -> Option<&str> {
        None
    }

    /// Looks. May take long, or for ever.
    fn look(&self, view: &View) -> Self::Answer;

    /// The answer of one who could not look.
    fn unanswered(&self, trouble: Trouble) -> Self::Answer;
}

/// The answers to one kind of question.
pub(super) struct Answers<I: Inquiry>(Mutex<BTreeMap<I, Arc<Slot<I::Answer>>>>);

impl<I: Inquiry> Default for Answers<I> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<I: Inquiry> Answers<I> {
    /// The place of the answer, and whether the question is new, so that somebody must work on it.
    pub(super) fn slot(&self, inquiry: &I) -> (Arc<Slot<I::Answer>>, bool) {
        let mut slots = lock(&self.0);
        if let Some(slot) = slots.get(inquiry) {
            return (Arc::clone(slot), false);
        }
        let slot = Arc::new(Slot::default());
        slots.insert(inquiry.clone(), Arc::clone(&slot));
        (slot, true)
    }
}

/// The place of one answer.
pub(super) struct Slot<A> {
    /// When the question was asked.
    asked: Instant,
    held: Mutex<Held<A>>,
    arrived: Condvar,
}

struct Held<A> {
    answer: Option<A>,
    /// Whether somebody has begun to look.
    begun: bool,
    /// Whether anybody waits. Most answers are there before they are wanted, and to wake nobody costs a system call.
    wanted: bool,
}

impl<A> Default for Slot<A> {
    fn default() -> Self {
        let held = Held { answer: None, begun: false, wanted: false };
        Self { asked: Instant::now(), held: Mutex::new(held), arrived: Condvar::new() }
    }
}

/// How long a question about a file takes, at the most, where nothing hangs.
const MOMENT: Duration = Duration::from_millis(1);

/// How long one waits before asking whether the workers hang.
pub(super) const PATIENCE: Duration = Duration::from_millis(20);

impl<A: Clone> Slot<A> {
    /// Fills it, unless it is filled.
    pub(super) fn put(&self, answer: A) {
        let mut held = lock(&self.held);
        held.answer.get_or_insert(answer);
        if held.wanted {
            self.arrived.notify_all();
        }
    }

    /// Notes that somebody begins to look.
    pub(super) fn begin(&self) {
        lock(&self.held).begun = true;
    }

    /// Returns when the question was asked.
    pub(super) const fn asked(&self) -> Instant {
        self.asked
    }

    /// Whether there is no answer yet.
    pub(super) fn is_open(&self) -> bool {
        lock(&self.held).answer.is_none()
    }

    /// Waits a moment for the answer: one that is being worked on is there within it.
    pub(super) fn wait_a_moment(&self) {
        let mut held = lock(&self.held);
        held.wanted = true;
        let is_open = |held: &mut Held<A>| held.answer.is_none();
        drop(self.arrived.wait_timeout_while(held, MOMENT, is_open));
    }

    /// Waits for the answer. At the deadline, `too_late` becomes the answer, now and for ever; it is told whether anybody has
    /// begun to look. Says every now and then that somebody still waits.
    pub(super) fn wait(
        &self,
        deadline: Instant,
        too_late: impl FnOnce(bool) -> A,
        still_waiting: impl Fn(),
    ) -> A {
        let mut held = lock(&self.held);
        held.wanted = true;
        loop {
            if let Some(answer) = held.answer.as_ref() {
                return answer.clone();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let late = too_late(held.begun);
                return held.answer.insert(late).clone();
            }
            let (again, waited) = self
                .arrived
                .wait_timeout(held, left.min(PATIENCE))
                .unwrap_or_else(PoisonError::into_inner);
            held = again;
            if waited.timed_out() {
                still_waiting();
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_late_stays_late() {
        let slot = Slot::default();
        let now = Instant::now();
        assert_eq!(slot.wait(now, |_| "timed out", || {}), "timed out");
        slot.put("an answer after all");
        assert_eq!(slot.wait(now + Duration::from_secs(60), |_| "unused", || {}), "timed out");
    }

    #[test]
    fn the_first_answer_stands_even_after_the_deadline() {
        let slot = Slot::default();
        slot.put(1);
        slot.put(2);
        assert_eq!(slot.wait(Instant::now(), |_| 3, || {}), 1);
    }

    #[test]
    fn what_nobody_began_to_look_at_is_told_from_what_hangs() {
        let told = |begun| if begun { "it hangs" } else { "not asked" };
        let waiting = Slot::default();
        assert_eq!(waiting.wait(Instant::now(), told, || {}), "not asked");
        let hanging = Slot::default();
        hanging.begin();
        assert_eq!(hanging.wait(Instant::now(), told, || {}), "it hangs");
    }

    #[test]
    fn one_who_waits_says_so_until_the_answer_comes() {
        let slot = &Slot::default();
        let (waits, told) = std::sync::mpsc::channel();
        let far = Instant::now() + Duration::from_secs(60);
        let answer = std::thread::scope(|threads| {
            threads.spawn(move || {
                told.recv().expect("somebody who waits");
                slot.put("an answer");
            });
            slot.wait(far, |_| "too late", || waits.send(()).expect("a receiver"))
        });
        assert_eq!(answer, "an answer");
    }
}
