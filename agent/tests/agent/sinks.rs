//! What readers find in a sink: the token, a wrapping around it, or what only they can open.

use std::os::unix::fs::PermissionsExt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use vault_client::{Client, ClientConfig};
use vault_wire::Token;

use crate::support::{Agent, KV_TEMPLATE, World};

/// What a wrapping token gives to whoever has it.
async fn unwrap(world: &World, wrapping: &str) -> (Option<String>, Option<Value>) {
    let client = Client::new(&ClientConfig::new(world.vault.address())).unwrap();
    let token = Token::new(wrapping).unwrap();
    let answer = client.with_token(&token).unwrap().await.unwrap();
    let login = answer
        .auth
        .map(|auth| auth.client_token.expose().to_owned());
    let data = answer.data.map(|data| data.parse::<Value>().unwrap());
    (login, data)
}

#[tokio::test]
async fn a_wrapped_login_reaches_the_one_sink_and_nobody_else() {
    let world = World::new().await;
    let mut config = world.config(&[]);
    config["auto_auth"]["method"]["wrap_ttl"] = json!("5m");
    Agent::run_once(config).await.unwrap();
    let wrapping: Value = serde_json::from_str(&world.read("token").unwrap()).unwrap();
    assert_eq!(wrapping["ttl"], 300);
    assert_eq!(wrapping["creation_path"], "auth/kubernetes/login");
    let (token, _) = unwrap(&world, wrapping["token"].as_str().unwrap()).await;
    let info = world.vault.requests();
    assert!(token.is_some_and(|token| token.starts_with("hvs.")));
    assert!(
        info.iter().all(|request| !request.path.contains("-self")),
        "the agent neither looks at the token nor renews it: {info:?}"
    );
}

#[tokio::test]
async fn a_sink_wraps_and_encrypts_while_the_agent_uses_the_token() {
    let world = World::new().await;
    let reader = PrivateKey::generate(&X25519).unwrap();
    let public = STANDARD.encode(reader.compute_public_key().unwrap());
    let key = json!({ "curve25519_public_key": public }).to_string();
    world.write("key", &key);
    let mut config = world.config(&[world.template("app", KV_TEMPLATE)]);
    config["auto_auth"]["sink"] = json!([
        {"type": "file", "config": {"path": world.path("token"), "mode": 0o600}},
        {
            "type": "file", "config": {"path": world.path("sealed")}, "wrap_ttl": "1m",
            "dh_type": "curve25519", "dh_path": world.path("key"), "aad": "pod-1",
        },
    ]);
    let agent = Agent::start(&config);
    world.wait_for_text("app", "key=first").await;
    let token = world.wait_for("token", |text| !text.is_empty()).await;
    let mode = std::fs::metadata(world.path("token"))
        .unwrap()
        .permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);

    let sealed = world.wait_for("sealed", |text| !text.is_empty()).await;
    let wrapping: Value = serde_json::from_slice(&open(&reader, &sealed)).unwrap();
    assert_eq!(wrapping["creation_path"], "sys/wrapping/wrap");
    let (_, data) = unwrap(&world, wrapping["token"].as_str().unwrap()).await;
    assert_eq!(data, Some(json!({ "token": token })));
    agent.stop().await.unwrap();
}

/// What the holder of the key reads, by the documented format.
fn open(reader: &PrivateKey, sealed: &str) -> Vec<u8> {
    let envelope: Value = serde_json::from_str(sealed).unwrap();
    let part = |name: &str| STANDARD.decode(envelope[name].as_str().unwrap()).unwrap();
    let agent = part("curve25519_public_key");
    let peer = UnparsedPublicKey::new(&X25519, &agent);
    let key = agree(reader, peer, (), |shared| Ok(shared.to_vec())).unwrap();
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).unwrap());
    let nonce = Nonce::try_assume_unique_for_key(&part("nonce")).unwrap();
    let mut payload = part("encrypted_payload");
    let opened = key.open_in_place(nonce, Aad::from(b"pod-1"), &mut payload);
    opened.unwrap().to_vec()
}

#[tokio::test]
async fn a_sink_without_its_readers_key_holds_up_nothing_and_follows() {
    let world = World::new().await;
    let mut config = world.config(&[world.template("app", KV_TEMPLATE)]);
    config["auto_auth"]["sink"][0]["dh_type"] = json!("curve25519");
    config["auto_auth"]["sink"][0]["dh_path"] = json!(world.path("key"));
    let agent = Agent::start(&config);
    world.wait_for_text("app", "key=first").await;
    world.wait_for_log("cannot read the public key").await;
    let key = PrivateKey::generate(&X25519).unwrap();
    let public = STANDARD.encode(key.compute_public_key().unwrap());
    let key = json!({ "curve25519_public_key": public }).to_string();
    world.write("key", &key);
    let sealed = world.wait_for("token", |text| !text.is_empty()).await;
    assert!(sealed.contains("encrypted_payload"), "{sealed}");
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_token_that_stays_wrapped_is_a_login_to_end_after() {
    let world = World::new().await;
    let mut config = world.config(&[world.template("app", "static")]);
    config["auto_auth"]["method"]["wrap_ttl"] = json!("5m");
    Agent::run_once(config).await.unwrap();
    assert!(world.read("token").unwrap().contains("wrapped_accessor"));
    assert_eq!(world.read("app").as_deref(), Some("static"));
}

#[tokio::test]
async fn a_token_that_is_removed_or_changed_comes_back_and_a_wrapping_does_not() {
    let world = World::new().await;
    let mut config = world.config(&[]);
    let sink = |name: &str| json!({"type": "file", "config": {"path": world.path(name)}});
    let mut wrapped = sink("wrapped");
    wrapped["wrap_ttl"] = json!("1m");
    config["auto_auth"]["sink"] = json!([sink("token"), sink("other"), wrapped]);
    let agent = Agent::start(&config);
    let token = world.wait_for("token", |text| !text.is_empty()).await;
    world.wait_for_text("other", &token).await;
    world.wait_for("wrapped", |text| !text.is_empty()).await;
    for name in ["token", "other", "wrapped"] {
        std::fs::remove_file(world.path(name)).unwrap();
    }
    world.wait_for_text("token", &token).await;
    world.wait_for_text("other", &token).await;
    let log = format!(
        "{} was removed by somebody else",
        world.path("token").display()
    );
    world.wait_for_log(&log).await;
    world.write("token", "by hand");
    world.wait_for_text("token", &token).await;
    assert_eq!(world.read("wrapped"), None, "it may have been used");
    assert_eq!(world.logins(), 1);
    agent.stop().await.unwrap();
}
