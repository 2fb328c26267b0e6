use std::time::Duration;

use serde_json::{Value, json};

use super::bound;
use crate::state::harness::{Answered, Harness, Keys, message, mk_guide_server, mk_server};

const HOUR: Duration = Duration::from_secs(3600);

fn login(server: &mut Harness, role: &str, jwt: &str) -> Answered {
    server.ask(
        "PUT",
        None,
        "auth/kubernetes/login",
        &json!({ "role": role, "jwt": jwt }),
    )
}

#[test]
fn a_login_gives_a_token_with_the_roles_policies() {
    let mut server = mk_guide_server();
    let (status, answer) = server.login("production", "api-service-sa");
    assert_eq!(status, 200);
    let auth = &answer["auth"];
    assert_eq!(auth["policies"], json!(["api-secrets", "default"]));
    assert_eq!(
        (&auth["lease_duration"], &auth["renewable"]),
        (&json!(3600), &json!(true))
    );
    assert_eq!(auth["metadata"]["service_account_name"], "api-service-sa");
    assert_eq!(answer["data"], Value::Null);
}

#[test]
fn a_login_is_refused_with_the_reason() {
    let mut server = mk_guide_server();
    let wrong_name = server.login("production", "default");
    assert_eq!(
        (wrong_name.0, message(&wrong_name)),
        (403, "service account name not authorized")
    );
    let wrong_namespace = server.login("staging", "api-service-sa");
    assert_eq!(
        (wrong_namespace.0, message(&wrong_namespace)),
        (403, "namespace not authorized")
    );
    let jwt = server.keys.mint("production", "api-service-sa", &[], HOUR);
    let no_role = login(&mut server, "nobody", &jwt);
    assert_eq!(
        (no_role.0, message(&no_role)),
        (400, "invalid role name \"nobody\"")
    );
    let foreign = Keys("other").mint("production", "api-service-sa", &[], HOUR);
    assert_eq!(login(&mut server, "api-service", &foreign).0, 403);
    let garbage = login(&mut server, "api-service", "not.a.jwt");
    assert_eq!(garbage.0, 403);
}

#[test]
fn an_old_service_account_token_is_refused() {
    let mut server = mk_guide_server();
    let jwt = server.keys.mint("production", "api-service-sa", &[], HOUR);
    server.advance(3600);
    let answered = login(&mut server, "api-service", &jwt);
    assert_eq!(answered.0, 403);
    assert!(message(&answered).contains("expired"));
}

#[test]
fn a_role_may_ask_for_an_audience() {
    let mut server = mk_guide_server();
    server.done(
        "auth/kubernetes/role/strict",
        json!({
            "bound_service_account_names": ["api-service-sa"],
            "bound_service_account_namespaces": ["*"],
            "audience": "vault",
        }),
    );
    let other = server
        .keys
        .mint("production", "api-service-sa", &["other"], HOUR);
    let answered = login(&mut server, "strict", &other);
    assert!(
        message(&answered).starts_with("invalid audience (aud) claim"),
        "{answered:?}"
    );
    let right = server
        .keys
        .mint("production", "api-service-sa", &["vault"], HOUR);
    assert_eq!(login(&mut server, "strict", &right).0, 200);
}

#[test]
fn a_mounts_own_keys_are_trusted() {
    let mut server = mk_server();
    let cluster = Keys("own");
    server.done("sys/auth/kubernetes", json!({ "type": "kubernetes" }));
    let pem = cluster.public_key_pem();
    server.done(
        "auth/kubernetes/config",
        json!({ "kubernetes_host": "https://k8s", "pem_keys": [pem] }),
    );
    server.done(
        "auth/kubernetes/role/app",
        json!({ "bound_service_account_names": "app", "bound_service_account_namespaces": "*" }),
    );
    assert_eq!(
        login(&mut server, "app", &cluster.mint("any", "app", &[], HOUR)).0,
        200
    );
}

#[test]
fn a_method_that_is_not_set_up_admits_nobody() {
    let mut server = mk_server();
    assert_eq!(server.login("production", "api-service-sa").0, 403);
    server.done("sys/auth/kubernetes", json!({ "type": "kubernetes" }));
    let unbound = server.put("root", "auth/kubernetes/role/x", json!({ "policies": "p" }));
    assert_eq!(
        message(&unbound),
        "\"bound_service_account_names\" can not be empty"
    );
}

#[test]
fn a_batch_token_cannot_be_renewed() {
    let mut server = mk_guide_server();
    server.done(
        "auth/kubernetes/role/batch",
        json!({
            "bound_service_account_names": "*",
            "bound_service_account_namespaces": "*",
            "token_type": "batch",
            "token_ttl": 60,
        }),
    );
    let jwt = server.keys.mint("a", "b", &[], HOUR);
    let (_, answer) = login(&mut server, "batch", &jwt);
    let token = answer["auth"]["client_token"].as_str().unwrap().to_owned();
    assert_eq!(answer["auth"]["renewable"], false);
    assert_eq!(
        server.put(&token, "auth/token/renew-self", json!({})).0,
        400
    );
}

#[test]
fn bound_names_may_have_stars_at_their_ends() {
    let fits = |pattern: &str, name| bound(&[pattern.to_owned()], name);
    assert!(
        fits("*", "any")
            && fits("app-*", "app-1")
            && fits("*-sa", "x-sa")
            && fits("*mid*", "a-mid-b")
    );
    assert!(!fits("app-*", "other") && !fits("app", "app-1"));
}
