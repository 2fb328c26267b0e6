//! Logins by other methods than the pod's service account.

use std::time::Duration;

use contract::AgentConfig;
use dev_vault::{ClientCertificates, Config, ServiceAccountKeys};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use vault_agent::config::{Overrides, Settings};

use crate::support::{Agent, KV_TEMPLATE, World, mk_settings};
use crate::tls::mk_authority;

const HOUR: Duration = Duration::from_secs(3600);

/// A configuration with this method, which renders the guide's secret.
fn mk_config(world: &World, kind: &str, method: &Value) -> Value {
    let mut config = world.config(&[world.template("app", KV_TEMPLATE)]);
    config["auto_auth"]["method"] = json!({
        "type": kind, "min_backoff": "10ms", "max_backoff": "50ms", "config": method,
    });
    config
}

fn enable_jwt(world: &World, keys: &ServiceAccountKeys) {
    world.put("sys/auth/jwt", &json!({"type": "jwt"}));
    let trusted = json!({"jwt_validation_pubkeys": keys.public_key_pem()});
    world.put("auth/jwt/config", &trusted);
    let role = json!({
        "role_type": "jwt", "user_claim": "sub", "bound_audiences": "vault",
        "policies": "api-secrets",
    });
    world.put("auth/jwt/role/app", &role);
}

fn enable_approle(world: &World) {
    world.put("sys/auth/approle", &json!({"type": "approle"}));
    let role = json!({"token_policies": "api-secrets"});
    world.put("auth/approle/role/app", &role);
    let role_id = world.vault.read("auth/approle/role/app/role-id").unwrap();
    world.write("role-id", role_id["data"]["role_id"].as_str().unwrap());
}

fn approle(world: &World, wrapped_at: &str) -> Value {
    json!({
        "role_id_file_path": world.path("role-id"),
        "secret_id_file_path": world.path("secret-id"),
        "secret_id_response_wrapping_path": wrapped_at,
    })
}

#[tokio::test]
async fn a_jwt_of_either_algorithm_logs_in_and_is_removed_once_it_was_read() {
    for keys in [
        ServiceAccountKeys::generate(),
        ServiceAccountKeys::generate_rsa(),
    ] {
        let world = World::new().await;
        enable_jwt(&world, &keys);
        world.write("app-jwt", &keys.mint("production", "api", &["vault"], HOUR));
        let method = json!({"role": "app", "path": world.path("app-jwt")});
        let agent = Agent::start(&mk_config(&world, "jwt", &method));
        world.wait_for_text("app", "key=first").await;
        assert_eq!(world.read("app-jwt"), None);
        // The next login has what was in it.
        world.vault.revoke_tokens(None);
        world.set_key("second");
        world.wait_for_text("app", "key=second").await;
        assert_eq!(world.vault.count("PUT", "auth/jwt/login"), 2);
        agent.stop().await.unwrap();
    }
}

/// As the injector writes it for a pod, whose token the cluster looks after.
#[tokio::test]
async fn a_jwt_that_is_not_ours_to_remove_stays_where_it_is() {
    let world = World::new().await;
    let keys = ServiceAccountKeys::generate();
    enable_jwt(&world, &keys);
    world.write("app-jwt", &keys.mint("production", "api", &["vault"], HOUR));
    let method = json!({
        "role": "app", "path": world.path("app-jwt"), "remove_jwt_after_reading": false,
    });
    let agent = Agent::start(&mk_config(&world, "jwt", &method));
    world.wait_for_text("app", "key=first").await;
    assert!(world.read("app-jwt").is_some());
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_new_jwt_is_a_reason_to_log_in_where_that_is_wanted() {
    let world = World::new().await;
    let keys = ServiceAccountKeys::generate();
    enable_jwt(&world, &keys);
    world.write("app-jwt", &keys.mint("production", "api", &["vault"], HOUR));
    let method = json!({
        "role": "app", "path": world.path("app-jwt"), "remove_jwt_after_reading": "false",
        "jwt_read_period": "1s",
    });
    let mut config = mk_config(&world, "jwt", &method);
    config["auto_auth"]["enable_reauth_on_new_credentials"] = json!(true);
    let agent = Agent::start(&config);
    let token = world.wait_for("token", |text| !text.is_empty()).await;
    world.write("app-jwt", &keys.mint("production", "api", &["vault"], HOUR));
    world.wait_for("token", |text| text != token).await;
    assert!(world.logs().contains("new credentials, re-authenticating"));
    assert_eq!(world.vault.count("PUT", "auth/jwt/login"), 2);
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_wrapped_secret_id_is_taken_out_once_and_serves_later_logins() {
    let world = World::new().await;
    enable_approle(&world);
    let path = "auth/approle/role/app/secret-id";
    let wrapping = world.vault.write_wrapped(path, &json!({}), HOUR).unwrap();
    world.write("secret-id", &wrapping);
    let agent = Agent::start(&mk_config(&world, "approle", &approle(&world, path)));
    world.wait_for_text("app", "key=first").await;
    assert_eq!(world.read("secret-id"), None);
    world.vault.revoke_tokens(None);
    world.set_key("second");
    world.wait_for_text("app", "key=second").await;
    assert_eq!(world.vault.count("PUT", "sys/wrapping/unwrap"), 1);
    assert_eq!(world.vault.count("PUT", "auth/approle/login"), 2);
    assert!(!world.logs().contains(&wrapping), "no token is in the log");
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_wrapping_token_that_was_exchanged_is_not_used() {
    let world = World::new().await;
    enable_approle(&world);
    let other =
        world
            .vault
            .write_wrapped("sys/wrapping/wrap", &json!({"secret_id": "theirs"}), HOUR);
    world.write("secret-id", &other.unwrap());
    let method = approle(&world, "auth/approle/role/app/secret-id");
    let mut config = mk_config(&world, "approle", &method);
    config["auto_auth"]["method"]["exit_on_err"] = json!(true);
    let line = Agent::start(&config).end().await.unwrap_err().one_line();
    assert!(
        line.contains("is of \"sys/wrapping/wrap\", not of \"auth/approle/role/app/secret-id\""),
        "{line}"
    );
    assert_eq!(world.vault.count("PUT", "sys/wrapping/unwrap"), 0);
    assert_eq!(world.vault.count("PUT", "auth/approle/login"), 0);
}

#[tokio::test]
async fn a_certificate_of_the_method_logs_in_and_its_successor_too() {
    let authority = mk_authority();
    let client = authority.issue("web");
    let config = Config {
        tls: Some(authority.issue("127.0.0.1")),
        client_certificates: ClientCertificates::Accepted(authority.pem()),
        ..Config::default()
    };
    let world = World::with(config).await;
    world.write("ca.pem", &authority.pem());
    world.put("sys/auth/cert", &json!({"type": "cert"}));
    let trust = |certificate: &str| {
        let role = json!({"certificate": certificate, "token_policies": "api-secrets"});
        world.put("auth/cert/certs/web", &role);
    };
    trust(&client.cert_pem);
    world.write("tls.crt", &client.cert_pem);
    world.write("tls.key", &client.key_pem);
    let method = json!({
        "name": "web", "client_cert": world.path("tls.crt"), "client_key": world.path("tls.key"),
    });
    let mut config = mk_config(&world, "cert", &method);
    config["vault"]["ca_cert"] = json!(world.path("ca.pem"));
    let agent = Agent::start(&config);
    world.wait_for_text("app", "key=first").await;

    let next = authority.issue("web");
    trust(&next.cert_pem);
    world.write("tls.crt", &next.cert_pem);
    world.write("tls.key", &next.key_pem);
    world.vault.revoke_tokens(None);
    world.set_key("second");
    world.wait_for_text("app", "key=second").await;
    assert_eq!(world.vault.count("PUT", "auth/cert/login"), 2);
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_token_from_a_file_is_renewed_and_never_logged_in_for() {
    let world = World::new().await;
    let create = json!({"policies": ["api-secrets"], "ttl": "2s"});
    let made = world.vault.write("auth/token/create", &create).unwrap();
    let token = made["auth"]["client_token"].as_str().unwrap();
    world.write("given", &format!("{token}\n"));
    let method = json!({"token_file_path": world.path("given")});
    let agent = Agent::start(&mk_config(&world, "token_file", &method));
    world.wait_for_text("app", "key=first").await;
    world.wait_for_text("token", token).await;
    world
        .wait_for_count("PUT", "auth/token/renew-self", 2)
        .await;
    assert_eq!(world.logins(), 0);
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_refused_login_of_any_method_names_what_to_check() {
    let world = World::new().await;
    let keys = ServiceAccountKeys::generate();
    enable_jwt(&world, &keys);
    enable_approle(&world);
    world.put("sys/auth/cert", &json!({"type": "cert"}));
    world.write("secret-id", "not-one");
    let mint =
        |keys: &ServiceAccountKeys, audience| keys.mint("production", "api", &[audience], HOUR);
    world.write("other-audience", &mint(&keys, "other"));
    let stranger = ServiceAccountKeys::generate();
    world.write("other-key", &mint(&stranger, "vault"));
    world.write("good", &mint(&keys, "vault"));
    world.write("given", "hvs.unknown");
    let jwt = |role: &str, file: &str| json!({"role": role, "path": world.path(file)});
    let given = json!({"token_file_path": world.path("given")});
    let cases = [
        (
            "jwt",
            jwt("app", "other-audience"),
            "for audience [\"other\"], which role \"app\"",
        ),
        (
            "jwt",
            jwt("app", "other-key"),
            "not signed by a key that auth/jwt trusts",
        ),
        (
            "jwt",
            jwt("nobody", "good"),
            "check that role \"nobody\" exists at auth/jwt",
        ),
        ("approle", approle(&world, ""), "expired nor used up"),
        ("cert", json!({}), "set client_cert and client_key"),
        ("token_file", given, "has expired or was revoked"),
    ];
    for (kind, method, words) in cases {
        let failure = Agent::run_once(mk_config(&world, kind, &method)).await;
        let line = failure.unwrap_err().one_line();
        assert!(line.contains(words), "{words}: {line}");
    }
}

/// A metadata server that gives everybody this token.
async fn mk_metadata_server(token: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(client.read_u8().await.unwrap());
            }
            assert!(request.starts_with(b"GET /computeMetadata/v1/"));
            let length = token.len();
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{token}");
            client.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    host
}

#[tokio::test]
async fn the_identity_of_a_machine_in_a_cloud_logs_in_over_and_over() {
    let world = World::new().await;
    // What Vault checks of it, as far as this server does.
    let keys = ServiceAccountKeys::generate_rsa();
    world.put("sys/auth/gcp", &json!({"type": "jwt"}));
    let trusted = json!({"jwt_validation_pubkeys": keys.public_key_pem()});
    world.put("auth/gcp/config", &trusted);
    let role = json!({
        "role_type": "jwt", "user_claim": "sub", "bound_audiences": "http://vault/app",
        "policies": "api-secrets",
    });
    world.put("auth/gcp/role/app", &role);
    let token = keys.mint("production", "api", &["http://vault/app"], HOUR);
    let host = mk_metadata_server(token.clone()).await;
    let config = mk_config(&world, "gcp", &json!({"type": "gce", "role": "app"}));
    let written: AgentConfig = serde_json::from_value(config.clone()).unwrap();
    let environment = [("GCE_METADATA_HOST".to_owned(), host)]
        .into_iter()
        .collect();
    let seen = Settings::from_config(&written, Overrides::default(), &environment).unwrap();
    let agent = Agent::start_with(Settings {
        login: seen.login,
        ..mk_settings(&config)
    });
    world.wait_for_text("app", "key=first").await;
    world.vault.revoke_tokens(None);
    world.set_key("second");
    world.wait_for_text("app", "key=second").await;
    assert_eq!(world.vault.count("PUT", "auth/gcp/login"), 2);
    assert!(!world.logs().contains(&token), "no token is in the log");
    agent.stop().await.unwrap();
}
