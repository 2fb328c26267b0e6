//! What starts a program, what it gets, and what its end means for the agent.

use std::io::{Read, Write};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::World;

#[tokio::test]
async fn the_program_gets_its_variables_its_streams_and_gives_its_code() {
    let world = World::new().await;
    let script = r#"read line; echo "$line: $PASSWORD, $FIXED, $DIR"; exit 5"#;
    let mut agent = world.run(script, &json!({}));
    let mut stdin = agent.process.stdin.take().unwrap();
    stdin.write_all(b"typed\n").unwrap();
    let mut stdout = agent.process.stdout.take().unwrap();
    let (code, log) = agent.end().await;
    let mut text = String::new();
    stdout.read_to_string(&mut text).unwrap();
    let expected = format!("typed: first, a b, {}\n", world.dir.path().display());
    assert!(text.ends_with(&expected), "{text}");
    assert_eq!(code, 5);
    assert!(
        log.ends_with("vault-agent: process exited with 5\n"),
        "{log}"
    );
    assert!(!log.contains("first"), "{log}");
}

#[tokio::test]
async fn a_program_that_ends_well_ends_the_agent_well() {
    let world = World::new().await;
    let (code, log) = world.run("exit 0", &json!({})).end().await;
    assert_eq!(code, 0);
    assert!(
        log.contains("agent.exec.server: process exited with 0"),
        "{log}"
    );
    let (code, _) = world.run("kill -9 $$", &json!({})).end().await;
    assert_eq!(code, 128 + 9);
}

#[tokio::test]
async fn a_program_that_cannot_be_started_is_a_failure_of_the_agent() {
    let world = World::new().await;
    let agent = world.run("", &json!({"command": "/no/such/program"}));
    let (code, log) = agent.end().await;
    assert_eq!(code, 1);
    assert!(
        log.contains("vault-agent: exec: cannot start \"/no/such/program\": "),
        "{log}"
    );
}

#[tokio::test]
async fn a_value_that_no_variable_can_hold_ends_the_agent_before_the_program() {
    let world = World::new().await;
    world.set_password("a\0b");
    let wait =
        |config: &mut Value| config["template_config"]["exit_on_retry_failure"] = json!(false);
    let agent = world.run_with("echo ran > $DIR/out", &json!({}), wait);
    let (code, log) = agent.end().await;
    assert_eq!(code, 1);
    let last = log.lines().last().unwrap();
    assert!(
        last.contains("env_template[PASSWORD]: the value has a zero byte"),
        "{last}"
    );
    assert_eq!(world.read("out"), "");
}

#[tokio::test]
async fn an_agent_that_ends_after_its_first_render_runs_no_program() {
    let world = World::new().await;
    let once = |config: &mut Value| config["exit_after_auth"] = json!(true);
    let agent = world.run_with("echo ran > $DIR/out", &json!({}), once);
    assert_eq!(agent.end().await.0, 0);
    assert_eq!(world.read("out"), "");
}

#[tokio::test]
async fn no_program_runs_before_all_its_variables_are_there() {
    let world = World::new().await;
    let missing = |config: &mut Value| {
        let text = r#"{{ with secret "secret/app2" }}{{ .Data.data.x }}{{ end }}"#;
        config["env_template"][1]["contents"] = json!(text);
        config["template_config"]["exit_on_retry_failure"] = json!(false);
    };
    let agent = world.run_with("echo ran > $DIR/out", &json!({}), missing);
    agent.wait_for_log("permission denied").await;
    agent.signal(Signal::TERM);
    assert_eq!(agent.end().await.0, 0);
    assert_eq!(world.read("out"), "");
}
