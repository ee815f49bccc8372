//! What a scalar means to `PyYAML`'s `SafeLoader`: the implicit types of YAML 1.1, as it spells them out,
//! and the tags that it knows.

use super::Value;

/// The meaning of a scalar.
#[derive(Debug, PartialEq)]
pub(super) enum Scalar {
    Value(Value),
    /// `<<`, which as a key brings in other mappings.
    Merge,
    /// `=`, which is a text as a key and nothing anywhere else.
    Default,
}

const CORE: &str = "tag:yaml.org,2002:";
const UNKNOWN: &str = "a tag that safe_load does not know";
const MISFIT: &str = "a tag that does not fit its value";

/// The meaning of a scalar with this text.
pub(super) fn resolve(
    text: &str,
    is_plain: bool,
    tag: Option<&str>,
) -> Result<Scalar, &'static str> {
    // `!` alone says nothing, unlike in YAML 1.2.
    let value = match tag.filter(|tag| *tag != "!") {
        None if is_plain => return implicit(text),
        None => Value::Text(text.into()),
        Some(tag) => match tag.strip_prefix(CORE).ok_or(UNKNOWN)? {
            "str" | "binary" | "timestamp" => Value::Text(text.into()),
            "null" => Value::Null,
            "bool" => Value::Bool(boolean(&text.to_lowercase()).ok_or(MISFIT)?),
            "int" => int(text).ok_or(MISFIT)?,
            "float" => Value::Float(float(text).ok_or(MISFIT)?),
            "merge" => return Ok(Scalar::Merge),
            "value" => return Ok(Scalar::Default),
            "seq" | "map" | "set" | "omap" | "pairs" => return Err(MISFIT),
            _ => return Err(UNKNOWN),
        },
    };
    Ok(Scalar::Value(value))
}

/// Whether a list may have this tag.
pub(super) fn check_list_tag(tag: Option<&str>) -> Result<(), &'static str> {
    check_tag(tag, &["seq", "omap", "pairs"])
}

/// Whether a mapping may have this tag.
pub(super) fn check_map_tag(tag: Option<&str>) -> Result<(), &'static str> {
    check_tag(tag, &["map", "set"])
}

fn check_tag(tag: Option<&str>, fitting: &[&str]) -> Result<(), &'static str> {
    let others = [
        "str",
        "binary",
        "timestamp",
        "null",
        "bool",
        "int",
        "float",
        "seq",
        "map",
        "set",
        "omap",
        "pairs",
    ];
    match tag.filter(|tag| *tag != "!").map(|tag| tag.strip_prefix(CORE)) {
        None => Ok(()),
        Some(Some(name)) if fitting.contains(&name) => Ok(()),
        Some(Some(name)) if others.contains(&name) => Err(MISFIT),
        Some(_) => Err(UNKNOWN),
    }
}

/// A scalar without quotes and tag.
fn implicit(text: &str) -> Result<Scalar, &'static str> {
    let value = match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "<<" => return Ok(Scalar::Merge),
        "=" => return Ok(Scalar::Default),
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Value::Bool(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Value::Bool(false)
        }
        number if is_float(number) => Value::Float(float(number).ok_or("a number without digits")?),
        number if is_int(number) => int(number).ok_or("a number without digits")?,
        text => Value::Text(text.into()),
    };
    Ok(Scalar::Value(value))
}

fn boolean(lower: &str) -> Option<bool> {
    match lower {
        "yes" | "true" | "on" => Some(true),
        "no" | "false" | "off" => Some(false),
        _ => None,
    }
}

fn without_sign(text: &str) -> &str {
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

fn is_of(text: &str, of: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(|b| b == b'_' || of(b))
}

/// Minutes or seconds: one or two digits, below sixty.
fn is_sixtieth(part: &str) -> bool {
    match part.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [tens, digit] => (b'0'..=b'5').contains(tens) && digit.is_ascii_digit(),
        _ => false,
    }
}

fn is_int(text: &str) -> bool {
    let digits = without_sign(text);
    let is_decimal = |text: &str| !text.starts_with('_') && is_of(text, |b| b.is_ascii_digit());
    match digits.as_bytes() {
        [b'0'] => true,
        [b'0', b'b', ..] => {
            is_of(digits.get(2..).unwrap_or_default(), |b| matches!(b, b'0' | b'1'))
        }
        [b'0', b'x', ..] => is_of(digits.get(2..).unwrap_or_default(), |b| b.is_ascii_hexdigit()),
        [b'0', ..] => is_of(digits, |b| matches!(b, b'0'..=b'7')),
        [b'1'..=b'9', ..] => {
            let mut parts = digits.split(':');
            parts.next().is_some_and(is_decimal) && parts.all(is_sixtieth)
        }
        _ => false,
    }
}

fn is_float(text: &str) -> bool {
    let digits = without_sign(text);
    if matches!(digits, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let Some((whole, fraction)) = digits.split_once('.') else { return false };
    let is_digits = |text: &str| text.bytes().all(|b| b == b'_' || b.is_ascii_digit());
    let starts_with_digit = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    if whole.contains(':') {
        let mut parts = whole.split(':');
        let first = parts.next().unwrap_or_default();
        return starts_with_digit(first)
            && is_digits(first)
            && parts.all(is_sixtieth)
            && is_digits(fraction);
    }
    let (fraction, exponent) = match fraction.split_once(['e', 'E']) {
        Some((fraction, exponent)) => (fraction, Some(exponent)),
        None => (fraction, None),
    };
    let has_exponent = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or_default();
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
    });
    let is_number = match whole {
        // Without a digit before the point there is no sign either.
        "" => digits.len() == text.len() && starts_with_digit(fraction) && is_digits(fraction),
        whole => starts_with_digit(whole) && is_digits(whole) && is_digits(fraction),
    };
    is_number && has_exponent
}

/// A whole number as `PyYAML` computes it. One that is too large becomes the nearest float.
fn int(text: &str) -> Option<Value> {
    let text = text.trim().replace('_', "");
    let is_negative = text.starts_with('-');
    let digits = without_sign(&text);
    let base = |digits: &str, radix: u32| {
        let is_number = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
        is_number.then(|| {
            digits.chars().filter_map(|c| c.to_digit(radix)).map(|digit| (digit, radix)).collect()
        })
    };
    // Each step multiplies by the second and adds the first.
    let steps: Vec<(u32, u32)> = if digits == "0" {
        Vec::new()
    } else if let Some(digits) = digits.strip_prefix("0b") {
        base(digits, 2)?
    } else if let Some(digits) = digits.strip_prefix("0x") {
        base(digits, 16)?
    } else if digits.starts_with('0') {
        base(digits, 8)?
    } else if let Some((first, rest)) = digits.split_once(':') {
        let mut steps: Vec<_> = base(first, 10)?;
        for part in rest.split(':') {
            steps.push((part.parse().ok()?, 60));
        }
        steps
    } else {
        base(digits, 10)?
    };
    let exact = steps.iter().try_fold(0_i64, |sum, (digit, radix)| {
        let product = sum.checked_mul((*radix).into())?;
        if is_negative {
            product.checked_sub((*digit).into())
        } else {
            product.checked_add((*digit).into())
        }
    });
    let near = || {
        let near = digits.parse().unwrap_or_else(|_| {
            steps
                .iter()
                .fold(0.0, |sum, (digit, radix)| sum * f64::from(*radix) + f64::from(*digit))
        });
        if is_negative { -near } else { near }
    };
    Some(exact.map_or_else(|| Value::Float(near()), Value::Int))
}

fn float(text: &str) -> Option<f64> {
    let text = text.trim().replace('_', "").to_lowercase();
    let digits = without_sign(&text);
    let number = match digits {
        ".inf" => f64::INFINITY,
        ".nan" => return Some(f64::NAN),
        digits => digits.split(':').try_fold(0.0, |sum, part| {
            let part: f64 = part.parse().ok()?;
            Some(sum * 60.0 + part)
        })?,
    };
    Some(if text.starts_with('-') { -number } else { number })
}
