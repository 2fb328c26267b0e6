//! What an application sees that asks the agent instead of Vault.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

use crate::support::{Agent, KV, KV_TEMPLATE, World};

pub(crate) const TARGET: &str = "/v1/secret/data/production/api-service";

fn mk_config(world: &World, token: &str, listener: &Value) -> Value {
    let mut config = world.config(&[world.template("app", KV_TEMPLATE)]);
    config["api_proxy"] = json!({"use_auto_auth_token": token});
    let mut block = json!({"type": "tcp", "address": "127.0.0.1:0", "tls_disable": true});
    let extra = listener.as_object().unwrap().clone();
    block.as_object_mut().unwrap().extend(extra);
    config["listener"] = json!([block]);
    config
}

/// An agent that lends its token, and is ready.
pub(crate) async fn start(world: &World, token: &str, listener: &Value) -> Agent {
    let agent = Agent::start(&mk_config(world, token, listener));
    world.wait_until_ready().await;
    agent
}

pub(crate) async fn connect(world: &World) -> TcpStream {
    world.wait_for_log("listening at").await;
    let logs = world.logs();
    let address = logs.split("listening at ").nth(1).unwrap();
    let address = address.lines().next().unwrap();
    TcpStream::connect(address).await.unwrap()
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{}", self.body))
    }
}

pub(crate) async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    line: &str,
    headers: &str,
    body: &str,
) -> Answer {
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.0\r\nHost: agent\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

async fn ask(world: &World, line: &str, headers: &str) -> Answer {
    exchange(connect(world).await, line, headers, "").await
}

#[tokio::test]
async fn an_agent_without_a_login_is_ready_and_passes_on_what_has_a_token() {
    let world = World::new().await;
    let mut config = mk_config(&world, "false", &json!({}));
    let config_object = config.as_object_mut().unwrap();
    config_object.remove("auto_auth");
    config_object.remove("template");
    let agent = Agent::start(&config);
    world.wait_until_ready().await;
    let answer = ask(&world, &format!("GET {TARGET}"), "").await;
    assert_eq!(answer.status, 403, "{}", answer.body);
    let own = format!("X-Vault-Token: {}\r\n", world.vault.root_token());
    let answer = ask(&world, &format!("GET {TARGET}"), &own).await;
    assert_eq!(answer.json()["data"]["data"]["api_key"], "first");
    let answer = ask(&world, "GET /agent/v1/ready", "").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(!world.logs().contains("authenticating"), "{}", world.logs());
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn an_application_without_a_token_reads_with_the_agents() {
    let world = World::new().await;
    let agent = start(&world, "true", &json!({})).await;
    let answer = ask(&world, &format!("GET {TARGET}"), "").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.json()["data"]["data"]["api_key"], "first");
    let answer = ask(
        &world,
        &format!("GET {TARGET}"),
        "X-Vault-Token: theirs\r\n",
    )
    .await;
    assert_eq!(answer.status, 403, "its own token wins: {}", answer.body);
    let bearer = "Authorization: Bearer theirs\r\n";
    let answer = ask(&world, &format!("GET {TARGET}"), bearer).await;
    assert_ne!(answer.status, 200, "in whichever header: {}", answer.body);
    agent.stop().await.unwrap();
    assert!(!world.logs().contains("theirs"));
}

#[tokio::test]
async fn force_replaces_the_token_of_an_application() {
    let world = World::new().await;
    let agent = start(&world, "force", &json!({})).await;
    let answer = ask(
        &world,
        &format!("GET {TARGET}"),
        "X-Vault-Token: theirs\r\n",
    )
    .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_listener_alone_passes_requests_on_as_they_are() {
    let world = World::new().await;
    let agent = start(&world, "false", &json!({})).await;
    let answer = ask(&world, &format!("GET {TARGET}"), "").await;
    assert!(matches!(answer.status, 400 | 403), "{}", answer.body);
    let token = format!("X-Vault-Token: {}\r\n", world.read("token").unwrap());
    let answer = ask(&world, &format!("GET {TARGET}"), &token).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let text = ask(&world, "GET /agent/v1/metrics", "Accept: text/plain\r\n")
        .await
        .body;
    for line in [
        "vault_agent_proxy_success 1",
        "vault_agent_proxy_client_error 1",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_body_reaches_vault_and_its_status_comes_back() {
    let world = World::new().await;
    world.allow(r#"path "secret/data/written" { capabilities = ["create", "update", "read"] }"#);
    let agent = start(&world, "true", &json!({})).await;
    let long = "x".repeat(300 * 1024);
    for value in ["short", &long] {
        let body = json!({"data": {"value": value}}).to_string();
        let stream = connect(&world).await;
        let answer = exchange(stream, "POST /v1/secret/data/written", "", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let answer = ask(&world, "GET /v1/secret/data/written?version=0", "").await;
        assert!(answer.json()["data"]["data"]["value"] == value);
    }
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn an_application_does_not_learn_the_token_that_it_uses() {
    let world = World::new().await;
    let agent = start(&world, "true", &json!({})).await;
    let token = world.read("token").unwrap();
    for line in [
        "GET /v1/auth/token/lookup-self",
        "PUT /v1/auth/token/renew-self",
    ] {
        let answer = ask(&world, line, "X-Vault-Wrap-TTL: 60s\r\n").await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(!answer.body.contains(&token), "{line}");
        let json = answer.json();
        for part in [&json["data"], &json["auth"]] {
            assert_eq!(part["accessor"], Value::Null, "{line}");
        }
        assert!(
            json["auth"]["lease_duration"] != Value::Null || json["data"]["ttl"] != Value::Null
        );
    }
    let own = format!("X-Vault-Token: {token}\r\n");
    let answer = ask(&world, "GET /v1/auth/token/lookup-self", &own).await;
    assert_eq!(answer.json()["data"]["id"], token.as_str());
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_listener_for_metrics_is_no_way_to_vault() {
    let world = World::new().await;
    let listener = json!({"role": "metrics_only", "agent_api": {"enable_quit": true}});
    let agent = start(&world, "force", &listener).await;
    assert_eq!(ask(&world, "GET /agent/v1/metrics", "").await.status, 200);
    for line in [format!("GET {TARGET}"), "POST /agent/v1/quit".to_owned()] {
        assert_eq!(ask(&world, &line, "").await.status, 404, "{line}");
    }
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_socket_serves_whom_its_mode_lets_in() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new().await;
    let path = world.path("agent.sock");
    let mut config = mk_config(&world, "true", &json!({}));
    config["listener"] = json!([{"type": "unix", "address": path, "socket_mode": "0660"}]);
    let agent = Agent::start(&config);
    world.wait_until_ready().await;
    let stream = UnixStream::connect(&path).await.unwrap();
    let answer = exchange(stream, &format!("GET {TARGET}"), "", "").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let mode = path.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o660);
    agent.stop().await.unwrap();
    assert!(!path.exists());
}

#[tokio::test]
async fn clearing_a_cache_tells_mistakes_in_the_request() {
    let world = World::new().await;
    let agent = start(&world, "true", &json!({})).await;
    let line = "POST /agent/v1/cache-clear";
    for (body, status) in [
        (json!({"type": "all"}), 200),
        (json!({"type": "lease", "value": "database/creds/x"}), 200),
        (json!({"type": "lease", "value": ""}), 400),
        (json!({"type": "everything"}), 400),
        (json!([]), 400),
    ] {
        let stream = connect(&world).await;
        let answer = exchange(stream, line, "", &body.to_string()).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.body);
    }
    let answer = ask(&world, "GET /agent/v1/cache-clear", "").await;
    assert!(answer.status == 405 && answer.head.contains("POST, PUT"));
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_slow_application_holds_up_nobody() {
    let world = World::new().await;
    let agent = start(&world, "true", &json!({})).await;
    let mut slow = connect(&world).await;
    let head = "POST /v1/secret/data/written HTTP/1.1\r\nHost: agent\r\nContent-Length: 9\r\n\r\n{";
    slow.write_all(head.as_bytes()).await.unwrap();
    let line = format!("GET {TARGET}");
    let answer = ask(&world, &line, "");
    let answer = tokio::time::timeout(Duration::from_secs(10), answer).await;
    assert_eq!(answer.unwrap().status, 200);
    drop(slow);
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn an_agent_may_be_there_for_the_proxy_alone() {
    let world = World::new().await;
    let mut config = mk_config(&world, "true", &json!({}));
    config["template"] = json!([]);
    config["auto_auth"]["sink"] = json!([]);
    let agent = Agent::start(&config);
    world.wait_until_ready().await;
    world.wait_for_log("authentication successful").await;
    let answer = ask(&world, &format!("GET {TARGET}"), "").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(world.vault.count("GET", KV) >= 1);
    agent.stop().await.unwrap();
}
