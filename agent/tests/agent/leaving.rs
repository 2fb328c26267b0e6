//! The end of an agent, and what it leaves behind.

use serde_json::{Value, json};

use crate::support::{Agent, DATABASE_TEMPLATE, KV_TEMPLATE, World};

fn mk_config(world: &World) -> Value {
    std::fs::create_dir_all(world.path("state")).unwrap();
    let mut config = world.config(&[
        world.template("app", KV_TEMPLATE),
        world.template("user", DATABASE_TEMPLATE),
    ]);
    config["cache"] = json!({"persist": {"type": "kubernetes", "path": world.path("state")}});
    config["revoke_on_shutdown"] = json!(true);
    config
}

#[tokio::test]
async fn token_leases_and_state_end_with_the_agent() {
    let world = World::new().await;
    let agent = Agent::start(&mk_config(&world));
    world.wait_until_ready().await;
    let user = world.read("user").unwrap();
    assert!(world.vault.is_alive(&user));
    agent.stop().await.unwrap();
    assert!(!world.vault.is_alive(&user));
    assert_eq!(world.vault.count("PUT", "auth/token/revoke-self"), 1);
    assert_eq!(std::fs::read_dir(world.path("state")).unwrap().count(), 0);
    assert_eq!(world.read(".ready"), None);
    assert_eq!(world.read("app").unwrap(), "key=first", "files stay");
}

#[tokio::test]
async fn the_hook_of_a_stock_image_ends_token_and_leases() {
    let world = World::new().await;
    let mut config = mk_config(&world);
    config["revoke_on_shutdown"] = json!(false);
    config["auto_auth"]["sink"][0]["config"]["path"] = json!(world.path(".vault-token"));
    let agent = Agent::start(&config);
    world.wait_until_ready().await;
    let user = world.read("user").unwrap();
    let hook = tokio::process::Command::new(env!("CARGO_BIN_EXE_vault-agent"))
        .arg0("/bin/vault")
        .args(["token", "revoke", "-self"])
        .env("VAULT_ADDR", world.vault.address())
        .env("HOME", world.path(""))
        .env_remove("VAULT_TOKEN")
        .output();
    let output = hook.await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(said.contains("Success! Revoked token"), "{said}");
    assert!(!world.vault.is_alive(&user));
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn without_a_token_there_is_no_grace() {
    let world = World::new().await;
    let mut config = mk_config(&world);
    config["revoke_grace"] = json!("1h");
    config["vault"]["address"] = json!("http://127.0.0.1:1");
    let agent = Agent::start(&config);
    world.wait_for_log("error authenticating").await;
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn during_the_grace_all_goes_on() {
    let world = World::new().await;
    let mut config = mk_config(&world);
    config["revoke_grace"] = json!("1h");
    let mut agent = Agent::start(&config);
    world.wait_until_ready().await;
    let user = world.read("user").unwrap();
    agent.ask_to_stop();
    world.wait_for_log("waiting for the application").await;
    world.set_key("second");
    world.wait_for_text("app", "key=second").await;
    assert!(world.vault.is_alive(&user));
    assert!(!agent.has_ended());
    agent.crash().await;
}

#[tokio::test]
async fn after_the_grace_token_and_leases_end() {
    let world = World::new().await;
    let mut config = mk_config(&world);
    config["revoke_grace"] = json!("100ms");
    let mut agent = Agent::start(&config);
    world.wait_until_ready().await;
    let user = world.read("user").unwrap();
    agent.ask_to_stop();
    agent.end().await.unwrap();
    assert!(world.logs().contains("waiting for the application"));
    assert!(!world.vault.is_alive(&user));
}

#[tokio::test]
async fn nothing_is_revoked_that_somebody_still_needs() {
    let world = World::new().await;
    let mut config = mk_config(&world);
    // An init container: the application is about to start.
    Agent::run_once(config.clone()).await.unwrap();
    let user = world.read("user").unwrap();
    assert!(world.vault.is_alive(&user));
    config["revoke_on_shutdown"] = json!(false);
    let agent = Agent::start(&config);
    world.wait_until_ready().await;
    agent.stop().await.unwrap();
    assert!(world.vault.is_alive(&user));
    assert_eq!(world.vault.count("PUT", "auth/token/revoke-self"), 0);
}

#[tokio::test(start_paused = true)]
async fn the_token_before_is_revoked_too() {
    let world = World::paused().await;
    world.set_role(json!({"token_ttl": "30m", "token_max_ttl": "30m"}));
    let agent = Agent::start(&mk_config(&world));
    world.wait_until_ready().await;
    let user = world.read("user").unwrap();
    world
        .wait_for_log("lifetime watcher done channel triggered")
        .await;
    world
        .until("a second login", || (world.logins() > 1).then_some(()))
        .await;
    agent.stop().await.unwrap();
    assert!(!world.vault.is_alive(&user));
    assert_eq!(world.vault.count("PUT", "auth/token/revoke-self"), 2);
}

#[tokio::test]
async fn a_token_that_cannot_be_revoked_gives_up_its_leases() {
    let world = World::new().await;
    world.allow(r#"path "sys/leases/revoke" { capabilities = ["update"] }"#);
    let agent = Agent::start(&mk_config(&world));
    world.wait_until_ready().await;
    let user = world.read("user").unwrap();
    world
        .vault
        .add_fault(dev_vault::Fault::status("auth/token/revoke-self", 400));
    agent.stop().await.unwrap();
    assert!(!world.vault.is_alive(&user));
}

#[tokio::test]
async fn a_vault_that_is_away_holds_up_no_end() {
    let mut world = World::new().await;
    let agent = Agent::start(&mk_config(&world));
    world.wait_until_ready().await;
    world.vault.stop();
    agent.stop().await.unwrap();
    assert!(world.logs().contains("cannot revoke"));
}
