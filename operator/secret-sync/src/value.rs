//! The text of a value that Vault answered.

use templating::go::{self, Numbers};
use text_template::{CallError, Map, Value};
use thiserror::Error;

use crate::Data;

/// Why there is no text. No variant shows the value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ValueError {
    /// Nothing is at the property.
    #[error("cannot find secret data for key: {0:?}")]
    NoProperty(String),
    /// What was selected is no JSON object.
    #[error("unable to unmarshal secret: {0}")]
    NotAnObject(String),
    /// What Vault answered is no JSON.
    #[error("unable to marshal secret: {0}")]
    NotJson(String),
}

/// The fields of a secret, as Vault answered them: numbers keep their literal text.
pub struct Fetched {
    fields: Map,
    /// The same as Go writes it: keys in order, `<`, `>` and `&` escaped.
    text: Vec<u8>,
}

impl Fetched {
    /// Reads the object `data` of an answer.
    ///
    /// # Errors
    /// A text that is not a JSON object.
    pub fn new(data: &str) -> Result<Self, ValueError> {
        let not_json = |error: CallError| ValueError::NotJson(without_values(&error));
        match go::parse_json(data.as_bytes(), Numbers::Literal).map_err(not_json)? {
            Value::Map(fields) => {
                let text = go::to_json(&Value::Map(fields.clone()))
                    .map_err(not_json)?
                    .to_vec();
                Ok(Self { fields, text })
            }
            _ => Err(ValueError::NotJson("it is not an object".to_owned())),
        }
    }

    /// The whole secret as JSON, or what is at a property: a field of that very name, else a path of
    /// gjson.
    ///
    /// # Errors
    /// Nothing is at the property.
    ///
    /// ```
    /// use secret_sync::Fetched;
    ///
    /// let secret = Fetched::new(r#"{"user": "app", "hosts": [{"name": "a"}, {"name": "b"}]}"#)?;
    /// assert_eq!(secret.select("user")?, b"app");
    /// assert_eq!(secret.select("hosts.1.name")?, b"b");
    /// # Ok::<(), secret_sync::ValueError>(())
    /// ```
    pub fn select(&self, property: &str) -> Result<Vec<u8>, ValueError> {
        if property.is_empty() {
            return Ok(self.text.clone());
        }
        if let Some(value) = self.fields.get_str(property) {
            return text_of(&value);
        }
        let text = std::str::from_utf8(&self.text)
            .map_err(|_| ValueError::NotJson("it is not UTF-8".to_owned()))?;
        let found = gjson::get(text, property);
        if !found.exists() {
            return Err(ValueError::NoProperty(property.to_owned()));
        }
        Ok(match found.kind() {
            gjson::Kind::Null => Vec::new(),
            gjson::Kind::String => found.str().as_bytes().to_vec(),
            _ => found.json().as_bytes().to_vec(),
        })
    }

    /// All fields of what is at a property, or of the whole secret. Numbers pass through a float, as
    /// upstream's do: beyond 2^53 they lose digits.
    ///
    /// # Errors
    /// Nothing is at the property, or no JSON object.
    pub fn extract(&self, property: &str) -> Result<Data, ValueError> {
        fields_of(&self.select(property)?)
    }
}

/// The fields of a JSON object as texts.
///
/// # Errors
/// The text is no JSON object.
fn fields_of(text: &[u8]) -> Result<Data, ValueError> {
    let Some(fields) = object_of(text)? else {
        return Ok(Data::new());
    };
    fields
        .snapshot()
        .entries()
        .iter()
        .map(|(key, value)| {
            let key = key
                .as_text()
                .map(|key| key.to_str_lossy().into_owned())
                .unwrap_or_default();
            Ok((key, text_of(value)?))
        })
        .collect()
}

/// The JSON object in a text; `None` for null.
///
/// # Errors
/// The text is anything else.
pub(crate) fn object_of(text: &[u8]) -> Result<Option<Map>, ValueError> {
    let not_an_object = |error: CallError| ValueError::NotAnObject(without_values(&error));
    match go::parse_json(text, Numbers::Float).map_err(not_an_object)? {
        Value::Map(fields) => Ok(Some(fields)),
        value if value.is_nil() => Ok(None),
        value => Err(ValueError::NotAnObject(format!(
            "json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
            kind_of(&value)
        ))),
    }
}

/// An error of JSON names a character of the text at most, and not here.
pub(crate) fn without_values(error: &CallError) -> String {
    error.show(|_| "…".to_owned())
}

/// Go's word for a kind of JSON value.
fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "string",
        Value::Bool(_) => "bool",
        Value::List(_) => "array",
        Value::Map(_) => "object",
        _ => "number",
    }
}

/// Strings as they are, numbers as they are written, null as nothing, the rest as JSON on one line.
pub(crate) fn text_of(value: &Value) -> Result<Vec<u8>, ValueError> {
    if value.is_nil() {
        return Ok(Vec::new());
    }
    match value {
        Value::Float(number) => Ok(go::format_float(*number).into_bytes()),
        Value::Map(_) | Value::List(_) | Value::Bool(_) => go::to_json(value)
            .map(|text| text.to_vec())
            .map_err(|error| ValueError::NotJson(without_values(&error))),
        _ => Ok(value
            .as_text()
            .map(|text| text.as_bytes().to_vec())
            .unwrap_or_default()),
    }
}
