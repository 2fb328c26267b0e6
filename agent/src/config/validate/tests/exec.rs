//! The program of exec mode and its variables.

use serde_json::{Value, json};

use super::*;

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
