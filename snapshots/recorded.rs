//! A host that is a snapshot: answers from what was recorded, and "not observed" for all else.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::host::{Ask, Host, Part, Question, Seen};
use crate::observation::{
    CommandSeen, DirectorySeen, FileSeen, FilesystemSeen, HttpSeen, ListenerSeen, LockSeen,
    ProcessSeen, Reach, Trouble,
};
use crate::snapshot::{About, Search, Snapshot};

/// A recorded host.
#[derive(Debug, Clone)]
pub struct Recorded {
    snapshot: Snapshot,
    /// Where each path stands in the list of files: a host of many profiles has thousands.
    files: BTreeMap<String, usize>,
}

impl Recorded {
    /// The host that this snapshot recorded.
    pub fn new(snapshot: Snapshot) -> Self {
        let files =
            snapshot.observations.files.as_deref().unwrap_or_default().iter().enumerate().rev();
        let files = files.map(|(at, file)| (file.path.clone(), at)).collect();
        Self { snapshot, files }
    }

    fn listed(&self, path: &str) -> Option<&DirectorySeen> {
        let directories = self.snapshot.observations.directories.as_deref().unwrap_or_default();
        directories.iter().find(|directory| directory.path == path)
    }

    /// A list with how far the search for it went. One that a person wrote may be short; one that is
    /// missing was never asked for.
    fn search<T: Clone>(&self, search: Search, list: Option<&[T]>) -> Seen<T> {
        let reach = match (self.snapshot.observations.searches.get(&search), list) {
            (Some(reach), _) => reach,
            (None, Some(_)) => &Reach::Partial,
            (None, None) => &Reach::Trouble(Trouble::NotObserved),
        };
        Seen::as_far_as(list.unwrap_or_default().to_vec(), reach)
    }
}

impl Host for Recorded {
    fn about(&self) -> &About {
        &self.snapshot.host
    }

    fn now(&self) -> Timestamp {
        self.snapshot.taken_at
    }

    fn prepare(&self, _questions: Vec<Question>) {}

    fn command(&self, ask: &Ask) -> Vec<CommandSeen> {
        let argv = ask.argv();
        let recorded = self.snapshot.observations.commands.as_deref().unwrap_or_default();
        if let Some(same) = recorded.iter().find(|command| command.argv == argv) {
            return vec![same.clone()];
        }
        let alike: Vec<_> =
            recorded.iter().filter(|command| ask.is_answered_by(&command.argv)).cloned().collect();
        if alike.is_empty() {
            return vec![CommandSeen {
                argv,
                error: Some(Trouble::NotObserved),
                ..CommandSeen::default()
            }];
        }
        alike
    }

    fn file(&self, path: &str, _part: Part) -> FileSeen {
        let files = self.snapshot.observations.files.as_deref().unwrap_or_default();
        self.files.get(path).and_then(|at| files.get(*at)).cloned().unwrap_or_else(|| FileSeen {
            path: path.into(),
            error: Some(Trouble::NotObserved),
            ..FileSeen::default()
        })
    }

    fn directory(&self, path: &str) -> DirectorySeen {
        // How far a search in it went is another question.
        let known = self.listed(path).map(|seen| DirectorySeen { searched: None, ..seen.clone() });
        known.unwrap_or_else(|| DirectorySeen {
            path: path.into(),
            error: Some(Trouble::NotObserved),
            ..DirectorySeen::default()
        })
    }

    fn definitions(&self, directory: &str, ending: &str) -> Seen<FileSeen> {
        let inside = |path: &str| {
            path.rsplit_once('/')
                .is_some_and(|(parent, name)| parent == directory && name.ends_with(ending))
        };
        let files = self.snapshot.observations.files.as_deref();
        let list = files.map(|files| {
            files.iter().filter(|file| inside(&file.path)).cloned().collect::<Vec<_>>()
        });
        let searched = self.listed(directory).and_then(|seen| seen.searched.as_ref());
        match (self.directory(directory).error, searched) {
            (None, Some(reach)) => Seen::as_far_as(list.unwrap_or_default(), reach),
            (None, None) => self.search(Search::Definitions, list.as_deref()),
            (Some(Trouble::NotFound), _) => Seen::complete(Vec::new()),
            (Some(trouble), _) => {
                Seen { list: list.unwrap_or_default(), complete: false, trouble: Some(trouble) }
            }
        }
    }

    fn processes(&self) -> Seen<ProcessSeen> {
        let mut seen =
            self.search(Search::Processes, self.snapshot.observations.processes.as_deref());
        seen.list.retain(|process| process.error.is_none());
        seen
    }

    fn process(&self, pid: u32) -> ProcessSeen {
        let processes = self.snapshot.observations.processes.as_deref().unwrap_or_default();
        processes.iter().find(|process| process.pid == pid).cloned().unwrap_or_else(|| {
            ProcessSeen { pid, error: Some(Trouble::NotObserved), ..ProcessSeen::default() }
        })
    }

    fn listeners(&self, _ports: &[u16]) -> Seen<ListenerSeen> {
        self.search(Search::Listeners, self.snapshot.observations.listeners.as_deref())
    }

    fn lock(&self, path: &str) -> LockSeen {
        let locks = self.snapshot.observations.locks.as_deref().unwrap_or_default();
        locks.iter().find(|lock| lock.path == path).cloned().unwrap_or_else(|| LockSeen {
            path: path.into(),
            error: Some(Trouble::NotObserved),
            ..LockSeen::default()
        })
    }

    fn filesystem(&self, path: &str) -> FilesystemSeen {
        let filesystems = self.snapshot.observations.filesystems.as_deref().unwrap_or_default();
        filesystems.iter().find(|seen| seen.path == path).cloned().unwrap_or_else(|| {
            FilesystemSeen {
                path: path.into(),
                error: Some(Trouble::NotObserved),
                ..FilesystemSeen::default()
            }
        })
    }

    fn http(&self, url: &str) -> HttpSeen {
        let http = self.snapshot.observations.http.as_deref().unwrap_or_default();
        http.iter().find(|answer| answer.url == url).cloned().unwrap_or_else(|| HttpSeen {
            url: url.into(),
            error: Some(Trouble::NotObserved),
            ..HttpSeen::default()
        })
    }
}
