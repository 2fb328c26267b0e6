//! A configuration and template files that change while the agent runs.

use serde_json::{Value, json};

use crate::support::{Agent, DATABASE_TEMPLATE, KV_TEMPLATE, World};

const DATABASE: &str = "database/creds/api-role";

fn write(world: &World, templates: &[Value]) {
    // Other writers rename, too: nobody reads half a file.
    world.write("agent.json.new", &world.config(templates).to_string());
    std::fs::rename(world.path("agent.json.new"), world.path("agent.json")).unwrap();
}

#[tokio::test(start_paused = true)]
async fn templates_come_change_and_go_and_the_leases_of_the_others_stay() {
    let world = World::paused().await;
    let database = world.template("user", DATABASE_TEMPLATE);
    write(&world, &[world.template("app", "old"), database.clone()]);
    let (agent, _order) = Agent::start_from(world.path("agent.json"));
    world.wait_until_ready().await;
    let user = world.read("user").unwrap();
    let changed = world.template("app", KV_TEMPLATE);
    let added = world.template("also", DATABASE_TEMPLATE);
    write(&world, &[database.clone(), added, changed]);
    world.wait_for_text("app", "key=first").await;
    world.wait_for_text("also", &user).await;
    write(&world, &[database]);
    world
        .wait_for_log("templates changed: changed=0 templates=1")
        .await;
    assert_eq!(world.read("app").as_deref(), Some("key=first"));
    // What nobody uses any more is not read any more.
    let reads = world.vault.count("GET", "secret/data");
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    assert_eq!(world.vault.count("GET", "secret/data"), reads);
    assert_eq!(world.read("user"), Some(user));
    assert_eq!(world.vault.count("GET", DATABASE), 1);
    assert_eq!(world.logins(), 1);
    agent.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_old_and_new_text_use_is_not_read_again() {
    let world = World::paused().await;
    write(&world, &[world.template("user", DATABASE_TEMPLATE)]);
    let (agent, _order) = Agent::start_from(world.path("agent.json"));
    world.wait_until_ready().await;
    let user = world.read("user").unwrap();
    let text = format!("user={DATABASE_TEMPLATE}");
    write(&world, &[world.template("user", &text)]);
    world.wait_for_text("user", &format!("user={user}")).await;
    assert_eq!(world.vault.count("GET", DATABASE), 1);
    agent.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_template_that_fails_on_a_secret_that_was_there_before_is_rendered_when_it_changes() {
    let world = World::paused().await;
    let app = world.template("app", KV_TEMPLATE);
    write(&world, std::slice::from_ref(&app));
    let (agent, _order) = Agent::start_from(world.path("agent.json"));
    world.wait_until_ready().await;
    let text = r#"{{ with secret "secret/production/api-service" }}{{ parseInt .Data.data.api_key }}{{ end }}"#;
    write(&world, &[app, world.template("number", text)]);
    world.wait_for_log("parseInt").await;
    world.set_key("5");
    world.wait_for_text("number", "5").await;
    agent.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_template_file_is_rendered_anew_when_it_changes() {
    let world = World::paused().await;
    world.write("app.tpl", "one");
    let source = json!({"destination": world.path("app"), "source": world.path("app.tpl")});
    write(&world, &[source]);
    let (agent, _order) = Agent::start_from(world.path("agent.json"));
    world.wait_for_text("app", "one").await;
    world.write("app.tpl", "longer");
    world.wait_for_text("app", "longer").await;
    world.write("app.tpl", "{{ wrong");
    world
        .wait_for_log("changed templates cannot be used, the old ones are kept")
        .await;
    assert_eq!(world.read("app").as_deref(), Some("longer"));
    world.write("app.tpl", KV_TEMPLATE);
    world.wait_for_text("app", "key=first").await;
    agent.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_wrong_configuration_is_refused_and_what_needs_a_restart_is_named() {
    let world = World::paused().await;
    write(&world, &[world.template("app", KV_TEMPLATE)]);
    let (agent, order) = Agent::start_from(world.path("agent.json"));
    world.wait_until_ready().await;
    write(&world, &[json!({"destination": "", "contents": "nowhere"})]);
    world
        .wait_for_log("changed configuration cannot be used, the old one is kept: error=")
        .await;
    world.set_key("second");
    world.wait_for_text("app", "key=second").await;
    let mut config = world.config(&[world.template("app", KV_TEMPLATE)]);
    config["vault"]["address"] = json!("http://127.0.0.1:1");
    world.write("agent.json", &config.to_string());
    order.send(()).await.unwrap();
    world
        .wait_for_log("SIGHUP: reading the configuration again")
        .await;
    world
        .wait_for_log(r#"configuration: "vault" changed, which needs a restart"#)
        .await;
    world.set_key("third");
    world.wait_for_text("app", "key=third").await;
    agent.stop().await.unwrap();
}
