//! An agent whose Vault has a name that nobody knows for a while.

use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::ChildStderr;

use crate::mounts::agent_with;
use crate::support::{KV_TEMPLATE, World};

const KNOWN: &str = "127.0.0.1 vault.test\n";

async fn until(log: &mut Lines<BufReader<ChildStderr>>, words: &str) {
    while let Some(line) = log.next_line().await.unwrap() {
        if line.contains(words) {
            return;
        }
    }
    panic!("the log has ended without {words:?}");
}

#[tokio::test]
async fn a_name_that_is_gone_is_waited_for_and_files_stay() {
    let mut world = World::new().await;
    world.write("hosts", KNOWN);
    // Nobody else is asked.
    world.write("resolv.conf", "nameserver 127.0.0.1\n");
    let (hosts, resolver) = (world.path("hosts"), world.path("resolv.conf"));
    let mounts = [
        (hosts.as_path(), Path::new("/etc/hosts")),
        (resolver.as_path(), Path::new("/etc/resolv.conf")),
    ];
    let Some(mut agent) = agent_with(&mounts).await else {
        return;
    };
    let mut config = world.config(&[world.template("app", KV_TEMPLATE)]);
    let address = world.vault.address().replace("127.0.0.1", "vault.test");
    config["vault"]["address"] = address.into();
    world.write("config.json", &config.to_string());
    let mut agent = agent
        .arg(format!("-config={}", world.path("config.json").display()))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(agent.stderr.take().unwrap()).lines();
    world.wait_for_text("app", "key=first").await;

    // The connection that there is needs no name.
    world.vault.stop();
    until(&mut log, "retry attempt 1").await;
    world.write("hosts", "\n");
    until(&mut log, "cannot be resolved").await;
    world.set_key("second");
    world.vault.resume().await.unwrap();
    until(&mut log, "cannot be resolved").await;
    assert_eq!(world.read("app").unwrap(), "key=first");

    world.write("hosts", KNOWN);
    world.wait_for_text("app", "key=second").await;
    agent.kill().await.unwrap();
}
