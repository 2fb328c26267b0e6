//! The `method` block.

use std::time::Duration;

use contract::agent_config::{AutoAuth, DurationText, Method as Written};

use super::{ConfigError, Environment, duration};
use crate::auth::{Method, MethodError};
use crate::config::LoginSettings;
use crate::schedule::LoginBackoff;

pub(super) fn settings(
    auto_auth: &AutoAuth,
    environment: &Environment,
) -> Result<LoginSettings, ConfigError> {
    let written = auto_auth.method.as_ref().ok_or_else(|| {
        ConfigError::rule("auto_auth: one and only one \"method\" block is required")
    })?;
    let method = method(written, environment)?;
    let min = chosen("auto_auth.method.min_backoff", &written.min_backoff)?;
    let max = chosen("auto_auth.method.max_backoff", &written.max_backoff)?;
    let default = LoginBackoff::default();
    let backoff = LoginBackoff::new(min.unwrap_or(default.min()), max.unwrap_or(default.max()));
    let backoff = backoff.map_err(|error| ConfigError::rule(error.to_string()))?;
    Ok(LoginSettings {
        wrap_ttl: wrap_ttl(auto_auth, written, &method)?,
        method,
        keep_connections: true,
        backoff,
        exit_on_err: written.exit_on_err.0,
        reauth_on_new_credentials: auto_auth.enable_reauth_on_new_credentials.0,
    })
}

fn method(written: &Written, environment: &Environment) -> Result<Method, ConfigError> {
    if written.kind.is_empty() {
        return Err(ConfigError::value(
            "auto_auth.method",
            "method type must be specified",
        ));
    }
    let mount_path = match written.mount_path.trim_matches('/') {
        "" => format!("auth/{}", written.kind),
        path => path.to_owned(),
    };
    let method = Method::from_config(&written.kind, &mount_path, &written.config, environment);
    method.map_err(|error| {
        let key = match error {
            MethodError::Unknown { .. } => "auto_auth.method",
            _ => "auto_auth.method.config",
        };
        ConfigError::value(key, error)
    })
}

/// A wrapped token is for one reader, and cannot be wrapped again.
fn wrap_ttl(
    auto_auth: &AutoAuth,
    written: &Written,
    method: &Method,
) -> Result<Option<Duration>, ConfigError> {
    let Some(ttl) = chosen("auto_auth.method.wrap_ttl", &written.wrap_ttl)? else {
        return Ok(None);
    };
    let [sink] = auto_auth.sink.as_slice() else {
        return Err(ConfigError::rule(
            "wrapping enabled on auth method and 0 or many sinks defined",
        ));
    };
    if !sink.wrap_ttl.is_empty() {
        return Err(ConfigError::rule(
            "wrapping enabled both on auth method and sink",
        ));
    }
    if !method.can_wrap() {
        return Err(ConfigError::value(
            "auto_auth.method.wrap_ttl",
            format!(
                "method {:?} has no login whose answer could be wrapped; set wrap_ttl in the sink",
                written.kind
            ),
        ));
    }
    Ok(Some(ttl))
}

/// Zero is how "nothing said" is written, too.
fn chosen(key: &str, text: &DurationText) -> Result<Option<Duration>, ConfigError> {
    Ok(duration(key, text)?.filter(|chosen| !chosen.is_zero()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(auto_auth: Value) -> Result<LoginSettings, String> {
        let auto_auth: AutoAuth = serde_json::from_value(auto_auth).unwrap();
        settings(&auto_auth, &Environment::default()).map_err(|error| error.to_string())
    }

    fn with_sinks(method: &Value, sinks: &Value) -> Result<LoginSettings, String> {
        read(json!({"method": method, "sink": sinks}))
    }

    #[test]
    fn an_unknown_method_is_refused_with_those_that_are_known() {
        let error = read(json!({"method": {"type": "oidc"}})).unwrap_err();
        assert_eq!(
            error,
            "auto_auth.method: unknown auth method \"oidc\": this agent knows kubernetes, jwt, \
             approle, cert, token_file, aws, gcp, azure"
        );
        for name in ["kerberos", "cf", "oci", "alicloud", "ldap", "tpm"] {
            let error = read(json!({"method": {"type": name}})).unwrap_err();
            let words = format!("unknown auth method {name:?}: it is one of Vault's, but not");
            assert!(error.contains(&words), "{error}");
        }
    }

    #[test]
    fn each_method_says_what_it_lacks() {
        let cases = [
            ("kubernetes", "missing 'role' value"),
            ("jwt", "missing 'path' value"),
            ("approle", "missing 'role_id_file_path' value"),
            ("token_file", "missing 'token_file_path' value"),
            ("aws", "missing 'type' value"),
            ("gcp", "missing 'type' value"),
            ("azure", "missing 'role' value"),
        ];
        for (name, words) in cases {
            let error = read(json!({"method": {"type": name}})).unwrap_err();
            assert_eq!(error, format!("auto_auth.method.config: {words}"));
        }
        assert!(read(json!({"method": {"type": "cert"}})).is_ok());
    }

    #[test]
    fn a_wrapped_token_has_one_sink_that_does_not_wrap_it_again() {
        let method = json!({"type": "kubernetes", "config": {"role": "app"}, "wrap_ttl": "5m"});
        let sink = json!({"type": "file", "config": {"path": "/t"}});
        let wrapping = json!({"type": "file", "config": {"path": "/t"}, "wrap_ttl": "5m"});
        let one = with_sinks(&method, &json!([sink])).unwrap();
        assert_eq!(one.wrap_ttl, Some(Duration::from_secs(300)));
        for sinks in [json!([]), json!([sink, sink])] {
            assert_eq!(
                with_sinks(&method, &sinks).unwrap_err(),
                "wrapping enabled on auth method and 0 or many sinks defined"
            );
        }
        assert_eq!(
            with_sinks(&method, &json!([wrapping])).unwrap_err(),
            "wrapping enabled both on auth method and sink"
        );
        let method = json!({
            "type": "token_file", "config": {"token_file_path": "/token"}, "wrap_ttl": "5m",
        });
        let error = with_sinks(&method, &json!([sink])).unwrap_err();
        assert!(error.contains("set wrap_ttl in the sink"), "{error}");
    }
}
