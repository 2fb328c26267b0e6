//! Between JSON, which Handlebars works on, and the values of functions.

use serde_json::{Map as Object, Number, Value as Json};
use text_template::fmt::sprint;
use text_template::{CallError, IntKind, List, Map, Type, UintKind, Value};

/// Nesting deeper than any document's.
const MAX_DEPTH: usize = 200;

/// An argument of a helper, fit for its parameter.
pub(super) fn argument(json: &Json, ty: Type) -> Result<Value, CallError> {
    let value = match (json, ty) {
        (Json::String(text), _) => Value::string(text.as_str()),
        (Json::Bool(truth), Type::String) => Value::string(truth.to_string()),
        (Json::Number(number), Type::String) => Value::string(number.to_string()),
        (Json::Number(number), Type::Int(kind)) => {
            let int = number.as_i64();
            int.map(|int| Value::Int(kind, int))
                .ok_or_else(|| CallError::new("a whole number is expected in place of another"))?
        }
        (Json::Number(number), Type::Float64) => Value::Float(number.as_f64().unwrap_or(0.0)),
        (Json::Array(items), Type::List(&Type::String)) => {
            let texts = items.iter().map(|item| match item {
                Json::String(text) => text.clone(),
                Json::Null => String::new(),
                other => other.to_string(),
            });
            List::of_strings(texts).into()
        }
        _ => from_json(json),
    };
    match value.type_of() {
        _ if ty == Type::Any => Ok(value),
        Some(given) if given == ty => Ok(value),
        _ => {
            let given = value.type_name();
            Err(CallError::new(format!(
                "a value of type {ty} is expected, not {given}"
            )))
        }
    }
}

fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(int), _) => Value::Int(IntKind::Int, int),
            (None, Some(uint)) => Value::Uint(UintKind::Uint64, uint),
            (None, None) => Value::Float(number.as_f64().unwrap_or(0.0)),
        },
        Json::String(text) => Value::string(text.as_str()),
        Json::Array(items) => List::of_any(items.iter().map(from_json).collect()).into(),
        Json::Object(object) => {
            let entries = object.iter();
            let entries = entries.map(|(key, value)| (key.as_str().into(), from_json(value)));
            Map::open(&Type::String, &Type::Any, entries.collect()).into()
        }
    }
}

/// The result of a helper. Records have the names that Vault's JSON has.
pub(super) fn to_json(value: &Value, depth: usize) -> Result<Json, CallError> {
    if depth > MAX_DEPTH {
        return Err(CallError::new("the value is nested too deep"));
    }
    Ok(match value {
        Value::Nil | Value::Pointer(_, None) => Json::Null,
        Value::Bool(truth) => Json::Bool(*truth),
        Value::Int(_, int) => Json::from(*int),
        Value::Uint(_, uint) => Json::from(*uint),
        Value::Float(float) => float_to_json(*float),
        Value::Number(text) => literal(&text.to_str_lossy()),
        Value::List(list) => {
            let items = list.items().iter();
            let items: Result<_, CallError> = items.map(|item| to_json(item, depth + 1)).collect();
            Json::Array(items?)
        }
        Value::Object(channel) if channel.is_channel() => {
            let items = std::iter::from_fn(|| channel.receive());
            let items: Result<_, CallError> = items.map(|item| to_json(&item, depth + 1)).collect();
            Json::Array(items?)
        }
        Value::Map(map) => {
            let mut object = Object::new();
            for (key, value) in map.snapshot().entries() {
                let key = sprint(std::slice::from_ref(key), 1 << 20)?;
                let key = String::from_utf8_lossy(&key).into_owned();
                object.insert(key, to_json(value, depth + 1)?);
            }
            Json::Object(object)
        }
        Value::Record(record) | Value::Pointer(_, Some(record)) => {
            let mut object = Object::new();
            for (name, _, value) in record.fields() {
                object.insert(json_name(name), to_json(value, depth + 1)?);
            }
            Json::Object(object)
        }
        other => {
            let text = sprint(std::slice::from_ref(other), 16 << 20)?;
            Json::String(String::from_utf8_lossy(&text).into_owned())
        }
    })
}

/// A whole float prints without a point, as `parseJSON` numbers should.
fn float_to_json(float: f64) -> Json {
    #[allow(clippy::cast_possible_truncation)] // Checked to be whole and small.
    if float.fract() == 0.0 && float.abs() < 9e15 {
        return Json::from(float as i64);
    }
    Number::from_f64(float).map_or(Json::Null, Json::Number)
}

/// A number of Vault's, which prints as it was written.
fn literal(text: &str) -> Json {
    match serde_json::from_str::<Number>(text) {
        Ok(number) if number.to_string() == text => Json::Number(number),
        _ => Json::String(text.to_owned()),
    }
}

/// `LeaseID` is `lease_id`.
fn json_name(field: &str) -> String {
    let chars: Vec<char> = field.chars().collect();
    let mut name = String::new();
    for (index, c) in chars.iter().enumerate() {
        let upper = |at: usize| chars.get(at).is_some_and(char::is_ascii_uppercase);
        let lower = |at: usize| chars.get(at).is_some_and(char::is_ascii_lowercase);
        if index > 0 && upper(index) && (lower(index - 1) || lower(index + 1)) {
            name.push('_');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_have_the_names_of_vaults_json() {
        for (field, name) in [
            ("RequestID", "request_id"),
            ("LeaseDuration", "lease_duration"),
            ("WrapInfo", "wrap_info"),
            ("TTL", "ttl"),
            ("CAChain", "ca_chain"),
            ("Data", "data"),
        ] {
            assert_eq!(json_name(field), name);
        }
    }

    #[test]
    fn numbers_print_as_they_were_written() {
        for text in [
            "5432",
            "-1",
            "0.5",
            "12345678901234567890123",
            "1e3",
            "1.50",
        ] {
            let json = literal(text);
            let shown = json
                .as_str()
                .map_or_else(|| json.to_string(), ToOwned::to_owned);
            assert_eq!(shown, text);
        }
    }
}
