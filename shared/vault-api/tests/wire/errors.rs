//! What errors tell, and what they keep to themselves.

use tokio::net::TcpListener;
use vault_api::{Client, ClientConfig};

use crate::script::{CANARY, Script, token};

#[tokio::test]
async fn no_error_shows_the_token_or_an_answer() {
    let echo = format!(r#"{{"errors":["bad token {CANARY}"],"data":"{CANARY}"}}"#);
    let script = Script::default()
        .then(400, &echo)
        .then(502, &format!("<html>{CANARY}</html>"))
        .then(200, &format!(r#"{{"data": {CANARY}"#))
        .then(200, &format!(r#"{{"lease_duration": "{CANARY}"}}"#))
        .then_with(302, &[("location", &format!("https://other/{CANARY}"))], "");
    let client = script.client(|_| {}).await;
    let token = token();
    for _ in 0..5 {
        let error = client
            .with_token(&token)
            .read("secret/data/app")
            .await
            .unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("canary"), "{shown}");
        assert!(error.to_string().contains("/v1/secret/data/app"), "{error}");
    }
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_not_taken() {
    let script = Script::default().then(200, &" ".repeat(32 * 1024 * 1024 + 1));
    let client = script.client(|_| {}).await;
    let error = client.with_token(&token()).read("a").await.unwrap_err();
    assert!(error.to_string().ends_with("larger than 32 MiB"), "{error}");
}

#[tokio::test]
async fn a_refused_connection_says_what_to_check() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = Client::new(&ClientConfig::new(address)).unwrap();
    let error = client.health().await.unwrap_err();
    assert!(error.is_transport() && error.is_retryable());
    assert!(
        error
            .to_string()
            .contains("connection refused; check address and port"),
        "{error}"
    );
}

#[tokio::test]
async fn a_name_that_nobody_knows_says_so() {
    let client = Client::new(&ClientConfig::new("http://vault.invalid:8200")).unwrap();
    let error = client.health().await.unwrap_err();
    assert!(error.to_string().contains("cannot be resolved"), "{error}");
}
