//! What an application sees that asks an agent with a cache.

use std::time::Duration;

use serde_json::{Value, json};

use crate::proxy::{Answer, connect, exchange};
use crate::support::{Agent, KV, World};

const CREDENTIALS: &str = "database/creds/api-role";

const MORE: &str = r#"
    path "auth/token/create" { capabilities = ["update"] }
    path "auth/token/revoke" { capabilities = ["update"] }
    path "sys/leases/revoke" { capabilities = ["update"] }"#;

async fn start(world: &World) -> Agent {
    world.allow(MORE);
    let mut config = world.config(&[]);
    config["api_proxy"] = json!({"use_auto_auth_token": true});
    config["cache"] = json!({});
    config["listener"] = json!([{"type": "tcp", "address": "127.0.0.1:0", "tls_disable": true}]);
    let agent = Agent::start(&config);
    world.wait_until_ready().await;
    world.wait_for_log("authentication successful").await;
    agent
}

async fn get(world: &World, path: &str, token: &str) -> Answer {
    send(world, "GET", path, token, "").await
}

async fn send(world: &World, method: &str, path: &str, token: &str, body: &str) -> Answer {
    let header = match token {
        "" => String::new(),
        token => format!("X-Vault-Token: {token}\r\n"),
    };
    let line = format!("{method} /v1/{path}");
    exchange(connect(world).await, &line, &header, body).await
}

fn user(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["data"]["username"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn is_hit(answer: &Answer) -> bool {
    let hit = answer.head.contains("x-cache: HIT");
    assert!(
        hit || answer.head.contains("x-cache: MISS"),
        "{}",
        answer.head
    );
    assert_eq!(hit, answer.head.contains("age: "), "{}", answer.head);
    hit
}

#[tokio::test]
async fn credentials_are_made_once_however_many_ask() {
    let world = World::new().await;
    let agent = start(&world).await;
    let (one, two) = tokio::join!(get(&world, CREDENTIALS, ""), get(&world, CREDENTIALS, ""));
    let three = get(&world, CREDENTIALS, "").await;
    assert_eq!(world.vault.count("GET", CREDENTIALS), 1);
    assert!(is_hit(&one) != is_hit(&two) && is_hit(&three));
    assert_eq!([user(&one), user(&two)], [user(&three), user(&three)]);
    for _ in 0..2 {
        let secret = get(&world, KV, "").await;
        assert!(!is_hit(&secret) && secret.status == 200);
    }
    assert_eq!(world.vault.count("GET", KV), 2);
    let metrics = exchange(
        connect(&world).await,
        "GET /agent/v1/metrics?format=prometheus",
        "",
        "",
    );
    let metrics = metrics.await.body;
    for line in ["vault_agent_cache_hit 2", "vault_agent_cache_miss 3"] {
        assert!(metrics.contains(line), "{metrics}");
    }
    agent.stop().await.unwrap();
    let log = world.logs();
    let password = one.json()["data"]["password"].as_str().unwrap().to_owned();
    assert!(!log.contains(&password));
}

#[tokio::test(start_paused = true)]
async fn kept_credentials_are_renewed_and_replaced_before_their_end() {
    let world = World::paused().await;
    world.set_database_role("60s", "150s");
    let agent = start(&world).await;
    let first = user(&get(&world, CREDENTIALS, "").await);
    let began = tokio::time::Instant::now();
    world
        .wait_for_log("renewed credential: path=database/creds/api-role")
        .await;
    let answer = get(&world, CREDENTIALS, "").await;
    assert!(is_hit(&answer) && user(&answer) == first);
    let next = loop {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let next = user(&get(&world, CREDENTIALS, "").await);
        if next != first {
            break next;
        }
        assert!(world.vault.is_alive(&first), "given out after its end");
        assert!(began.elapsed() < Duration::from_secs(150), "it has ended");
    };
    assert!(began.elapsed() > Duration::from_secs(60), "it was renewed");
    assert!(world.vault.is_alive(&next));
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_lease_that_is_revoked_through_the_agent_is_not_given_out_again() {
    let world = World::new().await;
    let agent = start(&world).await;
    let first = get(&world, CREDENTIALS, "").await;
    let lease = json!({"lease_id": first.json()["lease_id"]}).to_string();
    let answer = send(&world, "PUT", "sys/leases/revoke", "theirs", &lease).await;
    assert_eq!(answer.status, 403);
    assert!(
        is_hit(&get(&world, CREDENTIALS, "").await),
        "nothing was revoked"
    );
    let answer = send(&world, "PUT", "sys/leases/revoke", "", &lease).await;
    assert!(answer.status < 300, "{}", answer.body);
    let second = get(&world, CREDENTIALS, "").await;
    assert!(!is_hit(&second) && user(&second) != user(&first));
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn tokens_are_kept_and_their_leases_go_with_them() {
    let world = World::new().await;
    let agent = start(&world).await;
    let jwt = world.read("jwt").unwrap();
    let login = json!({"role": "api-service", "jwt": jwt.trim()}).to_string();
    let login = || send(&world, "POST", "auth/kubernetes/login", "", &login);
    let create = || send(&world, "POST", "auth/token/create", "", r#"{"ttl":"10m"}"#);
    let token = |answer: &Answer| {
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()["auth"]["client_token"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    for kind in ["login", "child"] {
        let (first, again) = match kind {
            "login" => (login().await, login().await),
            _ => (create().await, create().await),
        };
        assert!(!is_hit(&first) && is_hit(&again), "{kind}");
        let own = token(&first);
        assert_eq!(own, token(&again));
        let name = user(&get(&world, CREDENTIALS, &own).await);
        let answer = get(&world, CREDENTIALS, &own).await;
        assert!(is_hit(&answer) && user(&answer) == name, "{kind}");
        let body = json!({ "token": own }).to_string();
        let revoked = send(&world, "POST", "auth/token/revoke", "", &body).await;
        assert!(revoked.status < 300, "{}", revoked.body);
        assert_eq!(get(&world, CREDENTIALS, &own).await.status, 403, "{kind}");
        let next = match kind {
            "login" => login().await,
            _ => create().await,
        };
        assert!(!is_hit(&next) && token(&next) != own, "{kind}");
    }
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn an_agent_without_a_login_keeps_what_logins_of_applications_are_used_for() {
    let world = World::new().await;
    let mut config = world.config(&[]);
    let keys = config.as_object_mut().unwrap();
    keys.remove("auto_auth");
    keys.insert("cache".to_owned(), json!({}));
    let listener = json!([{"type": "tcp", "address": "127.0.0.1:0", "tls_disable": true}]);
    keys.insert("listener".to_owned(), listener);
    let agent = Agent::start(&config);
    let jwt = world.read("jwt").unwrap();
    let login = json!({"role": "api-service", "jwt": jwt.trim()}).to_string();
    let login = send(&world, "POST", "auth/kubernetes/login", "", &login).await;
    let json = login.json();
    let own = json["auth"]["client_token"].as_str().unwrap();
    let first = user(&get(&world, CREDENTIALS, own).await);
    let again = get(&world, CREDENTIALS, own).await;
    assert!(is_hit(&again) && user(&again) == first);
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn what_belongs_to_a_token_from_elsewhere_passes() {
    let world = World::new().await;
    let agent = start(&world).await;
    let root = world.vault.root_token().to_owned();
    for _ in 0..2 {
        assert!(!is_hit(&get(&world, CREDENTIALS, &root).await));
    }
    let wrapped = "X-Vault-Wrap-TTL: 60s\r\n";
    let line = format!("GET /v1/{CREDENTIALS}");
    for _ in 0..2 {
        let answer = exchange(connect(&world).await, &line, wrapped, "").await;
        assert!(!is_hit(&answer) && answer.json()["wrap_info"]["token"].is_string());
    }
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn an_operator_clears_what_is_named() {
    let world = World::new().await;
    let agent = start(&world).await;
    let own = world.read("token").unwrap();
    let mut lease = String::new();
    let mut clears = vec![
        json!({"type": "all"}),
        json!({"type": "request_path", "value": "/v1/database/creds"}),
        json!({"type": "token", "value": own}),
        // The last lease.
        Value::Null,
    ];
    for clear in &mut clears {
        let first = get(&world, CREDENTIALS, "").await;
        assert!(!is_hit(&first), "{clear}");
        lease = first.json()["lease_id"].as_str().unwrap().to_owned();
        if clear.is_null() {
            *clear = json!({"type": "lease", "value": lease});
        }
        let other = json!({"type": "request_path", "value": "/v1/secret", "namespace": "team"});
        for body in [&other, clear] {
            assert!(is_hit(&get(&world, CREDENTIALS, "").await), "{clear}");
            let line = "POST /agent/v1/cache-clear";
            let stream = connect(&world).await;
            let answer = exchange(stream, line, "", &body.to_string()).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
    }
    assert!(!is_hit(&get(&world, CREDENTIALS, "").await));
    // To clear is not to revoke.
    assert!(world.vault.leases().iter().any(|view| view.id == lease));
    agent.stop().await.unwrap();
}
