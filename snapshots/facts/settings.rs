//! Where a gateway's API server is to listen, and from which source each setting comes.
//!
//! The precedence is Hermes's own (0.13 to 0.19, most of it verified on 0.19), and it is not what one
//! would expect: `.env` beats the service's environment, even with an empty value;
//! `platforms.api_server.port` in config.yaml is ignored, only `extra.port` counts, and it counts only
//! where neither `API_SERVER_ENABLED` nor `API_SERVER_KEY` is set.

use std::net::IpAddr;

use crate::fact::{Fact, Why};
use crate::facts::place::Place;
use crate::parse::yaml::{Node, Value};
use crate::redact::{Length, Mark, is_empty};

/// A setting and its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting<T> {
    /// What holds.
    pub value: T,
    /// Where it is set. None: Hermes's own default.
    pub from: Option<Place>,
}

/// What the API server of a gateway is meant to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiServer {
    /// Whether there is to be one.
    pub enabled: Setting<bool>,
    /// The address to bind.
    pub host: Setting<String>,
    /// The port to bind.
    pub port: Setting<u16>,
    /// Its key: never the value.
    pub key: Setting<Key>,
}

/// What may be known of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// There is none.
    Missing,
    /// There is one of this length.
    Present {
        /// Its class of length.
        length: Length,
        /// Whether it is a word out of a template.
        placeholder: bool,
    },
}

/// Hermes's own defaults.
const HOST: &str = "127.0.0.1";
const PORT: u16 = 8642;

/// One layer of the environment.
#[derive(Debug, Clone, Default)]
pub struct Layer {
    /// What it sets, in order.
    pub set: Vec<Assignment>,
    /// Why it may set more than that, where a part of it could not be read.
    pub hidden: Option<Why>,
}

/// A variable that is set.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// Its name.
    pub name: String,
    /// Its value, or the mark of it.
    pub value: String,
    /// Where it is set.
    pub at: Place,
    /// Whether its value depends on something that is known to the gateway's process only.
    pub unresolved: bool,
}

impl Layer {
    /// The assignment of a variable that holds, if it is more than an empty text.
    pub fn find(&self, name: &str) -> Fact<&Assignment> {
        match (self.get(name), &self.hidden) {
            (Some(set), _) if !is_empty(&set.value) => Fact::Known(set),
            (None, Some(why)) => Fact::Unknown(why.clone()),
            _ => Fact::Absent,
        }
    }

    fn get(&self, name: &str) -> Option<&Assignment> {
        // The last assignment wins, in a unit as in a `.env`.
        self.set.iter().rev().find(|set| set.name == name)
    }
}

impl From<Vec<Assignment>> for Layer {
    fn from(set: Vec<Assignment>) -> Self {
        Self { set, hidden: None }
    }
}

/// The sources, highest first, with the configuration beneath them.
#[derive(Debug, Clone, Default)]
pub struct Sources<'a> {
    /// Layers of the environment, the strongest first.
    pub environment: Vec<Layer>,
    /// `config.yaml` files, the strongest first, each with its path.
    pub config: Vec<(&'a str, &'a Node)>,
}

impl Sources<'_> {
    /// The value of a variable: an empty one is set, and hides those below it.
    fn variable(&self, name: &str) -> Option<(String, Place)> {
        let in_layers = self.environment.iter().find_map(|layer| layer.get(name));
        let value = in_layers.map(|set| (set.value.clone(), set.at.clone()));
        // Top-level scalars of config.yaml are exported for names that nothing else sets.
        value.or_else(|| self.config.iter().find_map(|(path, root)| scalar(path, root.get(name)?)))
    }

    /// A leaf below `platforms.api_server`, which also stands below `gateway.platforms`.
    fn leaf(&self, leaf: &[&str]) -> Option<(String, Place)> {
        self.config.iter().find_map(|(path, root)| {
            [&["platforms", "api_server"][..], &["gateway", "platforms", "api_server"]]
                .into_iter()
                .find_map(|stem| scalar(path, root.at(&[stem, leaf].concat())?))
        })
    }

    /// What follows for the API server. Unknown where a setting refers to a variable of the gateway's
    /// own process.
    pub fn api_server(&self) -> Fact<ApiServer> {
        let names = ["API_SERVER_ENABLED", "API_SERVER_KEY", "API_SERVER_HOST", "API_SERVER_PORT"];
        match names.into_iter().find_map(|name| self.doubt(name)) {
            Some(why) => Fact::Unknown(why),
            None => self.resolved(),
        }
    }

    /// Why the value of a variable cannot be told, if it cannot.
    fn doubt(&self, name: &str) -> Option<Why> {
        for layer in &self.environment {
            if let Some(set) = layer.get(name) {
                let what = format!("{} in {} depends on another variable", set.name, set.at);
                return set.unresolved.then_some(Why::Failed(what));
            }
            if layer.hidden.is_some() {
                return layer.hidden.clone();
            }
        }
        None
    }

    fn resolved(&self) -> Fact<ApiServer> {
        let set = |found: Option<(String, Place)>| found.filter(|(value, _)| !is_empty(value));
        let flag = self.variable("API_SERVER_ENABLED").filter(|(value, _)| truthy(value));
        let env_key = set(self.variable("API_SERVER_KEY"));
        let (env_host, env_port) =
            (set(self.variable("API_SERVER_HOST")), set(self.variable("API_SERVER_PORT")));
        let by_env = flag.is_some() || env_key.is_some();
        let enabled = match (&flag, &env_key) {
            (Some((_, at)), _) | (None, Some((_, at))) => {
                Setting { value: true, from: Some(at.clone()) }
            }
            (None, None) => match self.leaf(&["enabled"]).or_else(|| self.top_level_enabled()) {
                Some((value, at)) => Setting { value: truthy(&value), from: Some(at) },
                None => Setting { value: false, from: None },
            },
        };
        let pick = |env: Option<(String, Place)>, extra: &[&str]| {
            if by_env { env.or_else(|| self.leaf(extra)) } else { self.leaf(extra).or(env) }
        };
        // Python's int(): what is no number counts as not set.
        let number = |(value, at): (String, Place)| Some((value.trim().parse::<i64>().ok()?, at));
        let (env_port, extra_port) =
            (env_port.and_then(number), self.leaf(&["extra", "port"]).and_then(number));
        let port = if by_env { env_port.or(extra_port) } else { extra_port.or(env_port) };
        let port = match port {
            None => Setting { value: PORT, from: None },
            Some((number, at)) => match u16::try_from(number) {
                Ok(port) => Setting { value: port, from: Some(at) },
                Err(_) => {
                    return Fact::Unknown(Why::Failed(format!("{number} in {at} is no port")));
                }
            },
        };
        Fact::Known(ApiServer {
            enabled,
            host: or_default(pick(env_host, &["extra", "host"]), HOST.into()),
            port,
            key: match pick(env_key, &["extra", "key"]) {
                Some((value, at)) => Setting { value: Key::of(&value), from: Some(at) },
                None => Setting { value: Key::Missing, from: None },
            },
        })
    }

    /// The block `api_server:` at the top level contributes its `enabled`, and nothing else.
    fn top_level_enabled(&self) -> Option<(String, Place)> {
        self.config
            .iter()
            .find_map(|(path, root)| scalar(path, root.at(&["api_server", "enabled"])?))
    }
}

fn or_default<T>(found: Option<(T, Place)>, default: T) -> Setting<T> {
    match found {
        Some((value, at)) => Setting { value, from: Some(at) },
        None => Setting { value: default, from: None },
    }
}

/// The text of a scalar, as Python's `str()` gives it.
fn scalar(path: &str, node: &Node) -> Option<(String, Place)> {
    let text = match &node.value {
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Text(text) => text.clone(),
        Value::Null | Value::List(_) | Value::Map(_) => return None,
    };
    Some((text, Place { file: path.into(), line: Some(node.line) }))
}

/// What Hermes takes for yes. `on` counts from 0.18.
fn truthy(text: &str) -> bool {
    matches!(text.trim().to_lowercase().as_str(), "1" | "true" | "yes" | "on")
}

impl Key {
    /// What may be known of this key, or of the one that this mark stands for.
    fn of(value: &str) -> Self {
        let mark =
            Mark::read(value).unwrap_or_else(|| Mark::of(value, &crate::redact::Salt(Vec::new())));
        match mark.length {
            Length::Empty => Self::Missing,
            length => Self::Present { length, placeholder: mark.placeholder },
        }
    }
}

impl ApiServer {
    /// The address to bind, as people write it: `127.0.0.1:8642`.
    pub fn address(&self) -> String {
        address(&self.host.value, self.port.value)
    }

    /// Whether a request to this machine itself reaches it, and at which address.
    pub fn loopback(&self) -> Option<&'static str> {
        loopback(&self.host.value)
    }

    /// Whether it is reachable from other machines.
    pub fn is_exposed(&self) -> bool {
        !is_loopback(&self.host.value)
    }
}

/// `host:port`, with brackets around an IPv6 address.
pub fn address(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// The loopback address at which a listener on `host` can be asked.
pub fn loopback(host: &str) -> Option<&'static str> {
    match host {
        // An IPv4 address in an IPv6 socket is reached by IPv4 only.
        "" | "*" | "localhost" | "0.0.0.0" | "127.0.0.1" | "::ffff:0.0.0.0"
        | "::ffff:127.0.0.1" => Some("127.0.0.1"),
        "::" | "::1" => Some("::1"),
        _ => None,
    }
}

/// Whether only this machine itself reaches a listener on this address.
pub fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.parse().is_ok_and(|address: IpAddr| address.to_canonical().is_loopback())
}

/// The URL of the health endpoint of a listener, if it can be asked without leaving this machine.
pub fn health_url(host: &str, port: u16) -> Option<String> {
    Some(format!("http://{}/v1/health", address(loopback(host)?, port)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::yaml;

    fn layer(file: &str, lines: &[&str]) -> Layer {
        let place = |line| Place { file: file.into(), line: Some(line) };
        let entry = |(at, line): (usize, &&str)| {
            let (name, value) = line.split_once('=').expect("a test's own assignment");
            let unresolved = value.contains("${");
            Assignment { name: name.into(), value: value.into(), at: place(at + 1), unresolved }
        };
        lines.iter().enumerate().map(entry).collect::<Vec<_>>().into()
    }

    fn resolve(dotenv: &[&str], unit: &[&str], config: &str) -> ApiServer {
        decide(dotenv, unit, config).known().expect("nothing unresolved").clone()
    }

    fn decide(dotenv: &[&str], unit: &[&str], config: &str) -> Fact<ApiServer> {
        let root = yaml::parse(config).expect("a test's own YAML");
        let environment = vec![layer(".env", dotenv), layer("unit", unit)];
        Sources { environment, config: vec![("config.yaml", &root)] }.api_server()
    }

    const KEY: &str = "API_SERVER_KEY=0123456789abcdef";

    #[test]
    fn the_precedence_is_that_of_hermes() {
        let nested = "platforms:\n  api_server:\n    enabled: true\n    extra: {port: 9001, host: 0.0.0.0}\n";
        let ignored = "platforms:\n  api_server:\n    enabled: true\n    port: 9001\n";
        for (dotenv, unit, config, expected) in [
            (&[][..], &[][..], "{}", (false, "127.0.0.1", 8642)),
            (&[KEY], &[], "{}", (true, "127.0.0.1", 8642)),
            // .env beats the service's environment, even with an empty value.
            (&[KEY, "API_SERVER_PORT=1"], &["API_SERVER_PORT=2"], "{}", (true, "127.0.0.1", 1)),
            (&[KEY, "API_SERVER_PORT="], &["API_SERVER_PORT=2"], "{}", (true, "127.0.0.1", 8642)),
            (&[KEY], &["API_SERVER_PORT=2"], "{}", (true, "127.0.0.1", 2)),
            // A key enables, whatever the flag says.
            (&[KEY, "API_SERVER_ENABLED=false"], &[], "{}", (true, "127.0.0.1", 8642)),
            // An empty key is none, nor is the mark of one.
            (
                &["API_SERVER_KEY="],
                &["API_SERVER_KEY=0123456789abcdef"],
                "{}",
                (false, "127.0.0.1", 8642),
            ),
            (&["API_SERVER_KEY=‹redacted:0›"], &[], "{}", (false, "127.0.0.1", 8642)),
            // A port alone enables nothing.
            (&["API_SERVER_PORT=1"], &[], "{}", (false, "127.0.0.1", 1)),
            // extra.port wins only where the environment neither enables nor has a key.
            (&["API_SERVER_PORT=1"], &[], nested, (true, "0.0.0.0", 9001)),
            (&[KEY, "API_SERVER_PORT=1"], &[], nested, (true, "0.0.0.0", 1)),
            // platforms.api_server.port is ignored.
            (&[], &[], ignored, (true, "127.0.0.1", 8642)),
            // A port that is no number is the default.
            (&[KEY, "API_SERVER_PORT=notanumber"], &[], "{}", (true, "127.0.0.1", 8642)),
            // Top-level scalars of config.yaml are the weakest environment.
            (&[KEY], &[], "API_SERVER_PORT: 18807\n", (true, "127.0.0.1", 18807)),
            (&[KEY, "API_SERVER_PORT=1"], &[], "API_SERVER_PORT: 18807\n", (true, "127.0.0.1", 1)),
        ] {
            let got = resolve(dotenv, unit, config);
            let got = (got.enabled.value, got.host.value.as_str(), got.port.value);
            assert_eq!(got, expected, "{dotenv:?} {unit:?} {config:?}");
        }
    }

    #[test]
    fn each_setting_says_where_it_comes_from() {
        let got = resolve(&[KEY], &["API_SERVER_PORT=18789"], "{}");
        assert_eq!(got.port.from.map(|at| at.to_string()).as_deref(), Some("unit:1"));
        assert_eq!(got.host.from, None);
        assert_eq!(
            got.key.value,
            Key::Present { length: Length::Long, placeholder: false },
            "a key is known by its length"
        );
    }

    #[test]
    fn a_setting_that_depends_on_the_process_is_unknown_and_only_where_it_counts() {
        let told = decide(&["API_SERVER_PORT=${PORT}"], &[], "{}");
        assert!(
            told.why().is_some_and(|why| why.to_string().contains("API_SERVER_PORT in .env:1"))
        );
        let hidden = decide(&["API_SERVER_PORT=1"], &["API_SERVER_PORT=${PORT}"], "{}");
        assert_eq!(hidden.known().map(|api| api.port.value), Some(1));
    }

    #[test]
    fn what_a_hidden_layer_may_set_is_unknown() {
        let seen = layer(".env", &[KEY, "API_SERVER_ENABLED=1", "API_SERVER_HOST=::1"]);
        let hidden = Layer { set: Vec::new(), hidden: Some(Why::TimedOut) };
        let of = |seen: Layer| {
            Sources { environment: vec![seen, hidden.clone()], config: Vec::new() }.api_server()
        };
        assert_eq!(of(seen.clone()), Fact::Unknown(Why::TimedOut));
        let mut all = seen;
        all.set.extend(layer(".env", &["API_SERVER_PORT=1"]).set);
        assert_eq!(of(all).known().map(|api| api.port.value), Some(1));
    }

    #[test]
    fn a_number_that_is_no_port_is_not_the_default() {
        assert!(decide(&[KEY, "API_SERVER_PORT=99999"], &[], "{}").why().is_some());
    }

    #[test]
    fn a_redacted_key_is_known_as_well_as_the_key_itself() {
        let salt = crate::redact::Salt(b"x".to_vec());
        for key in ["changeme", "short", "0123456789abcdef"] {
            assert_eq!(Key::of(key), Key::of(&Mark::of(key, &salt).to_string()), "{key}");
        }
    }

    #[test]
    fn only_this_machine_is_ever_asked() {
        for (host, url) in [
            ("127.0.0.1", Some("http://127.0.0.1:1/v1/health")),
            ("0.0.0.0", Some("http://127.0.0.1:1/v1/health")),
            ("::", Some("http://[::1]:1/v1/health")),
            ("::ffff:0.0.0.0", Some("http://127.0.0.1:1/v1/health")),
            ("::ffff:127.0.0.1", Some("http://127.0.0.1:1/v1/health")),
            ("192.168.1.4", None),
            ("example.org", None),
        ] {
            assert_eq!(health_url(host, 1).as_deref(), url, "{host}");
        }
        assert!(is_loopback("::ffff:127.0.0.1") && !is_loopback("::ffff:10.0.0.1"));
    }
}
