//! What an agent says about itself: listener, metrics, status, quit.

use std::time::Duration;

use dev_vault::Fault;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;
use vault_agent::status::{client, table};

use crate::support::{Agent, DATABASE_TEMPLATE, KV_TEMPLATE, World};

fn mk_config(world: &World, enable_quit: bool) -> Value {
    let mut config = world.config(&[
        world.template("app", KV_TEMPLATE),
        world.template("user", DATABASE_TEMPLATE),
    ]);
    config["listener"] = json!([{
        "type": "tcp", "address": "127.0.0.1:0", "tls_disable": true,
        "agent_api": {"enable_quit": enable_quit},
    }]);
    config
}

/// Asks the agent over its listener, whose port its log tells.
async fn ask(world: &World, method: &str, path: &str) -> (u16, String) {
    world.wait_for_log("listening at").await;
    let logs = world.logs();
    let address = logs.split("listening at ").nth(1).unwrap();
    let mut stream = TcpStream::connect(address.lines().next().unwrap())
        .await
        .unwrap();
    let request = format!("{method} {path} HTTP/1.0\r\nHost: agent\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

#[tokio::test]
async fn ready_says_which_files_are_missing_until_none_is() {
    let world = World::new().await;
    world
        .vault
        .set_latency("database/", Duration::from_millis(500));
    let agent = Agent::start(&mk_config(&world, false));
    world.wait_for_text("app", "key=first").await;
    let (status, body) = ask(&world, "GET", "/agent/v1/ready").await;
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &answer["ready"]), (503, &json!(false)), "{body}");
    assert_eq!(answer["not_rendered"], json!([world.path("user")]));
    assert_eq!(ask(&world, "GET", "/agent/v1/health").await.0, 200);
    world.wait_until_ready().await;
    let (status, body) = ask(&world, "GET", "/agent/v1/ready").await;
    assert!(status == 200 && body.contains("\"ready\":true"), "{body}");
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn metrics_have_the_established_names_and_no_path_of_vault() {
    let world = World::new().await;
    world.set_key("canary");
    let agent = Agent::start(&mk_config(&world, false));
    world.wait_until_ready().await;
    let (status, text) = ask(&world, "GET", "/agent/v1/metrics?format=prometheus").await;
    assert_eq!(status, 200);
    let (_, json) = ask(&world, "GET", "/agent/v1/metrics").await;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["Counters"][0]["Name"], "vault.agent.auth.success");
    assert_eq!(
        ask(&world, "GET", "/agent/v1/metrics?format=xml").await.0,
        400
    );
    let app = world.path("app");
    for line in [
        "vault_agent_auth_success 1",
        "vault_agent_auth_failure 0",
        "vault_agent_authenticated 1",
        "vault_agent_ready 1",
        "vault_agent_leases 1",
        // Login, two mounts, two secrets.
        "vault_agent_vault_requests_total{result=\"success\"} 5",
        &format!(
            "vault_agent_template_renders_total{{destination=\"{}\"}} 1",
            app.display()
        ),
        &format!(
            "vault_agent_template_failures_total{{destination=\"{}\"}} 0",
            app.display()
        ),
    ] {
        assert!(text.lines().any(|have| have == line), "{line} in:\n{text}");
    }
    let value = |name: &str| -> u64 {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    assert!((3500..=3600).contains(&value("vault_agent_token_ttl_seconds ")));
    assert!((3500..=3600).contains(&value("vault_agent_template_lease_remaining_seconds{")));
    for secret in ["production", "database", "canary", "hvs."] {
        assert!(!text.contains(secret), "{secret} in:\n{text}");
    }
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn quit_ends_the_agent_only_where_that_is_enabled() {
    let world = World::new().await;
    let agent = Agent::start(&mk_config(&world, false));
    assert_eq!(ask(&world, "POST", "/agent/v1/quit").await.0, 404);
    agent.stop().await.unwrap();
    let world = World::new().await;
    let agent = Agent::start(&mk_config(&world, true));
    assert_eq!(ask(&world, "GET", "/agent/v1/quit").await.0, 405);
    assert_eq!(ask(&world, "GET", "/agent/v2/quit").await.0, 404);
    assert_eq!(ask(&world, "POST", "/agent/v1/quit").await.0, 200);
    agent.end().await.unwrap();
}

#[tokio::test]
async fn status_shows_templates_secrets_leases_and_errors_to_the_agents_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new().await;
    let mut config = mk_config(&world, false);
    let broken = r#"{{ with secret "secret/nowhere" }}{{ .Data }}{{ end }}"#;
    let template = world.template("broken", broken);
    config["template"].as_array_mut().unwrap().push(template);
    config["template_config"]["exit_on_retry_failure"] = json!(false);
    let agent = Agent::start(&config);
    world.wait_for("user", |text| !text.is_empty()).await;
    world.wait_for_log("permission denied").await;
    let socket = world.path("status.sock");
    let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let snapshot = client::ask(&socket, client::PATIENCE).await.unwrap();
    assert!(!snapshot.ready && snapshot.token.authenticated);
    let broken = snapshot
        .templates
        .iter()
        .find(|template| !template.rendered)
        .unwrap();
    assert!(
        broken.error.as_deref().unwrap().contains("secret/nowhere"),
        "{broken:?}"
    );
    let text = table(&snapshot);
    assert!(
        text.contains("read database/creds/api-role") && text.contains("59m"),
        "{text}"
    );
    let user = world.read("user").unwrap();
    assert!(!text.contains(&user) && !text.contains("hvs."));
    agent.stop().await.unwrap();
    assert!(!socket.exists());
    let error = client::ask(&socket, client::PATIENCE).await.unwrap_err();
    let error = error.to_string();
    assert!(error.contains("status.sock"), "{error}");
}

/// Exit code and output of `vault-agent status`.
async fn status(world: &World) -> (Option<i32>, String) {
    let socket = format!("-socket={}", world.path("status.sock").display());
    let asked = Command::new(env!("CARGO_BIN_EXE_vault-agent"))
        .args(["status", &socket])
        .output();
    let output = asked.await.unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

#[tokio::test]
async fn status_exits_1_until_the_agent_is_ready_and_shows_commands_that_fail() {
    let world = World::new().await;
    let mut config = mk_config(&world, false);
    config["template"][0]["command"] = json!(["false", "--reload"]);
    world.vault.add_fault(Fault::status("database/creds/", 503));
    config["template_config"]["exit_on_retry_failure"] = json!(false);
    let agent = Agent::start(&config);
    world.wait_for_log("(runner) command failed").await;
    let (code, text) = status(&world).await;
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("Ready    no"), "{text}");
    let row = text.lines().find(|line| line.starts_with("false --reload"));
    assert!(row.unwrap().contains("exit status: 1"), "{text}");
    let (_, metrics) = ask(&world, "GET", "/agent/v1/metrics?format=prometheus").await;
    for name in ["runs", "failures"] {
        let name = format!("vault_agent_command_{name}_total ");
        let value = metrics.lines().find_map(|line| line.strip_prefix(&name));
        let value: u64 = value.unwrap().parse().unwrap();
        assert!((1..=3).contains(&value), "{metrics}");
    }
    world.vault.clear_faults();
    world.wait_until_ready().await;
    let (code, text) = status(&world).await;
    assert_eq!(code, Some(0), "{text}");
    agent.stop().await.unwrap();
}
