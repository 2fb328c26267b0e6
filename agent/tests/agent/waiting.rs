//! What `vault-agent ready` says an agent waits for: the text of an event of the pod.

use std::time::Duration;

use dev_vault::Fault;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::Instant;
use vault_agent::ready;

use crate::support::{Agent, KV_TEMPLATE, World};

/// An agent that goes on trying, and whose login is not refused often enough to end it.
fn mk_config(world: &World) -> Value {
    let mut config = world.config(&[world.template("app", KV_TEMPLATE)]);
    config["template_config"]["exit_on_retry_failure"] = json!(false);
    config["auto_auth"]["method"]["min_backoff"] = json!("1s");
    config["auto_auth"]["method"]["max_backoff"] = json!("60s");
    config
}

/// What `vault-agent ready` prints; nothing if the agent is ready.
async fn asked(world: &World, wait: Duration) -> Option<String> {
    let (marker, socket) = (world.path(".ready"), world.path("status.sock"));
    // As another process does: the agent runs on this thread.
    let other = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let answer = runtime
            .unwrap()
            .block_on(ready::wait(&marker, &socket, wait));
        answer.err().map(|not_ready| not_ready.to_string())
    });
    other.await.unwrap()
}

/// Asks until the answer has these words.
async fn told(world: &World, words: &str) -> String {
    let mut last = String::new();
    let search = async {
        loop {
            last = asked(world, Duration::ZERO).await.unwrap_or_default();
            if last.contains(words) {
                return;
            }
        }
    };
    let found = tokio::time::timeout(Duration::from_secs(30), search).await;
    assert!(found.is_ok(), "{words:?} not in {last:?}");
    last
}

/// The agent of this configuration says these words when it is asked.
async fn assert_told(world: &World, config: &Value, words: &[&str]) {
    let agent = Agent::start(config);
    let text = told(world, words[0]).await;
    for words in words {
        assert!(text.contains(words), "{words:?} not in {text:?}");
    }
    assert!(
        text.starts_with("not ready: ") && !text.contains('\n'),
        "{text}"
    );
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_refused_path_is_told_with_role_and_commands_the_same_each_time() {
    let world = World::new().await;
    let mut config = mk_config(&world);
    let text = r#"{{ with secret "kv/shpo" }}{{ .Data }}{{ end }}"#;
    config["template"][0] = world.template("app", text);
    let agent = Agent::start(&config);
    let first = told(&world, "permission denied").await;
    for words in [
        &*world.path("app").display().to_string(),
        "role \"api-service\" lacks the capability \"read\" on \"kv/shpo\"",
        "vault read auth/kubernetes/role/api-service",
        "vault policy read NAME",
        "did you mean \"kv/data/shpo\"?",
    ] {
        assert!(first.contains(words), "{words} not in {first}");
    }
    world.wait_for_log("retry attempt 3").await;
    assert_eq!(told(&world, "permission denied").await, first);
    let logs = world.logs();
    let (first, _) = logs.split_once("retry attempt 2").unwrap();
    assert!(
        first.contains("vault policy read NAME"),
        "the first refusal has it all: {first}"
    );
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_missing_secret_is_told_with_the_command_that_shows_it() {
    let world = World::new().await;
    let mut config = mk_config(&world);
    let text = r#"{{ with secret "secret/production/late" }}{{ .Data }}{{ end }}"#;
    config["template"][0] = world.template("app", text);
    let command = "\"vault kv get -mount=secret production/late\"";
    let words = ["no secret exists at secret/data/production/late", command];
    assert_told(&world, &config, &words).await;
}

#[tokio::test]
async fn causes_of_the_login_are_told_apart() {
    let world = World::new().await;
    let config = mk_config(&world);

    let mut role = config.clone();
    role["auto_auth"]["method"]["config"]["role"] = json!("shp");
    let hint = "check that role \"shp\" exists at auth/kubernetes";
    assert_told(&world, &role, &["the login failed: ", hint]).await;

    let mut file = config.clone();
    file["auto_auth"]["method"]["config"]["token_path"] = json!("/nowhere/token");
    let words = "cannot read the service-account token /nowhere/token";
    assert_told(&world, &file, &[words]).await;

    let mut down = config.clone();
    down["vault"]["address"] = json!("http://127.0.0.1:1");
    assert_told(
        &world,
        &down,
        &["connection refused", "that Vault is running"],
    )
    .await;

    let mut scheme = config.clone();
    scheme["vault"]["address"] = json!(world.vault.address().replace("http:", "https:"));
    assert_told(&world, &scheme, &["the server does not speak TLS"]).await;

    // Takes connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", silent.local_addr().unwrap());
    let mut mute = config.clone();
    mute["vault"]["address"] = json!(address);
    let words = format!("the login has no answer yet from {address}");
    assert_told(&world, &mute, &[&words]).await;

    world.vault.set_sealed(true);
    assert_told(&world, &config, &["the login failed: ", "Vault is sealed"]).await;
}

#[tokio::test]
async fn a_limit_of_requests_and_a_broken_template_are_told() {
    let world = World::new().await;
    let mut config = mk_config(&world);
    let quota = Fault::status("secret/data/", 429)
        .errors(&["request path \"secret\": rate limit quota exceeded"]);
    world.vault.add_fault(quota);
    assert_told(&world, &config, &["rate limit quota exceeded", "Code: 429"]).await;
    config["template"][0] = world.template("app", "{{ nothing_known }}");
    assert_told(&world, &config, &["nothing_known"]).await;
}

#[tokio::test]
async fn ready_returns_as_soon_as_the_agent_is() {
    let world = World::new().await;
    world
        .vault
        .set_latency("secret/data/", Duration::from_millis(300));
    let agent = Agent::start(&mk_config(&world));
    assert_eq!(asked(&world, Duration::from_secs(3600)).await, None);
    agent.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn ready_waits_no_longer_than_asked_for_an_agent_that_hangs() {
    let dir = tempfile::tempdir().unwrap();
    let (marker, socket) = (dir.path().join(".ready"), dir.path().join("status.sock"));
    // Takes connections and never answers.
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for seconds in [0, 4] {
        let wait = Duration::from_secs(seconds);
        let since = Instant::now();
        let error = ready::wait(&marker, &socket, wait).await.unwrap_err();
        let took = since.elapsed();
        assert!(
            took >= wait && took <= wait + Duration::from_millis(500),
            "{took:?}"
        );
        assert!(
            error.to_string().contains("is running but does not answer"),
            "{error}"
        );
    }
}
