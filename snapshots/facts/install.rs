//! The installed code behind a gateway: read from files beside its interpreter, never by running Python.

use jiff::Timestamp;

use crate::fact::{Fact, Why};
use crate::facts::home::join;
use crate::facts::release::Version;
use crate::host::{Host, Part};
use crate::observation::{DirectorySeen, FileSeen};

/// An installed Hermes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Install {
    /// `hermes_cli.__version__`.
    pub version: Fact<Version>,
    /// When the file that bears the version was last written.
    pub written_at: Option<Timestamp>,
    /// Whether `aiohttp` is there, without which there is no API server.
    pub aiohttp: Fact<()>,
    /// Where its packages are.
    pub packages: Fact<String>,
}

impl Install {
    /// Looks beside the program of a command line. None where it is no interpreter of a virtual environment, so that
    /// nothing is known of its packages.
    pub fn beside(program: &str, host: &dyn Host) -> Option<Self> {
        let (venv, _) = program.strip_prefix('/').and(program.rsplit_once("/bin/"))?;
        let library = host.directory(&join(venv, "lib"));
        let packages = packages(&library, venv);
        let of = |file: &str| match &packages {
            Fact::Known(packages) => Fact::Known(join(packages, file)),
            Fact::Absent => Fact::Absent,
            Fact::Unknown(why) => Fact::Unknown(why.clone()),
        };
        let mut written_at = None;
        let version = of("hermes_cli/__init__.py").and_then(|path| {
            let beside = host.file(&path, Part::SMALL);
            // An editable install keeps its code in the checkout that holds the environment.
            let file = if beside.presence().is_absent() { checkout(venv, host) } else { beside };
            written_at = file.mtime;
            version(&file)
        });
        let aiohttp =
            of("aiohttp/__init__.py").and_then(|path| host.file(&path, Part::Stat).presence());
        Some(Self { version, written_at, aiohttp, packages })
    }
}

/// `lib/python3.11/site-packages`, for the one Python that a virtual environment has.
fn packages(library: &DirectorySeen, venv: &str) -> Fact<String> {
    library.names().and_then(|names| {
        let mut pythons = names.iter().filter(|name| name.starts_with("python3"));
        match (pythons.next(), pythons.next()) {
            (Some(python), None) => Fact::Known(join(venv, &format!("lib/{python}/site-packages"))),
            (None, _) => Fact::Absent,
            (Some(_), Some(_)) => {
                Fact::Unknown(Why::Failed("several Pythons in one environment".into()))
            }
        }
    })
}

fn checkout(venv: &str, host: &dyn Host) -> FileSeen {
    let project = venv.rsplit_once('/').map_or("/", |(project, _)| project);
    host.file(&join(project, "hermes_cli/__init__.py"), Part::SMALL)
}

fn version(file: &FileSeen) -> Fact<Version> {
    file.content().and_then(|text| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix("__version__"));
        let quoted = line.and_then(|rest| rest.split(['"', '\'']).nth(1));
        quoted.and_then(Version::read).map_or_else(
            || Fact::Unknown(Why::Malformed("no __version__ in it".into())),
            Fact::Known,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_the_package_itself() {
        let file = |text: &str| FileSeen { text: Some(text.into()), ..FileSeen::default() };
        let found = version(&file("import os\n__version__ = \"0.19.0\"\n"));
        assert_eq!(found.known().map(ToString::to_string).as_deref(), Some("0.19.0"));
        assert!(version(&file("import os\n")).why().is_some());
    }
}
