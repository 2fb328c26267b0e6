//! The binary: exit codes and signals.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "all of this is test code, its helpers too"
)]

#[path = "cli/running.rs"]
mod running;
#[path = "cli/signal.rs"]
mod signal;
#[path = "cli/validate.rs"]
mod validate;

use std::process::{Command, Output, Stdio};

fn mk_command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vault-agent"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = mk_command(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[test]
fn help_and_version_succeed_on_stdout() {
    let (code, stdout, _) = run(&["-help"]);
    assert!(code == 0 && stdout.contains("--config"), "{stdout}");
    let (code, stdout, _) = run(&["agent", "-version"]);
    assert!(code == 0 && stdout.starts_with("vault-agent "), "{stdout}");
}

#[test]
fn a_wrong_command_line_is_64_and_a_wrong_configuration_78() {
    let (code, _, stderr) = run(&["-confg=x"]);
    assert!(code == 64 && stderr.contains("confg"), "{stderr}");
    let (code, _, stderr) = run(&[]);
    assert!(code == 64 && stderr.contains("using -config"), "{stderr}");
    let (code, _, stderr) = run(&["-config=/nowhere.json"]);
    assert!(code == 78 && stderr.contains("/nowhere.json"), "{stderr}");
    let (code, _, stderr) = run(&["-log-level=loud", "-config=/nowhere.json"]);
    assert!(
        code == 78 && stderr.contains("unknown log level"),
        "{stderr}"
    );
    let output = mk_command(&[])
        .env("VAULT_CONFIG", "e30=")
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(78));
    assert_eq!(
        stderr.lines().last(),
        Some("vault-agent: configuration: no auto_auth, cache, or listener block found in config")
    );
}

/// The messages of a log of which each line is JSON.
fn messages(log: &str) -> Vec<String> {
    let lines = log.lines().map(|line| -> String {
        let line: serde_json::Value = serde_json::from_str(line).expect(line);
        line["@message"].as_str().unwrap().to_owned()
    });
    lines.collect()
}

#[test]
fn with_json_each_line_is_json_from_the_first_to_the_reason_of_the_end() {
    let (code, _, stderr) = run(&["-log-format=json", "-config=/nowhere.json"]);
    let said = messages(&stderr);
    assert!(
        code == 78 && said.len() == 1 && said[0].contains("/nowhere.json"),
        "{stderr}"
    );

    // The key of the file holds for what is wrong with its other keys, too.
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("agent.hcl");
    for odd in ["pid_file = []", "vault { address = \"vault:8200\" }"] {
        std::fs::write(&file, format!("log_format = \"json\"\n{odd}\n")).unwrap();
        let (code, _, stderr) = run(&[&format!("-config={}", file.display())]);
        assert_eq!((code, messages(&stderr).len()), (78, 1), "{stderr}");
    }

    let config = format!(
        r#"{{"auto_auth": {{"method": {{"type": "kubernetes", "config":
             {{"role": "r", "token_path": "/dev/null"}}}},
             "sink": [{{"type": "file", "config": {{"path": "{0}/token"}}}}]}},
             "vault": {{"address": "http://127.0.0.1:1"}}, "exit_after_auth": true,
             "template": [{{"destination": "{0}/x", "contents": "a\n  {{{{ no_function }}}}\n"}}],
             "log_format": "json"}}"#,
        dir.path().display()
    );
    let file = dir.path().join("agent.json");
    std::fs::write(&file, config).unwrap();
    let (code, stdout, stderr) = run(&[&format!("-config={}", file.display())]);
    let said = messages(&stderr);
    assert_eq!((code, &*stdout), (1, ""), "{stderr}");
    assert_eq!(said[0], "Vault Agent started");
    let last = said.last().unwrap();
    assert!(
        last.starts_with("not rendered: ") && last.contains("no_function"),
        "{last}"
    );
    assert!(!said.concat().contains('\n'), "{said:?}");
}

#[test]
fn the_hook_of_a_stock_image_revokes_the_token_that_the_sink_wrote() {
    let home = tempfile::tempdir().unwrap();
    let mut command = mk_command(&["token", "revoke", "-address=http://127.0.0.1:1", "-self"]);
    let output = command.env("HOME", home.path()).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains(".vault-token cannot be read"), "{stderr}");
    assert_eq!(output.status.code(), Some(1));
    std::fs::write(home.path().join(".vault-token"), "hvs.canary\n").unwrap();
    let output = command.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("Error revoking token"), "{stderr}");
    assert!(!stderr.contains("canary"), "{stderr}");
}

#[test]
fn ready_answers_by_the_marker_alone() {
    let dir = tempfile::tempdir().unwrap();
    let marker = dir.path().join(".ready");
    let argument = format!("-marker={}", marker.display());
    let (code, _, stderr) = run(&["ready", &argument]);
    assert!(code == 1 && stderr.contains("not ready"), "{stderr}");
    drop(std::fs::File::create(&marker).unwrap());
    let (code, stdout, stderr) = run(&["ready", &argument]);
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, "", ""));
}

#[test]
fn status_says_where_it_has_asked_in_vain() {
    let dir = tempfile::tempdir().unwrap();
    let argument = format!("-socket={}", dir.path().join("none").display());
    let (code, stdout, stderr) = run(&["status", &argument]);
    assert!(code == 1 && stdout.is_empty(), "{stdout}");
    assert!(stderr.contains("cannot ask the agent at"), "{stderr}");
    assert!(
        stderr.contains("it listens there while it runs"),
        "{stderr}"
    );
}

#[test]
fn render_says_without_dry_run_how_an_agent_renders_for_real() {
    for arguments in [
        &["render", "-config=/x"][..],
        &["render", "-dry-run=false", "-config=/x"],
    ] {
        let (code, stdout, stderr) = run(arguments);
        assert_eq!((code, &*stdout), (64, ""));
        assert!(stderr.contains("render needs --dry-run"), "{stderr}");
        assert!(stderr.contains("-exit-after-auth"), "{stderr}");
        assert!(!stderr.contains("invalid value"), "{stderr}");
    }
    let (code, _, stderr) = run(&["render", "--dry-run", "-config=/nonexistent"]);
    assert_eq!(code, 78, "{stderr}");
}
