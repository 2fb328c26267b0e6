//! The `config` block of a method, value by value. The words of the errors are those of Vault Agent.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use thiserror::Error;

use crate::agent_config::DurationText;
use crate::values;

/// Settings of a method that cannot be used. Permanent until they are corrected.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MethodError {
    /// No such method.
    #[error(
        "unknown auth method {name:?}: {}this agent knows {}",
        if *refused { "it is one of Vault's, but not for pods, and not supported; " } else { "" },
        known.join(", ")
    )]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: &'static [&'static str],
        /// Vault Agent has it.
        refused: bool,
    },
    /// A required value is not there.
    #[error("missing '{0}' value")]
    Missing(&'static str),
    /// A required value stands under the name that another method has for it.
    #[error("missing '{wanted}' value: rename {written}, as other methods call it, to {wanted}")]
    Misnamed {
        /// The key that this method reads.
        wanted: &'static str,
        /// The key that is there.
        written: &'static str,
    },
    /// Not text.
    #[error("could not convert '{0}' config value to string")]
    NotText(&'static str),
    /// Empty.
    #[error("'{0}' value is empty")]
    Empty(&'static str),
    /// Text that does not say what it should.
    #[error("error parsing '{key}' value: {reason}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is accepted.
        reason: String,
    },
}

impl MethodError {
    /// The value of `key` cannot be used.
    pub fn value(key: &'static str, reason: impl Into<String>) -> Self {
        Self::Value {
            key,
            reason: reason.into(),
        }
    }
}

/// A method's `config` block.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a>(&'a BTreeMap<String, Value>);

impl<'a> Options<'a> {
    /// The settings in a block.
    pub fn new(config: &'a BTreeMap<String, Value>) -> Self {
        Self(config)
    }

    /// Text that has to be there and not to be empty.
    ///
    /// # Errors
    ///
    /// It is absent, empty, or something else than text.
    pub fn required(self, key: &'static str) -> Result<&'a str, MethodError> {
        match self.0.get(key) {
            None => Err(MethodError::Missing(key)),
            Some(Value::String(text)) if text.is_empty() => Err(MethodError::Empty(key)),
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(MethodError::NotText(key)),
        }
    }

    /// The same, if the value may have been written under the name `other` of another method.
    ///
    /// # Errors
    ///
    /// As [`required`](Self::required); if `other` is there instead, the error names it.
    pub fn required_not_as(
        self,
        key: &'static str,
        other: &'static str,
    ) -> Result<&'a str, MethodError> {
        self.required(key).map_err(|error| match error {
            MethodError::Missing(wanted) if self.0.contains_key(other) => MethodError::Misnamed {
                wanted,
                written: other,
            },
            error => error,
        })
    }

    /// Text; `None` where it is absent or empty.
    ///
    /// # Errors
    ///
    /// It is something else than text.
    pub fn text(self, key: &'static str) -> Result<Option<&'a str>, MethodError> {
        match self.0.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(_) => Err(MethodError::NotText(key)),
        }
    }

    /// A switch, as a boolean or in Go's spellings of one.
    ///
    /// # Errors
    ///
    /// It is neither.
    pub fn switch(self, key: &'static str, default: bool) -> Result<bool, MethodError> {
        let text = match self.0.get(key) {
            None => return Ok(default),
            Some(Value::Bool(on)) => return Ok(*on),
            Some(Value::String(text)) => values::parse_bool(text),
            Some(other) => values::parse_bool(&other.to_string()),
        };
        text.map_err(|error| MethodError::value(key, error.to_string()))
    }

    /// A duration: Go's, or a number of seconds; `None` where it is absent or zero.
    ///
    /// # Errors
    ///
    /// It is neither.
    pub fn duration(self, key: &'static str) -> Result<Option<Duration>, MethodError> {
        let text = match self.0.get(key) {
            None => return Ok(None),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        let duration = DurationText::new(text).duration();
        duration
            .map(|duration| duration.filter(|duration| !duration.is_zero()))
            .map_err(|error| MethodError::value(key, error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_refused_with_the_words_of_vault_agent() {
        let config: BTreeMap<_, _> = serde_json::from_value(json!({
            "number": 1, "empty": "", "on": "true", "off": false, "odd": "maybe", "time": "90s",
        }))
        .unwrap();
        let options = Options::new(&config);
        let words = |error: MethodError| error.to_string();
        assert_eq!(
            options.required("role").map_err(words),
            Err("missing 'role' value".into())
        );
        assert_eq!(
            options.required("number").map_err(words),
            Err("could not convert 'number' config value to string".into())
        );
        assert_eq!(
            options.required("empty").map_err(words),
            Err("'empty' value is empty".into())
        );
        assert_eq!(options.text("empty"), Ok(None));
        assert_eq!(options.switch("on", false), Ok(true));
        assert_eq!(options.switch("off", true), Ok(false));
        assert_eq!(options.switch("absent", true), Ok(true));
        let odd = options.switch("odd", true).map_err(words).unwrap_err();
        assert!(odd.starts_with("error parsing 'odd' value: "), "{odd}");
        let time = options.duration("time");
        assert_eq!(time, Ok(Some(Duration::from_secs(90))));
        assert!(options.duration("odd").is_err());
    }
}
