//! Where a gateway's API server is to listen, and from which source each setting comes.
//!
//! The precedence is Hermes's own, and it is not what one would expect. `.env` beats the service's environment, even with
//! an empty value. Up to 0.19 `API_SERVER_ENABLED` or any key enables; from 0.20 on a usable key alone does, or
//! `enabled: true`, and `enabled: false` wins over a key. Which blocks of config.yaml count, and which of two wins,
//! changed four times (each era verified by its own loader: 0.13.0 to 0.15.2, 0.16.0 to 0.19.0, 0.20.0 to 0.21.0, 0.21.3 to
//! 0.21.5, 0.22.2).
//!
//! Where the release is not known, each era is asked: what all of them say is known, and the rest is open.

mod yaml;

use crate::fact::{Fact, Why};
use crate::facts::address::Address;
use crate::facts::place::Place;
use crate::facts::release::{Capability, Version};
use crate::parse::pytext::{self, Int};
use crate::parse::yaml::Node;
use crate::redact::{Length, Mark, is_empty};
use crate::value::{Open, Value};

use yaml::{Configured, Entry};

/// A setting and its source.
#[derive(Debug, Clone)]
pub struct Setting<T> {
    /// What holds.
    pub value: T,
    /// Where it is set. None: Hermes's own default.
    pub from: Option<Place>,
}

/// What the API server of a gateway is meant to be.
#[derive(Debug, Clone)]
pub struct ApiServer {
    /// Whether there is to be one.
    pub enabled: Setting<bool>,
    /// What asks for one in vain, where there is to be none.
    pub in_vain: Option<InVain>,
    /// The host to bind.
    pub host: Setting<Address>,
    /// The port to bind.
    pub port: Setting<Value<u16>>,
    /// Where a variable for the port is set to what is no number: Hermes passes over it without a word.
    pub no_port: Option<Place>,
    /// Its key: never the value.
    pub key: Setting<Key>,
    /// Where Hermes gives up config.yaml, if it does: an `extra:` that is no mapping. What it reads later counts for nothing.
    pub given_up: Option<Place>,
    /// The release by whose rules it was settled, where that is known.
    pub release: Option<Version>,
}

/// What asks for an API server and does not get one, without a word in any log: from 0.20 on, and in every release for a
/// gateway of several profiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InVain {
    /// `API_SERVER_ENABLED` does, which counts for nothing, and there is no key.
    Flag(Place),
    /// A key does that is too short, or a word out of a template.
    Key(Place),
    /// A usable key does, and `enabled: false` wins over it.
    Against {
        /// The key.
        key: Place,
        /// What switches it off.
        off: Place,
    },
    /// A key in the environment of the service does, and the gateway serves several profiles: then only a file's counts.
    InService(Place),
}

/// What may be known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// There is none.
    Missing,
    /// There is one of this length.
    Present {
        /// Its class of length.
        length: Length,
        /// Whether it is a word out of a template.
        placeholder: bool,
        /// Whether it has the shape of one, which counts from 0.21.4 on.
        template: bool,
    },
    /// Whether there is one cannot be told.
    Open(Why),
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
    /// Whether it is a file that Hermes itself reads, and not the environment in which it was started.
    pub is_file: bool,
}

/// A variable that is set.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Value,
    /// Where it is set.
    pub at: Place,
}

impl Layer {
    /// The assignment of a variable that holds, if it is more than an empty text.
    pub fn find(&self, name: &str) -> Fact<&Assignment> {
        match (self.get(name), &self.hidden) {
            (Some(set), _) if !is_empty(set.value.written()) => Fact::Known(set),
            (None, Some(why)) => Fact::Unknown(why.clone()),
            _ => Fact::Absent,
        }
    }

    /// Returns the assignment of a variable that holds in this layer, be it empty or not.
    pub fn get(&self, name: &str) -> Option<&Assignment> {
        // The last assignment wins, in a unit as in a `.env`.
        self.set.iter().rev().find(|set| set.name == name)
    }
}

impl From<Vec<Assignment>> for Layer {
    fn from(set: Vec<Assignment>) -> Self {
        Self { set, hidden: None, is_file: false }
    }
}

/// The sources, highest first, with the configuration beneath them.
#[derive(Debug, Clone, Default)]
pub struct Sources<'a> {
    /// Layers of the environment, the strongest first.
    pub environment: Vec<Layer>,
    /// `config.yaml` files, the strongest first, each with its path.
    pub config: Vec<(&'a str, &'a Node)>,
    /// The release by whose rules they are read. None: it is not known.
    pub release: Option<Version>,
    /// Whether the gateway serves other profiles too: then a key counts only where a file sets it (verified on 0.19 and
    /// 0.22.2). None: it is not known.
    pub serves_many: Option<bool>,
}

/// The rules of one era of releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Era {
    /// What it can do.
    has: &'static [Capability],
    /// How it differs from the era before it, for people.
    change: &'static str,
}

/// The eras, the oldest first. Each has what those before it have.
const ERAS: [Era; 6] = {
    use Capability::{
        ApiServerByKey, BlockBelowGateway, EveryApiSetting, ExtraBeforeRootBlock,
        RefusesTemplateKeys,
    };
    [
        Era { has: &[], change: "" },
        Era {
            has: &[BlockBelowGateway],
            change: "up to 0.15 the block `gateway.platforms` of config.yaml is not read",
        },
        Era {
            has: &[BlockBelowGateway, ApiServerByKey],
            change: "up to 0.19 API_SERVER_ENABLED or any key enables it, and only `extra:` is read in config.yaml; from 0.20 on it takes a usable key or `enabled: true`, and the block itself is read",
        },
        Era {
            has: &[BlockBelowGateway, ApiServerByKey, EveryApiSetting],
            change: "from 0.21.3 on the block `api_server:` at the top of config.yaml counts in full, and `${…}` is expanded",
        },
        Era {
            has: &[BlockBelowGateway, ApiServerByKey, EveryApiSetting, RefusesTemplateKeys],
            change: "from 0.21.4 on a key that looks like one out of a template is none",
        },
        Era {
            has: &[
                BlockBelowGateway,
                ApiServerByKey,
                EveryApiSetting,
                RefusesTemplateKeys,
                ExtraBeforeRootBlock,
            ],
            change: "from 0.22 on `platforms.api_server.extra` wins over the block `api_server:` at the top of config.yaml",
        },
    ]
};

impl Era {
    /// Returns those by whose rules a release may go. All, where it is not known.
    fn possible(version: Option<&Version>) -> impl Iterator<Item = Self> {
        let last = ERAS.iter().last().map_or(&[][..], |era| era.has);
        let fits = move |era: &Self| {
            last.iter().all(|capability| {
                let has = version.and_then(|version| version.has(*capability));
                has.is_none_or(|has| has == era.has(*capability))
            })
        };
        ERAS.into_iter().filter(fits)
    }

    fn has(self, capability: Capability) -> bool {
        self.has.contains(&capability)
    }
}

/// A variable, and where it is set. What a hidden layer may set is open, and has no place.
type Reading = Setting<Value>;

/// What one set of rules makes of the sources.
struct Decided {
    enabled: Setting<Value<bool>>,
    in_vain: Option<InVain>,
    host: Setting<Address>,
    port: Setting<Value<u16>>,
    no_port: Option<Place>,
    key: Setting<Key>,
    given_up: Option<Place>,
}

impl Sources<'_> {
    /// What follows for the API server. Unknown where it cannot be told whether there is to be one.
    pub fn api_server(&self) -> Fact<ApiServer> {
        let scopes: &[bool] = match self.serves_many {
            Some(true) => &[true],
            Some(false) => &[false],
            None => &[false, true],
        };
        let of_era = |era: Era| {
            let decided = scopes.iter().map(|scoped| self.decide(era, *scoped));
            decided.reduce(|one, other| one.or_open(&other, &Why::Failed(MANY.into())))
        };
        let eras = Era::possible(self.release.as_ref());
        let decided = eras.filter_map(|era| Some((era, of_era(era)?)));
        let agreed = decided.reduce(|(_, before), (era, after)| {
            let what = format!("the version of Hermes is not known: {}", era.change);
            (era, before.or_open(&after, &Why::Failed(what)))
        });
        agreed.map_or(Fact::Unknown(Why::NotObserved), |(_, decided)| {
            decided.into_fact(self.release.clone())
        })
    }

    /// Returns a variable: an empty one is set, and hides those below it. `scoped`: only what a file sets counts.
    fn variable(&self, name: &str, scoped: bool) -> Option<Reading> {
        for layer in self.environment.iter().filter(|layer| layer.is_file || !scoped) {
            if let Some(set) = layer.get(name) {
                return Some(Setting { value: set.value.clone(), from: Some(set.at.clone()) });
            }
            if let Some(why) = &layer.hidden {
                return Some(Setting { value: Value::hidden(why), from: None });
            }
        }
        // Top-level scalars of config.yaml are exported for names that nothing else sets.
        let mut roots = self.config.iter().filter(|_| !scoped);
        roots.find_map(|(file, root)| Entry { file, node: root.get(name)? }.exported())
    }

    fn decide(&self, era: Era, scoped: bool) -> Decided {
        let configured = Configured::of(&self.config, era, false);
        let decided = self.settle(&configured, era, scoped);
        let Some(at) = &configured.in_doubt else { return decided };
        let other = self.settle(&Configured::of(&self.config, era, true), era, scoped);
        let what =
            format!("{at} may end Hermes's loader, and then nothing counts that comes later");
        decided.or_open(&other, &Why::Failed(what))
    }

    fn settle(&self, configured: &Configured<'_>, era: Era, scoped: bool) -> Decided {
        let key = Key::of(self.variable("API_SERVER_KEY", scoped));
        let decided = if era.has(Capability::ApiServerByKey) {
            self.by_key(configured, &key, era, scoped)
        } else {
            self.by_flag_or_key(configured, &key, scoped)
        };
        let is_off = decided.enabled.value.is(&false) == Some(true);
        let is_open_to_a_key =
            is_off && decided.enabled.from.is_none() && key.value == Key::Missing;
        let outside = || Key::of(self.variable("API_SERVER_KEY", false));
        match Some(scoped && is_open_to_a_key).filter(|is_it| *is_it).map(|_| outside()) {
            Some(Setting { value: Key::Present { .. }, from: Some(at) }) => {
                Decided { in_vain: Some(InVain::InService(at)), ..decided }
            }
            _ => decided,
        }
    }

    /// By the rules up to 0.19: the flag enables, or any key, and both win over the configuration.
    fn by_flag_or_key(
        &self,
        configured: &Configured<'_>,
        key: &Setting<Key>,
        scoped: bool,
    ) -> Decided {
        let flag = self.variable("API_SERVER_ENABLED", scoped);
        let flag = flag.map(|flag| flag.map(|value| value.map(|text| is_truthy(&text))));
        let key_is_set = key.clone().map(|key| key.is_set());
        let by_env = [key_is_set].into_iter().chain(flag);
        // What says yes counts, then what may; of two that say the same, the flag.
        let strongest = by_env.max_by_key(|by| match by.value.literal() {
            Some(true) => 2,
            None => 1,
            Some(false) => 0,
        });
        let told = |value: bool| {
            let by_env = strongest.as_ref().filter(|_| value);
            let enabled = by_env.map(|by| by.clone().map(|_| Value::Literal(true)));
            let enabled = enabled.unwrap_or_else(|| configured.enabled());
            Decided { enabled, ..self.settled(configured, key, value, scoped) }
        };
        match strongest.as_ref().map(|by| &by.value) {
            Some(Value::Open(open)) => told(true).or_open(&told(false), &open.why),
            Some(Value::Literal(true)) => told(true),
            Some(Value::Literal(false)) | None => told(false),
        }
    }

    /// By the rules from 0.20 on: a usable key enables, unless the configuration says no; the flag is read nowhere.
    fn by_key(
        &self,
        configured: &Configured<'_>,
        key: &Setting<Key>,
        era: Era,
        scoped: bool,
    ) -> Decided {
        let told = configured.enabled();
        let shapes_count = era.has(Capability::RefusesTemplateKeys);
        let usable = key.clone().map(|key| key.is_usable(shapes_count));
        let enabled = if told.from.is_some() { told.clone() } else { usable.clone() };
        let is_off = enabled.value.is(&false) == Some(true);
        let is_usable = usable.value.is(&true) == Some(true);
        let in_vain = is_off.then(|| self.in_vain((key, is_usable), &told, scoped)).flatten();
        // A key that enables nothing is no source of what is not set.
        let enabled =
            Setting { from: enabled.from.filter(|_| !is_off || told.from.is_some()), ..enabled };
        let settled = |enrolled| Decided {
            enabled: enabled.clone(),
            in_vain: in_vain.clone(),
            ..self.settled(configured, key, enrolled, scoped)
        };
        match usable.value {
            Value::Literal(usable) => settled(usable),
            Value::Open(open) => settled(true).or_open(&settled(false), &open.why),
        }
    }

    /// What asks for an API server and gets none, where the configuration told so much.
    fn in_vain(
        &self,
        (key, is_usable): (&Setting<Key>, bool),
        told: &Setting<Value<bool>>,
        scoped: bool,
    ) -> Option<InVain> {
        match (&key.value, &told.from) {
            (Key::Present { .. }, Some(off)) if is_usable => {
                Some(InVain::Against { key: key.from.clone()?, off: off.clone() })
            }
            (Key::Present { .. }, None) => key.from.clone().map(InVain::Key),
            (Key::Missing, None) => {
                let flag = self.variable("API_SERVER_ENABLED", scoped)?;
                let says_yes = flag.value.literal().is_some_and(|text| is_truthy(text));
                flag.from.filter(|_| says_yes).map(InVain::Flag)
            }
            _ => None,
        }
    }

    /// What holds besides. The environment wins over the configuration where it is what `enrolled` the API server.
    fn settled(
        &self,
        configured: &Configured<'_>,
        key: &Setting<Key>,
        enrolled: bool,
        scoped: bool,
    ) -> Decided {
        let is_some = |reading: &Reading| reading.value.is("") != Some(true);
        let first = |name: &str| self.variable(name, scoped).filter(|_| enrolled).filter(is_some);
        // The adapter asks the environment once more, and takes what is there, even if that is empty.
        let last = |name: &str| self.variable(name, false);
        let host = first("API_SERVER_HOST").map(|host| host.map(Address::from));
        let host = host.or_else(|| configured.host());
        let host = host.or_else(|| Some(last("API_SERVER_HOST")?.map(Address::from)));
        let is_no_number = |reading: &Reading| {
            reading.value.literal().is_some_and(|text| matches!(pytext::int(text), Int::None))
        };
        let no_port = last("API_SERVER_PORT").filter(is_some).filter(is_no_number);
        let port = first("API_SERVER_PORT").and_then(port_of).or_else(|| configured.port());
        let port = port.or_else(|| last("API_SERVER_PORT").and_then(port_of));
        let key_wins = enrolled && key.value.is_set().is(&false) != Some(true);
        let key = configured.key().filter(|_| !key_wins).unwrap_or_else(|| key.clone());
        Decided {
            enabled: Setting { value: Value::Literal(false), from: None },
            in_vain: None,
            host: host.unwrap_or_else(|| Setting { value: Address::of(HOST), from: None }),
            port: port.unwrap_or(Setting { value: Value::Literal(PORT), from: None }),
            no_port: no_port.and_then(|reading| reading.from),
            key,
            given_up: configured.given_up.clone(),
        }
    }
}

/// Why two scopes may give two answers.
const MANY: &str = "it is not known whether the gateway serves other profiles too: if it does, a key counts only where a `.env` sets it";

/// The port that a variable gives, as Python's `int()` reads it. What is no number counts as not set.
fn port_of(reading: Reading) -> Option<Setting<Value<u16>>> {
    let number = match reading.value {
        Value::Literal(text) => match pytext::int(&text) {
            Int::Is(number) => Value::Literal(number),
            Int::Other => {
                let why = Why::Failed("it is a number that was not read".into());
                Value::Open(Open { written: text, why })
            }
            Int::None => return None,
        },
        Value::Open(open) => Value::Open(open),
    };
    Some(Setting { value: number.and_then(port), from: reading.from })
}

/// A number as a port. With 0 the system chooses one.
fn port(number: i64) -> Value<u16> {
    let open = |what: String| Open { written: number.to_string(), why: Why::Failed(what) };
    match u16::try_from(number) {
        Ok(0) => Value::Open(open("with 0 the system chooses one".into())),
        Ok(port) => Value::Literal(port),
        Err(_) => Value::Open(open(format!("{number} is no port"))),
    }
}

impl<T> Setting<T> {
    fn map<U>(self, of: impl FnOnce(T) -> U) -> Setting<U> {
        Setting { value: of(self.value), from: self.from }
    }
}

impl Decided {
    /// What both say. What they do not agree in is open.
    fn or_open(self, other: &Self, why: &Why) -> Self {
        let is_one_key = self.key.value == other.key.value;
        let open_key = || Setting { value: Key::Open(why.clone()), from: None };
        Self {
            in_vain: self.in_vain.filter(|one| other.in_vain.as_ref() == Some(one)),
            enabled: agreed(self.enabled, &other.enabled, why),
            host: if self.host.value.is_written_as(&other.host.value) {
                self.host
            } else {
                Setting { value: Address::from(Value::hidden(why)), from: None }
            },
            port: agreed(self.port, &other.port, why),
            no_port: self.no_port.filter(|one| other.no_port.as_ref() == Some(one)),
            key: if is_one_key { self.key } else { open_key() },
            given_up: self.given_up.filter(|one| other.given_up.as_ref() == Some(one)),
        }
    }

    fn into_fact(self, release: Option<Version>) -> Fact<ApiServer> {
        let value = match self.enabled.value {
            Value::Literal(value) => value,
            Value::Open(open) => {
                let place = self.enabled.from.map(|at| format!("what {at} says: {}", open.why));
                return Fact::Unknown(place.map_or(open.why, Why::Failed));
            }
        };
        Fact::Known(ApiServer {
            enabled: Setting { value, from: self.enabled.from },
            in_vain: self.in_vain,
            host: self.host,
            port: self.port,
            no_port: self.no_port,
            key: self.key,
            given_up: self.given_up,
            release,
        })
    }
}

fn agreed<T: PartialEq>(
    one: Setting<Value<T>>,
    other: &Setting<Value<T>>,
    why: &Why,
) -> Setting<Value<T>> {
    match (one.value.same(&other.value), &one.value) {
        (Some(true), _) | (None, Value::Open(_)) => one,
        _ => Setting { value: Value::hidden(other.value.why().unwrap_or(why)), from: None },
    }
}

/// What Hermes takes for yes. `on` counts from 0.18.
fn is_truthy(text: &str) -> bool {
    matches!(pytext::lowered(text).as_str(), "1" | "true" | "yes" | "on")
}

impl Key {
    /// What may be known of this key, or of the one that this mark stands for.
    fn of(reading: Option<Reading>) -> Setting<Self> {
        let Some(Setting { value, from }) = reading else {
            return Setting { value: Self::Missing, from: None };
        };
        let mark = match (&value, Mark::read(value.written())) {
            (_, Some(mark)) => mark,
            (Value::Literal(text), None) => Mark::of(text, &crate::redact::Salt(Vec::new())),
            (Value::Open(open), None) => {
                return Setting { value: Self::Open(open.why.clone()), from };
            }
        };
        match mark.length {
            Length::Empty => Setting { value: Self::Missing, from: None },
            length => {
                let Mark { placeholder, template, .. } = mark;
                let value = Self::Present { length, placeholder, template };
                Setting { value, from }
            }
        }
    }

    /// Returns whether there is one.
    fn is_set(&self) -> Value<bool> {
        match self {
            Self::Missing => Value::Literal(false),
            Self::Present { .. } => Value::Literal(true),
            Self::Open(why) => Value::hidden(why),
        }
    }

    /// Returns whether it is one by the rules of 0.18 and later: 16 characters, and no word out of a template. From 0.21.4 on
    /// nothing of the shape of one either.
    fn is_usable(&self, shapes_count: bool) -> Value<bool> {
        match self {
            Self::Missing => Value::Literal(false),
            Self::Present { length, placeholder, template } => {
                let is_word = *placeholder || shapes_count && *template;
                Value::Literal(*length == Length::Long && !is_word)
            }
            Self::Open(why) => Value::hidden(why),
        }
    }
}

impl ApiServer {
    /// The address to bind, as people write it: `127.0.0.1:8642`.
    pub fn address(&self) -> String {
        match &self.port.value {
            Value::Literal(port) => self.host.value.with(port),
            Value::Open(_) => "a port that is not known".into(),
        }
    }

    /// The URL of its health endpoint, if it is known, and can be asked without leaving this machine.
    pub fn health_url(&self) -> Option<String> {
        health_url(&self.host.value, *self.port.value.literal()?)
    }

    /// Why its address cannot be compared with another, where it cannot.
    pub fn open(&self) -> Option<Why> {
        let told = |what: &str, at: &Option<Place>, why: &Why| match at {
            Some(at) => Why::Failed(format!("the {what} in {at}: {why}")),
            None => why.clone(),
        };
        let port = self.port.value.why().map(|why| told("port", &self.port.from, why));
        port.or_else(|| Some(told("host", &self.host.from, &self.host.value.why()?)))
    }
}

/// The URL of the health endpoint of a listener, if it can be asked without leaving this machine.
pub fn health_url(host: &Address, port: u16) -> Option<String> {
    Some(format!("http://{}/v1/health", Address::at(host.ask()?).with(port)))
}

#[cfg(test)]
mod tests;
