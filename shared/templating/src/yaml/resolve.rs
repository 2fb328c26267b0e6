//! What a plain scalar means. YAML 1.1: `yes` is a boolean, `017` is octal, `_` parts digits.

use text_template::{UintKind, Value};

/// The value of a scalar that has neither quotes nor a tag.
pub(super) fn plain(text: &str) -> Value {
    word(text)
        .or_else(|| number(text))
        .unwrap_or_else(|| text.into())
}

/// Would a plain scalar of this text be read as a string?
pub(super) fn is_string(text: &str) -> bool {
    matches!(plain(text), Value::String(_)) && !is_timestamp(text)
}

pub(super) fn word(text: &str) -> Option<Value> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Nil,
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "true" | "True" | "TRUE" => {
            Value::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "false" | "False" | "FALSE" => {
            Value::Bool(false)
        }
        ".nan" | ".NaN" | ".NAN" => Value::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Value::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Value::Float(f64::NEG_INFINITY),
        _ => return None,
    })
}

fn number(text: &str) -> Option<Value> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return None;
    }
    let digits = text.replace('_', "");
    if let Some(integer) = integer(text, &digits) {
        return Some(integer);
    }
    is_float(&digits)
        .then(|| digits.parse().ok())
        .flatten()
        .filter(|float: &f64| float.is_finite())
        .map(Value::Float)
}

/// Decimal, `0x`, `0o`, `0b` and, with a leading zero, octal.
fn integer(text: &str, digits: &str) -> Option<Value> {
    // A sign may stand once, in front.
    let (negative, rest) = match digits.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, digits.strip_prefix('+').unwrap_or(digits)),
    };
    let lower = rest.to_ascii_lowercase();
    let (radix, rest) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, &lower[..]),
    };
    if !rest.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(rest, radix).ok()?;
    if negative {
        let value = i64::try_from(-i128::from(magnitude)).ok()?;
        return Some(Value::int(value));
    }
    match i64::try_from(magnitude) {
        Ok(value) => Some(Value::int(value)),
        // Only without a sign.
        Err(_) => (!text.starts_with('+')).then_some(Value::Uint(UintKind::Uint64, magnitude)),
    }
}

/// Digits with a point, with an exponent, or both.
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && all_digits(fraction),
        Some((whole, fraction)) => all_digits(whole) && all_digits(fraction),
        None => !mantissa.is_empty() && all_digits(mantissa),
    };
    let exponent = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !digits.is_empty() && all_digits(digits)
    });
    mantissa && exponent
}

/// A date, with a time or without.
pub(super) fn is_timestamp(text: &str) -> bool {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let mut part = |lengths: std::ops::RangeInclusive<usize>, most: u32| {
        parts.next().is_some_and(|part| {
            lengths.contains(&part.len())
                && part.bytes().all(|byte| byte.is_ascii_digit())
                && part.parse().is_ok_and(|value: u32| value <= most)
        })
    };
    let date = part(4..=4, 9999) && part(1..=2, 12) && part(1..=2, 31);
    date && parts.next().is_none() && time.is_none_or(is_time)
}

/// `15:04:05`, with a fraction and a zone or without.
fn is_time(text: &str) -> bool {
    let text = text.trim_start();
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.')))
        .unwrap_or(text.len());
    let (clock, zone) = text.split_at(end);
    let mut parts = clock.splitn(3, ':');
    let digits = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let seconds = |part: &str| {
        let (whole, fraction) = part.split_once('.').unwrap_or((part, "0"));
        digits(whole, 2) && digits(fraction, 20)
    };
    let clock = parts.next().is_some_and(|part| digits(part, 2))
        && parts.next().is_some_and(|part| digits(part, 2))
        && parts.next().is_some_and(seconds);
    let zone = zone.trim_start();
    clock
        && (zone.is_empty()
            || zone == "Z"
            || zone.strip_prefix(['+', '-']).is_some_and(|zone| {
                zone.bytes()
                    .all(|byte| byte.is_ascii_digit() || byte == b':')
            }))
}
