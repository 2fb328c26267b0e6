mod beforehand;
mod environment;
mod exec;
mod template;

use serde_json::{Value, json};

use super::*;
use crate::config::{Output, TemplateSettings, TemplateSource};
use secret_files::Target;

fn mk_config() -> Value {
    json!({
        "auto_auth": {
            "method": {"type": "kubernetes", "config": {"role": "app"}},
            "sink": [{"type": "file", "config": {"path": "/t"}}],
        },
        "vault": {"address": "http://file:8200"},
        "template": [{"destination": "/d", "contents": "x"}],
    })
}

fn settings_of(config: &Value, environment: &[(&str, &str)]) -> Result<Settings, Problems> {
    let config: AgentConfig = serde_json::from_value(config.clone()).unwrap();
    let pairs = environment
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()));
    Settings::from_config(&config, Overrides::default(), &pairs.collect())
}

/// The settings of the usual configuration with one value changed.
fn with(pointer: &str, value: Value) -> Result<Settings, Problems> {
    let mut config = mk_config();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    config.pointer_mut(parent).unwrap()[key] = value;
    settings_of(&config, &[])
}

fn file_of(template: &TemplateSettings) -> &Target {
    template.output.file().unwrap()
}

#[test]
fn the_defaults_are_the_established_ones() {
    let settings = settings_of(&mk_config(), &[]).unwrap();
    assert_eq!(settings.rendering.refresh, RefreshPolicy::new(None, None));
    assert_eq!(settings.rendering.retry, RetryPolicy::default());
    assert!(!settings.rendering.exit_on_retry_failure && !settings.exit_after_auth);
    assert_eq!(
        settings.login.unwrap().backoff,
        vault_engine::Backoff::LOGIN
    );
    assert_eq!(settings.sinks[0].target.mode, Some(0o640));
    let template = &settings.templates[0];
    assert_eq!(template.source, TemplateSource::Contents("x".into()));
    assert_eq!(template.output, Output::File(Target::new("/d")));
    assert_eq!(
        (settings.vault.timeout.as_secs(), settings.vault.max_retries),
        (60, 0)
    );
    assert_eq!(settings.pid_file, None);
}

#[test]
fn the_number_of_retries_has_three_meanings() {
    let attempts = |retry: Value| {
        let settings = with("/vault/retry", retry).unwrap();
        (settings.rendering.retry.attempts, settings.proxy.retries)
    };
    assert_eq!(attempts(json!({})), (12, 11));
    assert_eq!(attempts(json!({"num_retries": 0})), (12, 11));
    assert_eq!(attempts(json!({"num_retries": -1})), (1, 0));
    assert_eq!(attempts(json!({"num_retries": 3})), (3, 2));
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn what_does_not_go_together_is_refused_with_the_established_words() {
    let error = |result: Result<Settings, Problems>| result.unwrap_err().to_string();
    let refused = |pointer: &str, value| error(with(pointer, value));
    let cases = [
        (
            refused("/auto_auth", Value::Null),
            "no auto_auth, cache, or listener block found in config",
        ),
        (
            refused("/auto_auth/method", Value::Null),
            "one and only one \"method\" block is required",
        ),
        (
            refused("/auto_auth/method/type", json!("")),
            "method type must be specified",
        ),
        (
            refused("/auto_auth/method/type", json!("ldap")),
            "unknown auth method \"ldap\": it is one of Vault's",
        ),
        (
            refused("/auto_auth/method/config", json!({})),
            "missing 'role' value",
        ),
        (
            refused("/auto_auth/method/min_backoff", json!("10m")),
            "auth handler: min_backoff cannot be greater than max_backoff",
        ),
        (
            refused("/auto_auth/method/max_backoff", json!("soon")),
            "auto_auth.method.max_backoff: ",
        ),
        (
            refused("/auto_auth/sink/0/type", json!("")),
            "sink type must be specified",
        ),
        (
            refused("/auto_auth/sink/0/type", json!("s3")),
            "Unknown sink type \"s3\"",
        ),
        (
            refused("/auto_auth/sink/0/config", json!({})),
            "'path' not specified for file sink",
        ),
        (
            refused(
                "/auto_auth/sink/0/config",
                json!({"path": "/t", "mode": "9"}),
            ),
            "auto_auth.sink[0].mode: ",
        ),
        (
            refused("/template/0/source", json!("/s")),
            "template: must specify exactly one of 'source' or 'contents'",
        ),
        (
            refused("/template/0/contents", json!("")),
            "template: must specify exactly one of 'source' or 'contents'",
        ),
        (
            refused("/template/0/destination", json!("")),
            "template[0].destination: ",
        ),
        (
            refused("/template/0/perms", json!("rw")),
            "template[0] (/d).perms: ",
        ),
        (
            refused("/template/0/user", json!("no-such-user")),
            "template[0] (/d).user: unknown user",
        ),
        (
            refused(
                "/template_config",
                json!({"static_secret_render_interval": "x"}),
            ),
            "template_config.static_secret_render_interval: ",
        ),
    ];
    for (error, words) in cases {
        assert!(error.contains(words), "{error:?} lacks {words:?}");
    }
    let mut idle = mk_config();
    idle["template"] = json!([]);
    idle["auto_auth"]["sink"] = json!([]);
    assert!(error(settings_of(&idle, &[])).starts_with("auto_auth requires at least one sink"));
}

#[test]
fn a_value_may_be_written_in_more_than_one_way() {
    let mode = |value| {
        let config = json!({"path": "/t", "mode": value});
        with("/auto_auth/sink/0/config", config).unwrap().sinks[0]
            .target
            .mode
    };
    assert_eq!(mode(json!(416)), Some(0o640));
    assert_eq!(mode(json!("0600")), Some(0o600));
    assert_eq!(mode(json!(0)), Some(0o640));
    let path = |value| {
        with("/auto_auth/method/mount_path", value)
            .unwrap()
            .login
            .unwrap()
            .method
    };
    assert_eq!(
        format!("{:?}", path(json!("auth/k8s/"))),
        format!("{:?}", path(json!("auth/k8s")))
    );
    let perms = with("/template/0/perms", json!("0440")).unwrap();
    assert_eq!(file_of(&perms.templates[0]).mode, Some(0o440));
    let dirs = with("/template/0/create_dest_dirs", json!(false)).unwrap();
    assert!(!file_of(&dirs.templates[0]).create_directories);
    let most = |value| {
        let config = json!({"max_connections_per_host": value});
        with("/template_config", config)
            .unwrap()
            .rendering
            .max_connections
    };
    assert_eq!((most(json!(3)), most(json!(0))), (3, UNLIMITED_CONNECTIONS));
}

#[test]
fn all_that_is_wrong_is_said_and_the_first_is_what_a_start_says() {
    let mut config = mk_config();
    config["auto_auth"]["method"]["min_backoff"] = json!("soon");
    config["template"] = json!([{}, {"destination": "/d", "contents": "x", "perms": "rw"}]);
    config["listener"] = json!([{"type": "http"}, {"type": "tcp"}]);
    config["revoke_grace"] = json!("x");
    let problems = settings_of(&config, &[("VAULT_RATE_LIMIT", "x")]).unwrap_err();
    let keys: Vec<_> = problems
        .iter()
        .map(|problem| problem.to_string().split(": ").next().unwrap().to_owned())
        .collect();
    assert_eq!(
        keys,
        [
            "auto_auth.method.min_backoff",
            "VAULT_RATE_LIMIT",
            "template",
            "template[1] (/d).perms",
            "listener[0]",
            "listener[1].tls_cert_file",
            "revoke_grace",
        ]
    );
    let first = ConfigError::from(problems).to_string();
    assert!(
        first.starts_with("auto_auth.method.min_backoff: "),
        "{first}"
    );
}

#[test]
fn an_agent_without_a_login_has_nothing_to_render() {
    let listener = json!([{"type": "tcp", "address": "127.0.0.1:0", "tls_disable": true}]);
    let mut config = json!({"vault": {"address": "http://file:8200"}, "listener": listener});
    assert!(settings_of(&config, &[]).unwrap().login.is_none());
    config["template"] = json!([{"destination": "/d", "contents": "x"}]);
    let error = settings_of(&config, &[]).unwrap_err().to_string();
    assert!(error.contains("need an auto_auth block"), "{error}");
}

#[test]
fn back_off_of_the_login_rules_the_reads_too() {
    let settings = with("/auto_auth/method/min_backoff", json!("2s")).unwrap();
    assert_eq!(
        settings.login.as_ref().unwrap().backoff.base,
        Duration::from_secs(2)
    );
    assert_eq!(
        settings.rendering.retry.backoff.base,
        Duration::from_secs(2)
    );
    assert_eq!(
        settings.rendering.retry.backoff.max,
        RetryPolicy::default().backoff.max
    );
}
