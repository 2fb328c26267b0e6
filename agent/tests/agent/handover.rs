//! From one process to the next: init container to sidecar, and a sidecar to itself.

use dev_vault::Fault;
use serde_json::{Value, json};

use crate::support::{Agent, DATABASE_TEMPLATE, KV, KV_TEMPLATE, World};

/// Both kinds of secret, with a command that leaves a trace.
fn mk_config(world: &World) -> Value {
    std::fs::create_dir_all(world.path("state")).unwrap();
    let mut user = world.template("user", DATABASE_TEMPLATE);
    let trace = format!("echo ran >> {}", world.path("ran").display());
    user["command"] = json!(["sh", "-c", trace]);
    let mut config = world.config(&[world.template("app", KV_TEMPLATE), user]);
    config["template_config"]["static_secret_render_interval"] = json!("1h");
    config["cache"] = json!({"persist": {"type": "kubernetes", "path": world.path("state")}});
    config
}

fn asked(world: &World) -> Vec<String> {
    let requests = world.vault.requests();
    let mut asked: Vec<String> = requests
        .iter()
        .map(|request| format!("{} {}", request.method, request.path))
        .collect();
    asked.sort();
    asked
}

#[tokio::test]
async fn credentials_that_were_there_before_are_not_new_to_a_kept_token() {
    let world = World::new().await;
    let mut config = mk_config(&world);
    config["auto_auth"]["enable_reauth_on_new_credentials"] = json!(true);
    config["auto_auth"]["method"] = json!({
        "type": "jwt", "mount_path": "auth/kubernetes",
        "config": {"role": "api-service", "path": world.path("jwt"), "remove_jwt_after_reading": false},
    });
    Agent::run_once(config.clone()).await.unwrap();
    let agent = Agent::start(&config);
    world.wait_until_ready().await;
    assert_eq!(world.logins(), 1);
    // Longer than between two looks at the file.
    tokio::time::pause();
    tokio::time::sleep(std::time::Duration::from_secs(12)).await;
    tokio::time::resume();
    assert_eq!(world.logins(), 1);
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_sidecar_goes_on_with_what_the_init_container_had() {
    let world = World::new().await;
    let config = mk_config(&world);
    Agent::run_once(config.clone()).await.unwrap();
    let user = world.read("user").unwrap();
    let written = std::fs::metadata(world.path("user"))
        .unwrap()
        .modified()
        .unwrap();
    // As a sidecar, and once more after a crash: no login, no read, one look at the token, and a
    // renewal that shows that the lease lives.
    for _ in 0..2 {
        world.vault.clear_requests();
        let agent = Agent::start(&config);
        world.wait_until_ready().await;
        world.wait_for_count("PUT", "sys/leases/renew", 1).await;
        assert_eq!(
            asked(&world),
            ["GET auth/token/lookup-self", "PUT sys/leases/renew"]
        );
        agent.crash().await;
    }
    assert_eq!(world.read("user").unwrap(), user);
    let now = std::fs::metadata(world.path("user"))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(now, written, "not written again");
    assert_eq!(world.read("ran").unwrap(), "ran\n");
    assert_eq!(world.vault.leases().len(), 1);
}

#[tokio::test]
async fn a_token_that_died_meanwhile_is_replaced_with_all_its_leases() {
    let world = World::new().await;
    let config = mk_config(&world);
    Agent::run_once(config.clone()).await.unwrap();
    let user = world.read("user").unwrap();
    world.vault.revoke_tokens(None);
    world.vault.clear_requests();
    let agent = Agent::start(&config);
    let next = world.wait_for("user", |text| text != user).await;
    assert!(world.vault.is_alive(&next));
    assert_eq!(world.logins(), 1);
    assert_eq!(
        world.vault.count("GET", KV),
        0,
        "it does not hang on the token"
    );
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_lease_that_died_meanwhile_is_read_again() {
    let world = World::new().await;
    let config = mk_config(&world);
    Agent::run_once(config.clone()).await.unwrap();
    let user = world.read("user").unwrap();
    world.vault.revoke_leases("database/");
    let agent = Agent::start(&config);
    let next = world.wait_for("user", |text| text != user).await;
    assert!(world.vault.is_alive(&next));
    assert_eq!(world.logins(), 1, "the init container's");
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_kept_token_outlives_a_vault_that_is_away_at_the_start() {
    let mut world = World::new().await;
    let config = mk_config(&world);
    Agent::run_once(config.clone()).await.unwrap();
    world.vault.stop();
    let agent = Agent::start(&config);
    world.wait_for_log("error authenticating").await;
    world.vault.resume().await.unwrap();
    world.wait_until_ready().await;
    assert_eq!(world.logins(), 1, "the init container's");
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_kept_token_that_is_denied_something_makes_way_for_a_login() {
    let world = World::new().await;
    let mut config = mk_config(&world);
    Agent::run_once(config.clone()).await.unwrap();
    // The user adds a secret to the pod and a policy to the role.
    world.put("secret/data/other/app", &json!({"data": {"a": "b"}}));
    world.allow(r#"path "secret/data/other/*" { capabilities = ["read"] }"#);
    let other = r#"{{ with secret "secret/other/app" }}{{ .Data.data.a }}{{ end }}"#;
    let template = world.template("other", other);
    config["template"].as_array_mut().unwrap().push(template);
    let agent = Agent::start(&config);
    world.wait_for_text("other", "b").await;
    assert_eq!(world.logins(), 2);
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn what_another_role_left_is_ignored() {
    let world = World::new().await;
    let mut config = mk_config(&world);
    Agent::run_once(config.clone()).await.unwrap();
    let role = json!({
        "bound_service_account_names": "*", "bound_service_account_namespaces": "*",
        "policies": "api-secrets",
    });
    world.put("auth/kubernetes/role/other", &role);
    config["auto_auth"]["method"]["config"]["role"] = json!("other");
    let agent = Agent::start(&config);
    world.wait_until_ready().await;
    assert_eq!(world.logins(), 2);
    assert!(
        world
            .logs()
            .contains("kept state does not fit and is ignored")
    );
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn exit_on_err_counts_for_the_look_up_of_a_kept_token_too() {
    let world = World::new().await;
    let mut config = mk_config(&world);
    config["auto_auth"]["method"]["exit_on_err"] = json!(true);
    Agent::run_once(config.clone()).await.unwrap();
    let sealed = Fault::status("", 503).errors(&["Vault is sealed"]);
    world.vault.add_fault(sealed);
    let error = Agent::run_once(config).await.unwrap_err();
    let text = format!("{error:?} {error}");
    assert!(text.contains("sealed"), "{text}");
    assert_eq!(world.logins(), 1, "the token was kept");
}
