//! What changes of values and of the configuration do to a program that runs.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::World;

#[tokio::test]
async fn a_changed_secret_restarts_the_program_with_the_new_value() {
    let world = World::new().await;
    let script = r#"echo "$PASSWORD" >> $DIR/out; trap 'echo asked >> $DIR/out; exit 3' USR1
        while :; do read never; done"#;
    // A pipe that nobody writes to, so that `read` waits; the trap ends it.
    let agent = world.run(script, &json!({"restart_stop_signal": "SIGUSR1"}));
    world
        .wait_for("out", &agent, |text| text == "first\n")
        .await;
    world.set_password("second");
    let wanted = "first\nasked\nsecond\n";
    world.wait_for("out", &agent, |text| text == wanted).await;
    // An order to leave asks with the same signal, and the program's code counts.
    agent.signal(Signal::TERM);
    let (code, log) = agent.end().await;
    assert_eq!(code, 3, "{log}");
    assert_eq!(world.read("out"), "first\nasked\nsecond\nasked\n");
    assert!(!log.contains("second\n"), "{log}");
}

#[tokio::test]
async fn a_program_that_is_never_to_be_restarted_keeps_its_values() {
    let world = World::new().await;
    let script = "echo $PASSWORD >> $DIR/out; exec sleep 1000";
    let agent = world.run(script, &json!({"restart_on_secret_changes": "never"}));
    world
        .wait_for("out", &agent, |text| text == "first\n")
        .await;
    world.set_password("second");
    agent.wait_for_log("not restarted as configured").await;
    agent.signal(Signal::INT);
    let (code, _) = agent.end().await;
    assert_eq!(code, 0, "ended by the signal that it was sent");
    assert_eq!(world.read("out"), "first\n");
}

#[tokio::test]
async fn a_program_that_runs_goes_on_if_its_variable_cannot_be_set_any_more() {
    let world = World::new().await;
    let agent = world.run("echo $PASSWORD >> $DIR/out; exec sleep 1000", &json!({}));
    world
        .wait_for("out", &agent, |text| text == "first\n")
        .await;
    world.set_password("a\0b");
    agent
        .wait_for_log("env_template[PASSWORD]: the value has a zero byte")
        .await;
    world.set_password("second");
    let wanted = "first\nsecond\n";
    world.wait_for("out", &agent, |text| text == wanted).await;
    agent.signal(Signal::TERM);
    assert_eq!(agent.end().await.0, 0);
}

#[tokio::test]
async fn a_hangup_brings_the_program_its_changed_variables() {
    let world = World::new().await;
    let script = "echo $PASSWORD $FIXED >> $DIR/out; exec sleep 1000";
    let agent = world.run(script, &json!({}));
    world
        .wait_for("out", &agent, |text| text == "first a b\n")
        .await;
    let mut config: Value = serde_json::from_str(&world.read("config.json")).unwrap();
    config["env_template"][1]["contents"] = json!("other");
    world.write("config.json", &config.to_string());
    agent.signal(Signal::HUP);
    let wanted = "first a b\nfirst other\n";
    world.wait_for("out", &agent, |text| text == wanted).await;
    agent.signal(Signal::TERM);
    assert_eq!(agent.end().await.0, 0);
}
