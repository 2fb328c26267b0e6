//! Requests that somebody else wrote.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, Method};
use vault_client::{Body, Forward, ForwardBody};
use vault_wire::Error;

use crate::script::{CANARY, Script};

fn mk_forward(method: &str, target: &str, body: &'static str) -> Forward {
    let mut headers = HeaderMap::new();
    headers.insert("x-vault-token", HeaderValue::from_static(CANARY));
    headers.insert("user-agent", HeaderValue::from_static("app/1"));
    Forward {
        method: Method::from_bytes(method.as_bytes()).unwrap(),
        target: target.to_owned(),
        headers,
        body: ForwardBody::Whole(body.into()),
        retries: 0,
        keeps_off: |_| false,
    }
}

async fn text(body: Body) -> String {
    let bytes = axum::body::to_bytes(axum::body::Body::new(body), 1024).await;
    String::from_utf8(bytes.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn a_request_goes_on_as_it_is_and_any_answer_comes_back() {
    let script = Script::default().then_with(403, &[("x-odd", "1")], "{\"errors\":[\"no\"]}");
    let client = script
        .client(|config| config.namespace = Some("ours".into()))
        .await;
    let answer = client
        .forward(mk_forward("LIST", "/v1/kv/a%20b/?x=1", "body"))
        .await
        .unwrap();
    assert_eq!(
        (answer.status.as_u16(), &answer.headers["x-odd"]),
        (403, &HeaderValue::from_static("1"))
    );
    assert!(answer.refusal().unwrap().is_permission_denied());
    assert_eq!(text(answer.body).await, "{\"errors\":[\"no\"]}");
    let seen = &script.seen()[0];
    assert_eq!(
        (seen.line.as_str(), seen.body.as_str()),
        ("LIST /v1/kv/a%20b/?x=1", "body")
    );
    assert_eq!(seen.headers["x-vault-token"], CANARY);
    assert_eq!(seen.headers["user-agent"], "app/1");
    assert_eq!(seen.headers["x-vault-request"], "true");
    assert!(!seen.headers.contains_key("x-vault-namespace"));
}

#[tokio::test(start_paused = true)]
async fn a_body_in_memory_is_sent_again_and_the_last_answer_counts() {
    let script = Script::default()
        .then(500, "first")
        .then(429, "second")
        .then(503, "third");
    let client = script.client(|_| {}).await;
    let mut request = mk_forward("PUT", "/v1/kv/a", "body");
    request.retries = 2;
    let answer = client.forward(request).await.unwrap();
    assert_eq!(answer.status.as_u16(), 503);
    assert_eq!(text(answer.body).await, "third");
    assert!(script.seen().iter().all(|seen| seen.body == "body"));
    assert_eq!(script.seen().len(), 3);
}

#[tokio::test]
async fn a_stream_is_sent_once_and_not_redirected() {
    let script =
        Script::default()
            .then(500, "broken")
            .then_with(307, &[("location", "/v1/other")], "");
    let client = script.client(|_| {}).await;
    let mk_stream = || Forward {
        body: ForwardBody::Stream(Body::from("stream".to_owned())),
        retries: 3,
        ..mk_forward("PUT", "/v1/kv/a", "")
    };
    assert_eq!(
        client.forward(mk_stream()).await.unwrap().status.as_u16(),
        500
    );
    assert!(matches!(
        client.forward(mk_stream()).await,
        Err(Error::Redirect { .. })
    ));
    assert_eq!(script.seen()[0].body, "stream");
}

#[tokio::test]
async fn a_redirect_to_the_active_server_takes_token_and_body_along() {
    let script = Script::default()
        .then_with(307, &[("location", "/v1/kv/b")], "")
        .then(200, "there");
    let client = script.client(|_| {}).await;
    let answer = client
        .forward(mk_forward("PUT", "/v1/kv/a", "body"))
        .await
        .unwrap();
    assert_eq!(text(answer.body).await, "there");
    assert_eq!(script.lines(), ["PUT /v1/kv/a", "PUT /v1/kv/b"]);
    assert_eq!(script.seen()[1].body, "body");
    assert_eq!(script.seen()[1].headers["x-vault-token"], CANARY);
}

#[tokio::test]
async fn a_redirect_to_a_path_that_the_caller_keeps_off_is_refused_without_a_request() {
    let script = Script::default().then_with(301, &[("location", "/v1/kv/b")], "");
    let client = script.client(|_| {}).await;
    let mut request = mk_forward("GET", "/v1/kv/a", "");
    request.keeps_off = |path| path == "/v1/kv/b";
    let refused = client.forward(request).await.err();
    assert!(matches!(refused, Some(Error::Redirect { .. })));
    assert_eq!(script.lines(), ["GET /v1/kv/a"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_given_up_at_the_deadline() {
    let script = Script::default().then_silence();
    let client = script
        .client(|config| config.timeout = Duration::from_secs(5))
        .await;
    let error = client
        .forward(mk_forward("GET", "/v1/kv/a", ""))
        .await
        .err();
    assert!(matches!(error, Some(Error::Timeout { .. })));
}
