use super::*;

fn mk_response(body: &str) -> Response {
    Response::from_body(JsonText::new(body.into())).unwrap()
}

#[test]
fn a_leased_secret_has_a_lease() {
    let response = mk_response(
        r#"{"request_id":"r1","lease_id":"database/creds/app/x","lease_duration":3600,"renewable":true,
            "data":{"username":"u","n":1.10},"warnings":null,"auth":null,"wrap_info":null}"#,
    );
    let lease = response.lease.unwrap();
    assert_eq!(lease.id.as_str(), "database/creds/app/x");
    assert_eq!(lease.duration, Duration::from_secs(3600));
    assert!(lease.renewable);
    assert_eq!(
        response.data.unwrap().as_str(),
        r#"{"username":"u","n":1.10}"#
    );
}

#[test]
fn kv_version_1_has_a_duration_without_a_lease() {
    let response = mk_response(r#"{"lease_id":"","lease_duration":2764800,"data":{"a":"b"}}"#);
    assert_eq!(response.lease, None);
    assert_eq!(response.lease_duration, Duration::from_secs(2_764_800));
}

#[test]
fn a_login_has_a_token_that_debug_hides() {
    let response = mk_response(
        r#"{"auth":{"client_token":"hvs.canary","accessor":"acc","lease_duration":60,"renewable":true,
            "policies":["app","default"],"metadata":{"role":"app"}},"data":null}"#,
    );
    assert!(!format!("{response:?}").contains("canary"));
    let auth = response.auth.unwrap();
    assert_eq!(auth.client_token.expose(), "hvs.canary");
    assert_eq!(auth.metadata["role"], "app");
    assert!(response.data.is_none());
}

#[test]
fn a_wrapped_answer_has_its_wrapping_token() {
    let response = mk_response(
        r#"{"data":null,"wrap_info":{"token":"hvs.canary","accessor":"a","ttl":300,
            "creation_time":"2026-11-23T12:00:00Z","creation_path":"auth/kubernetes/login"}}"#,
    );
    assert!(!format!("{response:?}").contains("canary"));
    assert_eq!(response.wrap_info.unwrap().ttl, Duration::from_secs(300));
}

#[test]
fn negative_durations_have_passed() {
    assert_eq!(
        mk_response(r#"{"lease_duration":-1}"#).lease_duration,
        Duration::ZERO
    );
}

#[test]
fn keys_are_those_of_a_list() {
    assert_eq!(
        mk_response(r#"{"data":{"keys":["b","a/"]}}"#)
            .keys()
            .unwrap(),
        ["b", "a/"]
    );
    assert!(mk_response(r#"{"data":null}"#).keys().unwrap().is_empty());
}

#[test]
fn a_lookup_tells_the_time_left() {
    let data = r#"{"id":"hvs.x","accessor":"acc","ttl":42,"creation_ttl":60,"renewable":true,
        "policies":["default"],"type":"service","expire_time":"2026-11-23T12:00:00Z"}"#;
    let info: TokenInfo = JsonText::new(data.into()).parse().unwrap();
    assert_eq!((info.ttl.as_secs(), info.creation_ttl.as_secs()), (42, 60));
    let root: TokenInfo =
        JsonText::new(r#"{"ttl":0,"expire_time":null,"policies":["root"]}"#.into())
            .parse()
            .unwrap();
    assert_eq!(
        (root.ttl, root.renewable, root.expire_time),
        (Duration::ZERO, false, None)
    );
}
