//! What `config.yaml` says of the API server, by the rules of an era.
//!
//! Four blocks may speak of it. Their `extra:` counts in every release; what stands in the block itself counts from 0.20
//! on, which of two wins changed twice, and `gateway.platforms` is read from 0.16 on.

use crate::facts::address::Address;
use crate::facts::place::Place;
use crate::facts::release::Capability;
use crate::parse::yaml::{Node, Value as Yaml};
use crate::value::{Open, Value};

use super::{Era, Key, PORT, Reading, Setting, port, port_of};

/// What the configuration says.
#[derive(Default)]
pub(super) struct Configured<'a> {
    enabled: Option<Entry<'a>>,
    settings: Keys<'a>,
    /// Whether `${NAME}` is expanded.
    expands: bool,
}

/// A node, and its file.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) file: &'a str,
    pub(super) node: &'a Node,
}

/// The settings of a block, or of its `extra:`.
#[derive(Clone, Copy, Default)]
struct Keys<'a> {
    port: Option<Entry<'a>>,
    host: Option<Entry<'a>>,
    key: Option<Entry<'a>>,
}

/// One block.
#[derive(Clone, Copy, Default)]
struct Block<'a> {
    enabled: Option<Entry<'a>>,
    own: Keys<'a>,
    extra: Keys<'a>,
}

impl<'a> Configured<'a> {
    /// Reads the files, the strongest first.
    pub(super) fn of(files: &[(&'a str, &'a Node)], era: Era) -> Self {
        let block = |path: &[&str]| Block::at(files, path);
        let is_read = era.has(Capability::BlockBelowGateway);
        let below_gateway = block(&["gateway", "platforms", "api_server"]).filter(|_| is_read);
        let below_platforms = block(&["platforms", "api_server"]);
        let by_key = era.has(Capability::ApiServerByKey);
        let of_gateway = block(&["gateway", "api_server"]).filter(|_| by_key);
        let root = block(&["api_server"]);
        let merged = [of_gateway, below_platforms, below_gateway].into_iter().flatten();
        let merged = merged.reduce(Block::over).unwrap_or_default();
        let whole = root.unwrap_or_default();
        let settings = if era.has(Capability::ExtraBeforeRootBlock) {
            merged.extra.over(whole.extra).over(whole.own).over(merged.own)
        } else if era.has(Capability::EveryApiSetting) {
            whole.extra.over(whole.own).over(merged.extra).over(merged.own)
        } else if by_key {
            // The first of these alone also overrides, unless its own `extra` speaks of the same.
            let first = root.or(below_gateway).or(below_platforms).unwrap_or_default();
            first.own.without(first.extra).without_key().over(merged.extra).over(merged.own)
        } else {
            merged.extra
        };
        let enabled = whole.enabled.or(merged.enabled);
        Self { enabled, settings, expands: era.has(Capability::EveryApiSetting) }
    }

    /// Returns whether it wants an API server, and which line says so, if one does.
    pub(super) fn enabled(&self) -> Setting<Value<bool>> {
        let Some(entry) = self.enabled else {
            return Setting { value: Value::Literal(false), from: None };
        };
        let text = entry.text(self.expands);
        let value =
            text.map_or(Value::Literal(false), |text| text.map(|text| super::is_truthy(&text)));
        Setting { value, from: Some(entry.place()) }
    }

    /// Returns the host that it names. Null is every address (verified on 0.22.2).
    pub(super) fn host(&self) -> Option<Setting<Address>> {
        let entry = self.settings.host?;
        let value = entry.text(self.expands).map_or_else(Address::every, Address::from);
        Some(Setting { value, from: Some(entry.place()) })
    }

    /// Returns the port that it names: what is no number is Hermes's default, and null counts as not set.
    pub(super) fn port(&self) -> Option<Setting<Value<u16>>> {
        let entry = self.settings.port?;
        let from = Some(entry.place());
        let number = match entry.node.value {
            Yaml::Null => return None,
            Yaml::Bool(value) => Some(i64::from(value)),
            #[expect(clippy::cast_possible_truncation, reason = "as Python's int() does")]
            Yaml::Float(value) => Some(value as i64),
            Yaml::Int(value) => Some(value),
            Yaml::Text(_) | Yaml::List(_) | Yaml::Map(_) => None,
        };
        if let Some(number) = number {
            return Some(Setting { value: port(number), from });
        }
        let text = entry.text(self.expands).filter(|_| matches!(entry.node.value, Yaml::Text(_)));
        let told = text.and_then(|value| port_of(Setting { value, from }));
        Some(told.unwrap_or(Setting { value: Value::Literal(PORT), from: None }))
    }

    /// Returns the key that it holds.
    pub(super) fn key(&self) -> Option<Setting<Key>> {
        let entry = self.settings.key?;
        let value = entry.text(self.expands).unwrap_or_else(|| Value::Literal(String::new()));
        Some(Key::of(Some(Setting { value, from: Some(entry.place()) })))
    }
}

impl<'a> Block<'a> {
    /// Reads the block at this path, leaf by leaf out of the strongest file that has it.
    fn at(files: &[(&'a str, &'a Node)], path: &[&str]) -> Option<Self> {
        let blocks: Vec<Entry<'a>> = files
            .iter()
            .filter_map(|(file, root)| Some(Entry { file, node: root.at(path)? }))
            .filter(|block| matches!(block.node.value, Yaml::Map(_)))
            .collect();
        let leaf = |path: &[&str]| {
            blocks
                .iter()
                .find_map(|Entry { file, node }| Some(Entry { file, node: node.at(path)? }))
        };
        let own = Keys { port: leaf(&["port"]), host: leaf(&["host"]), key: leaf(&["key"]) };
        let extra = |name: &str| leaf(&["extra", name]);
        let extra = Keys { port: extra("port"), host: extra("host"), key: extra("key") };
        (!blocks.is_empty()).then(|| Self { enabled: leaf(&["enabled"]), own, extra })
    }

    /// This block, and what it leaves open out of a weaker one.
    fn over(self, weaker: Self) -> Self {
        Self {
            enabled: self.enabled.or(weaker.enabled),
            own: self.own.over(weaker.own),
            extra: self.extra.over(weaker.extra),
        }
    }
}

impl Keys<'_> {
    /// These settings, and what they leave open out of weaker ones.
    fn over(self, weaker: Self) -> Self {
        Self {
            port: self.port.or(weaker.port),
            host: self.host.or(weaker.host),
            key: self.key.or(weaker.key),
        }
    }

    /// Those of which the others do not speak.
    fn without(self, others: Self) -> Self {
        Self {
            port: self.port.filter(|_| others.port.is_none()),
            host: self.host.filter(|_| others.host.is_none()),
            key: self.key.filter(|_| others.key.is_none()),
        }
    }

    /// Those that say where to listen.
    fn without_key(self) -> Self {
        Self { key: None, ..self }
    }
}

impl Entry<'_> {
    fn place(self) -> Place {
        Place { file: self.file.into(), line: Some(self.node.line) }
    }

    /// Returns the text of a scalar as Python's `str()` gives it; None for null. A list or a mapping is no text.
    fn text(self, expands: bool) -> Option<Value> {
        match (&self.node.value, self.node.to_text()) {
            (Yaml::Null, _) => None,
            (_, Some(text)) if expands && text.contains("${") => {
                Some(Value::unresolved(text.into_owned()))
            }
            (_, Some(text)) => Some(Value::of(text)),
            (_, None) => {
                let why = crate::fact::Why::Failed("it is no text".into());
                Some(Value::Open(Open { written: String::new(), why }))
            }
        }
    }

    /// Returns the variable that Hermes makes of a scalar at the top of the file.
    pub(super) fn exported(self) -> Option<Reading> {
        let value = Value::of(self.node.to_text()?);
        Some(Setting { value, from: Some(self.place()) })
    }
}
