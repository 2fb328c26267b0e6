//! Values that configuration files write in more than one way.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::duration::{DurationError, GoDuration};
use crate::values;

/// On or off; read from a boolean or from Go's spellings of one as text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Switch(pub bool);

impl Switch {
    /// Whether it is off.
    pub fn is_off(&self) -> bool {
        !self.0
    }
}

impl From<bool> for Switch {
    fn from(on: bool) -> Self {
        Self(on)
    }
}

impl<'de> Deserialize<'de> for Switch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Scalar::deserialize(deserializer)? {
            Scalar::Bool(on) => Ok(Self(on)),
            Scalar::Text(text) => values::parse_bool(&text)
                .map(Self)
                .map_err(de::Error::custom),
            Scalar::Number(number) => values::parse_bool(&number.to_string())
                .map(Self)
                .map_err(de::Error::custom),
        }
    }
}

/// A duration as it was written: Go's (`90s`), or a bare number of seconds. It is checked when it
/// is read with [`DurationText::duration`], because the webhook passes on what it was given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct DurationText(String);

impl DurationText {
    /// Takes a text as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The duration, or `None` where nothing was written.
    pub fn duration(&self) -> Result<Option<Duration>, DurationError> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let duration = GoDuration::parse_seconds(&self.0)?;
        duration
            .to_std()
            .map(Some)
            .ok_or_else(|| DurationError::Negative(self.0.clone()))
    }
}

impl<'de> Deserialize<'de> for DurationText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer).map(Self)
    }
}

/// A file mode as it was written: octal digits as text, or a number, which JSON knows only in
/// decimal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct PermsText(String);

/// A text that is not a file mode.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("perms: {0:?} is not a file mode: give octal digits such as \"0640\", at most \"7777\"")]
pub struct PermsError(String);

impl PermsText {
    /// Takes a text as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The mode's bits, or `None` where nothing or zero was written: the file keeps its own then.
    pub fn mode(&self) -> Result<Option<u32>, PermsError> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let digits = self.0.strip_prefix("0o").unwrap_or(&self.0);
        match u32::from_str_radix(digits, 8) {
            Ok(0) => Ok(None),
            Ok(mode) if mode <= 0o7777 && !digits.starts_with('+') => Ok(Some(mode)),
            _ => Err(PermsError(self.0.clone())),
        }
    }
}

impl<'de> Deserialize<'de> for PermsText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Scalar::deserialize(deserializer)? {
            Scalar::Text(text) => Ok(Self(text)),
            Scalar::Number(number) => {
                let bits = number
                    .as_u64()
                    .ok_or_else(|| de::Error::custom(PermsError(number.to_string())))?;
                Ok(Self(format!("{bits:o}")))
            }
            Scalar::Bool(on) => Err(de::Error::custom(PermsError(on.to_string()))),
        }
    }
}

/// What a configuration file may write where one value is meant.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected text, a number, true or false")]
enum Scalar {
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(on) => on.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// Text, or a number or boolean taken as text.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Scalar::deserialize(deserializer).map(|scalar| scalar.to_string())
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Number<T> {
    Number(T),
    Text(String),
}

/// A number, or text that is one. JSON has no number that is infinite or none, and neither has text.
pub(super) fn number<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + FromStr,
    T::Err: fmt::Display,
{
    match Option::deserialize(deserializer)? {
        None => Ok(None),
        Some(Number::Number(number)) => Ok(Some(number)),
        Some(Number::Text(text)) => {
            let text = text.trim();
            if text.parse().is_ok_and(|number: f64| !number.is_finite()) {
                let reason = format!("{text:?} is not a finite number");
                return Err(de::Error::custom(reason));
            }
            text.parse().map(Some).map_err(de::Error::custom)
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Words {
    Many(Vec<Scalar>),
    One(Scalar),
}

/// A list of texts, or one text with commas between them.
pub(super) fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(match Words::deserialize(deserializer)? {
        Words::Many(words) => words.iter().map(Scalar::to_string).collect(),
        Words::One(text) => {
            let text = text.to_string();
            let words = text
                .split(',')
                .map(str::trim)
                .filter(|word| !word.is_empty());
            words.map(str::to_owned).collect()
        }
    })
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    Many(Vec<serde_json::Value>),
    One(serde_json::Value),
}

/// A block that may be repeated: an object, or a list of objects.
pub(super) fn one_or_many<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: de::DeserializeOwned,
{
    let blocks = match OneOrMany::deserialize(deserializer)? {
        OneOrMany::Many(blocks) => blocks,
        OneOrMany::One(serde_json::Value::Null) => Vec::new(),
        OneOrMany::One(block) => vec![block],
    };
    blocks
        .into_iter()
        .map(|block| serde_json::from_value(block).map_err(de::Error::custom))
        .collect()
}

/// A block that is there once at most: an object, or a list of one object.
pub(super) fn one<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: de::DeserializeOwned,
{
    let mut blocks = one_or_many(deserializer)?;
    match blocks.len() {
        0 | 1 => Ok(blocks.pop()),
        count => Err(de::Error::custom(format!(
            "one block is allowed here, {count} are given"
        ))),
    }
}

#[cfg(feature = "schema")]
mod schema {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::{DurationText, PermsText, Switch};

    impl JsonSchema for Switch {
        fn schema_name() -> Cow<'static, str> {
            "Switch".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({"anyOf": [
                {"type": "boolean"},
                {"enum": ["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False", 0, 1]},
            ]})
        }
    }

    impl JsonSchema for DurationText {
        fn schema_name() -> Cow<'static, str> {
            "Duration".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({"type": ["string", "integer"]})
        }
    }

    impl JsonSchema for PermsText {
        fn schema_name() -> Cow<'static, str> {
            "Mode".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({"type": ["string", "integer"], "pattern": "^((0o)?[0-7]+)?$"})
        }
    }
}
