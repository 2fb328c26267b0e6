//! The blocks `api_proxy` and `cache`.

use contract::AgentConfig;
use contract::agent_config::check;

use super::{ConfigError, Environment};
use crate::proxy::ProxySettings;

/// What becomes of requests that a listener does not answer itself.
pub(super) fn settings(
    config: &AgentConfig,
    client: &vault_client::ClientConfig,
    environment: &Environment,
) -> Result<ProxySettings, ConfigError> {
    let use_token = check::proxy_rules(config)?;
    let proxy = config.api_proxy.as_ref();
    let prepends = proxy.is_some_and(|proxy| proxy.prepend_configured_namespace.0);
    Ok(ProxySettings {
        use_token,
        caches: config.cache.is_some() && !config.listener.is_empty(),
        namespace: client.namespace.clone().filter(|_| prepends),
        retries: match environment.vault("MAX_RETRIES") {
            Some(_) => client.max_retries,
            // The first try is no retry.
            None => super::attempts(config.vault.as_ref()).saturating_sub(1),
        },
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::proxy::UseToken;

    fn read(blocks: Value) -> Result<ProxySettings, String> {
        let config: AgentConfig = serde_json::from_value(blocks).unwrap();
        let mut client = vault_client::ClientConfig::new("http://vault:8200");
        client.namespace = Some("org".into());
        settings(&config, &client, &Environment::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_agents_token_is_lent_only_where_that_is_said() {
        let listener = json!([{"type": "tcp"}]);
        let used = |block: &str, value: Value| {
            let auto_auth = json!({"method": {"type": "kubernetes"}});
            let blocks = json!({"auto_auth": auto_auth, "listener": listener, block: {"use_auto_auth_token": value}});
            read(blocks).map(|settings| settings.use_token)
        };
        assert_eq!(read(json!({})).unwrap().use_token, UseToken::Own);
        assert_eq!(used("api_proxy", json!(false)), Ok(UseToken::Own));
        assert_eq!(used("api_proxy", json!(true)), Ok(UseToken::Fallback));
        assert_eq!(used("api_proxy", json!("Force")), Ok(UseToken::Force));
        assert_eq!(used("cache", json!(true)), Ok(UseToken::Fallback));
        assert_eq!(
            used("api_proxy", json!("maybe")).unwrap_err(),
            "api_proxy.use_auto_auth_token: \"maybe\" is not true, false or force"
        );
    }

    #[test]
    fn the_agents_namespace_is_put_in_front_only_where_that_is_said() {
        let with = |prepend: bool| {
            let proxy = json!({"prepend_configured_namespace": prepend});
            read(json!({"listener": [{"type": "tcp"}], "api_proxy": proxy})).unwrap()
        };
        assert_eq!(with(true).namespace.as_deref(), Some("org"));
        assert_eq!(with(false).namespace, None);
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let listener = json!([{"type": "tcp"}]);
        let cases = [
            (
                json!({"api_proxy": {}}),
                "api_proxy requires at least 1 listener",
            ),
            (
                json!({"cache": {}}),
                "enabling the cache requires at least 1 template or 1 listener",
            ),
            (
                json!({
                    "listener": listener, "api_proxy": {"use_auto_auth_token": true},
                    "cache": {"use_auto_auth_token": true},
                }),
                "use_auto_auth_token defined in both api_proxy and cache config",
            ),
            (
                json!({
                    "listener": listener, "api_proxy": {"use_auto_auth_token": true},
                    "auto_auth": {"method": {"type": "kubernetes", "wrap_ttl": "5m"}},
                }),
                "api_proxy.use_auto_auth_token is true and auto_auth uses wrapping",
            ),
            (
                json!({"listener": listener, "cache": {"use_auto_auth_token": true}}),
                "cache.use_auto_auth_token is true but auto_auth not configured",
            ),
            (
                json!({"listener": listener, "cache": {"persist": {"path": "/p"}}}),
                "cache.persist: persist type must be specified",
            ),
            (
                json!({"listener": listener, "cache": {"persist": {"type": "s3"}}}),
                "cache.persist.type: \"s3\" is not kubernetes",
            ),
            (
                json!({"listener": listener, "api_proxy": {"enforce_consistency": "maybe"}}),
                "api_proxy.enforce_consistency: \"maybe\" is not never or always",
            ),
        ];
        for (blocks, words) in cases {
            let error = read(blocks).unwrap_err();
            assert!(error.starts_with(words), "{error}");
        }
    }
}
