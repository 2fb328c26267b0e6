//! Which Vault namespace each request names: the login's, or that of the secrets.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::proxy::{connect, exchange};
use crate::support::{Agent, DATABASE_TEMPLATE, KV_TEMPLATE, World};

/// The namespaces that requests below a path named.
fn named(world: &World, prefix: &str) -> BTreeSet<Option<String>> {
    let requests = world.vault.requests().into_iter();
    let below = requests.filter(|request| request.path.starts_with(prefix));
    below.map(|request| request.namespace).collect()
}

fn only(namespace: &str) -> BTreeSet<Option<String>> {
    [Some(namespace.to_owned())].into()
}

/// Two secrets, a wrapped sink, and a token that is renewed soon. The namespaces are those of the
/// configuration's parts.
fn mk_config(world: &World, of_method: &str, of_vault: &str) -> Value {
    world.set_role(json!({"token_ttl": "2s"}));
    let mut config = world.config(&[
        world.template("app", KV_TEMPLATE),
        world.template("user", DATABASE_TEMPLATE),
    ]);
    let sink = json!({"type": "file", "config": {"path": world.path("wrapped")}, "wrap_ttl": "5m"});
    config["auto_auth"]["sink"] = json!([sink]);
    config["auto_auth"]["method"]["namespace"] = json!(of_method);
    config["vault"]["namespace"] = json!(of_vault);
    config["revoke_on_shutdown"] = json!(true);
    config
}

#[tokio::test]
async fn the_token_is_of_the_methods_namespace_and_secrets_are_of_the_other() {
    let world = World::new().await;
    let agent = Agent::start(&mk_config(&world, "/team-auth/", "team-data"));
    world.wait_until_ready().await;
    world.wait_for("wrapped", |text| !text.is_empty()).await;
    world
        .wait_for_count("PUT", "auth/token/renew-self", 1)
        .await;
    agent.stop().await.unwrap();
    for path in [
        "auth/kubernetes/login",
        "auth/token/renew-self",
        "auth/token/revoke-self",
        "sys/wrapping/wrap",
    ] {
        assert_eq!(named(&world, path), only("team-auth"), "{path}");
    }
    for path in ["secret/", "database/", "sys/internal/ui/mounts/"] {
        assert_eq!(named(&world, path), only("team-data"), "{path}");
    }
}

#[tokio::test]
async fn leases_of_a_token_that_cannot_be_revoked_end_in_the_namespace_of_the_secrets() {
    let world = World::new().await;
    world
        .vault
        .add_fault(dev_vault::Fault::status("auth/token/revoke-self", 403));
    let agent = Agent::start(&mk_config(&world, "team-auth", "team-data"));
    world.wait_until_ready().await;
    agent.stop().await.unwrap();
    assert_eq!(named(&world, "auth/token/revoke-self"), only("team-auth"));
    assert_eq!(named(&world, "sys/leases/revoke"), only("team-data"));
}

/// As the injector writes it: its annotation `namespace` is the method's.
#[tokio::test]
async fn a_namespace_of_the_method_alone_is_that_of_the_secrets_too() {
    let world = World::new().await;
    let agent = Agent::start(&mk_config(&world, "team", ""));
    world.wait_until_ready().await;
    agent.stop().await.unwrap();
    assert_eq!(named(&world, ""), only("team"));
}

#[tokio::test]
async fn a_wrapped_secret_id_is_opened_in_the_methods_namespace() {
    let world = World::new().await;
    let path = "auth/approle/role/app/secret-id";
    world.put("sys/auth/approle", &json!({"type": "approle"}));
    world.put(
        "auth/approle/role/app",
        &json!({"token_policies": "api-secrets"}),
    );
    let role_id = world.vault.read("auth/approle/role/app/role-id").unwrap();
    world.write("role-id", role_id["data"]["role_id"].as_str().unwrap());
    let hour = Duration::from_secs(3600);
    let wrapping = world.vault.write_wrapped(path, &json!({}), hour).unwrap();
    world.write("secret-id", &wrapping);
    let mut config = mk_config(&world, "team-auth", "team-data");
    config["auto_auth"]["method"]["type"] = json!("approle");
    config["auto_auth"]["method"]["mount_path"] = json!("");
    config["auto_auth"]["method"]["config"] = json!({
        "role_id_file_path": world.path("role-id"),
        "secret_id_file_path": world.path("secret-id"),
        "secret_id_response_wrapping_path": path,
    });
    let agent = Agent::start(&config);
    world.wait_until_ready().await;
    agent.stop().await.unwrap();
    assert_eq!(named(&world, "sys/wrapping/lookup"), only("team-auth"));
    assert_eq!(named(&world, "sys/wrapping/unwrap"), only("team-auth"));
    assert_eq!(named(&world, "secret/"), only("team-data"));
}

#[tokio::test]
async fn the_proxy_puts_the_namespace_of_the_secrets_before_that_of_the_application() {
    let world = World::new().await;
    let mut config = mk_config(&world, "team-auth", "team-data");
    config["listener"] = json!([{
        "type": "tcp", "address": "127.0.0.1:0", "tls_disable": true,
    }]);
    config["api_proxy"] = json!({
        "use_auto_auth_token": true, "prepend_configured_namespace": true,
    });
    let agent = Agent::start(&config);
    world.wait_until_ready().await;
    world.vault.clear_requests();
    let line = "GET /v1/secret/data/production/api-service";
    let answer = exchange(
        connect(&world).await,
        line,
        "X-Vault-Namespace: inner\r\n",
        "",
    )
    .await;
    assert_eq!(answer.status, 200);
    agent.stop().await.unwrap();
    let of_application = "team-data/inner";
    assert!(named(&world, "secret/data/").contains(&Some(of_application.to_owned())));
}
