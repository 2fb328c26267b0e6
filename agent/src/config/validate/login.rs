//! The `method` block.

use contract::agent_config::AutoAuth;
use contract::agent_config::check;
use vault_engine::Backoff;
use vault_login::{Method, SetupError};

use super::{ConfigError, Environment};
use crate::config::LoginSettings;

pub(super) fn settings(
    auto_auth: &AutoAuth,
    environment: &Environment,
) -> Result<LoginSettings, ConfigError> {
    let checked = check::login(auto_auth)?;
    let backoff = Backoff {
        base: checked.backoff.min(),
        max: checked.backoff.max(),
        ..Backoff::LOGIN
    };
    let wrap_ttl = checked.wrap_ttl;
    let exit_on_err = checked.block.exit_on_err.0;
    let namespace = super::vault::namespace(&checked.block.namespace);
    let method = Method::new(checked, environment).map_err(|error| match error {
        SetupError::Setting(error) => ConfigError::from(check::Problem::from(error)),
        SetupError::Environment(error) => {
            ConfigError::from(check::Problem::from(error)).of_machine()
        }
    })?;
    Ok(LoginSettings {
        wrap_ttl,
        method,
        namespace,
        keep_connections: true,
        backoff,
        exit_on_err,
        reauth_on_new_credentials: auto_auth.enable_reauth_on_new_credentials.0,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
