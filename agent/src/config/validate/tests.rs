mod beforehand;

use std::path::Path;

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

fn in_environment(environment: &[(&str, &str)]) -> Settings {
    settings_of(&mk_config(), environment).unwrap()
}

#[test]
fn the_defaults_are_the_established_ones() {
    let settings = settings_of(&mk_config(), &[]).unwrap();
    assert_eq!(settings.rendering.refresh, RefreshPolicy::new(None, None));
    assert_eq!(settings.rendering.retry, RetryPolicy::default());
    assert!(!settings.rendering.exit_on_retry_failure && !settings.exit_after_auth);
    assert_eq!(
        settings.login.unwrap().backoff,
        crate::schedule::LoginBackoff::default()
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
        settings.login.as_ref().unwrap().backoff.min(),
        Duration::from_secs(2)
    );
    assert_eq!(settings.rendering.retry.base, Duration::from_secs(2));
    assert_eq!(settings.rendering.retry.max, RetryPolicy::default().max);
}

#[test]
fn the_environment_goes_before_the_file() {
    assert_eq!(in_environment(&[]).vault.address, "http://file:8200");
    let settings = in_environment(&[
        ("VAULT_ADDR", "http://env:8200"),
        ("VAULT_CACERT", "/ca.pem"),
        ("VAULT_CACERT_BYTES", "pem"),
        ("VAULT_NAMESPACE", "/team/a/"),
        ("VAULT_TLS_SERVER_NAME", "vault"),
        ("VAULT_CLIENT_TIMEOUT", "5"),
        ("VAULT_MAX_RETRIES", "2"),
    ]);
    let vault = &settings.vault;
    assert_eq!(vault.address, "http://env:8200");
    assert_eq!(vault.ca_cert.as_deref(), Some(Path::new("/ca.pem")));
    assert_eq!(vault.ca_cert_bytes.as_deref(), Some(&b"pem"[..]));
    assert_eq!(vault.namespace.as_deref(), Some("team/a"));
    assert_eq!(vault.tls_server_name.as_deref(), Some("vault"));
    assert_eq!((vault.timeout.as_secs(), vault.max_retries), (5, 2));
    assert!(
        settings
            .command_environment
            .contains(&("VAULT_ADDR".into(), "http://env:8200".into()))
    );
    assert!(
        settings
            .command_environment
            .contains(&("VAULT_CACERT".into(), "/ca.pem".into()))
    );
    assert!(
        !settings
            .command_environment
            .iter()
            .any(|(name, _)| name.contains("TOKEN"))
    );
}

#[test]
fn a_variable_that_is_set_but_empty_puts_the_default_before_the_file() {
    assert_eq!(
        in_environment(&[("VAULT_ADDR", "")]).vault.address,
        "https://127.0.0.1:8200"
    );
}

/// The namespaces of the login and of the secrets.
fn namespaces(
    of_method: &str,
    of_vault: &str,
    environment: &[(&str, &str)],
) -> [Option<String>; 2] {
    let mut config = mk_config();
    config["auto_auth"]["method"]["namespace"] = json!(of_method);
    config["vault"]["namespace"] = json!(of_vault);
    let settings = settings_of(&config, environment).unwrap();
    let login = settings.login.unwrap().namespace;
    let of_secrets = settings.vault.namespace;
    [login.or_else(|| of_secrets.clone()), of_secrets]
}

#[test]
fn the_namespace_of_the_method_is_the_logins_and_holds_for_secrets_only_if_it_is_alone() {
    let both = |login: &str, secrets: &str| {
        [login, secrets].map(|name| (!name.is_empty()).then(|| name.to_owned()))
    };
    let variable = [("VAULT_NAMESPACE", "/env")];
    assert_eq!(namespaces("/m/", "", &[]), both("m", "m"));
    assert_eq!(namespaces("m", "v", &[]), both("m", "v"));
    assert_eq!(namespaces("m", "", &variable), both("m", "env"));
    assert_eq!(namespaces("m", "v", &variable), both("m", "env"));
    assert_eq!(namespaces("", "v", &variable), both("env", "env"));
    assert_eq!(namespaces("", "v/", &[]), both("v", "v"));
    assert_eq!(namespaces("", "", &[]), both("", ""));
    // A variable that is set but empty names the root namespace.
    let root = [("VAULT_NAMESPACE", "")];
    assert_eq!(namespaces("m", "v", &root), both("m", ""));
}

#[test]
fn verification_is_turned_off_by_true_and_by_nothing_else() {
    let skip = |value| {
        in_environment(&[("VAULT_SKIP_VERIFY", value)])
            .vault
            .skip_verify
    };
    assert!(skip("true") && skip("1") && skip("T"));
    assert!(!skip("false") && !skip("0") && !skip(""));
    let mut config = mk_config();
    config["vault"]["tls_skip_verify"] = json!(true);
    let settings = settings_of(&config, &[("VAULT_SKIP_VERIFY", "false")]).unwrap();
    assert!(!settings.vault.skip_verify);
    let error = settings_of(&config, &[("VAULT_SKIP_VERIFY", "maybe")]).unwrap_err();
    assert!(
        error.to_string().starts_with("VAULT_SKIP_VERIFY: "),
        "{error}"
    );
}

#[test]
fn quiet_times_are_text_or_a_block() {
    let wait = |written: serde_json::Value| {
        let template = serde_json::json!({"destination": "/a", "contents": "a", "wait": written});
        let written: contract::agent_config::Template = serde_json::from_value(template).unwrap();
        template::settings(&written, 0).map(|settings| settings.wait)
    };
    let seconds = |min, max| {
        Some(crate::schedule::Wait {
            min: Duration::from_secs(min),
            max: Duration::from_secs(max),
        })
    };
    assert_eq!(wait("5s".into()).unwrap(), seconds(5, 20));
    assert_eq!(wait("5s:10s".into()).unwrap(), seconds(5, 10));
    let block = serde_json::json!([{"min": "5s", "max": "6s"}]);
    assert_eq!(wait(block).unwrap(), seconds(5, 6));
    assert_eq!(
        wait(serde_json::json!({"enabled": false, "min": "5s"})).unwrap(),
        None
    );
    assert_eq!(wait("0s".into()).unwrap(), None);
    for odd in ["10s:5s", "-5s", "soon", "5", "5s:10", "1d"] {
        let error = wait(odd.into()).unwrap_err().to_string();
        assert!(error.starts_with("template[0] (/a).wait: "), "{error}");
    }
}

/// The settings of one template with these keys besides.
fn mk_template(keys: &Value) -> Result<TemplateSettings, String> {
    let mut written = json!({"destination": "/a", "contents": "a"});
    let more = keys.as_object().unwrap().clone();
    written.as_object_mut().unwrap().extend(more);
    let written: contract::agent_config::Template = serde_json::from_value(written).unwrap();
    template::settings(&written, 0).map_err(|error| error.to_string())
}

#[test]
fn the_command_stands_under_either_key_and_exec_wins() {
    let name = |keys: Value| mk_template(&keys).unwrap().command.map(|spec| spec.name());
    assert_eq!(name(json!({"command": "old"})).as_deref(), Some("old"));
    let exec = json!({"command": "old", "exec": {"command": ["new", "x"], "timeout": "0s"}});
    assert_eq!(name(exec).as_deref(), Some("new x"));
    let block =
        json!({"command": "old", "exec": [{"env": {"pristine": true, "custom": "A=1,B=2"}}]});
    assert_eq!(name(block).as_deref(), Some("old"));
    assert_eq!(
        name(json!({"exec": {"command": "x", "enabled": false}})),
        None
    );
    assert_eq!(name(json!({"exec": {"command": []}})), None);
    let unused = json!({"kill_signal": "SIGUSR1", "kill_timeout": "1s", "reload_signal": "HUP", "splay": "5s"});
    assert_eq!(name(json!({"exec": unused})), None);
}

#[test]
fn owner_backup_sandbox_and_denylist_are_read_under_all_their_names() {
    let settings = mk_template(&json!({
        "uid": 7, "group": "8", "gid": "9", "backup": true, "sandbox_path": "/s",
        "function_denylist": "file,env*", "function_blacklist": ["plugin"],
    }))
    .unwrap();
    let target = file_of(&settings);
    assert_eq!(
        (target.uid, target.gid, target.backup),
        (Some(7), Some(8), true)
    );
    assert_eq!(settings.sandbox.as_deref(), Some(Path::new("/s")));
    assert_eq!(settings.function_denylist, ["file", "env*", "plugin"]);
    let kept = mk_template(&json!({"uid": -1})).unwrap();
    assert_eq!(file_of(&kept).uid, None);
}

#[test]
fn a_mistake_in_a_template_is_said_with_template_and_key() {
    for (keys, key) in [
        (json!({"exec": {"timeout": "soon"}}), "exec.timeout"),
        (json!({"command_timeout": "soon"}), "command_timeout"),
        (
            json!({"exec": {"kill_timeout": "-1s"}}),
            "exec.kill_timeout",
        ),
        (json!({"exec": {"splay": "x"}}), "exec.splay"),
        (json!({"exec": {"kill_signal": "SIGX"}}), "exec.kill_signal"),
        (
            json!({"exec": {"command": "x", "env": {"custom": "A"}}}),
            "exec.env.custom",
        ),
        (json!({"gid": "nobody-here"}), "gid"),
    ] {
        let error = mk_template(&keys).unwrap_err();
        let start = format!("template[0] (/a).{key}: ");
        assert!(error.starts_with(&start), "{error} for {key}");
    }
}

fn mk_exec() -> Value {
    let mut config = mk_config();
    let blocks = config.as_object_mut().unwrap();
    blocks.remove("template");
    blocks["auto_auth"]["sink"] = json!([]);
    blocks.insert("exec".into(), json!([{"command": ["app", "run"]}]));
    let variables = json!([{"name": "B", "contents": "b"}, {"name": "A", "source": "/a"}]);
    blocks.insert("env_template".into(), variables);
    config
}

#[test]
fn a_program_and_its_variables_are_read_with_their_defaults() {
    let settings = settings_of(&mk_exec(), &[]).unwrap();
    let exec = settings.exec.unwrap();
    assert_eq!(exec.restart, crate::exec::Restart::Always);
    assert_eq!(exec.stop_signal.to_string(), "SIGTERM");
    assert_eq!(exec.command.name(), "app run");
    let names: Vec<_> = settings.templates.iter().map(|t| t.output.name()).collect();
    assert_eq!(names, ["B", "A"]);
    let mut config = mk_exec();
    config["exec"] = json!({
        "command": "app run", "restart_on_secret_changes": "never", "restart_stop_signal": "USR1",
    });
    let exec = settings_of(&config, &[]).unwrap().exec.unwrap();
    assert_eq!(exec.restart, crate::exec::Restart::Never);
    assert_eq!(exec.stop_signal.to_string(), "SIGUSR1");
}

#[test]
fn what_does_not_go_with_a_program_is_refused_with_the_established_words() {
    let cases = [
        (
            "exec",
            Value::Null,
            "a top-level 'exec' element must be specified with 'env_template' entries",
        ),
        (
            "env_template",
            json!([]),
            "must specify at least one 'env_template' element with a top-level 'exec' element",
        ),
        (
            "template",
            json!([{"destination": "/d", "contents": "x"}]),
            "'template' cannot be specified with 'env_template' entries",
        ),
        (
            "api_proxy",
            json!({}),
            "'api_proxy' cannot be specified with 'env_template' entries",
        ),
        (
            "exec",
            json!({}),
            "'exec' requires a non-empty 'command' field",
        ),
        (
            "exec",
            json!({"command": [""]}),
            "'exec' requires a non-empty 'command' field",
        ),
        (
            "exec",
            json!({"command": "x", "restart_on_secret_changes": "sometimes"}),
            "'exec.restart_on_secret_changes' unexpected value: \"sometimes\"",
        ),
        (
            "exec",
            json!({"command": "x", "restart_stop_signal": "SIGX"}),
            "exec.restart_stop_signal: \"SIGX\" is not a signal",
        ),
        (
            "env_template",
            json!([{"name": "A", "contents": "a"}, {"name": "A", "contents": "b"}]),
            "env_template: duplicate environment variable name",
        ),
        (
            "env_template",
            json!([{"name": "A", "contents": "a", "source": "b"}]),
            "env_template[A]: must specify exactly one of 'source' or 'contents'",
        ),
        (
            "env_template",
            json!([{"name": "A=B", "contents": "a"}]),
            "env_template[A=B]: ",
        ),
        ("env_template", json!([{"contents": "a"}]), "env_template: "),
        (
            "env_template",
            json!([{"name": "A", "contents": "a", "engine": "x"}]),
            "env_template[A].engine: ",
        ),
    ];
    for (key, value, words) in cases {
        let mut config = mk_exec();
        config[key] = value;
        let error = settings_of(&config, &[]).unwrap_err().to_string();
        assert!(error.contains(words), "{error:?} lacks {words:?}");
    }
}

#[test]
fn keys_of_files_are_not_allowed_for_variables() {
    for key in [
        "destination",
        "perms",
        "command",
        "wait",
        "sandbox_path",
        "uid",
    ] {
        let block = json!({"env_template": [{"name": "A", "contents": "a", key: "x"}]});
        let error = serde_json::from_value::<AgentConfig>(block).unwrap_err();
        let words = format!("env_template[A]: '{key}' is not allowed");
        assert!(error.to_string().contains(&words), "{error}");
    }
}

#[test]
fn a_proxy_that_cannot_be_one_is_refused_by_its_variable_without_its_password() {
    let environment = [("VAULT_PROXY_ADDR", "socks5://user:canary@proxy")];
    let error = settings_of(&mk_config(), &environment).unwrap_err();
    let error = error.to_string();
    assert!(error.starts_with("VAULT_PROXY_ADDR: "), "{error}");
    assert!(!error.contains("canary"), "{error}");
}
