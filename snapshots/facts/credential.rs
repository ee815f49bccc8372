//! The credentials with which a gateway reads the messages of platforms. A platform hands each message to one reader, so two
//! gateways, or two profiles of one, cannot share one.

use crate::facts::place::Place;
use crate::facts::settings::Layer;
use crate::parse::yaml;
use crate::value::Value;

/// The credential of one platform.
#[derive(Debug, Clone)]
pub struct Credential {
    /// The platform, as Hermes calls it.
    pub platform: &'static str,
    /// A mark in its place: two marks of one host tell whether they stand for the same.
    pub value: Value,
    /// Where it is set.
    pub at: Place,
}

/// The variables that hold the credentials of platforms (0.13 to 0.22).
const VARIABLES: [(&str, &str); 6] = [
    ("discord", "DISCORD_BOT_TOKEN"),
    ("matrix", "MATRIX_ACCESS_TOKEN"),
    ("mattermost", "MATTERMOST_TOKEN"),
    ("slack", "SLACK_BOT_TOKEN"),
    ("telegram", "TELEGRAM_BOT_TOKEN"),
    ("weixin", "WEIXIN_TOKEN"),
];

impl Credential {
    /// Finds those that a gateway has in its environment or, if there is none, in the configuration at this path. A
    /// platform that is switched off needs none.
    pub fn all(assigned: &Layer, config: Option<&yaml::Node>, path: &str) -> Vec<Self> {
        let blocks = |platform: &'static str| {
            let [root, gateway] = [&["platforms"][..], &["gateway", "platforms"]];
            [root, gateway].into_iter().filter_map(move |path| config?.at(path)?.get(platform))
        };
        let is_off = |platform| {
            blocks(platform).any(|block| {
                block.get("enabled").is_some_and(|node| node.value == yaml::Value::Bool(false))
            })
        };
        let of = |(platform, variable): (&'static str, &str)| {
            if let Some(set) = assigned.get(variable) {
                return Some(Self { platform, value: set.value.clone(), at: set.at.clone() });
            }
            let mut tokens = blocks(platform).filter_map(|block| block.get("token"));
            let token = tokens.next()?;
            let at = Place { file: path.into(), line: Some(token.line) };
            Some(Self { platform, value: Value::of(token.as_text()?), at })
        };
        VARIABLES.into_iter().filter(|(platform, _)| !is_off(platform)).filter_map(of).collect()
    }
}
