//! A Vault response as a template sees it.

use std::fmt;

use text_template::{CallError, List, Map, Record, RecordType, Type, Value};

use crate::copy::deep_copy;
use crate::json::{Numbers, read};

static AUTH: RecordType = RecordType {
    name: "dependency.SecretAuth",
    fields: &[
        ("ClientToken", Type::String),
        ("Accessor", Type::String),
        ("Policies", Type::STRINGS),
        ("Metadata", Type::Map(&Type::String, &Type::String)),
        ("LeaseDuration", Type::INT),
        ("Renewable", Type::Bool),
    ],
    methods: &[],
};

static WRAP_INFO: RecordType = RecordType {
    name: "dependency.SecretWrapInfo",
    fields: &[
        ("Token", Type::String),
        ("TTL", Type::INT),
        ("CreationTime", Type::String),
        ("WrappedAccessor", Type::String),
    ],
    methods: &[],
};

/// The type's name in error texts is part of what people search for.
pub(crate) static SECRET: RecordType = RecordType {
    name: "dependency.Secret",
    fields: &[
        ("RequestID", Type::String),
        ("LeaseID", Type::String),
        ("LeaseDuration", Type::INT),
        ("Renewable", Type::Bool),
        ("Data", Type::OBJECT),
        ("Warnings", Type::STRINGS),
        ("Auth", Type::Pointer(&AUTH)),
        ("WrapInfo", Type::Pointer(&WRAP_INFO)),
    ],
    methods: &[],
};

/// A Vault response: `RequestID LeaseID LeaseDuration Renewable Data Warnings Auth WrapInfo`.
///
/// It is read once; every template that uses it shares it.
pub struct Secret(Record);

/// A body that is no Vault response. Says where, never what.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a Vault response: {reason}")]
pub struct SecretError {
    reason: String,
}

impl Secret {
    /// Reads Vault's JSON body. Numbers below `data` keep their literal text.
    pub fn from_response(body: &[u8]) -> Result<Self, SecretError> {
        let value = read(body, Numbers::Literal).map_err(|error| SecretError {
            reason: error.show(|_| String::from("?")),
        })?;
        let Value::Map(response) = value else {
            return Err(SecretError {
                reason: String::from("it is no JSON object"),
            });
        };
        let data = match response.get_str("data") {
            Some(Value::Map(data)) => data,
            None | Some(Value::Nil) => Map::nil(&Type::String, &Type::Any),
            Some(_) => {
                return Err(SecretError {
                    reason: String::from("data is no object"),
                });
            }
        };
        Ok(Self(Record::new(
            &SECRET,
            vec![
                string(&response, "request_id"),
                string(&response, "lease_id"),
                int(&response, "lease_duration"),
                Value::Bool(boolean(&response, "renewable")),
                Value::Map(data),
                strings(&response, "warnings"),
                Value::Pointer(&AUTH, auth(&response)),
                Value::Pointer(&WRAP_INFO, wrap_info(&response)),
            ],
        )))
    }

    /// The pointer that `secret` gives to a template. Its maps are shared, so they cannot be changed.
    pub(crate) fn value(&self) -> Value {
        Value::Pointer(&SECRET, Some(self.0.clone()))
    }

    /// The same with maps that one pass of a template may change.
    pub(crate) fn own_value(&self) -> Result<Value, CallError> {
        let values = self.0.fields().map(|(_, _, value)| deep_copy(value));
        let values: Result<Vec<_>, CallError> = values.collect();
        Ok(Value::Pointer(&SECRET, Some(Record::new(&SECRET, values?))))
    }
}

fn auth(response: &Map) -> Option<Record> {
    let auth = object(response, "auth")?;
    Some(Record::new(
        &AUTH,
        vec![
            string(&auth, "client_token"),
            string(&auth, "accessor"),
            strings(&auth, "policies"),
            texts(&auth, "metadata"),
            int(&auth, "lease_duration"),
            Value::Bool(boolean(&auth, "renewable")),
        ],
    ))
}

fn wrap_info(response: &Map) -> Option<Record> {
    let wrapped = object(response, "wrap_info")?;
    Some(Record::new(
        &WRAP_INFO,
        vec![
            string(&wrapped, "token"),
            int(&wrapped, "ttl"),
            creation_time(&wrapped),
            string(&wrapped, "wrapped_accessor"),
        ],
    ))
}

/// As Go prints a time: `2024-01-02 03:04:05.6789 +0000 UTC`.
fn creation_time(wrapped: &Map) -> Value {
    let Value::String(text) = string(wrapped, "creation_time") else {
        return Value::from("");
    };
    let text = text.to_str_lossy();
    match text.strip_suffix('Z').and_then(|text| text.split_once('T')) {
        Some((date, time)) => Value::string(format!("{date} {time} +0000 UTC")),
        None => Value::string(&*text),
    }
}

fn object(map: &Map, key: &str) -> Option<Map> {
    match map.get_str(key) {
        Some(Value::Map(object)) => Some(object),
        _ => None,
    }
}

fn string(map: &Map, key: &str) -> Value {
    match map.get_str(key) {
        Some(value @ Value::String(_)) => value,
        _ => Value::from(""),
    }
}

fn int(map: &Map, key: &str) -> Value {
    let number = map.get_str(key);
    let text = number
        .as_ref()
        .and_then(Value::as_text)
        .map(|text| text.to_str_lossy());
    Value::int(text.and_then(|text| text.parse().ok()).unwrap_or(0))
}

fn boolean(map: &Map, key: &str) -> bool {
    matches!(map.get_str(key), Some(Value::Bool(true)))
}

fn strings(map: &Map, key: &str) -> Value {
    Value::List(match map.get_str(key) {
        Some(Value::List(list)) => {
            let texts = list
                .items()
                .iter()
                .filter_map(|item| item.as_text().cloned());
            List::of_strings(texts)
        }
        _ => List::nil(&Type::String),
    })
}

fn texts(map: &Map, key: &str) -> Value {
    Value::Map(match object(map, key) {
        Some(object) => Map::new(
            &Type::String,
            &Type::String,
            object.snapshot().entries().to_vec(),
        ),
        None => Map::nil(&Type::String, &Type::String),
    })
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
