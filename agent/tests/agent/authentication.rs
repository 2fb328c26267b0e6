//! Token, sinks, and their lives.

use serde_json::json;

use crate::support::{Agent, DATABASE_TEMPLATE, KV, KV_TEMPLATE, World};

#[tokio::test]
async fn the_token_is_written_to_its_sink_and_the_pid_file_goes_with_the_agent() {
    let world = World::new().await;
    world.set_role(json!({"token_ttl": "2s"}));
    let agent = Agent::start(&world.config(&[]));
    let token = world.wait_for("token", |text| !text.is_empty()).await;
    assert_eq!(token.trim(), token);
    assert_eq!(world.read("pid").unwrap(), std::process::id().to_string());
    world
        .wait_for_log("agent.auth.handler: renewed auth token")
        .await;
    agent.stop().await.unwrap();
    assert_eq!(world.read("pid"), None);
    assert_eq!(world.read("token").as_deref(), Some(token.as_str()));
}

#[tokio::test]
async fn a_token_near_its_maximum_is_replaced_without_reading_secrets_again() {
    let world = World::new().await;
    world.set_role(json!({"token_ttl": "2s", "token_max_ttl": "4s"}));
    let mut config = world.config(&[world.template("app", KV_TEMPLATE)]);
    config["template_config"]["static_secret_render_interval"] = json!("1h");
    let agent = Agent::start(&config);
    world.wait_for_text("app", "key=first").await;
    let token = world.wait_for("token", |text| !text.is_empty()).await;
    let next = world.wait_for("token", |text| text != token).await;
    world
        .wait_for("token", |text| text != token && text != next)
        .await;
    assert!(world.vault.count("PUT", "auth/token/renew-self") >= 2);
    assert_eq!(
        world.vault.count("GET", KV),
        1,
        "a new token is no reason to read again"
    );
    assert!(
        world
            .logs()
            .contains("lifetime watcher done channel triggered")
    );
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_lease_is_replaced_before_the_token_that_it_hangs_on_ends() {
    let world = World::new().await;
    world.set_role(json!({"token_ttl": "3s", "token_max_ttl": "5s"}));
    let agent = Agent::start(&world.config(&[world.template("user", DATABASE_TEMPLATE)]));
    let user = world.wait_for("user", |text| !text.is_empty()).await;
    world.wait_for("user", |text| text != user).await;
    assert!(
        world.vault.is_alive(&user),
        "replaced before the old token took it away"
    );
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_revoked_token_is_noticed_by_a_denied_read_and_replaced() {
    let world = World::new().await;
    let templates = [
        world.template("app", KV_TEMPLATE),
        world.template("user", DATABASE_TEMPLATE),
    ];
    let agent = Agent::start(&world.config(&templates));
    world.wait_for_text("app", "key=first").await;
    let user = world.wait_for("user", |text| !text.is_empty()).await;
    world.vault.revoke_tokens(None);
    world.set_key("second");
    world.wait_for_text("app", "key=second").await;
    let next = world.wait_for("user", |text| text != user).await;
    assert!(
        world.vault.is_alive(&next),
        "the lease of the revoked token was replaced"
    );
    assert_eq!(world.logins(), 2);
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_denied_path_is_no_reason_to_log_in_again() {
    let world = World::new().await;
    world.put("secret/data/other/app", &json!({"data": {"a": "b"}}));
    let denied = r#"{{ with secret "secret/data/other/app" }}{{ .Data }}{{ end }}"#;
    let mut config = world.config(&[
        world.template("denied", denied),
        world.template("app", KV_TEMPLATE),
    ]);
    config["template_config"]["exit_on_retry_failure"] = json!(false);
    let agent = Agent::start(&config);
    world.wait_for_text("app", "key=first").await;
    world
        .wait_for_count("GET", "secret/data/other/app", 6)
        .await;
    assert_eq!(world.logins(), 1);
    assert_eq!(world.vault.count("GET", "auth/token/lookup-self"), 1);
    assert_eq!(world.read("denied"), None);
    world.set_key("second");
    world.wait_for_text("app", "key=second").await;
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_login_that_vault_refuses_ends_the_agent_with_vaults_words() {
    let world = World::new().await;
    let mut config = world.config(&[world.template("app", KV_TEMPLATE)]);
    config["auto_auth"]["method"]["config"]["role"] = json!("nobody");
    let failure = Agent::start(&config).end().await.unwrap_err();
    assert_eq!(failure.exit_code(), 1);
    let line = failure.one_line();
    assert!(
        line.contains("refuses the login") && line.contains("invalid role name"),
        "{line}"
    );
    assert_eq!(world.logins(), 5);
}

#[tokio::test]
async fn a_refused_login_names_what_to_check() {
    let world = World::new().await;
    let bound = |names: &str, namespaces: &str, audience: &str| {
        let mut role = json!({
            "bound_service_account_names": names, "bound_service_account_namespaces": namespaces,
            "policies": "api-secrets",
        });
        if !audience.is_empty() {
            role["audience"] = json!(audience);
        }
        role
    };
    let cases = [
        (
            bound("other", "production", ""),
            "\"api-service-sa\" to bound_service_account_names",
        ),
        (
            bound("api-service-sa", "other", ""),
            "\"production\" to bound_service_account_namespaces",
        ),
        (bound("api-service-sa", "production", "nobody"), "audience"),
    ];
    for (role, words) in cases {
        world.put("auth/kubernetes/role/api-service", &role);
        let failure = Agent::run_once(world.config(&[world.template("app", KV_TEMPLATE)]))
            .await
            .unwrap_err();
        let line = failure.one_line();
        assert!(
            line.contains(words) && !line.contains('\n'),
            "{words}: {line}"
        );
    }
    let mut config = world.config(&[world.template("app", KV_TEMPLATE)]);
    config["auto_auth"]["method"]["mount_path"] = json!("auth/nowhere");
    let line = Agent::run_once(config).await.unwrap_err().one_line();
    assert!(line.contains("auth/nowhere"), "{line}");
}

#[tokio::test]
async fn exit_on_err_ends_the_agent_at_the_first_failure() {
    let world = World::new().await;
    let mut config = world.config(&[world.template("app", KV_TEMPLATE)]);
    config["auto_auth"]["method"]["exit_on_err"] = json!(true);
    config["auto_auth"]["method"]["config"]["token_path"] = json!(world.path("nowhere"));
    let failure = Agent::start(&config).end().await.unwrap_err();
    assert!(failure.one_line().contains("nowhere"), "{failure}");
    assert_eq!(world.logins(), 0);
}

#[tokio::test]
async fn the_service_account_token_is_read_afresh_for_each_login() {
    let world = World::new().await;
    let good = world.read("jwt").unwrap();
    world.write("jwt", "");
    let agent = Agent::start(&world.config(&[world.template("app", KV_TEMPLATE)]));
    world.wait_for_log("is empty").await;
    world.write("jwt", &good);
    world.wait_for_text("app", "key=first").await;
    agent.stop().await.unwrap();
}
