//! One `template` block: its quiet times, command, owner and files.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::file_of;
use crate::config::TemplateSettings;
use crate::config::validate::template;

#[test]
fn quiet_times_are_text_or_a_block() {
    let wait = |written: serde_json::Value| {
        let template = serde_json::json!({"destination": "/a", "contents": "a", "wait": written});
        let written: contract::agent_config::Template = serde_json::from_value(template).unwrap();
        template::settings(&written, 0).map(|settings| settings.wait)
    };
    let seconds = |min, max| {
        Some(crate::render::debounce::Wait {
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
