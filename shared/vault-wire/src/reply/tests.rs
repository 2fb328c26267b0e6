use serde_json::json;

use super::*;
use crate::token::Token;

fn mk_reply(status: u16, body: &str) -> Reply {
    Reply {
        status,
        retry_after: None,
        request: RequestLine::new("GET", "https://vault/v1/x"),
        sent: Sent {
            token: None,
            body: None,
            plain_keys: &[],
        },
        body: JsonText::new(body.to_owned()),
        is_cut: false,
    }
}

fn messages(reply: &Reply) -> Vec<String> {
    let error = reply.fail_unless_success().unwrap_err();
    error.messages().to_vec()
}

#[test]
fn success_is_any_status_between_200_and_299() {
    let statuses = [199, 200, 204, 299, 300, 404];
    let succeeds = |status: &u16| mk_reply(*status, "").fail_unless_success().is_ok();
    let successes: Vec<u16> = statuses.into_iter().filter(succeeds).collect();
    assert_eq!(successes, [200, 204, 299]);
}

#[test]
fn an_error_tells_status_wait_and_messages() {
    let mut reply = mk_reply(429, r#"{"errors": ["quota"]}"#);
    reply.retry_after = Some(Duration::from_secs(7));
    let error = reply.fail_unless_success().unwrap_err();
    assert_eq!(error.status(), Some(429));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    assert_eq!(error.messages(), ["quota"]);
    assert!(error.to_string().contains("GET https://vault/v1/x"));
}

#[test]
fn messages_are_few_short_visible_and_without_what_was_sent() {
    assert_eq!(messages(&mk_reply(502, "<html>")), Vec::<String>::new());
    let mut reply = mk_reply(400, &json!({"errors": vec!["m"; 17]}).to_string());
    assert_eq!(messages(&reply).len(), 16);
    reply.body = JsonText::new(json!({"errors": ["x".repeat(1025)]}).to_string());
    assert_eq!(
        messages(&reply),
        [format!("{}… (1 more bytes)", "x".repeat(1024))]
    );
    reply.body =
        JsonText::new(json!({"errors": ["a\u{1b}b", "got s3cret, tokenvalue"]}).to_string());
    reply.sent = Sent {
        token: Some(Token::new("tokenvalue").unwrap()),
        body: Some(r#"{"password": "s3cret"}"#.into()),
        plain_keys: &[],
    };
    assert_eq!(
        messages(&reply),
        ["a\\u{1b}b", "got [REDACTED], [REDACTED]"]
    );
    reply.is_cut = true;
    assert_eq!(
        messages(&reply),
        ["the error is longer than 16 KiB, and left out"]
    );
}

#[test]
fn a_secret_may_be_nothing() {
    let secret = |status, body| mk_reply(status, body).into_secret().unwrap();
    assert!(secret(204, "").is_none() && secret(200, " \n").is_none());
    assert!(secret(404, r#"{"errors": []}"#).is_none() && secret(404, "<html>").is_none());
    let deleted = secret(404, r#"{"data": {"metadata": {}}}"#).unwrap();
    assert!(deleted.data.is_some());
    assert!(secret(404, r#"{"warnings": ["gone"]}"#).is_some());
    assert!(secret(200, r#"{"data": {"a": 1}}"#).unwrap().data.is_some());
    let denied = mk_reply(403, r#"{"errors": ["permission denied"]}"#).into_secret();
    assert!(denied.unwrap_err().is_permission_denied());
}

#[test]
fn an_answer_that_is_no_json_or_has_no_usable_token_is_named() {
    let error = mk_reply(200, "<html>").into_secret().unwrap_err();
    assert!(matches!(error, Error::Malformed { .. }), "{error}");
    let error = mk_reply(200, r#"{"auth": {"client_token": " "}}"#).into_auth();
    assert!(matches!(error, Err(Error::InvalidToken { .. })));
}

#[test]
fn logins_and_wrappings_are_told_apart() {
    let login = r#"{"auth": {"client_token": "hvs.x", "lease_duration": 60}}"#;
    let wrapping = r#"{"wrap_info": {"token": "hvs.w", "ttl": 30}}"#;
    let auth = mk_reply(200, login).into_auth().unwrap();
    assert_eq!(auth.client_token.expose(), "hvs.x");
    assert_eq!(
        mk_reply(200, wrapping).into_wrap_info().unwrap().ttl,
        Duration::from_secs(30)
    );
    let error = mk_reply(200, wrapping).into_auth().unwrap_err();
    assert!(error.to_string().ends_with("no token in it"), "{error}");
    let error = mk_reply(200, login).into_wrap_info().unwrap_err();
    assert!(error.to_string().ends_with("it is not wrapped"), "{error}");
    assert!(mk_reply(403, login).into_auth().is_err());
    assert!(mk_reply(403, wrapping).into_wrap_info().is_err());
}

#[test]
fn a_mount_has_a_short_path() {
    let mount = |status, path: &str| {
        let body = json!({"data": {"path": path, "type": "kv", "options": {"version": "2"}}});
        mk_reply(status, &body.to_string()).into_mount()
    };
    assert!(mount(200, "secret/").unwrap().is_kv_v2());
    assert!(mount(200, &"x".repeat(1024)).is_ok());
    assert!(mount(200, &"x".repeat(1025)).is_err());
    assert!(mount(403, "secret/").is_err());
    let error = mk_reply(200, "{}").into_mount().unwrap_err();
    assert!(error.to_string().ends_with("no data in it"), "{error}");
    assert!(
        mk_reply(200, r#"{"data": {"path": 1}}"#)
            .into_mount()
            .is_err()
    );
}

#[test]
fn a_token_is_looked_up() {
    let body = r#"{"data": {"ttl": 60, "accessor": "a", "renewable": true}}"#;
    let info = mk_reply(200, body).into_token_info().unwrap();
    assert_eq!(
        (info.ttl, info.accessor.as_str()),
        (Duration::from_secs(60), "a")
    );
    assert!(mk_reply(403, body).into_token_info().is_err());
    assert!(
        mk_reply(200, r#"{"data": {"ttl": "x"}}"#)
            .into_token_info()
            .is_err()
    );
}

#[test]
fn a_renewed_lease_keeps_its_name() {
    let id = LeaseId::new("db/creds/a/1").unwrap();
    let body = r#"{"lease_id": "other", "lease_duration": 60, "renewable": true}"#;
    let lease = mk_reply(200, body).into_lease(&id).unwrap();
    assert_eq!(
        lease,
        Lease {
            id: id.clone(),
            duration: Duration::from_secs(60),
            renewable: true
        }
    );
    assert_eq!(id.to_string(), "db/creds/a/1");
    assert!(mk_reply(400, body).into_lease(&id).is_err());
}

#[test]
fn a_wrapping_tells_its_path() {
    let body = r#"{"data": {"creation_path": "sys/wrapping/wrap"}}"#;
    assert_eq!(
        mk_reply(200, body).into_wrapped_path().unwrap(),
        "sys/wrapping/wrap"
    );
    assert!(mk_reply(400, body).into_wrapped_path().is_err());
}

#[test]
fn health_is_read_whatever_the_status() {
    let body = r#"{"initialized": true, "sealed": true, "standby": false, "version": "1.21.0"}"#;
    let health = mk_reply(503, body).into_health().unwrap();
    assert_eq!((health.status, health.sealed), (503, true));
    assert!(mk_reply(200, "<html>").into_health().is_err());
}
