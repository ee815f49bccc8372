//! The job store, its runs, and the marks that its ticker leaves.

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::cron::{CronJob, LATE_AFTER, Store, TickMark};
use gw_snapshot::facts::executions::{Execution, Owner};
use gw_snapshot::facts::marks::LOOP_FROZEN_AFTER;
use gw_snapshot::parse::log::Class;
use gw_snapshot::parse::time::Stamp;
use jiff::{SignedDuration, Timestamp};

use super::CLOCK_SECONDS;
use crate::Subject;
use crate::finding::{Finding, span};

impl<'a> Subject<'a> {
    /// The job store, whoever runs it.
    pub(crate) fn store(&self) -> Option<&'a Store> {
        self.gateway.cron.store.known()
    }

    /// What Hermes has noted of the runs of its jobs. Empty where it notes nothing, or nothing could be read.
    pub(crate) fn executions(&self) -> &'a [Execution] {
        self.gateway.cron.executions.known().map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a run of the job was ever noted.
    pub(crate) fn has_executions(&self, job: &CronJob) -> bool {
        self.executions().iter().any(|run| run.job == job.id)
    }

    /// Whether a run of the job may be under way.
    pub(crate) fn may_be_running(&self, job: &CronJob) -> bool {
        let mut open = self.executions().iter().filter(|run| run.is_open && run.job == job.id);
        open.any(|run| matches!(run.owner, Owner::Alive(_)))
            || job.may_be_running(self.facts.now, SignedDuration::from_secs(LONGEST_RUN))
    }

    /// Jobs as evidence, a few of them.
    pub(crate) fn with_jobs(&self, finding: Finding, jobs: &[&CronJob]) -> Finding {
        let file = self.path("cron/jobs.json");
        jobs.iter().take(5).fold(finding, |finding, job| {
            finding.seen(&file, format!("job {} ({})", job.id, job.schedule))
        })
    }

    /// The job store, where the built-in ticker is to run it.
    pub(crate) fn ticked_store(&self) -> Option<&'a Store> {
        let cron = &self.gateway.cron;
        cron.store.known().filter(|_| cron.external_provider.is_none())
    }

    /// Why there is no cron to judge.
    pub(crate) fn no_cron(&self) -> Vec<Finding> {
        if let Some(provider) = &self.gateway.cron.external_provider {
            return vec![Finding::skipped(format!(
                "{provider} runs the jobs, not the built-in ticker"
            ))];
        }
        match &self.gateway.cron.store {
            Fact::Unknown(why @ (Why::Malformed(_) | Why::NotAFile(_))) => {
                vec![Finding::skipped(format!("the job store is {why}"))]
            }
            Fact::Unknown(why) => vec![Finding::unknown("which jobs there are", why).minor()],
            Fact::Known(_) | Fact::Absent => vec![Finding::skipped("no job was ever made here")],
        }
    }

    /// The process that left a mark in the gateway's place, where it is not the gateway for sure. A process in a PID
    /// namespace of its own writes down the number that it has there, in its status file as well.
    pub(crate) fn left_by_another(&self, mark: &TickMark) -> Option<u32> {
        let (pid, process) = (mark.pid?, self.gateway.process()?);
        let status = self.gateway.own_status(self.facts.about.os);
        let written = status.and_then(|status| status.writer.as_ref()).map(|writer| writer.pid);
        let own = [Some(process.pid), process.seen.inner_pid, written];
        (!own.contains(&Some(pid))).then_some(pid)
    }

    /// True if a mark is older than the gateway's process: an earlier one left it, or another process.
    pub(crate) fn is_of_an_earlier_life(&self, mark: &TickMark) -> bool {
        let started = self.gateway.process().and_then(|process| process.started_at);
        started.is_some_and(|started| mark.at < started)
    }

    /// True if the log says that the job store cannot be written, and not that it can be again: the ticker lives then, and
    /// can leave no mark (0.22+).
    pub(crate) fn store_is_unwritable(&self) -> bool {
        let Some(journal) = self.gateway.journal.known() else { return false };
        let last = |class| journal.count(class).and_then(|count| count.last);
        let failed = last(Class::StoreUnwritable);
        failed.is_some() && last(Class::StoreWritable) < failed
    }

    /// True if somebody wrote the store after the last tick, and no tick can have been since: nothing has looked yet at what
    /// is in it now. The end of a run writes it too, and stamps its job at that moment.
    pub(crate) fn store_waits_for_a_tick(&self) -> bool {
        let path = self.path("cron/jobs.json");
        let file = self.gateway.files.iter().find(|file| file.path == path);
        let Some(written) = file.and_then(|file| file.mtime) else { return false };
        let Some(mark) = self.gateway.cron.heartbeat.known() else { return false };
        let is_of_a_run = |job: &CronJob| {
            let stamps = [job.last_run_at, job.claimed_at].into_iter().flatten();
            let mut instants = stamps.filter_map(Stamp::instant);
            instants.any(|at| written.duration_since(at).abs().as_secs() < 1)
        };
        mark.at < written
            && self.facts.now.duration_since(written).as_secs() < NEXT_TICK
            && !self.store().is_some_and(|store| store.jobs.iter().any(is_of_a_run))
    }

    /// How old the ticker's mark may be, in seconds.
    pub(crate) fn late_after(&self) -> i64 {
        self.intent.policy.thresholds.ticker_late.map_or(LATE_AFTER, i64::from)
    }

    /// The age in seconds of a mark that the ticker left; none if it lies in the future.
    pub(crate) fn age_of(&self, mark: Timestamp) -> Option<i64> {
        let age = self.facts.now.duration_since(mark).as_secs();
        (age >= -CLOCK_SECONDS).then_some(age.max(0))
    }

    /// Why old marks say nothing: the machine slept until a moment ago. The event loop answers, and left its last mark when
    /// the ticker left its own; each of them comes round within a minute (0.19+).
    pub(crate) fn has_just_woken(&self) -> Option<Why> {
        let mark = self.gateway.marks.heartbeat.known()?;
        let age = self.facts.now.duration_since(mark.at).as_secs();
        (self.stopped_together() && self.answers_itself()).then(|| {
            Why::Failed(format!(
                "it answers, and its event loop left its last mark {} ago, as its ticker did: the machine may have slept until now",
                span(age.unsigned_abs())
            ))
        })
    }

    /// Whether the event loop of this process and its ticker left their last marks at the same moment, long ago.
    pub(crate) fn stopped_together(&self) -> bool {
        let mark = self.gateway.marks.heartbeat.known();
        mark.zip(self.gateway.cron.heartbeat.known()).is_some_and(|(mark, beat)| {
            let apart = mark.at.duration_since(beat.at).as_secs().unsigned_abs();
            self.gateway.process().is_some_and(|process| process.pid == mark.pid)
                && self.facts.now.duration_since(mark.at).as_secs() > LOOP_FROZEN_AFTER
                && apart <= APART_SECONDS
        })
    }
}

/// Three times the default limit of a run, after which a claim in the store counts no more (0.18). In seconds.
pub(crate) const LONGEST_RUN: i64 = 1800;
/// How long it takes at most until a tick takes up what is due, in seconds: a round of 60 s, and the tick itself.
pub(crate) const NEXT_TICK: i64 = 80;
/// How far apart the last marks of an event loop and of a ticker are, at most, where both stopped at the same moment.
const APART_SECONDS: u64 = 90;
