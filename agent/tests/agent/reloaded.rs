//! An application that is signaled when its file has changed.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::support::{Agent, KV_TEMPLATE, World};

#[tokio::test]
async fn a_process_reads_its_file_again_after_the_secret_has_changed() {
    let world = World::new().await;
    let file = world.path("app").display().to_string();
    // In `read`, a shell would sleep on if the signal came just before; and it cannot trap SIGHUP where
    // `nohup` has started the tests.
    world.write(
        "reads-app",
        &format!(
            "#!/bin/sh\ntrap 'cat {file}; echo' USR1\necho started\nwhile :; do sleep 0.1; done\n"
        ),
    );
    let program = world.path("reads-app");
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    let mut application = Command::new(&program)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(application.stdout.take().unwrap()).lines();
    let mut told = async || lines.next_line().await.unwrap().unwrap();
    assert_eq!(told().await, "started");
    let mut config = world.config(&[world.template("app", KV_TEMPLATE)]);
    let own = env!("CARGO_BIN_EXE_vault-agent");
    config["template"][0]["command"] = json!([own, "signal", "USR1", "reads-app"]);
    let agent = Agent::start(&config);
    assert_eq!(told().await, "key=first");
    world.set_key("second");
    assert_eq!(told().await, "key=second");
    agent.stop().await.unwrap();
}
