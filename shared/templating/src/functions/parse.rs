//! Strings read as values: booleans, numbers, JSON. An empty string is the zero of its kind.

use std::num::{IntErrorKind, ParseIntError};

use text_template::{Arguments, CallError, IntKind, Map, Signature, Type, UintKind, Value};

use zeroize::Zeroizing;

use super::{Function, bytes, function, utf8};
use crate::json::{Numbers, read};
use crate::yaml;

const ONE: &[Type] = &[Type::String];

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        Signature::new("parseBool", ONE),
        "parseBool STRING",
        "A boolean: 1, t, T, true, TRUE, True or 0, f, F, false, FALSE, False.",
        |_, arguments| parse_bool(arguments),
    ),
    function(
        Signature::new("parseFloat", ONE),
        "parseFloat STRING",
        "A floating-point number.",
        |_, arguments| parse_float(arguments),
    ),
    function(
        Signature::new("parseInt", ONE),
        "parseInt STRING",
        "A whole number of 64 bits.",
        |_, arguments| parse_int(arguments),
    ),
    function(
        Signature::new("parseUint", ONE),
        "parseUint STRING",
        "A whole number of 64 bits without a sign.",
        |_, arguments| parse_uint(arguments),
    ),
    function(
        Signature::new("parseJSON", ONE),
        "parseJSON STRING",
        "The value of a JSON text. Its numbers are floating-point numbers.",
        |_, arguments| match bytes(&arguments[0]) {
            b"" => Ok(Map::open(&Type::String, &Type::Any, Vec::new()).into()),
            text => read(text, Numbers::Float),
        },
    ),
    function(
        Signature::new("parseYAML", ONE),
        "parseYAML STRING",
        "The value of the first document of a YAML 1.1 text.",
        |_, arguments| match bytes(&arguments[0]) {
            b"" => Ok(Map::open(&Type::String, &Type::Any, Vec::new()).into()),
            text => match std::str::from_utf8(text) {
                Ok(text) => yaml::read(text),
                Err(_) => Err(CallError::new("yaml: invalid UTF-8")),
            },
        },
    ),
];

fn failed(function: &str, go: &str, text: &str, why: &str) -> CallError {
    CallError::new(format!("{function}: strconv.{go}: parsing "))
        .quoted(text.as_bytes())
        .words(format!(": {why}"))
}

fn why(error: &ParseIntError) -> &'static str {
    match error.kind() {
        IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => "value out of range",
        _ => "invalid syntax",
    }
}

fn parse_bool(arguments: Arguments<'_>) -> Result<Value, CallError> {
    match &*utf8(&arguments[0]) {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Value::Bool(true)),
        "" | "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Value::Bool(false)),
        other => Err(failed("parseBool", "ParseBool", other, "invalid syntax")),
    }
}

fn parse_float(arguments: Arguments<'_>) -> Result<Value, CallError> {
    let text = utf8(&arguments[0]);
    if text.is_empty() {
        return Ok(Value::Float(0.0));
    }
    match float(&text) {
        Some(value) if value.is_infinite() && text.contains(|c: char| c.is_ascii_digit()) => Err(
            failed("parseFloat", "ParseFloat", &text, "value out of range"),
        ),
        Some(value) => Ok(Value::Float(value)),
        None => Err(failed("parseFloat", "ParseFloat", &text, "invalid syntax")),
    }
}

/// A number as Go's literals write it: decimal or hexadecimal, with underscores between digits.
fn float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned.eq_ignore_ascii_case("nan") {
        return (unsigned.len() == text.len()).then_some(f64::NAN);
    }
    let digits = unsigned
        .strip_prefix("0x")
        .or_else(|| unsigned.strip_prefix("0X"));
    let Some(digits) = digits else {
        return without_underscores(unsigned, text)?.parse().ok();
    };
    let value = hexadecimal(&without_underscores(unsigned, digits)?)?;
    Some(if text.starts_with('-') { -value } else { value })
}

/// `kept` without its underscores, which all have to stand between digits of `number` or behind
/// its prefix.
fn without_underscores(number: &str, kept: &str) -> Option<Zeroizing<String>> {
    let hex = number.starts_with("0x") || number.starts_with("0X");
    let digit = |c: &u8| c.is_ascii_digit() || hex && c.is_ascii_hexdigit();
    let bytes = number.as_bytes();
    let good = (0..bytes.len()).filter(|i| bytes[*i] == b'_').all(|i| {
        let behind_prefix = hex && i == 2;
        let before = i.checked_sub(1).is_some_and(|i| digit(&bytes[i]));
        (before || behind_prefix) && bytes.get(i + 1).is_some_and(digit)
    });
    good.then(|| Zeroizing::new(kept.replace('_', "")))
}

/// A hexadecimal mantissa and its exponent of two, which has to be there.
fn hexadecimal(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once(['p', 'P'])?;
    let exponent: i32 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = Zeroizing::new([whole, fraction].concat());
    let significant = digits.trim_start_matches('0');
    if digits.is_empty() || !digits.bytes().all(|c| c.is_ascii_hexdigit()) {
        return None;
    }
    if significant.is_empty() {
        return Some(0.0);
    }
    // More digits than a float holds are longer than what people write.
    let value = u64::from_str_radix(significant, 16)
        .ok()
        .filter(|value| *value <= 1 << 53)?;
    let shift = exponent.checked_sub(i32::try_from(fraction.len()).ok()?.checked_mul(4)?)?;
    #[expect(clippy::cast_precision_loss, reason = "checked above")]
    let value = value as f64;
    // In two steps, so that neither leaves the range before the product does.
    let half = shift / 2;
    Some(value * 2_f64.powi(half) * 2_f64.powi(shift - half))
}

fn parse_int(arguments: Arguments<'_>) -> Result<Value, CallError> {
    let text = utf8(&arguments[0]);
    if text.is_empty() {
        return Ok(Value::Int(IntKind::Int64, 0));
    }
    let value = text.parse().map(|value| Value::Int(IntKind::Int64, value));
    value.map_err(|error: ParseIntError| failed("parseInt", "ParseInt", &text, why(&error)))
}

fn parse_uint(arguments: Arguments<'_>) -> Result<Value, CallError> {
    let text = utf8(&arguments[0]);
    if text.is_empty() {
        return Ok(Value::Uint(UintKind::Uint64, 0));
    }
    if text.starts_with('+') {
        return Err(failed("parseUint", "ParseUint", &text, "invalid syntax"));
    }
    let value = text
        .parse()
        .map(|value| Value::Uint(UintKind::Uint64, value));
    value.map_err(|error: ParseIntError| failed("parseUint", "ParseUint", &text, why(&error)))
}
