//! A host that remembers what it was asked and what it answered, and becomes a snapshot of that: what
//! a check saw is what the snapshot holds, no more and no less.

use std::cell::RefCell;
use std::collections::BTreeMap;

use gw_snapshot::host::{Ask, Host, Part, Question, Seen};
use gw_snapshot::observation::{
    CommandSeen, DirectorySeen, FileSeen, FilesystemSeen, HttpSeen, ListenerSeen, LockSeen,
    ProcessSeen, Reach,
};
use gw_snapshot::snapshot::{About, Observations, Search, Snapshot, Tool};
use jiff::Timestamp;

/// A host under observation.
pub(crate) struct Recording<H> {
    host: H,
    seen: RefCell<Answered>,
}

/// All answers, in the order in which a snapshot lists them. None: never asked for.
#[derive(Default)]
struct Answered {
    /// How far each search went, at the least, of all the times that it was made.
    searches: BTreeMap<Search, Reach>,
    commands: Option<BTreeMap<Vec<String>, CommandSeen>>,
    files: Option<BTreeMap<String, FileSeen>>,
    directories: Option<BTreeMap<String, DirectorySeen>>,
    processes: Option<BTreeMap<u32, ProcessSeen>>,
    listeners: Option<Vec<ListenerSeen>>,
    locks: Option<BTreeMap<String, LockSeen>>,
    filesystems: Option<BTreeMap<String, FilesystemSeen>>,
    http: Option<BTreeMap<String, HttpSeen>>,
}

impl<H: Host> Recording<H> {
    /// Begins to remember.
    pub(crate) fn new(host: H) -> Self {
        Self { host, seen: RefCell::default() }
    }

    /// What was seen.
    pub(crate) fn into_snapshot(self) -> Snapshot {
        let seen = self.seen.into_inner();
        Snapshot {
            schema: Snapshot::SCHEMA.into(),
            tool: Tool::this(),
            taken_at: self.host.now(),
            redacted: true,
            host: self.host.about().clone(),
            observations: Observations {
                searches: seen.searches,
                commands: values(seen.commands),
                files: values(seen.files),
                directories: values(seen.directories),
                processes: values(seen.processes),
                listeners: seen.listeners,
                locks: values(seen.locks),
                filesystems: values(seen.filesystems),
                http: values(seen.http),
            },
        }
    }
}

fn values<K, V>(answers: Option<BTreeMap<K, V>>) -> Option<Vec<V>> {
    answers.map(|answers| answers.into_values().collect())
}

impl Answered {
    fn searched<T>(&mut self, search: Search, found: &Seen<T>) {
        let known = self.searches.entry(search).or_insert(Reach::Complete);
        if *known == Reach::Complete {
            *known = found.reach();
        }
    }

    /// A path stands once, with the answer that says most: a content before the reason why there is
    /// none, and that before what `stat` says alone.
    fn file(&mut self, file: &FileSeen) {
        let files = self.files.get_or_insert_default();
        match files.get_mut(&file.path) {
            Some(known) if worth(known) >= worth(file) => {}
            Some(known) => *known = file.clone(),
            None => drop(files.insert(file.path.clone(), file.clone())),
        }
    }

    fn directory(&mut self, directory: DirectorySeen) -> &mut DirectorySeen {
        let directories = self.directories.get_or_insert_default();
        directories.entry(directory.path.clone()).or_insert(directory)
    }

    fn process(&mut self, process: &ProcessSeen) {
        let processes = self.processes.get_or_insert_default();
        processes.entry(process.pid).or_insert_with(|| process.clone());
    }

    /// A socket stands once, though several questions may have led to it.
    fn listeners(&mut self, found: &[ListenerSeen]) {
        let listeners = self.listeners.get_or_insert_default();
        for listener in found {
            if !listeners.contains(listener) {
                listeners.push(listener.clone());
            }
        }
        listeners.sort_by(|a, b| (a.port, &a.address, &a.pids).cmp(&(b.port, &b.address, &b.pids)));
    }
}

fn worth(file: &FileSeen) -> u8 {
    let has_content = file.text.is_some() || file.base64.is_some();
    match file {
        _ if has_content && file.offset.is_none() => 3,
        _ if has_content => 2,
        FileSeen { error: Some(_), .. } => 1,
        _ => 0,
    }
}

impl<H: Host> Host for Recording<H> {
    fn about(&self) -> &About {
        self.host.about()
    }

    fn now(&self) -> Timestamp {
        self.host.now()
    }

    fn prepare(&self, questions: Vec<Question>) {
        self.host.prepare(questions);
    }

    fn command(&self, ask: &Ask) -> Vec<CommandSeen> {
        let answers = self.host.command(ask);
        let mut seen = self.seen.borrow_mut();
        let commands = seen.commands.get_or_insert_default();
        for answer in &answers {
            commands.entry(answer.argv.clone()).or_insert_with(|| answer.clone());
        }
        answers
    }

    fn file(&self, path: &str, part: Part) -> FileSeen {
        let file = self.host.file(path, part);
        self.seen.borrow_mut().file(&file);
        file
    }

    fn directory(&self, path: &str) -> DirectorySeen {
        let directory = self.host.directory(path);
        self.seen.borrow_mut().directory(directory.clone());
        directory
    }

    fn definitions(&self, directory: &str, ending: &str) -> Seen<FileSeen> {
        let found = self.host.definitions(directory, ending);
        // Without its directory a snapshot could not tell a search that found nothing from no search.
        let listed = self.host.directory(directory);
        let mut seen = self.seen.borrow_mut();
        seen.directory(listed).searched = Some(found.reach());
        seen.files.get_or_insert_default();
        found.list.iter().for_each(|file| seen.file(file));
        seen.searched(Search::Definitions, &found);
        found
    }

    fn processes(&self) -> Seen<ProcessSeen> {
        let found = self.host.processes();
        let mut seen = self.seen.borrow_mut();
        seen.processes.get_or_insert_default();
        found.list.iter().for_each(|process| seen.process(process));
        seen.searched(Search::Processes, &found);
        found
    }

    fn process(&self, pid: u32) -> ProcessSeen {
        let process = self.host.process(pid);
        self.seen.borrow_mut().process(&process);
        process
    }

    fn listeners(&self, ports: &[u16]) -> Seen<ListenerSeen> {
        let found = self.host.listeners(ports);
        let mut seen = self.seen.borrow_mut();
        seen.listeners(&found.list);
        seen.searched(Search::Listeners, &found);
        found
    }

    fn lock(&self, path: &str) -> LockSeen {
        let lock = self.host.lock(path);
        let mut seen = self.seen.borrow_mut();
        seen.locks.get_or_insert_default().entry(path.into()).or_insert_with(|| lock.clone());
        lock
    }

    fn filesystem(&self, path: &str) -> FilesystemSeen {
        let answer = self.host.filesystem(path);
        let mut seen = self.seen.borrow_mut();
        let filesystems = seen.filesystems.get_or_insert_default();
        filesystems.entry(path.into()).or_insert_with(|| answer.clone());
        answer
    }

    fn http(&self, url: &str) -> HttpSeen {
        let answer = self.host.http(url);
        let mut seen = self.seen.borrow_mut();
        seen.http.get_or_insert_default().entry(url.into()).or_insert_with(|| answer.clone());
        answer
    }
}

#[cfg(test)]
mod tests {
    use gw_snapshot::observation::Trouble;
    use gw_snapshot::recorded::Recorded;

    use super::*;

    fn host(observations: &str) -> Recorded {
        let text = format!(
            r#"{{"schema": "{}", "taken_at": "2026-11-21T00:00:00Z", "host": {{"os": "linux"}},
                "observations": {observations}}}"#,
            Snapshot::SCHEMA
        );
        Recorded::new(Snapshot::read(&text).expect("a test's own snapshot"))
    }

    #[test]
    fn what_nobody_asked_for_is_not_in_a_snapshot() {
        let snapshot = Recording::new(host(r#"{"locks": [{"path": "/a", "held": false}]}"#));
        assert_eq!(snapshot.into_snapshot().observations, Observations::default());
    }

    #[test]
    fn a_path_stands_once_with_its_text_whatever_was_asked_first() {
        let read = FileSeen { path: "/a".into(), text: Some("x".into()), ..FileSeen::default() };
        let cut = FileSeen { offset: Some(1), ..read.clone() };
        let refused =
            FileSeen { path: "/a".into(), error: Some(Trouble::TooLarge), ..FileSeen::default() };
        let stat = FileSeen { path: "/a".into(), ..FileSeen::default() };
        for (first, second, kept) in [
            (&stat, &read, &read),
            (&read, &stat, &read),
            (&refused, &stat, &refused),
            (&stat, &refused, &refused),
            (&cut, &read, &read),
            (&read, &cut, &read),
            (&refused, &cut, &cut),
        ] {
            let mut answered = Answered::default();
            answered.file(first);
            answered.file(second);
            assert_eq!(values(answered.files), Some(vec![kept.clone()]));
        }
    }

    #[test]
    fn lists_are_in_order_and_a_socket_stands_once() {
        let recording = Recording::new(host(
            r#"{"searches": {"listeners": "complete"},
                "listeners": [{"address": "::1", "port": 2, "pids": null},
                              {"address": "127.0.0.1", "port": 2, "pids": [1]},
                              {"address": "127.0.0.1", "port": 1, "pids": [1]}],
                "locks": [{"path": "/b", "held": false}, {"path": "/a", "held": false}]}"#,
        ));
        recording.listeners(&[1]);
        recording.listeners(&[2]);
        recording.lock("/b");
        recording.lock("/a");
        let seen = recording.into_snapshot().observations;
        let ports: Vec<_> = seen.listeners.iter().flatten().map(|seen| seen.port).collect();
        assert_eq!(ports, [1, 2, 2]);
        let paths: Vec<_> = seen.locks.iter().flatten().map(|lock| lock.path.as_str()).collect();
        assert_eq!(paths, ["/a", "/b"]);
        assert_eq!(seen.searches.get(&Search::Listeners), Some(&Reach::Complete));
    }

    #[test]
    fn one_search_that_was_cut_short_makes_all_of_its_kind_incomplete_and_each_stays_what_it_was() {
        let recording = Recording::new(host(
            r#"{"searches": {"definitions": "complete"},
                "directories": [{"path": "/a", "entries": []}, {"path": "/b", "error": "permission-denied"},
                                {"path": "/c", "entries": ["a.service"], "searched": "permission-denied"}],
                "files": []}"#,
        ));
        let searched = [("/a", true), ("/b", false), ("/c", false)];
        for (directory, complete) in searched {
            assert_eq!(recording.definitions(directory, ".service").complete, complete);
        }
        let snapshot = recording.into_snapshot();
        let seen = snapshot.observations.clone();
        assert_ne!(seen.searches.get(&Search::Definitions), Some(&Reach::Complete));
        assert_eq!(seen.directories.as_ref().map(Vec::len), Some(3));
        let again = Recorded::new(Snapshot { observations: seen, ..snapshot });
        for (directory, complete) in searched {
            assert_eq!(again.definitions(directory, ".service").complete, complete, "{directory}");
        }
    }
}
