//! What looks like a secret wherever it stands: tokens of known makes, passwords in URLs, whatever
//! follows a name such as `api_key`. For free text: error messages, arguments, HTTP bodies.
//!
//! It is the second line of defence. A text whose structure is known is redacted by its structure;
//! this refuses to claim that what it leaves is harmless.

use super::{Mark, Salt, is_clear_variable};

/// The same text with a mark in the place of everything that looks like a secret.
pub fn text(text: &str, salt: &Salt) -> String {
    let mut scan = Scan { rest: text, before: None, out: String::with_capacity(text.len()), salt };
    while !scan.rest.is_empty() {
        scan.step();
    }
    scan.out
}

/// Whether nothing in a text looks like a secret.
pub fn is_clean(candidate: &str) -> bool {
    text(candidate, &Salt(Vec::new())) == candidate
}

/// Whether a text is a mark already, exactly as [`Mark`] writes them.
pub fn is_mark(text: &str) -> bool {
    mark_length(text).is_some_and(|length| length == text.len())
}

/// True if a mark stands in a text.
pub fn holds_a_mark(text: &str) -> bool {
    text.contains(super::OPEN)
}

/// The mark with which a text begins, and what follows it.
pub(super) fn leading_mark(text: &str) -> Option<(&str, &str)> {
    mark_length(text).and_then(|length| text.split_at_checked(length))
}

/// Whether a text is a name that a person would give to a setting, and no secret that stands where
/// a name is expected: at most 64 ASCII letters, digits and `_.-`, in words that can be read.
pub fn is_name(text: &str) -> bool {
    let is_random = |word: &str| {
        word.len() > 32
            || (word.len() >= 20
                && word.bytes().any(|b| b.is_ascii_digit())
                && word.bytes().any(|b| b.is_ascii_uppercase())
                && word.bytes().any(|b| b.is_ascii_lowercase()))
    };
    (1..=64).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
        && !is_token(text)
        && !has_random_stretch(text)
        && !text.split(['_', '.', '-']).any(is_random)
}

/// Whether a setting of this name holds a secret, as far as its words tell: `api_key`, `botToken`,
/// `--password`. `token_file` and `max_tokens` do not.
pub fn names_a_secret(name: &str) -> bool {
    let words = words(name);
    let describes_one = words.last().is_some_and(|last| ABOUT_A_SECRET.contains(&last.as_str()));
    let measures_one =
        words.first().is_some_and(|first| matches!(first.as_str(), "max" | "min" | "num"));
    !describes_one
        && !measures_one
        && words.iter().any(|word| {
            SECRET_WORDS.contains(&word.as_str())
                || ["password", "passwd", "secret", "token", "apikey", "accesskey", "privatekey"]
                    .iter()
                    .any(|stem| word.contains(stem))
        })
}

/// The arguments of a process, with marks for what follows a flag such as `--token` or a header such as
/// `Authorization:`, for the value of every assignment `NAME=value` whose variable is not a clear one, and
/// for what [`text`] finds. An argument may have become several words, where somebody printed it without quotes.
pub fn arguments<S: AsRef<str>>(argv: &[S], salt: &Salt) -> Vec<String> {
    let mut line = CommandLine::default();
    argv.iter().map(|word| line.argument(word.as_ref(), salt)).collect()
}

/// The same for who has one argument after the other.
#[derive(Default)]
pub(super) struct CommandLine {
    previous: String,
    secret_follows: bool,
}

impl CommandLine {
    /// The next argument, with marks.
    pub(super) fn argument(&mut self, word: &str, salt: &Salt) -> String {
        let is_option = word.starts_with("--") || (word.starts_with('-') && word.len() <= 2);
        let is_named_scheme = is_header(&self.previous) && is_scheme(word);
        let redacted = if self.secret_follows && !is_option && !is_named_scheme {
            marked(word, salt)
        } else {
            argument(word, salt)
        };
        self.secret_follows = (self.secret_follows && is_option && word.len() <= 2)
            || is_named_scheme
            || announces_a_secret(word, &self.previous);
        self.previous = word.into();
        redacted
    }
}

/// `Authorization:`, or the same behind a quote.
fn is_header(word: &str) -> bool {
    let name = word.trim_start_matches(['"', '\'', '\\']).strip_suffix(':');
    name.is_some_and(|name| is_name(name) && names_a_secret(name))
}

/// Whether the argument after this one is a secret: `--token X`, `API_KEY X`, `config set api.key X`,
/// `Authorization: X`, `Bearer X`.
fn announces_a_secret(word: &str, previous: &str) -> bool {
    let is_shouted =
        is_variable(word) && word.contains('_') && !word.contains(|c: char| c.is_ascii_lowercase());
    let can_announce = (word.starts_with('-') && is_name(word)) || previous == "set" || is_shouted;
    (can_announce && names_a_secret(word)) || is_header(word) || word.eq_ignore_ascii_case("bearer")
}

/// One argument that no flag stands before.
fn argument(word: &str, salt: &Salt) -> String {
    if word.starts_with('-')
        && let Some((flag, value)) = word.split_once('=')
        && is_name(flag)
        && names_a_secret(flag)
    {
        return format!("{flag}={}", marked(value, salt));
    }
    text(&without_assignments(word, salt), salt)
}

/// Puts a mark in the place of every value that is assigned in a command line, unless the variable
/// is a clear one. `sh -c 'KEY=value program'` is one argument with several words.
fn without_assignments(line: &str, salt: &Salt) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while !rest.is_empty() {
        let blank = rest.find(|c: char| !is_separator(c)).unwrap_or(rest.len());
        let (separators, after) = rest.split_at_checked(blank).unwrap_or((rest, ""));
        out.push_str(separators);
        // What Hermes has osascript run for launchd is no value but a command (0.22).
        if let Some(command) = after.strip_prefix(OSASCRIPT_COMMAND) {
            out.push_str(OSASCRIPT_COMMAND);
            rest = command;
            continue;
        }
        let (word, after_word) = shell_word(after);
        match word.split_once('=') {
            Some((name, value))
                if is_variable(name)
                    && !is_clear_variable(name)
                    && !value.is_empty()
                    && !is_of_a_bootstrap(name, value) =>
            {
                out.push_str(name);
                out.push('=');
                out.push_str(&marked(value, salt));
            }
            _ => out.push_str(word),
        }
        rest = after_word;
    }
    out
}

/// True for what stands as it is in every text by which Hermes starts its own code.
fn is_of_a_bootstrap(name: &str, value: &str) -> bool {
    let bare = value.trim_matches(|c: char| !c.is_alphanumeric() && c != '_');
    matches!((name, bare), ("run_name", "__main__") | ("alter_sys", "True") | ("signal", "status"))
}

/// How the command begins in the script of osascript's that Hermes writes.
const OSASCRIPT_COMMAND: &str = "status=$.system(\"";

fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, ';' | '&' | '|' | '(' | ')')
}

/// The first word, roughly as a shell parts them: in an assignment quotes hold blanks together. Any
/// other word ends after a quote, since an assignment may begin there.
fn shell_word(text: &str) -> (&str, &str) {
    let is_assignment = assigned_name(text).is_some();
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        let is_quote = matches!(c, '"' | '\'');
        if escaped || c == '\\' {
            escaped = !escaped;
        } else if quote.is_some() {
            quote = quote.filter(|open| *open != c);
        } else if is_quote && is_assignment {
            quote = Some(c);
        } else if is_quote {
            return text.split_at_checked(at.saturating_add(1)).unwrap_or((text, ""));
        } else if is_separator(c) {
            return text.split_at_checked(at).unwrap_or((text, ""));
        }
    }
    (text, "")
}

fn assigned_name(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
    let (name, after) = text.split_at_checked(end)?;
    (is_variable(name) && after.starts_with('=')).then_some(name)
}

/// Whether a text is the name of an environment variable.
pub(super) fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The mark of a value, or the value where it is a mark already.
pub(super) fn marked(value: &str, salt: &Salt) -> String {
    if is_mark(value) { value.into() } else { Mark::of(value, salt).to_string() }
}

/// Words that, in the name of a setting, say that its value is a secret.
const SECRET_WORDS: [&str; 21] = [
    "auth",
    "authorization",
    "bearer",
    "cookie",
    "cookies",
    "credential",
    "credentials",
    "dsn",
    "jwt",
    "key",
    "keys",
    "otp",
    "pass",
    "passphrase",
    "pat",
    "pin",
    "pwd",
    "sig",
    "signature",
    "webhook",
    "webhooks",
];

/// Last words of a name whose value is about a secret and not the secret.
const ABOUT_A_SECRET: [&str; 13] = [
    "count", "dir", "enabled", "env", "error", "expiry", "file", "length", "limit", "path",
    "timeout", "ttl", "type",
];

/// Values that follow a telling name in a message and tell nothing: `token: expired`.
const HARMLESS: [&str; 20] = [
    "empty",
    "expected",
    "expired",
    "false",
    "invalid",
    "is",
    "missing",
    "must",
    "no",
    "none",
    "not",
    "null",
    "rejected",
    "required",
    "revoked",
    "true",
    "unauthorized",
    "unknown",
    "unset",
    "yes",
];

/// How tokens of known makes begin, and how many characters must follow at least. Where the
/// beginning is also that of ordinary words, the rest must hold a digit.
const TOKENS: [(&str, usize, bool); 40] = [
    ("AGE-SECRET-KEY-", 8, false),
    ("AIza", 16, false),
    ("AKIA", 12, false),
    ("ASIA", 12, false),
    ("EAA", 40, true),
    ("GOCSPX-", 8, false),
    ("SG.", 16, false),
    ("dckr_pat_", 8, false),
    ("dop_v1_", 8, false),
    ("eyJ", 14, false),
    ("fc-", 16, true),
    ("ghp_", 6, false),
    ("gho_", 6, false),
    ("ghr_", 6, false),
    ("ghs_", 6, false),
    ("ghu_", 6, false),
    ("github_pat_", 6, false),
    ("glpat-", 6, false),
    ("gsk_", 16, true),
    ("hf_", 16, false),
    ("lin_api_", 8, false),
    ("npm_", 20, true),
    ("nvapi-", 8, false),
    ("ops_", 20, true),
    ("pk_live_", 6, false),
    ("pk_test_", 6, false),
    ("pplx-", 16, false),
    ("pypi-", 16, true),
    ("r8_", 16, true),
    ("rk_live_", 6, false),
    ("secret_", 16, true),
    ("sk-", 6, false),
    ("sk_live_", 6, false),
    ("sk_test_", 6, false),
    ("syt_", 8, false),
    ("tvly-", 8, false),
    ("whsec_", 8, false),
    ("xai-", 16, true),
    ("xapp-", 6, false),
    ("ya29.", 8, false),
];

/// The words of a name, in lower case: `botToken`, `BOT_TOKEN` and `--bot-token` have two.
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut after_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && after_lower) {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        after_lower = c.is_lowercase();
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// A walk over a text from left to right.
struct Scan<'a> {
    rest: &'a str,
    /// The character before `rest`.
    before: Option<char>,
    out: String,
    salt: &'a Salt,
}

impl<'a> Scan<'a> {
    fn step(&mut self) {
        if let Some(length) = mark_length(self.rest) {
            return self.keep(length);
        }
        if let Some(length) = private_key(self.rest) {
            return self.hide(length);
        }
        if self.before.is_some_and(is_run_char) || !self.rest.starts_with(is_run_char) {
            return self.keep(self.rest.chars().next().map_or(0, char::len_utf8));
        }
        let run = length_while(self.rest, is_run_char);
        // A full stop ends a sentence, and no word.
        let run = self.rest.get(..run).map_or(0, |word| word.trim_end_matches('.').len().max(1));
        let (word, after) = self.rest.split_at_checked(run).unwrap_or((self.rest, ""));
        if after.starts_with("://") {
            self.keep(run.saturating_add("://".len()));
            self.url();
        } else if is_token(word) {
            self.hide(run.saturating_add(rest_of_token(after)));
        } else if let Some(length) = bot_token(word, after) {
            self.hide(length);
        } else if is_scheme(word) && has_credential(word, after) {
            self.keep(run);
            self.credential();
        } else if let Some(found) = assignment(word, after) {
            self.keep(run.saturating_add(found));
            self.value(after.starts_with(['"', '\\', '\'']));
        } else if has_random_stretch(word) {
            self.hide(run.saturating_add(rest_of_token(after)));
        } else {
            self.keep(run);
        }
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.before = taken.chars().next_back().or(self.before);
        self.rest = rest;
        taken
    }

    fn keep(&mut self, length: usize) {
        let taken = self.take(length);
        self.out.push_str(taken);
    }

    fn hide(&mut self, length: usize) {
        let taken = self.take(length);
        if !taken.is_empty() {
            self.out.push_str(&marked(taken, self.salt));
            self.before = super::CLOSE.chars().next_back();
        }
    }

    /// After `scheme://`: whoever logs in there is nobody's business.
    fn url(&mut self) {
        let is_end = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '`');
        // No login is longer, and what is searched stays linear in the text.
        let word = self.rest.char_indices().take(1024).find(|(_, c)| is_end(*c)).map(|(at, _)| at);
        let limit = || self.rest.char_indices().nth(1024).map_or(self.rest.len(), |(at, _)| at);
        let word = self.rest.get(..word.unwrap_or_else(limit)).unwrap_or_default();
        let authority = word.find(['/', '?', '#']).and_then(|end| word.get(..end)).unwrap_or(word);
        // A slash in a password ends the authority too early. A port that is no number gives it away.
        let has_port = authority.rsplit_once(':').is_none_or(|(host, port)| {
            host.starts_with('[') || port.is_empty() || port.chars().all(|c| c.is_ascii_digit())
        });
        let within = if authority.contains('@') || has_port { authority } else { word };
        if let Some(at) = within.rfind('@') {
            self.hide(at);
        }
    }

    /// After `Bearer`.
    fn credential(&mut self) {
        let blanks = length_while(self.rest, |c| c == ' ');
        self.keep(blanks);
        self.hide(length_while(self.rest, is_value_char));
    }

    /// After a telling name and its `=` or `:`.
    fn value(&mut self, quoted_name: bool) {
        let quotes = length_while(self.rest, |c| matches!(c, '\\' | '"' | '\''));
        let (_, word) = self.rest.split_at_checked(quotes).unwrap_or_default();
        let (name, after) =
            word.split_at_checked(length_while(word, is_run_char)).unwrap_or_default();
        if assignment(name, after).is_some() {
            // Not the value but the next name, as in `key: password: …`.
            return self.keep(quotes);
        }
        let opening = length_while(self.rest, |c| c == '\\');
        let quote = self.rest.get(opening..).and_then(|rest| rest.chars().next());
        if let Some(quote @ ('"' | '\'')) = quote {
            self.keep(opening.saturating_add(1));
            let end = closing_quote(self.rest, quote, opening > 0);
            return self.hide(end);
        }
        if mark_length(self.rest).is_some() {
            return;
        }
        let run = length_while(self.rest, is_run_char);
        let (scheme, after) = self.rest.split_at_checked(run).unwrap_or_default();
        if is_scheme(scheme) && after.starts_with(' ') {
            self.keep(run);
            return self.credential();
        }
        let end = match self.rest.chars().next() {
            Some('[' | '{') if quoted_name => closing_bracket(self.rest),
            _ => value_end(self.rest, quoted_name),
        };
        let value = self.rest.get(..end).unwrap_or_default();
        let word = value.trim_end_matches(['.', ',', ';', ')', '}', ']']);
        if HARMLESS.contains(&word.to_ascii_lowercase().as_str()) {
            self.keep(end);
        } else if quoted_name && end > 0 {
            // JSON stays JSON.
            self.out.push('"');
            self.hide(end);
            self.out.push('"');
        } else {
            self.hide(end);
        }
    }
}

fn length_while(text: &str, of: impl Fn(char) -> bool) -> usize {
    text.find(|c: char| !of(c)).unwrap_or(text.len())
}

const fn is_run_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')
}

const fn is_base64_char(c: char) -> bool {
    is_run_char(c) || matches!(c, '+' | '/' | '=' | '~')
}

/// How far a token goes on in the alphabet of base64.
fn rest_of_token(after: &str) -> usize {
    if after.starts_with(['+', '/', '=', '~']) { length_while(after, is_base64_char) } else { 0 }
}

fn is_value_char(c: char) -> bool {
    !c.is_whitespace() && !matches!(c, '"' | '\'' | '`' | '‹')
}

/// Where a value without quotes ends: in JSON at a comma or bracket, in a URL before the next name.
fn value_end(text: &str, in_json: bool) -> usize {
    let is_end = |at: usize, c: char| match c {
        '&' => text.get(at.saturating_add(1)..).is_some_and(|next| {
            let name = next.char_indices().take(65).find(|(_, c)| !is_run_char(*c));
            name.is_some_and(|(length, sign)| length > 0 && sign == '=')
                || next.starts_with(super::OPEN)
        }),
        ',' | '}' | ']' => in_json,
        _ => !is_value_char(c),
    };
    text.char_indices().find(|(at, c)| is_end(*at, *c)).map_or(text.len(), |(at, _)| at)
}

/// The length of the mark with which a text begins.
fn mark_length(text: &str) -> Option<usize> {
    let after = text.strip_prefix(super::OPEN)?;
    let (at, close) = after.char_indices().take(32).find(|(_, c)| super::CLOSE.starts_with(*c))?;
    let length = super::OPEN.len().checked_add(at)?.checked_add(close.len_utf8())?;
    let candidate = text.get(..length)?;
    let mark = Mark::read(candidate)?;
    let is_digest =
        |digest: &String| digest.len() == 8 && digest.bytes().all(|b| b.is_ascii_hexdigit());
    (mark.digest.as_ref().is_none_or(is_digest) && mark.to_string() == candidate).then_some(length)
}

/// The length of the private key in PEM with which a text begins.
fn private_key(text: &str) -> Option<usize> {
    let head = text.strip_prefix("-----BEGIN ")?;
    let title = head.get(..head.find("-----")?)?;
    if !title.ends_with("PRIVATE KEY") && !title.ends_with("PRIVATE KEY BLOCK") {
        return None;
    }
    let end = text.find("-----END ").and_then(|end| {
        let tail = text.get(end.checked_add("-----END ".len())?..)?;
        Some(text.len() - tail.len() + tail.find("-----")? + "-----".len())
    });
    Some(end.unwrap_or(text.len()))
}

/// Whether a word is a token of a known make.
fn is_token(word: &str) -> bool {
    TOKENS.iter().any(|(beginning, least, needs_digit)| {
        word.strip_prefix(beginning).is_some_and(|rest| {
            rest.len() >= *least && (!needs_digit || rest.bytes().any(|b| b.is_ascii_digit()))
        })
    }) || is_slack(word)
}

/// Slack has a letter for each kind of token: `xoxb-`, `xoxp-`, `xoxe.xoxp-`.
fn is_slack(word: &str) -> bool {
    word.strip_prefix("xox").is_some_and(|rest| {
        let mut rest = rest.chars();
        rest.next().is_some_and(|kind| kind.is_ascii_lowercase())
            && rest.next().is_some_and(|dash| matches!(dash, '-' | '.'))
            && rest.count() >= 4
    })
}

/// The length of the Telegram token with which a text begins: digits, a colon, 35 characters.
fn bot_token(word: &str, after: &str) -> Option<usize> {
    let digits = word.strip_prefix("bot").unwrap_or(word);
    let is_id = digits.len() >= 6 && digits.bytes().all(|b| b.is_ascii_digit());
    let secret = length_while(after.strip_prefix(':')?, is_run_char);
    (is_id && secret >= 30).then(|| word.len().saturating_add(1).saturating_add(secret))
}

fn is_scheme(word: &str) -> bool {
    ["bearer", "basic", "token", "digest", "bot"]
        .iter()
        .any(|scheme| word.eq_ignore_ascii_case(scheme))
}

/// Whether what follows a scheme is a credential, and no word of a sentence.
fn has_credential(scheme: &str, after: &str) -> bool {
    let Some(word) = after.strip_prefix(' ') else { return false };
    let word = word.trim_start_matches(' ');
    let word = word.get(..length_while(word, is_value_char)).unwrap_or_default();
    let is_long = word.len() >= 8 && !is_mark(word);
    is_long && (scheme.eq_ignore_ascii_case("bearer") || word.bytes().any(|b| b.is_ascii_digit()))
}

/// How far it is from the end of a telling name to its value. None if the name tells nothing, or if
/// nothing is assigned to it.
fn assignment(name: &str, after: &str) -> Option<usize> {
    if !names_a_secret(name) {
        return None;
    }
    let quote = length_while(after, |c| matches!(c, '\\' | '"' | '\''));
    let after_quote = after.get(quote..)?;
    let blanks = length_while(after_quote, |c| c == ' ');
    let after_blanks = after_quote.get(blanks..)?;
    let sign = length_while(after_blanks, |c| matches!(c, '=' | ':' | '>'));
    let after_sign = after_blanks.get(sign..)?;
    if !after_blanks.starts_with(['=', ':']) || sign > 2 || quote > 8 {
        return None;
    }
    let more = length_while(after_sign, |c| matches!(c, ' ' | '\t'));
    Some(quote.saturating_add(blanks).saturating_add(sign).saturating_add(more))
}

/// Where a quoted value ends: at its quote, or at the end of the text.
fn closing_quote(text: &str, quote: char, is_nested: bool) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if c == quote && !escaped {
            return at;
        }
        if c == '\\'
            && is_nested
            && text.get(at.saturating_add(1)..).is_some_and(|rest| rest.starts_with(quote))
        {
            return at;
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}

/// Where the list or mapping ends with which a piece of JSON begins, or the text if it does not.
fn closing_bracket(text: &str) -> usize {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => in_string = !in_string,
            '[' | '{' if !in_string => depth = depth.saturating_add(1),
            ']' | '}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at.saturating_add(c.len_utf8());
        }
    }
    text.len()
}

/// Whether a word has in it what no person types: 32 or more characters in one go that change between
/// upper case, lower case and digits as only chance does it, or 48 or more hexadecimal digits. Shorter
/// runs of hexadecimal digits are ids of commits and invocations, and say what we need to know.
fn has_random_stretch(word: &str) -> bool {
    let is_hex =
        |stretch: &str| stretch.len() >= 48 && stretch.bytes().all(|b| b.is_ascii_hexdigit());
    word.split('.').any(is_mixed) || word.split(['_', '.', '-']).any(is_hex)
}

fn is_mixed(stretch: &str) -> bool {
    let class = |b: u8| (b.is_ascii_uppercase(), b.is_ascii_lowercase(), b.is_ascii_digit());
    let changes = |(a, b): &(&u8, &u8)| {
        a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric() && class(**a) != class(**b)
    };
    let bytes = stretch.as_bytes();
    let changed = bytes.iter().zip(bytes.iter().skip(1)).filter(changes).count();
    // Of random letters and digits, three in five neighbours differ; of words in camel case, one in three.
    bytes.len() >= 32
        && bytes.iter().filter(|b| b.is_ascii_digit()).count() >= 2
        && bytes.iter().any(u8::is_ascii_uppercase)
        && changed.saturating_mul(8) >= bytes.len().saturating_mul(3)
}

#[cfg(test)]
mod tests;
