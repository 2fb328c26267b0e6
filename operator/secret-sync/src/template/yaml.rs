//! YAML as `sigs.k8s.io/yaml` reads and writes it: by way of JSON, whose numbers are floating-point.

use std::collections::BTreeMap;

use templating::go::{parse_yaml, to_json, to_yaml};
use text_template::fmt::format_float;
use text_template::{CallError, List, Map, Type, Value};

/// Nesting deeper than any document's.
const MAX_DEPTH: usize = 200;

/// Writes a value, empty if it cannot be written.
pub(super) fn write(value: &Value, limit: usize) -> Vec<u8> {
    let Ok(json) = to_json(value) else {
        return Vec::new();
    };
    let yaml = std::str::from_utf8(&json)
        .map_err(|_| CallError::default())
        .and_then(parse_yaml)
        .and_then(|value| to_yaml(&value, limit));
    let yaml = yaml.unwrap_or_default();
    yaml.strip_suffix(b"\n").unwrap_or(&yaml).to_vec()
}

/// Reads a map. What is wrong with a text is its only entry, `Error`.
pub(super) fn read_map(text: &[u8]) -> Value {
    match read(text).and_then(|value| as_json(&value, 0)) {
        Ok(Value::Nil) => Type::OBJECT.zero(),
        Ok(value @ Value::Map(_)) => value,
        Ok(other) => failed(&unmarshal(&other, "map[string]interface {}")),
        Err(error) => failed(&format!(
            "error converting YAML to JSON: {}",
            error.reveal()
        )),
    }
}

fn failed(text: &str) -> Value {
    Map::open(
        &Type::String,
        &Type::Any,
        vec![("Error".into(), Value::string(text))],
    )
    .into()
}

fn read(text: &[u8]) -> Result<Value, CallError> {
    let text = std::str::from_utf8(text).map_err(|_| CallError::new("yaml: invalid UTF-8"))?;
    parse_yaml(text)
}

/// Go's text for a value that is not of a type.
fn unmarshal(value: &Value, wanted: &str) -> String {
    let found = match value {
        Value::Map(_) => "object",
        Value::List(_) => "array",
        Value::Bool(_) => "bool",
        Value::String(_) => "string",
        _ => "number",
    };
    format!(
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {found} into Go value of type {wanted}"
    )
}

/// A value as it is after the way through JSON.
fn as_json(value: &Value, depth: usize) -> Result<Value, CallError> {
    if depth > MAX_DEPTH {
        return Err(CallError::new("yaml: exceeded max depth"));
    }
    #[allow(clippy::cast_precision_loss)] // As Go converts.
    Ok(match value {
        Value::Map(map) => {
            let snapshot = map.snapshot();
            let entries = snapshot.entries().iter().map(|(key, value)| {
                Ok((Value::string(key_text(key)?), as_json(value, depth + 1)?))
            });
            let entries: Result<Vec<_>, CallError> = entries.collect();
            Map::open(&Type::String, &Type::Any, entries?).into()
        }
        Value::List(list) => {
            let items = list.items().iter().map(|item| as_json(item, depth + 1));
            let items: Result<Vec<_>, CallError> = items.collect();
            List::of_any(items?).into()
        }
        Value::Int(_, int) => Value::Float(*int as f64),
        Value::Uint(_, uint) => Value::Float(*uint as f64),
        Value::Float(float) if !float.is_finite() => {
            let shown = format_float(*float, 'g', None);
            return Err(CallError::new(format!("json: unsupported value: {shown}")));
        }
        other => other.clone(),
    })
}

/// A key as text.
fn key_text(key: &Value) -> Result<String, CallError> {
    #[allow(clippy::cast_possible_truncation)] // As upstream writes them.
    Ok(match key {
        Value::String(text) => text.to_str_lossy().into_owned(),
        Value::Int(_, int) => int.to_string(),
        Value::Uint(_, uint) => uint.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Float(float) if float.is_nan() => String::from(".nan"),
        Value::Float(float) if float.is_infinite() && *float > 0.0 => String::from(".inf"),
        Value::Float(float) if float.is_infinite() => String::from("-.inf"),
        // With the digits that tell it from other numbers of 32 bits.
        Value::Float(float) => {
            let short: f64 = (*float as f32).to_string().parse().unwrap_or(*float);
            format_float(short, 'g', None)
        }
        _ => return Err(CallError::new("unsupported map key")),
    })
}

/// Reads keys and their texts: numbers and booleans become texts, nothing becomes an empty one.
///
/// # Errors
/// Go's words; none of them is a value.
pub(super) fn read_texts(text: &[u8]) -> Result<BTreeMap<String, String>, String> {
    let value =
        read(text).map_err(|error| format!("error converting YAML to JSON: {}", error.reveal()))?;
    let map = match value {
        Value::Nil => return Ok(BTreeMap::new()),
        Value::Map(map) => map,
        other => return Err(unmarshal(&other, "map[string]string")),
    };
    let snapshot = map.snapshot();
    let entries = snapshot.entries().iter().map(|(key, value)| {
        let key = key_text(key)
            .map_err(|error| format!("error converting YAML to JSON: {}", error.reveal()))?;
        let text = match value {
            Value::Nil => String::new(),
            Value::Float(float) => format_float(*float, 'g', None),
            Value::Map(_) | Value::List(_) => return Err(unmarshal(value, "string")),
            other => key_text(other).map_err(|error| error.reveal())?,
        };
        Ok((key, text))
    });
    entries.collect()
}
