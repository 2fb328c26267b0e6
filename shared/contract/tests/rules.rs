//! Rules between the blocks of a configuration.
// The helpers of a test are test code too.
#![allow(clippy::unwrap_used)]

use contract::AgentConfig;
use contract::agent_config::check::{
    Reader, Reuse, UseToken, exec_rules, nothing_to_do, problems, proxy_rules, reuse, without_login,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn block<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

#[test]
fn connections_are_kept_unless_one_of_the_keys_names_them() {
    let kept = |idle: &[&str], keep_alives: &[&str]| {
        reuse(idle, keep_alives).map(
            |Reuse {
                 of_logins,
                 of_others,
             }| (of_logins, of_others),
        )
    };
    assert_eq!(kept(&[], &[""]), Ok((true, true)));
    assert_eq!(kept(&["auto-auth"], &[]), Ok((false, true)));
    assert_eq!(kept(&[], &[" auto-auth "]), Ok((false, true)));
    for word in ["caching", "proxying", "templating"] {
        assert_eq!(kept(&[word], &[]), Ok((true, false)), "{word}");
    }
    let error = kept(&["x"], &[]).unwrap_err().to_string();
    assert!(
        error.starts_with("unknown disable_idle_connections value: x;"),
        "{error}"
    );
}

#[test]
fn an_agent_without_a_login_needs_a_listener_or_a_cache_and_no_template() {
    let check =
        |config: Value| without_login(&block::<AgentConfig>(config)).map_err(|it| it.to_string());
    let listener = json!([{"type": "tcp"}]);
    assert_eq!(check(json!({"listener": listener})), Ok(()));
    assert_eq!(check(json!({"cache": {}})), Ok(()));
    assert!(
        check(json!({}))
            .unwrap_err()
            .starts_with("no auto_auth, cache, or listener")
    );
    for config in [
        json!({"listener": listener, "template": [{"contents": "x"}]}),
        json!({"listener": listener, "env_template": [{"name": "A"}]}),
    ] {
        assert!(
            check(config)
                .unwrap_err()
                .contains("need an auto_auth block")
        );
    }
}

#[test]
fn a_login_has_to_be_for_something() {
    let check = |config: Value| nothing_to_do(&block::<AgentConfig>(config)).is_ok();
    assert!(!check(json!({"auto_auth": {}})));
    assert!(!check(
        json!({"auto_auth": {}, "cache": {"use_auto_auth_token": "false"}})
    ));
    for config in [
        json!({}),
        json!({"auto_auth": {"sink": [{}]}}),
        json!({"auto_auth": {}, "template": [{}]}),
        json!({"auto_auth": {}, "env_template": [{}]}),
        json!({"auto_auth": {}, "cache": {"use_auto_auth_token": true}}),
        json!({"auto_auth": {}, "api_proxy": {"use_auto_auth_token": "force"}}),
    ] {
        assert!(check(config.clone()), "{config}");
    }
}

#[test]
fn the_proxy_reads_which_token_applications_get() {
    for (block_name, written, expected) in [
        ("cache", json!(""), UseToken::Own),
        ("cache", json!(true), UseToken::Fallback),
        ("cache", json!("FALSE"), UseToken::Own),
        ("api_proxy", json!("Force"), UseToken::Force),
        ("api_proxy", json!("t"), UseToken::Fallback),
    ] {
        let config = json!({
            "auto_auth": {}, "listener": [{}], block_name: {"use_auto_auth_token": written},
        });
        assert_eq!(
            proxy_rules(&block(config)),
            Ok(expected),
            "{block_name} {written}"
        );
    }
    assert_eq!(proxy_rules(&block(json!({}))), Ok(UseToken::Own));
    assert_eq!(
        proxy_rules(&block(json!({"cache": {}, "template": [{}]}))),
        Ok(UseToken::Own)
    );
    assert_eq!(
        proxy_rules(&block(json!({"cache": {}, "env_template": [{}]}))),
        Ok(UseToken::Own)
    );
}

#[test]
fn the_proxy_refuses_what_does_not_go_together() {
    let wrapped = json!({"method": {"type": "jwt", "wrap_ttl": "5m"}});
    for (config, expected) in [
        (
            json!({"listener": [{}], "cache": {"use_auto_auth_token": true}, "api_proxy": {"use_auto_auth_token": true}}),
            "use_auto_auth_token defined in both api_proxy and cache config",
        ),
        (
            json!({"api_proxy": {}}),
            "api_proxy requires at least 1 listener",
        ),
        (
            json!({"cache": {}}),
            "enabling the cache requires at least 1 template or 1 listener",
        ),
        (
            json!({"listener": [{}], "cache": {"persist": {}}}),
            "cache.persist: persist type must be specified",
        ),
        (
            json!({"listener": [{}], "cache": {"persist": {"type": "x"}}}),
            "cache.persist.type: \"x\" is not kubernetes",
        ),
        (
            json!({"listener": [{}], "api_proxy": {"enforce_consistency": "x"}}),
            "api_proxy.enforce_consistency: \"x\" is not never or always",
        ),
        (
            json!({"listener": [{}], "api_proxy": {"when_inconsistent": "x"}}),
            "api_proxy.when_inconsistent: \"x\" is not fail, retry or forward",
        ),
        (
            json!({"listener": [{}], "api_proxy": {"use_auto_auth_token": "x"}}),
            "api_proxy.use_auto_auth_token: \"x\" is not true, false or force",
        ),
        (
            json!({"listener": [{}], "cache": {"use_auto_auth_token": "x"}}),
            "cache.use_auto_auth_token: \"x\" is not true, false or force",
        ),
        (
            json!({"listener": [{}], "api_proxy": {"use_auto_auth_token": true}}),
            "api_proxy.use_auto_auth_token is true but auto_auth not configured",
        ),
        (
            json!({"listener": [{}], "cache": {"use_auto_auth_token": true}, "auto_auth": wrapped}),
            "cache.use_auto_auth_token is true and auto_auth uses wrapping",
        ),
    ] {
        let error = proxy_rules(&block(config)).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    let accepted = json!({
        "listener": [{}], "auto_auth": wrapped, "cache": {"persist": {"type": "kubernetes"}},
        "api_proxy": {"enforce_consistency": "always", "when_inconsistent": "retry"},
    });
    assert_eq!(proxy_rules(&block(accepted)), Ok(UseToken::Own));
}

#[test]
fn a_program_and_its_variables_come_together_and_alone() {
    let exec = json!({"command": "/app"});
    let read = |config: Value| {
        let config: AgentConfig = block(config);
        exec_rules(&config)
            .map(|exec| exec.is_some())
            .map_err(|it| it.to_string())
    };
    assert_eq!(read(json!({})), Ok(false));
    assert_eq!(
        read(json!({"exec": exec, "env_template": [{"name": "A"}, {"name": "B"}]})),
        Ok(true)
    );
    for (config, expected) in [
        (
            json!({"env_template": [{"name": "A"}]}),
            "a top-level 'exec' element must be specified",
        ),
        (
            json!({"exec": exec}),
            "must specify at least one 'env_template'",
        ),
        (
            json!({"exec": exec, "env_template": [{}], "template": [{}]}),
            "'template' cannot be specified with 'env_template'",
        ),
        (
            json!({"exec": exec, "env_template": [{}], "api_proxy": {}}),
            "'api_proxy' cannot be specified with 'env_template'",
        ),
        (
            json!({"exec": exec, "env_template": [{"name": "A"}, {"name": "A"}]}),
            "env_template: duplicate environment variable name: \"A\"",
        ),
    ] {
        let error = read(config).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }
    let file_key: Result<AgentConfig, _> =
        serde_json::from_value(json!({"env_template": [{"name": "A", "perms": "0600"}]}));
    let error = file_key.unwrap_err().to_string();
    assert_eq!(error, "env_template[A]: 'perms' is not allowed");
}

#[test]
fn each_problem_is_found_and_knows_its_key() {
    let mut config = json!({
        "auto_auth": {"method": {"type": "cert"}, "sink": [{"type": "file", "config": {"path": "/t"}}]},
        "template": [{"destination": "/d", "contents": "x"}],
    });
    let found = |config: &Value, reader: Reader| -> Vec<_> {
        let found = problems(&block(config.clone()), reader);
        found.iter().map(|it| it.key().map(str::to_owned)).collect()
    };
    assert_eq!(found(&config, Reader::OurAgent), []);
    let key = |key: &str| Some(key.to_owned());
    config["auto_auth"]["sink"] =
        json!([{"type": "x"}, {"type": "file", "config": {"path": "/t"}, "aad": "x"}]);
    config["listener"] = json!([{"type": "tcp", "role": "x"}, {"type": "unix"}]);
    config["cache"] = json!({"persist": {"type": "x"}});
    assert_eq!(
        found(&config, Reader::OurAgent),
        [
            key("auto_auth.sink[0]"),
            key("auto_auth.sink[1]"),
            key("cache.persist.type"),
            key("listener[0].role"),
            key("listener[1].address"),
        ]
    );
    let of_method = |method: Value| {
        let config = json!({"auto_auth": {"method": method}, "template": [{"destination": "/d", "contents": "x"}]});
        found(&config, Reader::StockAgent)
    };
    assert_eq!(of_method(json!({"type": "x"})), [key("auto_auth.method")]);
    assert_eq!(
        of_method(json!({"type": "oci"})),
        [key("auto_auth.method.config")]
    );
    assert_eq!(
        of_method(json!({"type": "cert", "max_backoff": "1s"})),
        [None]
    );
    assert_eq!(of_method(json!(null)), [None]);
    assert_eq!(found(&json!({}), Reader::OurAgent), [None]);
    assert_eq!(
        found(&json!({"listener": [{"type": "tcp"}]}), Reader::OurAgent),
        []
    );
    assert_eq!(
        found(
            &json!({"auto_auth": {"method": {"type": "cert"}}}),
            Reader::OurAgent
        ),
        [None]
    );
    let exec = json!({"listener": [{"type": "tcp"}], "exec": {"command": "/app"}});
    assert_eq!(found(&exec, Reader::OurAgent), [None]);
}
