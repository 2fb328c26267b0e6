//! Agents that share a home, or a directory for their state.

use std::path::Path;
use std::process::Stdio;

use contract::names::AGENT_HOME;
use tokio::process::Command;

use crate::support::World;

#[tokio::test]
async fn of_two_agents_that_start_at_once_one_has_each_directory() {
    if Path::new(AGENT_HOME).is_dir() {
        eprintln!("skipped: this machine has the home of a pod");
        return;
    }
    let world = World::new().await;
    let config = world.config(&[]);
    let start = |name: &str| {
        let mut config = config.clone();
        config["pid_file"] = world.path(&format!("{name}-pid")).to_str().into();
        let sink = &mut config["auto_auth"]["sink"][0]["config"];
        sink["path"] = world.path(&format!("{name}-token")).to_str().into();
        let file = format!("{name}.json");
        world.write(&file, &config.to_string());
        let log = std::fs::File::create(world.path(&format!("{name}.log"))).unwrap();
        Command::new(env!("CARGO_BIN_EXE_vault-agent"))
            .arg(format!("-config={}", world.path(&file).display()))
            .env_clear()
            .env("HOME", world.dir.path())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap()
    };
    let _agents = [start("a"), start("b")];
    for name in ["a-token", "b-token"] {
        world.wait_for(name, |text| !text.is_empty()).await;
    }
    let logs = ["a.log", "b.log"].map(|name| world.read(name).unwrap());
    let home = world.dir.path();
    for directory in [home, &home.join(".vault-agent")] {
        let words = format!(" uses {}: ", directory.display());
        let without = logs.iter().filter(|log| log.contains(&words));
        assert_eq!(without.count(), 1, "{words}: {logs:?}");
    }
    // Each has logged in for itself.
    assert_ne!(world.read("a-token"), world.read("b-token"));
}
