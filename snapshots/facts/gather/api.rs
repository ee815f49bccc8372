//! Reads what decides where a gateway's API server is to be, and how it stops: its `.env`, its `config.yaml`, and the
//! environment that its service gives it.

use std::time::Duration;

use crate::fact::{Fact, Why};
use crate::facts::home::{self, Home, join};
use crate::facts::place::Place;
use crate::facts::release::{Capability, Version};
use crate::facts::settings::{ApiServer, Assignment, Layer, Sources};
use crate::host::{Part, Question};
use crate::observation::FileSeen;
use crate::parse::{dotenv, yaml};
use crate::redact::is_empty;
use crate::redact::shape::is_mark;
use crate::value::Value;

use super::look::Look;
use super::services::Found;

/// What the settings of a home say.
pub(super) struct Settings {
    /// The API server that they ask for.
    pub(super) api: Fact<ApiServer>,
    /// How long its gateway may wait for turns under way when it stops, where a setting says so.
    pub(super) drain: Fact<u64>,
    /// The same for jobs under way.
    pub(super) cron_drain: Fact<u64>,
    /// What its files set: what it will find at a cold start under its service, the strongest last.
    pub(super) assigned: Layer,
    /// Its `config.yaml`, if there is one that Hermes can read and we could.
    pub(super) config: Option<yaml::Node>,
    /// Why Hermes cannot read it, where that is certain.
    pub(super) config_fault: Option<String>,
}

impl Settings {
    fn unknown(why: &Why, assigned: Layer) -> Self {
        Self {
            api: Fact::Unknown(why.clone()),
            drain: Fact::Unknown(why.clone()),
            cron_drain: Fact::Unknown(why.clone()),
            assigned,
            config: None,
            config_fault: None,
        }
    }

    /// Whether they want a gateway for this profile alone (0.21.5+).
    pub(super) fn is_standalone(&self) -> bool {
        let said = self.config.as_ref().and_then(|root| root.at(&["gateway", "standalone"]));
        said.is_some_and(|node| node.value == yaml::Value::Bool(true))
    }

    /// Whether they say that a gateway serves no profile but its own.
    pub(super) fn serve_one_profile(&self) -> bool {
        let said = self.config.as_ref().and_then(|root| {
            root.at(&["gateway", "multiplex_profiles"]).or_else(|| root.get("multiplex_profiles"))
        });
        said.is_some_and(|node| matches!(node.value, yaml::Value::Bool(false)))
    }
}

/// The settings of a home, by the rules of this release.
pub(super) fn settings(
    look: &Look<'_>,
    home: &Home,
    found: &[Found],
    release: Option<Version>,
) -> Settings {
    let file = |name: &str| look.host.file(&join(&home.path, name), Part::SMALL);
    let dotenv = match layer_of(&file(".env")) {
        Fact::Known(layer) => Ok(layer),
        Fact::Absent => Ok(Layer::default()),
        Fact::Unknown(why) => Err(why),
    };
    let config_file = file("config.yaml");
    let (root, config_fault) = configuration(&config_file);
    let service = service_environment(look, home, found);
    let managed = Managed::of(look, &service);
    let scalars_of = |root: &Result<Option<yaml::Node>, Why>, path: &str| {
        root.as_ref().map(|root| scalars(path, root.as_ref())).map_err(Why::clone)
    };
    let assigned = assigned(&[
        scalars_of(&root, &config_file.path),
        scalars_of(&managed.config, &managed.config_path),
        Ok(service_assignments(look, home, found)),
        dotenv.clone(),
        Ok(managed.dotenv.clone()),
    ]);
    let (dotenv, root, managed_root) = match (dotenv, root, managed.config) {
        (Ok(dotenv), Ok(root), Ok(managed)) => (dotenv, root, managed),
        (Err(why), root, _) | (Ok(_), root, Err(why)) => {
            let config = root.ok().flatten();
            return Settings { config, config_fault, ..Settings::unknown(&why, assigned) };
        }
        (Ok(_), Err(why), Ok(_)) => {
            return Settings { config_fault, ..Settings::unknown(&why, assigned) };
        }
    };
    let environment = vec![managed.dotenv, dotenv, service];
    let config: Vec<(&str, &yaml::Node)> =
        [(managed.config_path.as_str(), &managed_root), (config_file.path.as_str(), &root)]
            .into_iter()
            .filter_map(|(path, root)| Some((path, root.as_ref()?)))
            .collect();
    let wait = |variable, key| wait(&environment, &config, variable, key);
    let drain = wait("HERMES_RESTART_DRAIN_TIMEOUT", "restart_drain_timeout");
    let cron_drain = wait("HERMES_CRON_DRAIN_TIMEOUT", "cron_drain_timeout");
    let serves_many = serves_many(look, home, &environment, &config, release.as_ref());
    let api = Sources { environment, config, release, serves_many }.api_server();
    Settings { api, drain, cron_drain, assigned, config: root, config_fault }
}

/// Whether the gateway of this home serves other profiles too: as it is told to or, from 0.21.5 on, because there are
/// some. None: it is not known.
fn serves_many(
    look: &Look<'_>,
    home: &Home,
    environment: &[Layer],
    config: &[(&str, &yaml::Node)],
    release: Option<&Version>,
) -> Option<bool> {
    let by_env = environment.iter().find_map(|layer| match (layer.get(MULTIPLEX), &layer.hidden) {
        (Some(set), _) => Some(set.value.literal().map(|text| flag(text))),
        (None, Some(_)) => Some(None),
        (None, None) => None,
    });
    let by_env = match by_env {
        Some(None) => return None,
        Some(Some(flag)) => flag,
        None => None,
    };
    let configured = config.iter().find_map(|(_, root)| {
        let node = root.get("multiplex_profiles");
        node.or_else(|| root.at(&["gateway", "multiplex_profiles"]))
    });
    if by_env.or_else(|| configured?.as_flag()) == Some(true) {
        return Some(true);
    }
    // From 0.21.5 on a `false` is taken for an error, and rewritten.
    let has = release.and_then(|release| release.has(Capability::ServesEveryProfile));
    let root = home::root(look.about.home.as_deref(), Some(&home.path));
    if has == Some(false) || root.as_deref() != Some(&home.path) {
        return Some(false);
    }
    let profiles = look.host.directory(&join(&home.path, "profiles"));
    let has_none = match profiles.names() {
        Fact::Known(names) => !names.iter().any(|name| home::is_profile_name(name)),
        Fact::Absent => true,
        Fact::Unknown(_) => false,
    };
    has_none.then_some(false)
}

/// The variable that has a gateway serve other profiles, whatever the configuration says.
const MULTIPLEX: &str = "GATEWAY_MULTIPLEX_PROFILES";

/// Yes or no, as Hermes reads it; None for anything else.
fn flag(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Some(true),
        "0" | "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// What an administrator sets for every gateway of the machine (0.17+): stronger than the files of any home.
struct Managed {
    dotenv: Layer,
    config: Result<Option<yaml::Node>, Why>,
    config_path: String,
}

impl Managed {
    /// Reads what lies in `HERMES_MANAGED_DIR`, else in `/etc/hermes`.
    fn of(look: &Look<'_>, service: &Layer) -> Self {
        let directory = match service.find("HERMES_MANAGED_DIR") {
            Fact::Known(set) => match &set.value {
                Value::Literal(directory) => directory.as_str(),
                Value::Open(open) => {
                    let what = format!("HERMES_MANAGED_DIR in {}: {}", set.at, open.why);
                    let dotenv = hidden_file(Why::Failed(what));
                    return Self { dotenv, config: Ok(None), config_path: String::new() };
                }
            },
            Fact::Absent | Fact::Unknown(_) => MANAGED_DIRECTORY,
        };
        let file = |name: &str| look.host.file(&join(directory, name), Part::SMALL);
        let dotenv = match layer_of(&file(".env")) {
            Fact::Known(layer) => layer,
            Fact::Unknown(why) if !why.is_not_observed() => hidden_file(why),
            // Older snapshots do not hold it, as hardly any machine does.
            Fact::Absent | Fact::Unknown(_) => Layer::default(),
        };
        let config_file = file("config.yaml");
        let config = match configuration(&config_file).0 {
            Err(why) if why.is_not_observed() => Ok(None),
            config => config,
        };
        Self { dotenv, config, config_path: config_file.path }
    }
}

/// Where an administrator's settings are, unless `HERMES_MANAGED_DIR` says otherwise.
const MANAGED_DIRECTORY: &str = "/etc/hermes";

/// What will be asked once for all homes.
pub(super) fn questions() -> [Question; 2] {
    [".env", "config.yaml"].map(|name| Question::File(join(MANAGED_DIRECTORY, name), Part::SMALL))
}

/// How long a stop waits for something, by this variable or this key below `agent`, in whole seconds.
fn wait(
    environment: &[Layer],
    config: &[(&str, &yaml::Node)],
    variable: &str,
    key: &str,
) -> Fact<u64> {
    let set = environment.iter().find_map(|layer| layer.get(variable));
    let path = ["agent", key];
    let configured = || config.iter().find_map(|&(_, root)| root.at(&path)?.to_text());
    let set = set.map(|set| set.value.clone()).or_else(|| configured().map(Value::of));
    let text = match set {
        Some(Value::Literal(text)) => text,
        Some(Value::Open(open)) => return Fact::Unknown(open.why),
        None => {
            let hidden = environment.iter().find_map(|layer| layer.hidden.clone());
            return hidden.map_or(Fact::Absent, Fact::Unknown);
        }
    };
    let seconds: Option<f64> = text.trim().parse().ok();
    match seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
        Some(drain) => Fact::Known(drain.as_secs()),
        None => Fact::Unknown(Why::Malformed(format!("agent.{key} is no number of seconds"))),
    }
}

/// The configuration of a gateway, if there is one that Hermes can read, and why it cannot, where it surely cannot: it
/// then goes by its defaults, and says so in one line of its log (upstream #23585, #102945).
fn configuration(file: &FileSeen) -> (Result<Option<yaml::Node>, Why>, Option<String>) {
    match file.content() {
        Fact::Known(text) => match yaml::parse(text) {
            Ok(root) => (Ok(Some(root)), None),
            Err(error) if error.is_certain() => (Ok(None), Some(error.to_string())),
            Err(error) => (Err(Why::Malformed(error.to_string())), None),
        },
        Fact::Unknown(Why::Malformed(detail)) if !detail.starts_with(yaml::PERHAPS) => {
            (Ok(None), Some(detail))
        }
        Fact::Absent => (Ok(None), None),
        Fact::Unknown(why) => (Err(why), None),
    }
}

/// The environment under the one that Hermes loads itself: that of the running process, else that
/// which its service would give it.
fn service_environment(look: &Look<'_>, home: &Home, found: &[Found]) -> Layer {
    let running =
        look.scan().list.iter().filter(|scanned| scanned.home.as_deref() == Some(&home.path));
    let mut running = running.map(|scanned| &scanned.process);
    let environment = running.find_map(|process| Some((process.pid, process.seen.env.as_ref()?)));
    if let Some((pid, env)) = environment {
        let at = Place { file: format!("/proc/{pid}/environ"), line: None };
        let service = service_assignments(look, home, found);
        let set = |(name, value): (&String, &String)| {
            let value = Value::of(value.clone());
            // The line that gave it, where the service says the same.
            let given = service
                .get(name)
                .filter(|given| given.value.same_on_one_host(&value) == Some(true));
            let at = given.map_or(&at, |given| &given.at).clone();
            Assignment { name: name.clone(), value, at }
        };
        return env.iter().map(set).collect::<Vec<_>>().into();
    }
    service_assignments(look, home, found)
}

/// The environment that a service gives its gateway.
fn of_definition(look: &Look<'_>, serving: &Found, found: &[Found]) -> Layer {
    let Some(definition) = serving.definition.known() else { return unreadable(found) };
    let set = definition.environment.iter().cloned().map(|set| Assignment {
        name: set.name,
        value: set.value,
        at: set.at,
    });
    let mut layer = Layer::from(set.collect::<Vec<_>>());
    // Files come after the unit's own assignments, and win.
    for (path, _) in &definition.environment_files {
        // systemd takes patterns and specifiers there (systemd.exec(5)).
        if !path.starts_with('/') || path.contains(['*', '?', '[', '%']) {
            layer.hidden = Some(Why::Failed(format!("{path} may stand for any file")));
            continue;
        }
        match layer_of(&look.host.file(path, Part::SMALL)) {
            Fact::Known(more) => layer.set.extend(more.set),
            Fact::Absent => {}
            Fact::Unknown(why) => layer.hidden = Some(why),
        }
    }
    layer
}

/// The environment that the service of a home gives its gateway.
fn service_assignments(look: &Look<'_>, home: &Home, found: &[Found]) -> Layer {
    let serving = found.iter().find(|found| found.serves(look, home));
    serving.map_or_else(|| unreadable(found), |serving| of_definition(look, serving, found))
}

/// Several layers as one, the strongest last.
fn assigned(layers: &[Result<Layer, Why>]) -> Layer {
    layers.iter().cloned().fold(Layer::default(), |mut all, layer| {
        let layer = layer.unwrap_or_else(hidden_file);
        all.set.extend(layer.set);
        all.hidden = layer.hidden.or(all.hidden);
        all
    })
}

/// The scalars at the top of a configuration, which Hermes takes for variables.
fn scalars(path: &str, root: Option<&yaml::Node>) -> Layer {
    let Some(yaml::Value::Map(map)) = root.map(|root| &root.value) else { return Layer::default() };
    let set = map.pairs.iter().filter_map(|(name, value)| {
        Some(Assignment {
            name: name.to_text()?.into_owned(),
            value: Value::of(value.to_text()?),
            at: Place { file: path.into(), line: Some(value.line) },
        })
    });
    set.collect::<Vec<_>>().into()
}

/// No definition is known to serve this home: one that could not be read may, and may set anything.
fn unreadable(found: &[Found]) -> Layer {
    let hidden = found.iter().find_map(|found| found.definition.why().cloned());
    Layer { hidden, ..Layer::default() }
}

/// A file that may set anything.
fn hidden_file(why: Why) -> Layer {
    Layer { set: Vec::new(), hidden: Some(why), is_file: true }
}

/// The variables of a `.env`, or of a file of that form.
fn layer_of(file: &FileSeen) -> Fact<Layer> {
    file.latin1_content().and_then(|text| {
        // Of a file that nobody knows, all is a mark.
        if is_mark(&text) && !is_empty(&text) {
            return Fact::Unknown(Why::Failed(format!("what {} sets was withheld", file.path)));
        }
        let entries = dotenv::parse(&text).entries.into_iter();
        let place = |line| Place { file: file.path.clone(), line: Some(line) };
        let set = |entry: dotenv::Entry| {
            let value = entry.value?;
            let is_open = !entry.unresolved.is_empty();
            let value = if is_open { Value::unresolved(value) } else { Value::of(value) };
            Some(Assignment { name: entry.key, value, at: place(entry.line) })
        };
        let set = entries.filter_map(set).collect();
        Fact::Known(Layer { set, hidden: None, is_file: true })
    })
}
