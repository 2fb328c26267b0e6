//! Strings read as values: booleans, numbers, JSON. An empty string is the zero of its kind.

use std::num::{IntErrorKind, ParseIntError};

use text_template::{Arguments, CallError, IntKind, Map, Signature, Type, UintKind, Value};

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
            text => yaml::read(&String::from_utf8_lossy(text)),
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
    match text.parse::<f64>() {
        Ok(value) if value.is_infinite() && text.contains(|c: char| c.is_ascii_digit()) => Err(
            failed("parseFloat", "ParseFloat", &text, "value out of range"),
        ),
        Ok(value) => Ok(Value::Float(value)),
        Err(_) => Err(failed("parseFloat", "ParseFloat", &text, "invalid syntax")),
    }
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
