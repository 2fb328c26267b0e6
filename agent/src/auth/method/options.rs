//! The `config` block of a method, value by value. The words of the errors are the established ones.

use std::collections::BTreeMap;
use std::time::Duration;

use contract::agent_config::DurationText;
use contract::values;
use serde_json::Value;
use thiserror::Error;

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
        /// The established agent has it.
        refused: bool,
    },
    /// A required value is not there.
    #[error("missing '{0}' value")]
    Missing(&'static str),
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
    pub(super) fn value(key: &'static str, reason: impl Into<String>) -> Self {
        Self::Value {
            key,
            reason: reason.into(),
        }
    }
}

/// A method's `config` block.
pub(super) struct Options<'a>(&'a BTreeMap<String, Value>);

impl<'a> Options<'a> {
    pub(super) fn new(config: &'a BTreeMap<String, Value>) -> Self {
        Self(config)
    }

    /// Text that has to be there and not to be empty.
    pub(super) fn required(&self, key: &'static str) -> Result<String, MethodError> {
        match self.0.get(key) {
            None => Err(MethodError::Missing(key)),
            Some(Value::String(text)) if text.is_empty() => Err(MethodError::Empty(key)),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(_) => Err(MethodError::NotText(key)),
        }
    }

    /// Text; `None` where it is absent or empty.
    pub(super) fn text(&self, key: &'static str) -> Result<Option<String>, MethodError> {
        match self.0.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            Some(_) => Err(MethodError::NotText(key)),
        }
    }

    /// A switch, as a boolean or in Go's spellings of one.
    pub(super) fn switch(&self, key: &'static str, default: bool) -> Result<bool, MethodError> {
        match self.0.get(key) {
            None => Ok(default),
            Some(Value::Bool(on)) => Ok(*on),
            Some(value) => {
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                values::parse_bool(&text).map_err(|error| MethodError::Value {
                    key,
                    reason: error.to_string(),
                })
            }
        }
    }

    /// A duration: Go's, or a number of seconds.
    pub(super) fn duration(&self, key: &'static str) -> Result<Option<Duration>, MethodError> {
        let Some(value) = self.0.get(key) else {
            return Ok(None);
        };
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let duration = DurationText::new(text).duration();
        duration
            .map(|duration| duration.filter(|duration| !duration.is_zero()))
            .map_err(|error| MethodError::Value {
                key,
                reason: error.to_string(),
            })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    pub(in super::super) fn mk_options(config: Value) -> BTreeMap<String, Value> {
        serde_json::from_value(config).unwrap()
    }

    #[test]
    fn values_are_refused_with_the_established_words() {
        let config = mk_options(json!({
            "number": 1, "empty": "", "on": "true", "off": false, "odd": "maybe", "time": "90s",
        }));
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
