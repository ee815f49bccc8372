//! What a generator of the installed code writes, without its secrets: whoever works on a checkout may have put values
//! of their own into its templates. Each value is treated as it would be in the definition that is written.

use super::shape::{self, arguments, is_name, is_variable, marked};
use super::{Salt, plist, unit};
use crate::generator::{ANY as UNKNOWN, Kind, Setting};

/// What stands in a snapshot for a part of a value that the code does not tell.
pub const ANY: &str = "‹any›";

/// The path of a file of the code. What no module is called goes.
pub fn file(path: &str, salt: &Salt) -> String {
    let part = |part: &str| if is_name(part) { part.into() } else { marked(part, salt) };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// A setting without its secrets. None where even its name may be one.
pub fn setting(setting: Setting, is_plist: bool, salt: &Salt) -> Option<Setting> {
    let value: Vec<String> =
        setting.value.iter().map(|value| value.replace(UNKNOWN, ANY)).collect();
    let is_clear = match setting.path.as_slice() {
        [_, environment, name] if !is_plist && environment == "Environment" => {
            is_variable(name) && is_name(name)
        }
        path => path.iter().all(|part| is_name(part)),
    };
    if !is_clear {
        return None;
    }
    let value = if is_plist {
        of_list(&setting, &value, salt)
    } else {
        let [section, key, ..] = setting.path.as_slice() else { return None };
        value.iter().map(|value| of_unit(section, key, value, salt)).collect()
    };
    let value =
        value.into_iter().map(|value| if value.len() > LONGEST { ANY.into() } else { value });
    Some(Setting { value: value.collect(), ..setting })
}

fn of_unit(section: &str, key: &str, value: &str, salt: &Salt) -> String {
    // Of variables the names count.
    if value == ANY || key == "Environment" {
        return ANY.into();
    }
    unit::directive(section, key, value, salt)
}

fn of_list(setting: &Setting, value: &[String], salt: &Salt) -> Vec<String> {
    let key = setting.path.first().map(String::as_str).unwrap_or_default();
    let one = |word: &String| plist::value(key, std::slice::from_ref(word), salt);
    let is_number = |word: &str| word.parse::<f64>().is_ok();
    match (setting.path.as_slice(), setting.kind) {
        ([_], _) if key == "ProgramArguments" => arguments(value, salt),
        ([_], Kind::Pairs) => {
            let pair = |pair: &String| match pair.split_once(' ') {
                Some((name, value)) if is_name(name) && value.parse::<bool>().is_ok() => {
                    pair.clone()
                }
                Some((name, _)) if is_name(name) => format!("{name} {}", marked(pair, salt)),
                _ => marked(pair, salt),
            };
            value.iter().map(pair).collect()
        }
        ([_], _) => {
            value.iter().map(|word| if word == ANY { word.clone() } else { one(word) }).collect()
        }
        ([_, ..], _) if key.ends_with("ResourceLimits") => value
            .iter()
            .map(
                |word| {
                    if word == ANY || is_number(word) { word.clone() } else { marked(word, salt) }
                },
            )
            .collect(),
        _ => value.iter().map(|_| ANY.to_string()).collect(),
    }
    .into_iter()
    .map(|word| shape::text(&word, salt))
    .collect()
}

/// The longest value that is kept, in bytes. Hermes's own longest command has less than two thousand.
const LONGEST: usize = 8 << 10;
