//! The token that applications use through the proxy, and must not learn.

use serde_json::{Value, json};

use crate::front::{self, header, mk_answer};
use crate::proxy::{Answer, connect, exchange};
use crate::support::{Agent, World};

async fn start(world: &World, cache: bool) -> (Agent, String) {
    let mut config = world.config(&[]);
    config["api_proxy"] = json!({"use_auto_auth_token": true});
    if cache {
        config["cache"] = json!({});
    }
    config["listener"] = json!([{"type": "tcp", "address": "127.0.0.1:0", "tls_disable": true}]);
    front::put_between(world, &mut config, answers).await;
    let agent = Agent::start(&config);
    let token = world.wait_for("token", |text| !text.is_empty()).await;
    world.wait_until_ready().await;
    (agent, token)
}

/// What a server may do that repeats what it was sent, or takes one path for another.
fn answers(head: &str) -> Option<Vec<u8>> {
    let token = header(head, "x-vault-token");
    let target = head.split(' ').nth(1).unwrap_or_default();
    let to = |location: &str| mk_answer("301 Moved", &format!("Location: {location}\r\n"), b"");
    Some(match target.strip_prefix("/v1/odd/")? {
        "short" => to("/v1/auth/token/lookup-self"),
        "twice" => to("/v1/auth/token/lookup%252dself"),
        "dots" => to("/v1/odd/..%2fx"),
        "text" => mk_answer("200 OK", "X-Echo: 1\r\n", head.as_bytes()),
        "escaped" => {
            let escaped = token.replace('h', r"\u0068").replace('.', r"\u002E");
            let body = format!(r#"{{"data":{{"id":"{escaped}"}}}}"#);
            mk_answer("200 OK", "", body.as_bytes())
        }
        "chunks" => {
            let chunks = token.split_at(9);
            let body = format!(
                "9\r\n{}\r\n{:x}\r\n{}\r\n0\r\n\r\n",
                chunks.0,
                chunks.1.len(),
                chunks.1
            );
            mk_answer("200 OK", "Transfer-Encoding: chunked\r\n", body.as_bytes())
        }
        "error" => mk_answer("400 Bad", &format!("X-Echo: {token}\r\n"), token.as_bytes()),
        "packed" => mk_answer("200 OK", "Content-Encoding: gzip\r\n", b"\x1f\x8b"),
        "lease" => {
            let body = json!({
                "lease_id": "odd/lease/1", "lease_duration": 600, "renewable": true,
                "data": {"from": token},
            });
            let headers = "Content-Type: application/json\r\n";
            mk_answer("200 OK", headers, body.to_string().as_bytes())
        }
        _ => return None,
    })
}

async fn ask(world: &World, line: &str, headers: &str) -> Answer {
    exchange(connect(world).await, line, headers, "").await
}

#[tokio::test]
async fn no_answer_shows_the_agents_token_to_an_application_that_has_none() {
    let world = World::new().await;
    let (agent, token) = start(&world, false).await;
    let hidden = "*".repeat(token.len());
    for (path, status, expected) in [
        ("text", 200, hidden.as_str()),
        ("escaped", 200, "****"),
        ("chunks", 200, &hidden),
        ("error", 400, &hidden),
        ("packed", 502, "is compressed"),
        ("short", 502, "redirect refused"),
        ("twice", 502, "redirect refused"),
        ("dots", 502, "redirect refused"),
        ("..%2f..%2fauth/token/lookup-self", 400, "segment"),
        ("%252e%252e/x", 400, "segment"),
        ("x%00", 400, "control character"),
    ] {
        let wrapped = "X-Vault-Wrap-TTL: 60s\r\nAccept-Encoding: gzip\r\nRange: bytes=9-\r\n";
        let answer = ask(&world, &format!("GET /v1/odd/{path}"), wrapped).await;
        let all = format!("{}{}", answer.head, answer.body);
        assert!(
            answer.status == status && answer.body.contains(expected),
            "{path}: {all}"
        );
        assert!(
            !all.contains(&token) && !all.contains(r"\u0068"),
            "{path}: {all}"
        );
        let asked_for = all.to_lowercase();
        assert!(
            !asked_for.contains("gzip") && !asked_for.contains("range"),
            "{path}: {all}"
        );
    }
    let own = format!("X-Vault-Token: {token}\r\n");
    let answer = ask(&world, "GET /v1/odd/text", &own).await;
    assert!(
        answer.body.contains(&token),
        "it has shown that it knows it"
    );
    agent.stop().await.unwrap();
    assert!(!world.logs().contains(&token), "{}", world.logs());
}

#[tokio::test]
async fn a_kept_answer_hides_the_token_from_those_alone_that_do_not_know_it() {
    let world = World::new().await;
    let (agent, token) = start(&world, true).await;
    let own = format!("X-Vault-Token: {token}\r\n");
    let line = "GET /v1/odd/lease";
    let asked = [ask(&world, line, &own).await, ask(&world, line, "").await];
    let [knows, hit] = &asked;
    assert!(hit.head.contains("x-cache: HIT"), "{}", hit.head);
    let from = |answer: &Answer| answer.json()["data"]["from"].clone();
    assert_eq!(from(knows), token.as_str());
    assert_eq!(from(hit), Value::from("*".repeat(token.len())));
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_short_token_leaves_the_data_of_applications_alone() {
    let world = World::new().await;
    world.put(
        "auth/token/create",
        &json!({"id": "root", "policies": ["api-secrets"]}),
    );
    world.put(
        "secret/data/production/api-service",
        &json!({"data": {"user": "root"}}),
    );
    world.write("given", "root");
    let mut config = world.config(&[]);
    config["auto_auth"]["method"] =
        json!({"type": "token_file", "config": {"token_file_path": world.path("given")}});
    config["api_proxy"] = json!({"use_auto_auth_token": true});
    config["listener"] = json!([{"type": "tcp", "address": "127.0.0.1:0", "tls_disable": true}]);
    let agent = Agent::start(&config);
    world.wait_until_ready().await;
    let answer = ask(&world, "GET /v1/secret/data/production/api-service", "").await;
    assert_eq!(
        answer.json()["data"]["data"]["user"],
        "root",
        "{}",
        answer.body
    );
    let answer = ask(&world, "GET /v1/auth/token/lookup-self", "").await;
    let data = &answer.json()["data"];
    assert!(
        data.is_object() && data.get("id").is_none(),
        "{}",
        answer.body
    );
    agent.stop().await.unwrap();
    let warnings = world.logs().matches("fewer than 16 characters").count();
    assert_eq!(warnings, 1, "{}", world.logs());
}
