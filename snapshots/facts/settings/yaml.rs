//! What `config.yaml` says of the API server, by the rules of an era.
//!
//! Four blocks may speak of it. Their `extra:` counts in every release; what stands in the block itself counts from 0.20
//! on, which of two wins changed twice, and `gateway.platforms` is read from 0.16 on.
//!
//! The loader goes from block to block. One with an `extra:` that is no mapping ends it with an error, which it logs: what
//! it has read before holds, and nothing that comes later does, the block at the top of the file included (verified by the
//! loaders of 0.15.2, 0.19.0, 0.21.5 and 0.22.2). An empty `extra:` is null, and so no mapping.

use crate::facts::address::Address;
use crate::facts::place::Place;
use crate::facts::release::Capability;
use crate::parse::pytext;
use crate::parse::yaml::{Map, Node, Value as Yaml};
use crate::value::{Open, Value};

use super::{Era, Key, PORT, Reading, Setting, port, port_of};

/// What the configuration says.
#[derive(Default)]
pub(super) struct Configured<'a> {
    enabled: Option<Entry<'a>>,
    settings: Keys<'a>,
    /// Whether `${NAME}` is expanded.
    expands: bool,
    /// Where the loader gave up, if it did.
    pub(super) given_up: Option<Place>,
    /// Where it may give up: a block below `gateway:` may be that of a platform of which no release knows.
    pub(super) in_doubt: Option<Place>,
}

/// A node, and its file.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) file: &'a str,
    pub(super) node: &'a Node,
}

/// What stands at one place of the configuration. Mappings of several files are one there.
#[derive(Clone)]
struct Layered<'a> {
    /// The strongest first. More than one only where all are mappings.
    nodes: Vec<Entry<'a>>,
    /// The line of its key, in the strongest file.
    line: usize,
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

/// The blocks of the API server that the loader has read, in its order, each under its name as it is written.
#[derive(Default)]
struct Read<'a> {
    blocks: Vec<(&'a str, Block<'a>)>,
    given_up: Option<Place>,
    in_doubt: Option<Place>,
}

impl<'a> Configured<'a> {
    /// Reads the files, the strongest first. `takes_any`: what may end the loader does.
    pub(super) fn of(files: &[(&'a str, &'a Node)], era: Era, takes_any: bool) -> Self {
        let Some(root) = Layered::root(files) else { return Self::default() };
        let gateway = root.get("gateway");
        let broken = root.broken_gateway().filter(|_| !era.has(Capability::BlockBelowGateway));
        if broken.is_some() && takes_any {
            return Self { given_up: broken, ..Self::default() };
        }
        let below_gateway = gateway.as_ref().and_then(|gateway| gateway.get("platforms"));
        let below_gateway = below_gateway.filter(|_| era.has(Capability::BlockBelowGateway));
        let below_root = root.get("platforms");
        let by_key = era.has(Capability::ApiServerByKey);
        let mut read = Read { in_doubt: broken, ..Read::default() };
        for platforms in [&below_gateway, &below_root].into_iter().flatten() {
            read.merge(platforms, |_| Some(true));
        }
        if let Some(gateway) = gateway.filter(|_| by_key) {
            read.merge(&gateway, |name| match name {
                "platforms" | "streaming" => Some(false),
                name if is_shipped(name) || takes_any => Some(true),
                _ => None,
            });
        }
        let expands = era.has(Capability::EveryApiSetting);
        let ended = read.given_up.is_some();
        let whole = root.get(OWN_NAME).filter(|block| block.is_map() && !ended);
        if whole.as_ref().is_some_and(|block| block.is_copied(expands, by_key)) {
            read.put(OWN_NAME, Block::default());
        }
        // Of two names for one platform the last one's block counts, and no other.
        let (name, merged) = read.blocks.last().copied().unwrap_or((OWN_NAME, Block::default()));
        let is_own = name == OWN_NAME;
        let of_section = |section: &Option<Layered<'a>>| section.as_ref()?.get(OWN_NAME);
        let first = whole.clone().or_else(|| of_section(&below_gateway));
        let first = first.or_else(|| of_section(&below_root)).filter(|_| is_own && !ended);
        let first = first.map(|block| Block::of(&block)).unwrap_or_default();
        let whole = whole.filter(|_| is_own).map(|block| Block::of(&block)).unwrap_or_default();
        let settings = if era.has(Capability::ExtraBeforeRootBlock) {
            merged.extra.over(whole.extra).over(whole.own).over(merged.own)
        } else if expands {
            whole.extra.over(whole.own).over(merged.extra).over(merged.own)
        } else if by_key {
            // The first of these alone also overrides, unless its own `extra` speaks of the same.
            first.own.without(first.extra).without_key().over(merged.extra).over(merged.own)
        } else {
            merged.extra
        };
        let enabled = whole.enabled.or(merged.enabled);
        let Read { given_up, in_doubt, .. } = read;
        Self { enabled, settings, expands, given_up, in_doubt }
    }

    /// Returns whether it wants an API server, and which line says so, if one does.
    pub(super) fn enabled(&self) -> Setting<Value<bool>> {
        let Some(entry) = self.enabled else {
            return Setting { value: Value::Literal(false), from: None };
        };
        let value = match &entry.node.value {
            Yaml::Text(_) => {
                let text = entry.text(self.expands);
                text.map_or(Value::Literal(false), |text| text.map(|text| super::is_truthy(&text)))
            }
            value => Value::Literal(is_true(value)),
        };
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
            // No number at all is the default, as a text is that is none.
            Yaml::Float(value) if value.is_nan() => None,
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

impl<'a> Read<'a> {
    /// Reads the blocks of a section, of those names that are platforms: None where that is not known.
    fn merge(&mut self, section: &Layered<'a>, is_platform: impl Fn(&str) -> Option<bool>) {
        for (name, block) in section.pairs() {
            if self.given_up.is_some() {
                return;
            }
            let is_platform = is_platform(name);
            if !block.is_map() || is_platform == Some(false) {
                continue;
            }
            let broken = block.get("extra").filter(|extra| !extra.is_map());
            match (broken, is_platform) {
                (Some(broken), Some(_)) => self.given_up = broken.place(),
                (Some(broken), None) => self.in_doubt = self.in_doubt.take().or(broken.place()),
                (None, Some(_)) if pytext::lowered(name) == OWN_NAME => {
                    self.put(name, Block::of(&block));
                }
                (None, _) => {}
            }
        }
    }

    /// Adds what a block says to the one of this very name, which stays in its place in the order.
    fn put(&mut self, name: &'a str, block: Block<'a>) {
        match self.blocks.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = block.over(*known),
            None => self.blocks.push((name, block)),
        }
    }
}

impl<'a> Layered<'a> {
    /// Reads the files, the strongest first, as one. None if the loader takes nothing from them: the weakest is neither a
    /// mapping nor empty.
    fn root(files: &[(&'a str, &'a Node)]) -> Option<Self> {
        let layer = |&(file, node): &(&'a str, &'a Node)| Self {
            nodes: vec![Entry { file, node }],
            line: 1,
        };
        let mut layers = files.iter().rev().map(layer);
        let weakest = layers.next()?;
        let weakest = match weakest.nodes.first() {
            Some(entry) if !weakest.is_map() && is_true(&entry.node.value) => return None,
            _ => Some(weakest).filter(Self::is_map),
        };
        weakest.into_iter().chain(layers.filter(Self::is_map)).reduce(Self::under)
    }

    /// This, with what a stronger file says: mappings become one, and an empty key takes none away.
    fn under(self, stronger: Self) -> Self {
        match (self.is_map(), stronger.nodes.first().map(|entry| &entry.node.value)) {
            (true, Some(Yaml::Map(_))) => {
                Self { nodes: [stronger.nodes, self.nodes].concat(), line: stronger.line }
            }
            (true, Some(Yaml::Null)) => self,
            _ => stronger,
        }
    }

    fn is_map(&self) -> bool {
        self.maps().next().is_some()
    }

    /// Returns its mappings, the weakest first, each with its file.
    fn maps(&self) -> impl Iterator<Item = (&'a str, &'a Map)> {
        self.nodes.iter().rev().filter_map(|entry| match &entry.node.value {
            Yaml::Map(map) => Some((entry.file, map)),
            _ => None,
        })
    }

    /// Returns its keys and values, in the order of the loader. A key that is no text has an empty name.
    fn pairs(&self) -> Vec<(&'a str, Self)> {
        let mut pairs: Vec<(&'a Node, Self)> = Vec::new();
        for (file, map) in self.maps() {
            for (key, node) in &map.pairs {
                let own = Self { nodes: vec![Entry { file, node }], line: key.line };
                match pairs.iter_mut().find(|(known, _)| known.value == key.value) {
                    Some((_, known)) => *known = known.clone().under(own),
                    None => pairs.push((key, own)),
                }
            }
        }
        pairs.into_iter().map(|(key, value)| (key.as_text().unwrap_or_default(), value)).collect()
    }

    fn get(&self, name: &str) -> Option<Self> {
        let found = self.maps().filter_map(|(file, map)| {
            let (key, node) = map.pairs.iter().find(|(key, _)| key.as_text() == Some(name))?;
            Some(Self { nodes: vec![Entry { file, node }], line: key.line })
        });
        found.reduce(Self::under)
    }

    /// Returns the value that holds.
    fn leaf(&self, name: &str) -> Option<Entry<'a>> {
        self.get(name)?.nodes.first().copied()
    }

    /// Returns the line of its key.
    fn place(&self) -> Option<Place> {
        let file = self.nodes.first()?.file;
        Some(Place { file: file.into(), line: Some(self.line) })
    }

    /// Returns the line of `gateway:` where it is no mapping, and some loaders up to 0.15 look for `streaming` in it and fail
    /// (0.14.0 and 0.15.2 do, 0.13.0 does not).
    fn broken_gateway(&self) -> Option<Place> {
        let streams = self.get("streaming").is_some_and(|streaming| streaming.is_map());
        let gateway = self.get("gateway").filter(|gateway| !gateway.is_map() && !streams)?;
        gateway.place()
    }

    /// True if the loader makes a block of the block at the top of the file, where there is none yet. `all`: it copies every
    /// setting; `by_key`: the port and the host at least, beside some of no interest here.
    fn is_copied(&self, all: bool, by_key: bool) -> bool {
        self.pairs().iter().any(|(name, value)| match *name {
            "enabled" | "channel_overrides" => true,
            "port" | "host" => by_key,
            "extra" => all && !value.pairs().is_empty(),
            "token" | "api_key" | "home_channel" | "reply_to_mode" => false,
            _ => all,
        })
    }
}

impl<'a> Block<'a> {
    fn of(block: &Layered<'a>) -> Self {
        let keys = |block: &Layered<'a>| Keys {
            port: block.leaf("port"),
            host: block.leaf("host"),
            key: block.leaf("key"),
        };
        let extra = block.get("extra").map(|extra| keys(&extra)).unwrap_or_default();
        Self { enabled: block.leaf("enabled"), own: keys(block), extra }
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

/// The name of the API server's blocks.
const OWN_NAME: &str = "api_server";

/// The names of platforms that every release from 0.20 on ships (0.21.5, 0.22.2). What a plugin brings is not known.
const SHIPPED: [&str; 23] = [
    "api_server",
    "bluebubbles",
    "dingtalk",
    "discord",
    "email",
    "feishu",
    "local",
    "matrix",
    "mattermost",
    "msgraph_webhook",
    "qqbot",
    "relay",
    "signal",
    "slack",
    "sms",
    "telegram",
    "webhook",
    "wecom",
    "wecom_callback",
    "weixin",
    "whatsapp",
    "whatsapp_cloud",
    "yuanbao",
];

fn is_shipped(name: &str) -> bool {
    SHIPPED.contains(&pytext::lowered(name).as_str())
}

/// True if Python's `bool()` says so.
fn is_true(value: &Yaml) -> bool {
    match value {
        Yaml::Null => false,
        Yaml::Bool(value) => *value,
        Yaml::Int(value) => *value != 0,
        Yaml::Float(value) => *value != 0.0,
        Yaml::Text(text) => !text.is_empty(),
        Yaml::List(list) => !list.is_empty(),
        Yaml::Map(map) => !map.pairs.is_empty(),
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
