//! Templates in the other language.

use serde_json::{Value, json};

use crate::support::{Agent, World};

fn mk_template(world: &World, name: &str, contents: &str) -> Value {
    let mut template = world.template(name, contents);
    template["engine"] = json!("handlebars");
    template
}

#[tokio::test]
async fn handlebars_sees_the_same_secrets_and_the_other_templates_of_the_pod() {
    let world = World::new().await;
    let key = r#"{{#with (secret "secret/production/api-service") as |s|}}{{s.data.data.api_key}}{{/with}}"#;
    let config = world.config(&[
        mk_template(&world, "key", key),
        mk_template(&world, "page", "<{{> key}}>"),
    ]);
    Agent::run_once(config).await.unwrap();
    assert_eq!(world.read("key").unwrap(), "first");
    assert_eq!(world.read("page").unwrap(), "<first>");
    assert_eq!(world.logins(), 1);
}

#[tokio::test]
async fn an_unknown_engine_is_refused_by_its_key_with_the_known_ones() {
    let world = World::new().await;
    let mut template = world.template("app", "x");
    template["engine"] = json!("jinja");
    let config = serde_json::from_value(world.config(&[template])).unwrap();
    let error = vault_agent::config::Settings::from_config(
        &config,
        vault_agent::config::Overrides::default(),
        &[].into_iter().collect::<vault_agent::config::Environment>(),
    )
    .unwrap_err()
    .to_string();
    assert!(error.contains("engine"), "{error}");
    assert!(error.contains("go or handlebars"), "{error}");
}
