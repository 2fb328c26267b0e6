//! The `sink` blocks.

use contract::agent_config::Sink;
use serde_json::Value;

use super::{ConfigError, Environment, duration};
use crate::files::Target;
use crate::sink::{Sealing, SinkSettings};

/// Mode of a token file where nothing is said.
const DEFAULT_MODE: u32 = 0o640;

pub(super) fn settings(
    sink: &Sink,
    index: usize,
    environment: &Environment,
) -> Result<SinkSettings, ConfigError> {
    let place = format!("auto_auth.sink[{index}]");
    Ok(SinkSettings {
        target: target(sink, &place)?,
        wrap_ttl: duration(&format!("{place}.wrap_ttl"), &sink.wrap_ttl)?
            .filter(|ttl| !ttl.is_zero()),
        sealing: sealing(sink, &place, environment)?,
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

/// Encryption for one reader, where it is asked for. The words are the established ones.
fn sealing(
    sink: &Sink,
    place: &str,
    environment: &Environment,
) -> Result<Option<Sealing>, ConfigError> {
    let refuse = |reason: &str| Err(ConfigError::value(place, reason));
    let has_aad = !sink.aad.is_empty() || !sink.aad_env_var.is_empty();
    match (sink.dh_type.as_str(), sink.dh_path.as_str()) {
        ("", "") if has_aad => {
            return refuse("specifying AAD data without 'dh_type' does not make sense");
        }
        ("", "") if sink.derive_key.0 => {
            return refuse("specifying 'derive_key' data without 'dh_type' does not make sense");
        }
        ("", "") => return Ok(None),
        ("", _) => return refuse("specifying 'dh_path' without 'dh_type' does not make sense"),
        ("curve25519", "") => {
            return refuse("specifying 'dh_type' without 'dh_path' does not make sense");
        }
        ("curve25519", _) => {}
        _ => return refuse("invalid value for 'dh_type': only \"curve25519\" is supported"),
    }
    let aad = match sink.aad_env_var.as_str() {
        "" => sink.aad.clone(),
        // Where the variable is not set, the established agent goes on with nothing.
        name => environment.get(name).unwrap_or_default().to_owned(),
    };
    Ok(Some(Sealing::new(
        sink.dh_path.clone().into(),
        sink.derive_key.0,
        aad,
    )))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    fn read(mut keys: Value) -> Result<SinkSettings, String> {
        keys["type"] = "file".into();
        keys["config"] = json!({"path": "/t"});
        let sink: Sink = serde_json::from_value(keys).unwrap();
        let environment = [("AAD".to_owned(), "from outside".to_owned())];
        settings(&sink, 0, &environment.into_iter().collect()).map_err(|error| error.to_string())
    }

    #[test]
    fn encryption_takes_a_type_and_a_key_together() {
        let both = json!({
            "dh_type": "curve25519", "dh_path": "/key", "derive_key": true, "aad": "text",
            "wrap_ttl": "1m",
        });
        let sink = read(both.clone()).unwrap();
        let sealing = Sealing::new("/key".into(), true, "text".into());
        assert_eq!(sink.sealing, Some(sealing));
        assert_eq!(sink.wrap_ttl, Some(Duration::from_secs(60)));
        let mut outside = both;
        outside["aad_env_var"] = "AAD".into();
        assert_eq!(read(outside).unwrap().sealing.unwrap().aad, "from outside");
        let plain = read(json!({})).unwrap();
        assert_eq!((plain.sealing, plain.wrap_ttl), (None, None));
    }

    #[test]
    fn half_an_encryption_is_refused_with_the_established_words() {
        let cases = [
            (
                json!({"dh_type": "rsa", "dh_path": "/key"}),
                "invalid value for 'dh_type'",
            ),
            (
                json!({"dh_type": "curve25519"}),
                "'dh_type' without 'dh_path'",
            ),
            (json!({"dh_path": "/key"}), "'dh_path' without 'dh_type'"),
            (
                json!({"aad": "text"}),
                "specifying AAD data without 'dh_type' does not make sense",
            ),
            (
                json!({"aad_env_var": "AAD"}),
                "specifying AAD data without 'dh_type' does not make sense",
            ),
            (
                json!({"derive_key": true}),
                "specifying 'derive_key' data without 'dh_type' does not make sense",
            ),
        ];
        for (keys, words) in cases {
            let error = read(keys).unwrap_err();
            assert!(error.contains(words), "{error:?} lacks {words:?}");
            assert!(error.starts_with("auto_auth.sink[0]: "), "{error}");
        }
    }
}
