//! The `sink` blocks.

use contract::agent_config::Sink;
use serde_json::Value;

use super::{ConfigError, duration};
use crate::files::Target;
use crate::sink::SinkSettings;

/// Mode of a token file where nothing is said.
const DEFAULT_MODE: u32 = 0o640;

pub(super) fn settings(sink: &Sink, index: usize) -> Result<SinkSettings, ConfigError> {
    let place = format!("auto_auth.sink[{index}]");
    Ok(SinkSettings {
        target: target(sink, &place)?,
        wrap_ttl: duration(&format!("{place}.wrap_ttl"), &sink.wrap_ttl)?
            .filter(|ttl| !ttl.is_zero()),
    })
}

fn target(sink: &Sink, place: &str) -> Result<Target, ConfigError> {
    match sink.kind.as_str() {
        "file" => {}
        "" => return Err(ConfigError::value(place, "sink type must be specified")),
        other => {
            return Err(ConfigError::value(
                place,
                format!("Unknown sink type {other:?}: \"file\" is the only one"),
            ));
        }
    }
    let path = match sink.config.get("path") {
        Some(Value::String(path)) if !path.is_empty() => path,
        _ => {
            return Err(ConfigError::value(
                place,
                "'path' not specified for file sink",
            ));
        }
    };
    let id = |key: &str| match sink.config.get(key) {
        None => Ok(None),
        // -1 is how the established agent writes "leave it".
        Some(Value::Number(number)) if number.as_i64() == Some(-1) => Ok(None),
        Some(value) => whole_number(value, 10)
            .map(Some)
            .ok_or_else(|| ConfigError::value(format!("{place}.{key}"), "not a number of an id")),
    };
    let mode = match sink.config.get("mode") {
        None => DEFAULT_MODE,
        Some(value) => whole_number(value, 8)
            .filter(|mode| *mode <= 0o777)
            .ok_or_else(|| {
                ConfigError::value(
                    format!("{place}.mode"),
                    "not a file mode: give octal digits as text (\"0640\"), or a decimal number (416)",
                )
            })?,
    };
    Ok(Target {
        // Zero is how the established agent writes "the default".
        mode: Some(if mode == 0 { DEFAULT_MODE } else { mode }),
        uid: id("uid")?,
        gid: id("gid")?,
        create_directories: false,
        ..Target::new(path)
    })
}

/// A JSON number (always decimal), or digits as text in the given base.
fn whole_number(value: &Value, base_of_text: u32) -> Option<u32> {
    match value {
        Value::Number(number) => u32::try_from(number.as_u64()?).ok(),
        Value::String(text) => u32::from_str_radix(text, base_of_text).ok(),
        _ => None,
    }
}
