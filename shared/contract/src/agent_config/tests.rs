use std::time::Duration;

use serde_json::json;

use super::*;

#[test]
fn what_the_webhook_writes_is_what_vault_agent_reads() {
    let config = AgentConfig {
        auto_auth: Some(AutoAuth {
            method: Some(Method {
                kind: "kubernetes".into(),
                mount_path: "auth/kubernetes".into(),
                config: [("role".to_owned(), json!("app"))].into(),
                ..Method::default()
            }),
            sink: vec![Sink {
                kind: "file".into(),
                config: [("path".to_owned(), json!("/home/vault/.vault-token"))].into(),
                ..Sink::default()
            }],
            ..AutoAuth::default()
        }),
        exit_after_auth: true.into(),
        pid_file: "/home/vault/.pid".into(),
        vault: Some(Vault {
            address: "http://vault:8200".into(),
            ..Vault::default()
        }),
        template: vec![Template {
            destination: "/vault/secrets/a".into(),
            contents: "x".into(),
            left_delimiter: "{{".into(),
            right_delimiter: "}}".into(),
            ..Template::default()
        }],
        template_config: Some(TemplateConfig {
            exit_on_retry_failure: true.into(),
            ..TemplateConfig::default()
        }),
        ..AgentConfig::default()
    };
    let expected = json!({
        "auto_auth": {
            "method": {"type": "kubernetes", "mount_path": "auth/kubernetes", "config": {"role": "app"}},
            "sink": [{"type": "file", "config": {"path": "/home/vault/.vault-token"}}],
        },
        "exit_after_auth": true,
        "pid_file": "/home/vault/.pid",
        "vault": {"address": "http://vault:8200"},
        "template": [{
            "destination": "/vault/secrets/a", "contents": "x",
            "left_delimiter": "{{", "right_delimiter": "}}",
        }],
        "template_config": {"exit_on_retry_failure": true},
    });
    assert_eq!(serde_json::to_value(&config).unwrap(), expected);
    assert_eq!(
        serde_json::from_value::<AgentConfig>(expected).unwrap(),
        config
    );
}

#[test]
fn blocks_may_be_objects_or_lists_and_scalars_may_be_text() {
    let config: AgentConfig = serde_json::from_value(json!({
        "vault": [{"address": "http://v", "tls_skip_verify": "1"}],
        "exit_after_auth": "true",
        "template": {"contents": "x", "destination": "/d", "perms": 420, "command": ["a", "b"]},
        "template_config": {"static_secret_render_interval": 10, "exit_on_retry_failure": "false"},
    }))
    .unwrap();
    assert!(config.exit_after_auth.0);
    assert!(config.vault.unwrap().tls_skip_verify.0);
    assert_eq!(config.template[0].perms.mode(), Ok(Some(0o644)));
    assert_eq!(
        config.template[0].command,
        Some(Command::Words(vec!["a".into(), "b".into()]))
    );
    let interval = config
        .template_config
        .unwrap()
        .static_secret_render_interval;
    assert_eq!(interval.duration(), Ok(Some(Duration::from_secs(10))));
}

#[test]
fn lists_may_be_one_text_with_commas() {
    let config: AgentConfig = serde_json::from_value(json!({
        "disable_idle_connections": "caching, proxying",
        "template": {"function_denylist": ["plugin", "sprig_*"]},
    }))
    .unwrap();
    assert_eq!(config.disable_idle_connections, ["caching", "proxying"]);
    assert_eq!(config.template[0].function_denylist, ["plugin", "sprig_*"]);
}

#[test]
fn two_blocks_where_one_is_allowed_are_refused() {
    let error = serde_json::from_value::<AgentConfig>(json!({"vault": [{}, {}]}))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("one block is allowed here, 2 are given"),
        "{error}"
    );
}

#[test]
fn modes_are_octal_text_of_at_most_twelve_bits() {
    assert_eq!(PermsText::new("0640").mode(), Ok(Some(0o640)));
    assert_eq!(PermsText::new("").mode(), Ok(None));
    assert_eq!(PermsText::new("0").mode(), Ok(None));
    for text in ["rw", "0888", "17777", "-1", "+7"] {
        let error = PermsText::new(text).mode().unwrap_err().to_string();
        assert!(error.contains("octal"), "{error}");
    }
}

#[test]
fn a_negative_duration_is_refused_by_name() {
    assert_eq!(
        DurationText::new("-1s").duration().unwrap_err().to_string(),
        "duration \"-1s\" is negative"
    );
}

#[test]
fn a_number_may_be_written_as_text() {
    let read = |value: serde_json::Value| -> Result<(Option<i64>, Option<f64>), _> {
        let config = json!({
            "max_connections_per_host": value, "lease_renewal_threshold": value,
        });
        let config: Result<TemplateConfig, serde_json::Error> = serde_json::from_value(config);
        config.map(|it| (it.max_connections_per_host, it.lease_renewal_threshold))
    };
    for value in [json!(5), json!("5"), json!(" 5 ")] {
        assert_eq!(read(value).unwrap(), (Some(5), Some(5.0)));
    }
    assert_eq!(read(json!(null)).unwrap(), (None, None));
    for value in [json!("five"), json!(""), json!(true), json!(0.5)] {
        assert!(read(value.clone()).is_err(), "{value}");
    }
    for text in ["NaN", "-nan", "inf", " -Infinity ", "1e999"] {
        let config = json!({"lease_renewal_threshold": text});
        let config: Result<TemplateConfig, _> = serde_json::from_value(config);
        let error = config.unwrap_err().to_string();
        assert_eq!(error, format!("{:?} is not a finite number", text.trim()));
    }
}
