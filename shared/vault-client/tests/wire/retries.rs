//! Waiting: `Retry-After`, retries, deadlines.

use std::time::Duration;

use vault_client::ClientConfig;
use vault_wire::Error;

use crate::script::{Script, token};

#[tokio::test]
async fn retry_after_reaches_the_caller() {
    let script = Script::default()
        .then_with(
            429,
            &[("retry-after", "7")],
            r#"{"errors":["rate limit quota exceeded"]}"#,
        )
        .then(429, r#"{"errors":[]}"#);
    let client = script.client(|_| {}).await;
    let token = token();
    let error = client.with_token(&token).read("a").await.unwrap_err();
    assert!(error.is_rate_limited() && error.is_retryable());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    let error = client.with_token(&token).read("a").await.unwrap_err();
    assert_eq!(error.retry_after(), None);
}

#[tokio::test(start_paused = true)]
async fn retries_go_on_until_they_are_used_up() {
    let _held = dev_vault::time::hold();
    let script = Script::default()
        .then(500, "{}")
        .then(503, "{}")
        .then(200, r#"{"data":{"a":1}}"#)
        .then(403, r#"{"errors":["permission denied"]}"#)
        .then(500, "{}")
        .then(500, "{}")
        .then(502, "{}");
    // Without a deadline: the held clock runs far ahead of the sockets.
    let change = |config: &mut ClientConfig| {
        config.max_retries = 2;
        config.timeout = Duration::ZERO;
    };
    let client = script.client(change).await;
    let token = token();
    let session = client.with_token(&token);
    assert!(advancing(session.read("a")).await.unwrap().is_some());
    assert!(
        advancing(session.read("a"))
            .await
            .unwrap_err()
            .is_permission_denied()
    );
    assert_eq!(
        advancing(session.read("a")).await.unwrap_err().status(),
        Some(502)
    );
    assert_eq!(script.lines().len(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_request_ends_at_its_deadline() {
    let _held = dev_vault::time::hold();
    let script = Script::default().then_silence();
    let client = script
        .client(|config| config.timeout = Duration::from_secs(5))
        .await;
    let token = token();
    let start = tokio::time::Instant::now();
    let error = advancing(client.with_token(&token).read("a"))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }) && error.is_retryable());
    assert!(start.elapsed() >= Duration::from_secs(5));
    assert!(start.elapsed() < Duration::from_secs(6));
}

/// Runs on a held clock, moving it in small steps.
async fn advancing<T>(work: impl Future<Output = T>) -> T {
    let clock = async {
        loop {
            tokio::time::advance(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        outcome = work => outcome,
        () = clock => unreachable!("the clock does not end"),
    }
}
