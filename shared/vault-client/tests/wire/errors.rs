//! What errors tell, and what they keep to themselves.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use vault_client::{Client, ClientConfig};
use vault_wire::LeaseId;

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
    let values = |count: usize| format!(r#"{{"data":{{"v":[{}0]}}}}"#, "0,".repeat(count - 3));
    let script = Script::default()
        .then(200, &" ".repeat(4 * 1024 * 1024 + 1))
        .then(200, &values(40_001))
        .then(200, &values(40_000));
    let client = script.client(|_| {}).await;
    for expected in ["larger than 4 MiB", "more than 40000 values in it"] {
        let error = client.with_token(&token()).read("a").await.unwrap_err();
        assert!(error.to_string().ends_with(expected), "{error}");
    }
    client.with_token(&token()).read("a").await.unwrap();
}

#[tokio::test]
async fn an_answer_without_end_ends_at_the_limit() {
    for (status, limit) in [(200, 4 * 1024 * 1024), (400, 16 * 1024)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            // One small request comes in one piece.
            assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
            let head = format!("HTTP/1.1 {status} X\r\nTransfer-Encoding: chunked\r\n\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
            let chunk = format!("400\r\n{}\r\n", "x".repeat(1024));
            // Until the client has had enough.
            while stream.write_all(chunk.as_bytes()).await.is_ok() {}
        });
        let client = Client::new(&ClientConfig::new(address)).unwrap();
        let error = client.with_token(&token()).read("a").await.unwrap_err();
        let expected = match status {
            200 => "larger than 4 MiB",
            _ => "the error is longer than 16 KiB, and left out",
        };
        assert!(error.to_string().ends_with(expected), "{limit}: {error}");
        server.await.unwrap();
    }
}

#[tokio::test]
async fn a_long_error_keeps_its_status_and_a_long_message_is_cut() {
    let errors = |texts: &[String]| json!({ "errors": texts }).to_string();
    let many = vec!["no".to_owned(); 1000];
    let script = Script::default()
        .then(403, &errors(&["e".repeat(16 * 1024)]))
        .then(400, &errors(&["e".repeat(1025)]))
        .then(404, &errors(&many));
    let client = script.client(|_| {}).await;
    let token = token();
    let session = client.with_token(&token);
    let error = session.read("a").await.unwrap_err();
    assert!(error.is_permission_denied(), "{error}");
    assert!(error.messages()[0].contains("left out"), "{error}");
    let error = session.read("a").await.unwrap_err();
    let cut = format!("{}… (1 more bytes)", "e".repeat(1024));
    assert_eq!(error.messages(), [cut]);
    let error = session.lookup_self().await.unwrap_err();
    assert_eq!(error.messages().len(), 16);
}

#[tokio::test]
async fn no_error_repeats_what_was_sent() {
    let script = Script::default().answering(400, |seen| {
        json!({ "errors": [format!("bad \u{202e}\u{1b}[2J\n{}", seen.body)] }).to_string()
    });
    let client = script.client(|_| {}).await;
    let token = token();
    let session = client.with_token(&token);
    let secrets = json!({
        "role": "app", "jwt": CANARY, "pin": "7", "number": 123_456,
        "deep": [{"er": "a \"canary\"\n"}],
    });
    let text = |error: vault_wire::Error| format!("{error} {error:?}");
    let login = client.login("auth/jwt", &secrets).await.unwrap_err();
    assert!(
        login.messages()[0].starts_with(r"bad \u{202e}\u{1b}[2J"),
        "{login}"
    );
    let (ttl, lease) = (Duration::from_secs(60), LeaseId::new("kv/a/lease").unwrap());
    let login = text(login);
    let wrapped = client.login_wrapped("auth/jwt", &secrets, ttl).await;
    let wrapped = text(wrapped.unwrap_err());
    for login in [&login, &wrapped] {
        assert!(login.contains(r#""role":"app""#), "{login}");
    }
    let write = text(session.write("kv/a", &secrets).await.unwrap_err());
    assert!(write.contains(r#""role":"[REDACTED]""#), "{write}");
    let path = text(client.wrapped_path(&token).await.unwrap_err());
    let wrap = text(session.wrap_own_token(ttl).await.unwrap_err());
    for shown in [login, wrapped, write, path, wrap] {
        let secret = ["canary", "7\"", "123456"]
            .into_iter()
            .find(|part| shown.contains(part));
        assert_eq!(secret, None, "{shown}");
    }
    for renewal in [
        session.renew_lease(&lease, ttl).await.unwrap_err(),
        session.revoke_lease(&lease).await.unwrap_err(),
    ] {
        assert!(renewal.to_string().contains("kv/a/lease"), "{renewal}");
    }
}

#[tokio::test]
async fn a_compressed_answer_is_not_unpacked() {
    let script = Script::default().then_with(200, &[("content-encoding", "gzip")], "\u{1f}\u{8b}");
    let client = script.client(|_| {}).await;
    let error = client.with_token(&token()).read("a").await.unwrap_err();
    assert!(
        matches!(error, vault_wire::Error::Malformed { .. }),
        "{error}"
    );
    assert!(!script.seen()[0].headers.contains_key("accept-encoding"));
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
