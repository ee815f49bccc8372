//! The live host: the only code that touches one, and it touches nothing.
//!
//! Every question is answered by a worker, so that many are answered side by side and none keeps the
//! run beyond its deadline. Files, programs and HTTP have one door each ([`read`], [`run`], [`http`]);
//! what passes is limited in size and time, and redacted before anybody else sees it.

mod about;
mod answers;
mod filesystem;
mod http;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
mod pool;
mod read;
mod recording;
mod redacted;
mod run;
mod scout;
mod seal;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use gw_snapshot::host::{Ask, Host, Part, Question, Seen};
use gw_snapshot::observation::{
    CommandSeen, DirectorySeen, FileSeen, FilesystemSeen, HttpSeen, ListenerSeen, LockSeen,
    ProcessSeen, Trouble,
};
use gw_snapshot::redact::Salt;
use gw_snapshot::snapshot::About;
use jiff::Timestamp;
#[cfg(target_os = "linux")]
use linux as system;
#[cfg(target_os = "macos")]
use macos as system;

use answers::{Answers, Inquiry, Slot};
use pool::{Job, Pool};
pub(crate) use read::definition;
pub(crate) use recording::Recording;
pub(crate) use seal::{Sealed, seal};

/// A file system may hold up one question for this part of the whole time.
const PROBES: u32 = 5;
/// The longest look: far more than anybody waits, and less than a clock can count.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Why there is nobody to look.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The system has no more threads for us.
    #[error("start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// This host, at this time, until a deadline.
pub(crate) struct Live {
    about: About,
    now: Timestamp,
    view: Arc<View>,
    pool: Pool,
    commands: Answers<Ask>,
    files: Answers<File>,
    directories: Answers<Directory>,
    definitions: Answers<Definitions>,
    processes: Answers<Processes>,
    process: Answers<Process>,
    listeners: Answers<Listeners>,
    locks: Answers<Lock>,
    filesystems: Answers<Filesystem>,
    http: Answers<Http>,
}

/// What a worker looks with.
struct View {
    deadline: Instant,
    /// How long a file system may hold up one question.
    patience: Duration,
    /// Directories that did not answer in that time: nobody is asked there again.
    hung: Mutex<Vec<String>>,
    scouts: scout::Scouts,
    salt: Salt,
    system: system::System,
    browser: http::Browser,
}

impl Live {
    /// Begins a look, which is over after this time: a question still open then is answered by
    /// "timed out".
    ///
    /// # Errors
    /// If there are no threads to be had.
    pub(crate) fn new(timeout: Duration) -> Result<Self, Error> {
        let begun = Instant::now();
        let pool = Pool::new()?;
        let salt = system::secret();
        let view = View {
            deadline: begun + timeout.min(LONGEST),
            patience: timeout.min(LONGEST) / PROBES,
            hung: Mutex::default(),
            scouts: scout::Scouts::default(),
            salt: salt.clone(),
            system: system::System::new(salt),
            browser: http::Browser::default(),
        };
        let view = Arc::new(view);
        let ahead = Arc::clone(&view);
        pool.post(vec![Box::new(move || ahead.system.look_ahead())]);
        Ok(Self {
            about: about::about(timeout),
            now: Timestamp::now(),
            view,
            pool,
            commands: Answers::default(),
            files: Answers::default(),
            directories: Answers::default(),
            definitions: Answers::default(),
            processes: Answers::default(),
            process: Answers::default(),
            listeners: Answers::default(),
            locks: Answers::default(),
            filesystems: Answers::default(),
            http: Answers::default(),
        })
    }

    /// Asks, and waits for the answer.
    fn ask<I: Inquiry>(&self, answers: &Answers<I>, inquiry: &I) -> I::Answer {
        let mut jobs = Vec::new();
        let slot = self.begin(answers, inquiry, &mut jobs);
        self.pool.post(jobs);
        if !I::SLOW && slot.is_open() {
            slot.wait_a_moment();
        }
        if !I::SLOW && slot.is_open() {
            self.pool.wait_until_drained(answers::PATIENCE);
        }
        let own = inquiry.hangs_with().map(|_| slot.asked() + self.view.patience);
        let deadline = own.map_or(self.view.deadline, |own| own.min(self.view.deadline));
        let too_late = |begun: bool| {
            if !begun {
                return inquiry.unanswered(not_asked());
            }
            if let Some(directory) = inquiry.hangs_with() {
                self.view.hangs(directory);
            }
            inquiry.unanswered(Trouble::TimedOut)
        };
        slot.wait(deadline, too_late, || self.pool.somebody_waits())
    }

    /// Sees to it that somebody works on the question: a thread of its own, or one of the jobs for the
    /// pool. A question that was asked before is worked on already.
    fn begin<I: Inquiry>(
        &self,
        answers: &Answers<I>,
        inquiry: &I,
        jobs: &mut Vec<Job>,
    ) -> Arc<Slot<I::Answer>> {
        let (slot, is_new) = answers.slot(inquiry);
        if !is_new {
            return slot;
        }
        if inquiry.hangs_with().is_some_and(|directory| self.view.is_hung(directory)) {
            slot.put(inquiry.unanswered(not_asked()));
            return slot;
        }
        let job = self.job(inquiry, &slot);
        if !I::SLOW {
            jobs.push(job);
        } else if let Err(error) = thread::Builder::new().name("ask".into()).spawn(job) {
            slot.put(inquiry.unanswered(Trouble::Other(read::plain(&error))));
        }
        slot
    }

    fn job<I: Inquiry>(&self, inquiry: &I, slot: &Arc<Slot<I::Answer>>) -> Job {
        let (inquiry, slot, view) = (inquiry.clone(), Arc::clone(slot), Arc::clone(&self.view));
        Box::new(move || {
            if Instant::now() >= view.deadline {
                return slot.put(inquiry.unanswered(not_asked()));
            }
            slot.begin();
            if let Some(directory) = inquiry.hangs_with()
                && !view.answers(directory)
            {
                view.hangs(directory);
                return slot.put(inquiry.unanswered(Trouble::TimedOut));
            }
            let answer = catch_unwind(AssertUnwindSafe(|| inquiry.look(&view)));
            slot.put(answer.unwrap_or_else(|_| {
                inquiry.unanswered(Trouble::Other("a fault of gw-doctor itself".into()))
            }));
        })
    }
}

impl View {
    /// True if a thread may look into a directory: none of another machine's or program's, or one from which somebody came back.
    fn answers(&self, directory: &str) -> bool {
        !self.system.is_remote(directory)
            || !self.is_hung(directory) && self.scouts.come_back(directory, self.patience * 9 / 10)
    }

    /// Notes that a directory does not answer.
    fn hangs(&self, directory: &str) {
        let mut hung = self.hung.lock().unwrap_or_else(PoisonError::into_inner);
        if !hung.iter().any(|known| known == directory) {
            hung.push(directory.into());
        }
    }

    /// True if this directory, or one above it, did not answer.
    fn is_hung(&self, directory: &str) -> bool {
        let hung = self.hung.lock().unwrap_or_else(PoisonError::into_inner);
        hung.iter().any(|known| {
            directory
                .strip_prefix(known.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

/// What there is to say of a question that nobody came to ask: it is no answer, and no time-out of what was meant.
fn not_asked() -> Trouble {
    Trouble::Other("not asked: the time for it was over".into())
}

/// The directory of a path.
fn parent(path: &str) -> &str {
    path.trim_end_matches('/').rsplit_once('/').map_or("/", |(parent, _)| parent)
}

impl Host for Live {
    fn about(&self) -> &About {
        &self.about
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn prepare(&self, questions: Vec<Question>) {
        let mut jobs = Vec::new();
        for question in questions {
            let jobs = &mut jobs;
            match question {
                Question::Command(ask) => drop(self.begin(&self.commands, &ask, jobs)),
                Question::File(path, part) => {
                    drop(self.begin(&self.files, &File(path, part), jobs));
                }
                Question::Directory(path) => {
                    drop(self.begin(&self.directories, &Directory(path), jobs));
                }
                Question::Definitions(directory, ending) => {
                    drop(self.begin(&self.definitions, &Definitions(directory, ending), jobs));
                }
                Question::Processes => drop(self.begin(&self.processes, &Processes, jobs)),
                Question::Process(pid) => drop(self.begin(&self.process, &Process(pid), jobs)),
                Question::Listeners(ports) => {
                    drop(self.begin(&self.listeners, &Listeners(ports), jobs));
                }
                Question::Lock(path) => drop(self.begin(&self.locks, &Lock(path), jobs)),
                Question::Filesystem(path) => {
                    drop(self.begin(&self.filesystems, &Filesystem(path), jobs));
                }
                Question::Http(url) => drop(self.begin(&self.http, &Http(url), jobs)),
            }
        }
        self.pool.post(jobs);
    }

    fn command(&self, ask: &Ask) -> Vec<CommandSeen> {
        vec![self.ask(&self.commands, ask)]
    }

    fn file(&self, path: &str, part: Part) -> FileSeen {
        self.ask(&self.files, &File(path.into(), part))
    }

    fn directory(&self, path: &str) -> DirectorySeen {
        self.ask(&self.directories, &Directory(path.into()))
    }

    fn definitions(&self, directory: &str, ending: &str) -> Seen<FileSeen> {
        self.ask(&self.definitions, &Definitions(directory.into(), ending.into()))
    }

    fn processes(&self) -> Seen<ProcessSeen> {
        self.ask(&self.processes, &Processes)
    }

    fn process(&self, pid: u32) -> ProcessSeen {
        self.ask(&self.process, &Process(pid))
    }

    fn listeners(&self, ports: &[u16]) -> Seen<ListenerSeen> {
        self.ask(&self.listeners, &Listeners(ports.into()))
    }

    fn lock(&self, path: &str) -> LockSeen {
        self.ask(&self.locks, &Lock(path.into()))
    }

    fn filesystem(&self, path: &str) -> FilesystemSeen {
        self.ask(&self.filesystems, &Filesystem(path.into()))
    }

    fn http(&self, url: &str) -> HttpSeen {
        self.ask(&self.http, &Http(url.into()))
    }
}

impl Inquiry for Ask {
    type Answer = CommandSeen;
    const SLOW: bool = true;

    fn look(&self, view: &View) -> CommandSeen {
        run::run(self, view.deadline, &view.salt)
    }

    fn unanswered(&self, trouble: Trouble) -> CommandSeen {
        CommandSeen { argv: self.argv(), error: Some(trouble), ..CommandSeen::default() }
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct File(String, Part);

impl Inquiry for File {
    type Answer = FileSeen;

    fn hangs_with(&self) -> Option<&str> {
        // Of a path that is only looked at, the path itself may be what hangs.
        Some(if self.1 == Part::Stat { &self.0 } else { parent(&self.0) })
    }

    fn look(&self, view: &View) -> FileSeen {
        read::file(&self.0, self.1, &view.salt)
    }

    fn unanswered(&self, trouble: Trouble) -> FileSeen {
        FileSeen { path: self.0.clone(), error: Some(trouble), ..FileSeen::default() }
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Directory(String);

impl Inquiry for Directory {
    type Answer = DirectorySeen;

    fn hangs_with(&self) -> Option<&str> {
        Some(&self.0)
    }

    fn look(&self, _view: &View) -> DirectorySeen {
        read::directory(&self.0)
    }

    fn unanswered(&self, trouble: Trouble) -> DirectorySeen {
        DirectorySeen { path: self.0.clone(), error: Some(trouble), ..DirectorySeen::default() }
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Definitions(String, String);

impl Inquiry for Definitions {
    type Answer = Seen<FileSeen>;

    fn hangs_with(&self) -> Option<&str> {
        Some(&self.0)
    }

    fn look(&self, view: &View) -> Seen<FileSeen> {
        read::definitions(&self.0, &self.1, &view.salt)
    }

    fn unanswered(&self, trouble: Trouble) -> Seen<FileSeen> {
        Seen::failed(trouble)
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Processes;

impl Inquiry for Processes {
    type Answer = Seen<ProcessSeen>;

    fn look(&self, view: &View) -> Seen<ProcessSeen> {
        view.system.processes()
    }

    fn unanswered(&self, trouble: Trouble) -> Seen<ProcessSeen> {
        Seen::failed(trouble)
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Process(u32);

impl Inquiry for Process {
    type Answer = ProcessSeen;

    fn look(&self, view: &View) -> ProcessSeen {
        view.system.process(self.0)
    }

    fn unanswered(&self, trouble: Trouble) -> ProcessSeen {
        ProcessSeen { pid: self.0, error: Some(trouble), ..ProcessSeen::default() }
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Listeners(Vec<u16>);

impl Inquiry for Listeners {
    type Answer = Seen<ListenerSeen>;

    fn look(&self, view: &View) -> Seen<ListenerSeen> {
        view.system.listeners(&self.0)
    }

    fn unanswered(&self, trouble: Trouble) -> Seen<ListenerSeen> {
        Seen::failed(trouble)
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Lock(String);

impl Inquiry for Lock {
    type Answer = LockSeen;

    fn hangs_with(&self) -> Option<&str> {
        Some(parent(&self.0))
    }

    fn look(&self, view: &View) -> LockSeen {
        view.system.lock(&self.0)
    }

    fn unanswered(&self, trouble: Trouble) -> LockSeen {
        LockSeen { path: self.0.clone(), error: Some(trouble), ..LockSeen::default() }
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Filesystem(String);

impl Inquiry for Filesystem {
    type Answer = FilesystemSeen;

    fn hangs_with(&self) -> Option<&str> {
        Some(&self.0)
    }

    fn look(&self, view: &View) -> FilesystemSeen {
        filesystem::look(&self.0, &view.salt, |path| view.system.mounted(path))
    }

    fn unanswered(&self, trouble: Trouble) -> FilesystemSeen {
        FilesystemSeen { path: self.0.clone(), error: Some(trouble), ..FilesystemSeen::default() }
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Http(String);

impl Inquiry for Http {
    type Answer = HttpSeen;
    const SLOW: bool = true;

    fn look(&self, view: &View) -> HttpSeen {
        view.browser.get(&self.0, view.deadline, &view.salt)
    }

    fn unanswered(&self, trouble: Trouble) -> HttpSeen {
        HttpSeen { url: self.0.clone(), error: Some(trouble), ..HttpSeen::default() }
    }
}

#[cfg(test)]
pub(crate) mod tests;
