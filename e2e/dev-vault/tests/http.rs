//! The server over HTTP: the wire format, the switches, stopping and starting.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::sync::Arc;
use std::time::Duration;

use dev_vault::{Config, DevVault, Fault, Product, TlsPair, time};
use reqwest::{Method, StatusCode};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use serde_json::{Value, json};

/// A client that trusts `roots` and nothing else.
fn mk_client(roots: RootCertStore) -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .build()
        .unwrap()
}

struct Wire {
    vault: DevVault,
    client: reqwest::Client,
}

impl Wire {
    async fn start() -> Self {
        let vault = DevVault::start(Config::default()).await.unwrap();
        Self {
            vault,
            client: mk_client(RootCertStore::empty()),
        }
    }

    async fn send(&self, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.vault.address()))
            .header("X-Vault-Token", self.vault.root_token());
        if !body.is_null() {
            request = request.body(body.to_string());
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    async fn status(&self, path: &str) -> u16 {
        self.send("GET", path, Value::Null).await.0.as_u16()
    }
}

#[tokio::test]
async fn answers_have_the_usual_envelope_for_every_method() {
    let wire = Wire::start().await;
    for method in ["PUT", "POST"] {
        let body = json!({ "data": { "a": "b" } });
        assert_eq!(
            wire.send(method, "/v1/secret/data/with%20space", body)
                .await
                .0,
            200
        );
    }
    let (_, secret) = wire
        .send("GET", "/v1/secret/data/with%20space", Value::Null)
        .await;
    let keys: Vec<&str> = secret
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        keys,
        [
            "auth",
            "data",
            "lease_duration",
            "lease_id",
            "mount_type",
            "renewable",
            "request_id",
            "warnings",
            "wrap_info"
        ]
    );
    assert_eq!(secret["data"]["metadata"]["version"], 2);
    for (method, path) in [
        ("LIST", "/v1/secret/metadata"),
        ("GET", "/v1/secret/metadata?list=true"),
    ] {
        let (_, list) = wire.send(method, path, Value::Null).await;
        assert_eq!(list["data"]["keys"], json!(["with space"]));
    }
    assert_eq!(wire.vault.count("LIST", "secret/metadata"), 2);
}

#[tokio::test]
async fn the_header_names_a_namespace_where_the_product_has_them() {
    for (product, of_team) in [(Product::Vault, 200), (Product::OpenBao, 404)] {
        let config = Config {
            product,
            ..Config::default()
        };
        let vault = DevVault::start(config).await.unwrap();
        let client = mk_client(RootCertStore::empty());
        let status = async |method: &str, path: &str, namespace: &str, body: Value| {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let request = client
                .request(method, format!("{}/v1/{path}", vault.address()))
                .header("X-Vault-Token", vault.root_token())
                .header("X-Vault-Namespace", namespace)
                .body(body.to_string());
            request.send().await.unwrap().status().as_u16()
        };
        if product == Product::OpenBao {
            let made = status("PUT", "sys/namespaces/team", "", json!({})).await;
            assert_eq!(made, 200);
            let mount = json!({ "type": "kv", "options": { "version": "2" } });
            let made = status("PUT", "sys/mounts/secret", "team", mount).await;
            assert_eq!(made, 204);
        }
        let data = json!({ "data": { "a": "b" } });
        assert_eq!(status("PUT", "secret/data/x", "", data).await, 200);
        let read = status("GET", "secret/data/x", "team", json!({})).await;
        assert_eq!(read, of_team, "{product:?}");
        let logged = vault.requests().pop().unwrap();
        assert_eq!(logged.namespace.as_deref(), Some("team"));
    }
}

#[tokio::test]
async fn faults_strike_as_often_as_told() {
    let wire = Wire::start().await;
    let fault = json!({
        "prefix": "sys/", "status": 429, "retry_after": "7", "times": 1, "errors": ["slow down"],
    });
    assert_eq!(wire.send("POST", "/dev/faults", fault).await.0, 204);
    let (status, body) = wire.send("GET", "/v1/sys/health", Value::Null).await;
    assert_eq!(
        (status.as_u16(), body),
        (429, json!({ "errors": ["slow down"] }))
    );
    assert_eq!(wire.status("/v1/sys/health").await, 200);

    wire.vault.add_fault(Fault::status("secret/", 500));
    assert_eq!(wire.status("/v1/secret/data/x").await, 500);
    assert_eq!(wire.status("/v1/secret/data/x").await, 500);
    wire.send("DELETE", "/dev/faults", Value::Null).await;
    assert_eq!(wire.status("/v1/secret/data/x").await, 404);
    let bad = wire
        .send("POST", "/dev/faults", json!({ "prefx": "" }))
        .await;
    assert_eq!(bad.0, 400);
}

#[tokio::test]
async fn time_seal_and_leases_can_be_switched() {
    let wire = Wire::start().await;
    wire.vault
        .write("sys/mounts/database", &json!({ "type": "database" }))
        .unwrap();
    let config = json!({ "plugin_name": "p", "allowed_roles": "*" });
    wire.vault.write("database/config/db", &config).unwrap();
    wire.vault
        .write(
            "database/roles/app",
            &json!({ "db_name": "db", "default_ttl": 60 }),
        )
        .unwrap();
    let issue = || wire.vault.read("database/creds/app").unwrap()["data"]["username"].clone();
    let alive = |user: &Value| wire.vault.is_alive(user.as_str().unwrap());

    let first = issue();
    assert!(alive(&first));
    wire.send("POST", "/dev/clock", json!({ "advance_seconds": 60 }))
        .await;
    assert!(!alive(&first));

    let second = issue();
    let (_, leases) = wire.send("GET", "/dev/leases", Value::Null).await;
    assert_eq!(leases[0]["subject"], second);
    let (_, revoked) = wire
        .send(
            "POST",
            "/dev/leases/revoke",
            json!({ "prefix": "database/creds/" }),
        )
        .await;
    assert_eq!(
        (revoked["revoked"].as_u64(), alive(&second)),
        (Some(1), false)
    );

    wire.send("POST", "/dev/seal", json!({ "sealed": true }))
        .await;
    assert_eq!(wire.status("/v1/secret/data/x").await, 503);
    wire.send("POST", "/dev/seal", json!({ "sealed": false }))
        .await;
    wire.send("POST", "/dev/standby", json!({ "standby": true }))
        .await;
    assert_eq!(wire.status("/v1/sys/health").await, 429);
}

#[tokio::test]
async fn tokens_can_be_minted_and_revoked_by_switch() {
    let wire = Wire::start().await;
    wire.vault
        .write("sys/auth/kubernetes", &json!({ "type": "kubernetes" }))
        .unwrap();
    wire.vault
        .write(
            "auth/kubernetes/config",
            &json!({ "kubernetes_host": "https://k8s" }),
        )
        .unwrap();
    let role =
        json!({ "bound_service_account_names": "a", "bound_service_account_namespaces": "n" });
    wire.vault.write("auth/kubernetes/role/app", &role).unwrap();
    let account = json!({ "namespace": "n", "name": "a" });
    let (_, minted) = wire
        .send("POST", "/dev/service-account-token", account)
        .await;
    let body = json!({ "role": "app", "jwt": minted["jwt"] });
    let login = wire.vault.write("auth/kubernetes/login", &body).unwrap();
    let lookup = json!({ "token": login["auth"]["client_token"] });
    assert!(wire.vault.write("auth/token/lookup", &lookup).is_ok());
    let (_, revoked) = wire.send("POST", "/dev/tokens/revoke", json!({})).await;
    assert_eq!(revoked["revoked"], 1);
    assert_eq!(
        wire.vault
            .write("auth/token/lookup", &lookup)
            .unwrap_err()
            .status,
        403
    );
    assert_eq!(wire.status("/v1/auth/token/lookup-self").await, 200);
}

#[tokio::test]
async fn requests_are_logged_until_forgotten() {
    let wire = Wire::start().await;
    wire.status("/v1/secret/data/x?version=3").await;
    let (_, log) = wire.send("GET", "/dev/requests", Value::Null).await;
    assert_eq!(log.as_array().unwrap().len(), 1);
    assert_eq!(
        (&log[0]["path"], &log[0]["status"]),
        (&json!("secret/data/x?version=3"), &json!(404))
    );
    assert!(!log.to_string().contains(wire.vault.root_token()));
    wire.send("DELETE", "/dev/requests", Value::Null).await;
    assert!(wire.vault.requests().is_empty());
}

#[tokio::test]
async fn a_stopped_server_refuses_connections_and_comes_back_with_its_memory() {
    let mut wire = Wire::start().await;
    wire.vault
        .write("secret/data/x", &json!({ "data": {} }))
        .unwrap();
    let address = wire.vault.address();
    assert_eq!(wire.status("/v1/secret/data/x").await, 200);
    wire.vault.stop();
    let refused = wire
        .client
        .get(format!("{address}/v1/sys/health"))
        .send()
        .await;
    assert!(refused.unwrap_err().is_request());
    wire.vault.resume().await.unwrap();
    assert_eq!(wire.vault.address(), address);
    assert_eq!(wire.status("/v1/secret/data/x").await, 200);
}

#[tokio::test]
async fn it_serves_https() {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let pair = TlsPair {
        cert_pem: made.cert.pem(),
        key_pem: made.signing_key.serialize_pem(),
    };
    let vault = DevVault::start(Config {
        tls: Some(pair),
        ..Config::default()
    })
    .await
    .unwrap();
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from(made.cert.der().to_vec()))
        .unwrap();
    let url = format!("{}/v1/sys/health", vault.address());
    assert!(url.starts_with("https://"));
    assert_eq!(
        mk_client(roots).get(url).send().await.unwrap().status(),
        200
    );
}

#[tokio::test(start_paused = true)]
async fn on_a_held_clock_only_the_test_moves_time() {
    let _held = time::hold();
    let wire = Wire::start().await;
    let start = wire.vault.now();
    wire.vault.set_latency("secret/", Duration::from_secs(60));
    let slow = tokio::spawn({
        let request = wire
            .client
            .get(format!("{}/v1/secret/data/x", wire.vault.address()));
        async move { request.send().await.unwrap().status() }
    });
    assert_eq!(wire.status("/v1/sys/health").await, 200);
    assert_eq!(wire.vault.now(), start);
    assert_eq!(wire.vault.count("GET", "secret/"), 0);
    // The slow request may still be on its way: move time until it was answered.
    while wire.vault.count("GET", "secret/") == 0 {
        tokio::time::advance(Duration::from_secs(1)).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(slow.await.unwrap(), 403);
    assert!(wire.vault.now() >= start + Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn a_test_waits_for_requests_not_for_time() {
    let _held = time::hold();
    let wire = Wire::start().await;
    let address = wire.vault.address();
    let client = wire.client.clone();
    tokio::spawn(async move {
        for _ in 0..3 {
            client
                .get(format!("{address}/v1/sys/health"))
                .send()
                .await
                .unwrap();
        }
    });
    wire.vault.wait_for_requests(|log| log.len() == 3).await;
    assert_eq!(wire.vault.count("GET", "sys/health"), 3);
}
