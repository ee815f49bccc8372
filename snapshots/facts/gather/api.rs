//! Reads what decides where a gateway's API server is to be: its `.env`, its `config.yaml`, and the
//! environment that its service gives it.

use crate::fact::{Fact, Why};
use crate::facts::definition::Place;
use crate::facts::home::{Home, join};
use crate::facts::settings::{ApiServer, Assignment, Layer, Sources};
use crate::host::Part;
use crate::observation::FileSeen;
use crate::parse::{dotenv, yaml};

use super::look::Look;
use super::services::Found;

/// The API server that a home's settings ask for.
pub(super) fn api(look: &Look<'_>, home: &Home, found: &[Found]) -> Fact<ApiServer> {
    let file = |name: &str| look.host.file(&join(&home.path, name), Part::SMALL);
    let dotenv = match layer_of(&file(".env")) {
        Fact::Known(layer) => layer,
        Fact::Absent => Layer::default(),
        Fact::Unknown(why) => return Fact::Unknown(why),
    };
    let config_file = file("config.yaml");
    let root = match config_file.content() {
        Fact::Known(text) => match yaml::parse(text) {
            Ok(root) => Some(root),
            Err(error) if error.is_certain() => None,
            Err(error) => return Fact::Unknown(Why::Malformed(error.to_string())),
        },
        // Hermes itself goes on without a configuration that it cannot parse.
        Fact::Unknown(Why::Malformed(detail)) if !detail.starts_with(yaml::PERHAPS) => None,
        Fact::Absent => None,
        Fact::Unknown(why) => return Fact::Unknown(why),
    };
    let config = root.iter().map(|root| (config_file.path.as_str(), root)).collect();
    let environment = vec![dotenv, service_environment(look, home, found)];
    Sources { environment, config }.api_server()
}

/// The environment under the one that Hermes loads itself: that of the running process, else that
/// which its service would give it.
fn service_environment(look: &Look<'_>, home: &Home, found: &[Found]) -> Layer {
    let serves = |path: Option<&str>| path == Some(&home.path);
    let mut running =
        look.scan().list.iter().filter(|seen| serves(look.home_of_process(seen).as_deref()));
    if let Some((pid, env)) = running.find_map(|seen| Some((seen.pid, seen.env.as_ref()?))) {
        let at = Place { file: format!("/proc/{pid}/environ"), line: None };
        let set = |(name, value): (&String, &String)| Assignment {
            name: name.clone(),
            value: value.clone(),
            at: at.clone(),
            unresolved: false,
        };
        return env.iter().map(set).collect::<Vec<_>>().into();
    }
    let Some(serving) = found.iter().find(|found| serves(found.home.as_deref())) else {
        return unreadable(found);
    };
    let Some(definition) = serving.definition.known() else { return unreadable(found) };
    let set = definition.environment.iter().cloned().map(|set| Assignment {
        name: set.name,
        value: set.value,
        at: set.at,
        unresolved: set.unresolved,
    });
    let mut layer = Layer::from(set.collect::<Vec<_>>());
    // Files come after the unit's own assignments, and win.
    for (path, _) in &definition.environment_files {
        match layer_of(&look.host.file(path, Part::SMALL)) {
            Fact::Known(more) => layer.set.extend(more.set),
            Fact::Absent => {}
            Fact::Unknown(why) => layer.hidden = Some(why),
        }
    }
    layer
}

/// No definition is known to serve this home: one that could not be read may, and may set anything.
fn unreadable(found: &[Found]) -> Layer {
    let hidden = found.iter().find_map(|found| found.definition.why().cloned());
    Layer { set: Vec::new(), hidden }
}

/// The variables of a `.env`, or of a file of that form.
fn layer_of(file: &FileSeen) -> Fact<Layer> {
    file.latin1_content().map(|text| {
        let entries = dotenv::parse(&text).entries.into_iter();
        let place = |line| Place { file: file.path.clone(), line: Some(line) };
        let set = |entry: dotenv::Entry| {
            let unresolved = !entry.unresolved.is_empty();
            Some(Assignment {
                name: entry.key,
                value: entry.value?,
                at: place(entry.line),
                unresolved,
            })
        };
        entries.filter_map(set).collect::<Vec<_>>().into()
    })
}
