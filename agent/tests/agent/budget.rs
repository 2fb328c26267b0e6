//! What an agent costs: requests to Vault, and wake-ups while nothing happens.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Agent, KV_TEMPLATE, World};

/// `count` templates, each with a KV secret of its own and one that all share.
fn mk_templates(world: &World, count: usize) -> Vec<Value> {
    let template = |index| {
        let path = format!("secret/data/production/s{index}");
        world.put(&path, &json!({"data": {"a": "b"}}));
        let own = format!(
            r#"{{{{ with secret "secret/production/s{index}" }}}}{{{{ .Data.data.a }}}}{{{{ end }}}}"#
        );
        world.template(&format!("s{index}"), &format!("{own}{KV_TEMPLATE}"))
    };
    (0..count).map(template).collect()
}

#[tokio::test(start_paused = true)]
async fn a_start_is_one_login_one_look_at_the_mount_and_one_read_a_secret() {
    let world = World::paused().await;
    let agent = Agent::start(&world.config(&mk_templates(&world, 100)));
    world.wait_until_ready().await;
    let count = |method, prefix| world.vault.count(method, prefix);
    assert_eq!(count("PUT", "auth/kubernetes/login"), 1);
    assert_eq!(count("GET", "sys/internal/ui/mounts/"), 1);
    assert_eq!(count("GET", "secret/data/"), 101);
    assert_eq!(world.vault.requests().len(), 103);
    agent.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_hour_is_a_poll_a_secret_each_interval_and_one_renewal_of_the_token() {
    for (rules, first) in [
        // The policy of the guide: the metadata is hidden, which is found out once a secret.
        ("", 11),
        // Where it may be read, no secret travels at all.
        (
            r#"path "secret/metadata/production/*" { capabilities = ["read"] }"#,
            0,
        ),
    ] {
        let world = World::paused().await;
        world.allow(rules);
        let mut config = world.config(&mk_templates(&world, 10));
        config["template_config"]["static_secret_render_interval"] = json!("5m");
        let agent = Agent::start(&config);
        world.wait_until_ready().await;
        world.vault.clear_requests();
        tokio::time::sleep(Duration::from_secs(3600)).await;
        let (data, metadata) = (
            world.vault.count("GET", "secret/data/"),
            world.vault.count("GET", "secret/metadata/"),
        );
        let polls = data.max(metadata);
        // 12.6 to 14.1 an hour, for 11 secrets.
        assert!((132..=165).contains(&polls), "{polls}");
        let others = if first == 0 { data } else { metadata };
        assert_eq!(others, first);
        assert_eq!(world.vault.count("PUT", "auth/token/renew-self"), 1);
        assert_eq!(world.vault.requests().len(), polls + first + 1);
        agent.stop().await.unwrap();
    }
}

/// Voluntary and other context switches of all threads of a process.
fn context_switches(pid: u32) -> u64 {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let of_task = |task: std::fs::DirEntry| -> u64 {
        let status = std::fs::read_to_string(task.path().join("status")).unwrap();
        let lines = status.lines().filter(|line| line.contains("ctxt_switches"));
        lines
            .map(|line| {
                line.split_whitespace()
                    .last()
                    .unwrap()
                    .parse::<u64>()
                    .unwrap()
            })
            .sum()
    };
    tasks.map(|task| of_task(task.unwrap())).sum()
}

#[tokio::test]
async fn an_idle_agent_sleeps() {
    const SECONDS: u64 = 4;
    let world = World::new().await;
    let mut config = world.config(&mk_templates(&world, 20));
    config["template_config"]["static_secret_render_interval"] = json!("5m");
    world.write("config.json", &config.to_string());
    let argument = format!("-config={}", world.path("config.json").display());
    let mut agent = tokio::process::Command::new(env!("CARGO_BIN_EXE_vault-agent"))
        .arg(argument)
        .env("HOME", world.path("."))
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    for index in 0..20 {
        world
            .wait_for_text(&format!("s{index}"), "bkey=first")
            .await;
    }
    let pid = agent.id().unwrap();
    // It measures over time, so it has to wait for time to pass.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = context_switches(pid);
    tokio::time::sleep(Duration::from_secs(SECONDS)).await;
    let switches = context_switches(pid) - before;
    assert!(switches < SECONDS, "{switches} in {SECONDS} seconds");
    agent.kill().await.unwrap();
}
