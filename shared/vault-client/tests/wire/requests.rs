//! Methods, headers and bodies, and what an answer means.

use std::time::Duration;

use serde_json::json;
use vault_wire::{Error, LeaseId};

use crate::script::{CANARY, Script, token};

#[tokio::test]
async fn every_request_has_its_headers_method_and_body() {
    let script = Script::default()
        .then(200, r#"{"data":{"keys":["a"]}}"#)
        .then(204, "")
        .then(
            200,
            r#"{"lease_id":"db/1","lease_duration":5,"renewable":false}"#,
        )
        .then(204, "");
    let client = script
        .client(|config| config.namespace = Some("team/a/".into()))
        .await;
    let token = token();
    let session = client.with_token(&token);
    assert_eq!(
        session
            .list("secret/metadata")
            .await
            .unwrap()
            .unwrap()
            .keys()
            .unwrap(),
        ["a"]
    );
    assert!(
        session
            .write("kv/app", &json!({ "a": "b" }))
            .await
            .unwrap()
            .is_none()
    );
    let id = LeaseId::new("db/1").unwrap();
    let lease = session
        .renew_lease(&id, Duration::from_secs(7))
        .await
        .unwrap();
    assert_eq!(
        (lease.duration, lease.renewable),
        (Duration::from_secs(5), false)
    );
    session.revoke_self().await.unwrap();

    let seen = script.seen();
    let lines: Vec<&str> = seen.iter().map(|seen| seen.line.as_str()).collect();
    assert_eq!(
        lines,
        [
            "GET /v1/secret/metadata?list=true",
            "PUT /v1/kv/app",
            "PUT /v1/sys/leases/renew",
            "PUT /v1/auth/token/revoke-self"
        ]
    );
    for request in &seen {
        assert_eq!(request.headers["x-vault-token"], CANARY);
        assert_eq!(request.headers["x-vault-namespace"], "team/a");
        assert_eq!(request.headers["x-vault-request"], "true");
    }
    assert_eq!(seen[1].body, r#"{"a":"b"}"#);
    assert_eq!(seen[1].headers["content-type"], "application/json");
    assert_eq!(seen[2].body, r#"{"increment":7,"lease_id":"db/1"}"#);
}

#[tokio::test]
async fn a_login_sends_no_token_and_must_give_one() {
    let script = Script::default()
        .then(
            200,
            r#"{"auth":{"client_token":"hvs.new","lease_duration":60,"renewable":true}}"#,
        )
        .then(200, r#"{"data":{}}"#)
        .then(200, r#"{"auth":{"client_token":""}}"#);
    let client = script.client(|_| {}).await;
    let body = json!({ "role": "app", "jwt": "j" });
    let auth = client.login("/auth/kubernetes/", &body).await.unwrap();
    assert_eq!(auth.client_token.expose(), "hvs.new");
    assert_eq!(script.lines(), ["PUT /v1/auth/kubernetes/login"]);
    assert!(!script.seen()[0].headers.contains_key("x-vault-token"));
    assert!(!script.seen()[0].headers.contains_key("x-vault-namespace"));
    assert!(matches!(
        client.login("auth/k", &body).await,
        Err(Error::Malformed { .. })
    ));
    assert!(matches!(
        client.login("auth/k", &body).await,
        Err(Error::InvalidToken { .. })
    ));
}

#[tokio::test]
async fn not_found_is_nothing_unless_it_carries_data_or_warnings() {
    let script = Script::default()
        .then(404, r#"{"errors":[]}"#)
        .then(
            404,
            r#"{"data":{"data":null,"metadata":{"version":1,"destroyed":true}}}"#,
        )
        .then(404, r#"{"data":null,"warnings":["look elsewhere"]}"#)
        .then(404, "page not found")
        .then(404, r#"{"errors":["no handler"]}"#);
    let client = script.client(|_| {}).await;
    let token = token();
    let session = client.with_token(&token);
    assert!(session.read("a").await.unwrap().is_none());
    assert!(session.read("a").await.unwrap().unwrap().data.is_some());
    assert_eq!(
        session.read("a").await.unwrap().unwrap().warnings,
        ["look elsewhere"]
    );
    assert!(session.read("a").await.unwrap().is_none());
    assert!(
        session
            .write("a", &json!({}))
            .await
            .unwrap_err()
            .is_not_found()
    );
}
