//! Secrets leave here, at capture: nothing right of [`crate::host::Host`] ever holds one.
//!
//! Default deny. A value stays only where its name is on a short list; every other value becomes a
//! [`Mark`], which says how long it was and lets two marks be compared, and nothing else.

pub mod dotenv;
pub mod executions;
pub mod generator;
pub mod journal;
pub mod json;
pub mod launchctl;
mod likeness;
pub mod log;
pub mod plist;
pub mod process;
pub mod shape;
pub mod tick_error;
pub mod unit;
pub mod yaml;

use std::fmt;

use sha2::{Digest, Sha256};

pub use likeness::{Likeness, likeness, without_digests};

/// What a digest is salted with: something of the host that no snapshot holds, so that marks of one
/// host can be compared with each other and nobody can guess at a value with a word list.
#[derive(Clone)]
pub struct Salt(pub Vec<u8>);

/// What stands in the place of a value that was taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// How long it was.
    pub length: Length,
    /// Whether it was one of the words that people leave in a template, and Hermes refuses as a key.
    pub placeholder: bool,
    /// Whether it has the shape of one: `your_…_here`, or a row of x. Hermes refuses that from 0.21.4 on.
    pub template: bool,
    /// Eight hexadecimal digits that are the same for the same value on the same host. Only for
    /// values long enough not to be guessed.
    pub digest: Option<String>,
}

/// The length of a value, in the classes that matter: Hermes asks for 8 characters in an API key up
/// to 0.17 and for 16 since 0.18.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Length {
    /// No character.
    Empty,
    /// 1 to 7 characters.
    Under8,
    /// 8 to 15 characters.
    Under16,
    /// 16 or more characters.
    Long,
}

impl Length {
    /// The class of a text.
    pub fn of(text: &str) -> Self {
        match text.chars().count() {
            0 => Self::Empty,
            1..8 => Self::Under8,
            8..16 => Self::Under16,
            _ => Self::Long,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Empty => "0",
            Self::Under8 => "1-7",
            Self::Under16 => "8-15",
            Self::Long => "16+",
        }
    }
}

/// Whole values, in lower case, that Hermes takes for a template left as it was (0.13 to 0.19).
const PLACEHOLDERS: [&str; 12] = [
    "*",
    "**",
    "***",
    "changeme",
    "your_api_key",
    "your_api_key_here",
    "your-api-key",
    "placeholder",
    "example",
    "dummy",
    "null",
    "none",
];

/// True if a value in lower case has the shape of what stands in a template (0.21.4 and later).
fn is_template(lower: &str) -> bool {
    let is_row = |text: &str| !text.is_empty() && text.chars().all(|c| c == 'x');
    let prefixed = ["sk-", "ghp_", "hf_"].iter().filter_map(|prefix| lower.strip_prefix(prefix));
    let bare: String = lower.chars().filter(|c| !matches!(c, ' ' | '-' | '_')).collect();
    lower.starts_with("your_") && lower.ends_with("_here")
        || prefixed.into_iter().any(is_row)
        || is_row(&bare)
}

impl Mark {
    /// The mark of a value.
    pub fn of(value: &str, salt: &Salt) -> Self {
        let length = Length::of(value);
        let lower = value.trim().to_lowercase();
        let digest = (length == Length::Long).then(|| {
            let mut hash = Sha256::new();
            hash.update(&salt.0);
            hash.update(value.as_bytes());
            let digest = hash.finalize();
            let first =
                digest.iter().take(4).fold(0_u32, |first, byte| first << 8 | u32::from(*byte));
            format!("{first:08x}")
        });
        let placeholder = PLACEHOLDERS.contains(&lower.as_str());
        // What is shorter is no key whatever its shape.
        let template = length == Length::Long && !placeholder && is_template(&lower);
        Self { length, placeholder, template, digest }
    }

    /// True if both stand for one value of one host, false if they stand for two. None where they do not tell: a short value
    /// has no digest.
    pub fn same(&self, other: &Self) -> Option<bool> {
        if (self.length, self.placeholder, self.template)
            != (other.length, other.placeholder, other.template)
        {
            return Some(false);
        }
        Some(self.digest.as_ref()? == other.digest.as_ref()?)
    }

    /// Reads a mark back, from the place of the value that it stands for.
    pub fn read(text: &str) -> Option<Self> {
        let inner = text.trim().strip_prefix(OPEN)?.strip_suffix(CLOSE)?;
        let mut parts = inner.split(':');
        let length = match parts.next()? {
            "0" => Length::Empty,
            "1-7" => Length::Under8,
            "8-15" => Length::Under16,
            "16+" => Length::Long,
            _ => return None,
        };
        let mut mark = Self { length, placeholder: false, template: false, digest: None };
        for part in parts {
            match part {
                "placeholder" => mark.placeholder = true,
                "template" => mark.template = true,
                digits => mark.digest = Some(digits.into()),
            }
        }
        Some(mark)
    }
}

/// Whether a value is the empty text, or the mark of it.
pub fn is_empty(value: &str) -> bool {
    value.is_empty() || Mark::read(value).is_some_and(|mark| mark.length == Length::Empty)
}

/// True if a mark, whole or cut off, stands anywhere in a text: then it is not the text that was read.
pub fn holds_a_mark(text: &str) -> bool {
    text.contains(ANY)
}

/// How every mark begins, also one that somebody shortened by hand.
const ANY: &str = "‹redacted";
/// A mark has no space, quote, comma or `: ` in it, so that it can stand unquoted wherever a value can.
const OPEN: &str = "‹redacted:";
const CLOSE: &str = "›";

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{OPEN}{}", self.length.words())?;
        if self.placeholder {
            f.write_str(":placeholder")?;
        }
        if self.template {
            f.write_str(":template")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, ":{digest}")?;
        }
        f.write_str(CLOSE)
    }
}

/// Variables whose values may be seen: they say where things are and how they are timed, never who
/// somebody is. All other variables are names only.
const CLEAR_VARIABLES: [&str; 37] = [
    "API_SERVER_ENABLED",
    "API_SERVER_HOST",
    "API_SERVER_PORT",
    "DBUS_SESSION_BUS_ADDRESS",
    "GATEWAY_MULTIPLEX_PROFILES",
    "HERMES_CRON_DRAIN_TIMEOUT",
    "HERMES_CRON_SCRIPT_TIMEOUT",
    "HERMES_CRON_TIMEOUT",
    "HERMES_DESKTOP",
    "HERMES_GATEWAY_EXIT_DIAG",
    "HERMES_GATEWAY_EXTERNAL_SUPERVISOR",
    "HERMES_GATEWAY_LOCK_DIR",
    "HERMES_GATEWAY_MAX_STARTS",
    "HERMES_GATEWAY_PLATFORM_CONNECT_TIMEOUT",
    "HERMES_GATEWAY_START_WINDOW_S",
    "HERMES_HOME",
    "HERMES_LAUNCHD_LABEL",
    "HERMES_MANAGED",
    "HERMES_MANAGED_DIR",
    "HERMES_RESTART_DRAIN_TIMEOUT",
    "HERMES_S6_SUPERVISED_CHILD",
    "HERMES_SUPERVISED_CHILD",
    "HERMES_TIMEZONE",
    "HOME",
    "INVOCATION_ID",
    "LANG",
    "LOGNAME",
    "PATH",
    "TMPDIR",
    "TZ",
    "USER",
    "VIRTUAL_ENV",
    "XDG_CONFIG_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
    "XPC_SERVICE_NAME",
    "_HERMES_GATEWAY",
];

/// Whether the value of this variable may be seen.
pub fn is_clear_variable(name: &str) -> bool {
    CLEAR_VARIABLES.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_clear_variables_is_sorted_so_that_it_can_be_searched() {
        assert!(CLEAR_VARIABLES.is_sorted());
    }

    #[test]
    fn a_mark_reads_back_as_itself_and_holds_nothing_of_its_value() {
        let salt = Salt(b"some host".to_vec());
        let template = "your_api_server_key_here";
        for value in
            ["", "***", "short", "twelve chars", "0123456789abcdef0123456789abcdef", template]
        {
            let mark = Mark::of(value, &salt);
            let text = mark.to_string();
            assert_eq!(Mark::read(&text), Some(mark));
            assert!(value.is_empty() || !text.contains(value), "{text}");
        }
    }

    #[test]
    fn what_has_the_shape_of_a_template_is_told_from_what_is_one_and_from_a_key() {
        let of = |value: &str| {
            let mark = Mark::of(value, &Salt(Vec::new()));
            (mark.placeholder, mark.template)
        };
        let templates = [
            "your_openai_key_here",
            "xxxxxxxxxxxxxxxx",
            "sk-xxxxxxxxxxxxxx",
            "XXXX-XXXX-XXXX xxxx",
        ];
        for value in templates {
            assert_eq!(of(value), (false, true), "{value}");
        }
        assert_eq!(of("your_api_key_here"), (true, false));
        for value in ["sk-xxxxxxxxxxxxxy", "your_key", "x", "0123456789abcdef", "xylophone"] {
            assert_eq!(of(value), (false, false), "{value}");
        }
    }

    #[test]
    fn marks_of_two_hosts_cannot_be_compared() {
        let value = "0123456789abcdef0123456789abcdef";
        let of = |host: &[u8]| Mark::of(value, &Salt(host.to_vec())).digest;
        assert_eq!(of(b"one"), of(b"one"));
        assert_ne!(of(b"one"), of(b"two"));
    }
}
