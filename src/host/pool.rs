//! The workers that answer questions about files, directories, processes and sockets.
//!
//! A few of them answer thousands of questions, one after the other. A worker can hang (a `stat` on a
//! dead network mount cannot be taken back), so there come more of them, but only while somebody
//! waits and nothing moves. A worker that hangs is abandoned; it ends with the program.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Something to do.
pub(super) type Job = Box<dyn FnOnce() + Send>;

/// With how many workers a pool starts. Reading files is more waiting for the kernel than computing.
const FIRST: usize = 4;
/// How many there can be, the hanging ones included.
const MOST: usize = 64;

/// Jobs that wait, and the workers that take them.
pub(super) struct Pool(Arc<Queue>);

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    work: Condvar,
    drained: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    workers: usize,
    /// How many jobs were ever taken, now and when somebody last looked whether anything moves.
    taken: u64,
    taken_before: u64,
    closed: bool,
}

impl Pool {
    /// A pool with its first workers.
    pub(super) fn new() -> io::Result<Self> {
        let pool = Self(Arc::default());
        pool.add_workers(FIRST)?;
        Ok(pool)
    }

    /// Puts jobs at the end of the queue.
    pub(super) fn post(&self, jobs: Vec<Job>) {
        let count = jobs.len();
        if count == 0 {
            return;
        }
        let mut state = self.0.lock();
        state.jobs.extend(jobs);
        drop(state);
        if count == 1 {
            self.0.work.notify_one();
        } else {
            self.0.work.notify_all();
        }
    }

    /// Waits until every job is taken, at the most for so long. One who needs a thousand answers and waits for each
    /// is woken a thousand times.
    pub(super) fn wait_until_drained(&self, limit: Duration) {
        let state = self.0.lock();
        // Whether it is drained or the time is up is all the same to one who then waits for the one answer.
        drop(self.0.drained.wait_timeout_while(state, limit, |state| !state.jobs.is_empty()));
    }

    /// Somebody waits for an answer. If no job was taken since this was last said, the workers hang,
    /// and there will be twice as many.
    pub(super) fn somebody_waits(&self) {
        let mut state = self.0.lock();
        let moves = state.taken != state.taken_before;
        state.taken_before = state.taken;
        let (workers, waiting) = (state.workers, state.jobs.len());
        drop(state);
        if !moves && waiting > 0 {
            // Without a thread to be had, the deadline answers.
            let _ = self.add_workers(workers.min(waiting).min(MOST.saturating_sub(workers)));
        }
    }

    fn add_workers(&self, count: usize) -> io::Result<()> {
        for _ in 0..count {
            let queue = Arc::clone(&self.0);
            thread::Builder::new().name("look".into()).spawn(move || queue.serve())?;
            self.0.lock().workers += 1;
        }
        Ok(())
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.closed = true;
        state.jobs.clear();
        drop(state);
        self.0.work.notify_all();
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self) {
        while let Some(job) = self.take() {
            // A job answers for its own panics; the worker must outlive them in any case.
            let _ = catch_unwind(AssertUnwindSafe(job));
        }
    }

    fn take(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            if let Some(job) = state.jobs.pop_front() {
                if state.jobs.is_empty() {
                    self.drained.notify_all();
                }
                state.taken = state.taken.wrapping_add(1);
                return Some(job);
            }
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Only ever reached by a test that fails.
    const HANG: Duration = Duration::from_secs(30);

    #[test]
    fn jobs_that_hang_do_not_keep_others_from_being_done() {
        let pool = Pool::new().expect("threads");
        let (release, hold) = mpsc::channel::<()>();
        let hold = Arc::new(Mutex::new(hold));
        let (done, finished) = mpsc::channel();
        let mut jobs: Vec<Job> = Vec::new();
        for _ in 0..MOST - 1 {
            let hold = Arc::clone(&hold);
            jobs.push(Box::new(move || {
                let _ = hold.lock().expect("no panic").recv();
            }));
        }
        jobs.push(Box::new(move || done.send(()).expect("a receiver")));
        pool.post(jobs);
        let mut rounds = 0;
        while finished.recv_timeout(Duration::from_millis(5)).is_err() {
            pool.somebody_waits();
            rounds += 1;
            assert!(rounds < 2_000, "the pool did not grow");
        }
        drop(release);
    }

    #[test]
    fn the_pool_does_not_grow_beyond_its_limit_and_not_while_jobs_are_taken() {
        let pool = Pool::new().expect("threads");
        let (release, hold) = mpsc::channel::<()>();
        let hold = Arc::new(Mutex::new(hold));
        let jobs = (0..4 * MOST).map(|_| {
            let hold = Arc::clone(&hold);
            let job: Job = Box::new(move || {
                let _ = hold.lock().expect("no panic").recv();
            });
            job
        });
        pool.post(jobs.collect());
        for _ in 0..100 {
            pool.somebody_waits();
        }
        assert!(pool.0.lock().workers <= MOST);
        drop(release);

        let quick = Pool::new().expect("threads");
        quick.post(vec![Box::new(|| {})]);
        quick.somebody_waits();
        assert!(quick.0.lock().workers <= 2 * FIRST);
    }

    #[test]
    fn a_job_that_panics_does_not_take_its_worker_along() {
        let pool = Pool::new().expect("threads");
        let (done, finished) = mpsc::channel();
        let mut jobs: Vec<Job> = Vec::new();
        for _ in 0..2 * FIRST {
            jobs.push(Box::new(|| std::panic::resume_unwind(Box::new("not printed"))));
        }
        jobs.push(Box::new(move || done.send(()).expect("a receiver")));
        pool.post(jobs);
        finished.recv_timeout(HANG).expect("a worker that is still there");
    }
}
