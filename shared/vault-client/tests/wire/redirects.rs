//! Which redirects are followed.

use serde_json::json;
use vault_wire::Error;

use crate::script::{CANARY, Script, token};

#[tokio::test]
async fn one_redirect_is_followed_with_token_and_body() {
    let active = Script::default().then(204, "");
    let location = format!("{}/v1/kv/app", active.serve().await);
    let standby = Script::default().then_with(307, &[("location", &location)], "");
    let client = standby.client(|_| {}).await;
    client
        .with_token(&token())
        .write("kv/app", &json!({ "a": "b" }))
        .await
        .unwrap();
    let seen = active.seen();
    assert_eq!(
        (seen[0].line.as_str(), seen[0].body.as_str()),
        ("PUT /v1/kv/app", r#"{"a":"b"}"#)
    );
    assert_eq!(seen[0].headers["x-vault-token"], CANARY);
}

#[tokio::test]
async fn a_second_redirect_and_a_foreign_host_are_refused_without_a_request() {
    let script = Script::default()
        .then_with(307, &[("location", "/v1/kv/app")], "")
        .then_with(307, &[("location", "/v1/kv/app")], "")
        .then_with(302, &[("location", "http://localhost:1/v1/kv/app")], "");
    let client = script.client(|_| {}).await;
    let token = token();
    let error = client.with_token(&token).read("kv/app").await.unwrap_err();
    assert!(error.to_string().contains("another redirect"), "{error}");
    let error = client.with_token(&token).read("kv/app").await.unwrap_err();
    assert!(matches!(error, Error::Redirect { .. }) && !error.is_retryable());
    assert!(
        error
            .to_string()
            .contains("http://localhost:1 is another host"),
        "{error}"
    );
    assert_eq!(script.lines().len(), 3);
}
