//! The `sink` blocks.

use contract::agent_config::{Sink, check};

use super::{ConfigError, Environment};
use crate::sink::{Sealing, SinkSettings};
use secret_files::Target;

pub(super) fn settings(
    sink: &Sink,
    index: usize,
    environment: &Environment,
) -> Result<SinkSettings, ConfigError> {
    let file = check::sink_file(sink, index)?;
    let sealed = check::sealing(sink, index)?;
    Ok(SinkSettings {
        target: Target {
            mode: Some(file.mode),
            uid: file.uid,
            gid: file.gid,
            create_directories: false,
            ..Target::new(file.path)
        },
        wrap_ttl: file.wrap_ttl,
        sealing: sealed.map(|sealed| {
            Sealing::new(
                sealed.key.into(),
                sealed.derives,
                additional_data(sink, environment),
            )
        }),
    })
}

fn additional_data(sink: &Sink, environment: &Environment) -> String {
    match sink.aad_env_var.as_str() {
        "" => sink.aad.clone(),
        // Where the variable is not set, the established agent goes on with nothing.
        name => environment.get(name).unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

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
