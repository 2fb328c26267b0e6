use serde_json::{Value, json};

use crate::state::harness::{Harness, ROOT, message, mk_guide_server};

fn credentials(server: &mut Harness, token: &str) -> (String, Value) {
    let (status, answer) = server.get(token, "database/creds/api-role");
    assert_eq!(status, 200, "{answer}");
    (answer["lease_id"].as_str().unwrap().to_owned(), answer)
}

fn renew(server: &mut Harness, token: &str, id: &str) -> (u16, Value) {
    server.put(
        token,
        "sys/leases/renew",
        json!({ "lease_id": id, "increment": 0 }),
    )
}

#[test]
fn a_lease_ends_when_nobody_renews_it() {
    let mut server = mk_guide_server();
    let (id, _) = credentials(&mut server, ROOT);
    assert_eq!(
        server
            .put(ROOT, "sys/leases/lookup", json!({ "lease_id": id }))
            .0,
        200
    );
    server.advance(3600);
    let answered = renew(&mut server, ROOT, &id);
    assert_eq!((answered.0, message(&answered)), (400, "lease not found"));
    assert!(server.state.here.leases.len() == 0);
}

#[test]
fn a_lease_is_renewed_up_to_its_maximum_and_then_ends() {
    let mut server = mk_guide_server();
    let (id, _) = credentials(&mut server, ROOT);
    let mut granted = Vec::new();
    for _ in 0..47 {
        server.advance(1800);
        let (status, answer) = renew(&mut server, ROOT, &id);
        assert_eq!(status, 200, "{answer}");
        granted.push(answer["lease_duration"].as_u64().unwrap());
    }
    // Renewed each half hour: full hours, until the 24 hours since the issue cut it.
    assert!(
        granted[..45].iter().all(|seconds| *seconds == 3600),
        "{granted:?}"
    );
    assert!(granted[46] <= 1800, "{granted:?}");
    assert_eq!(
        server.state.here.leases.views().next().unwrap().renewals,
        47
    );
    server.advance(1800);
    assert_eq!(renew(&mut server, ROOT, &id).0, 400);
}

#[test]
fn a_cut_renewal_says_so() {
    let mut server = mk_guide_server();
    let (id, _) = credentials(&mut server, ROOT);
    let body = json!({ "lease_id": id, "increment": "48h" });
    let (_, answer) = server.put(ROOT, "sys/leases/renew", body);
    assert!(
        answer["warnings"][0].as_str().unwrap().contains("capped"),
        "{answer}"
    );
    assert!(answer["lease_duration"].as_u64().unwrap() <= 24 * 3600);
}

#[test]
fn leases_die_with_their_token() {
    let mut server = mk_guide_server();
    let token = server.logged_in();
    let (id, _) = credentials(&mut server, &token);
    let (other, _) = credentials(&mut server, ROOT);
    assert_eq!(
        server.put(&token, "auth/token/revoke-self", Value::Null).0,
        204
    );
    assert_eq!(renew(&mut server, ROOT, &id).0, 400);
    assert_eq!(renew(&mut server, ROOT, &other).0, 200);
    assert_eq!(server.get(&token, "auth/token/lookup-self").0, 403);
}

#[test]
fn leases_die_with_an_expired_token_and_children_with_their_parent() {
    let mut server = mk_guide_server();
    server.done(
        "sys/policies/acl/api-secrets",
        json!({ "policy":
        r#"path "auth/token/create" { capabilities = ["update"] }
           path "database/creds/*" { capabilities = ["read"] }"# }),
    );
    let token = server.logged_in();
    let (_, child) = server.put(&token, "auth/token/create", json!({ "ttl": "10h" }));
    let child = child["auth"]["client_token"].as_str().unwrap().to_owned();
    let (id, _) = credentials(&mut server, &child);
    server.advance(1800);
    assert_eq!(renew(&mut server, &child, &id).0, 200);
    server.advance(1800);
    assert_eq!(server.get(&child, "auth/token/lookup-self").0, 403);
    assert_eq!(renew(&mut server, ROOT, &id).0, 400);
}

#[test]
fn a_token_is_renewed_up_to_its_maximum() {
    let mut server = mk_guide_server();
    server.done(
        "auth/kubernetes/role/api-service",
        json!({
            "bound_service_account_names": "*", "bound_service_account_namespaces": "*",
            "token_ttl": 600, "token_max_ttl": 1500,
        }),
    );
    let token = server.logged_in();
    let mut granted = Vec::new();
    for _ in 0..3 {
        server.advance(400);
        let (status, answer) =
            server.put(&token, "auth/token/renew-self", json!({ "increment": 0 }));
        assert_eq!(status, 200);
        granted.push(answer["auth"]["lease_duration"].as_u64().unwrap());
    }
    assert_eq!(granted[..2], [600, 600]);
    assert!((295..=300).contains(&granted[2]), "{granted:?}");
    let (_, lookup) = server.get(&token, "auth/token/lookup-self");
    assert!(lookup["data"]["ttl"].as_u64().unwrap() <= 300);
    server.advance(300);
    assert_eq!(
        server.put(&token, "auth/token/renew-self", json!({})).0,
        403
    );
}

#[test]
fn a_periodic_token_lives_as_long_as_it_is_renewed() {
    let mut server = mk_guide_server();
    let created = server.done(
        "auth/token/create",
        json!({ "period": "1h", "policies": ["default"] }),
    );
    let token = created["auth"]["client_token"].as_str().unwrap().to_owned();
    for _ in 0..1000 {
        server.advance(3000);
        let (status, answer) = server.put(&token, "auth/token/renew-self", json!({}));
        assert_eq!(
            (status, &answer["auth"]["lease_duration"]),
            (200, &json!(3600))
        );
    }
}

#[test]
fn leases_are_listed_and_revoked_by_prefix() {
    let mut server = mk_guide_server();
    let (id, _) = credentials(&mut server, ROOT);
    let (_, list) = server.ask(
        "LIST",
        Some(ROOT),
        "sys/leases/lookup/database/creds/api-role",
        &Value::Null,
    );
    assert_eq!(
        list["data"]["keys"],
        json!([id.rsplit('/').next().unwrap()])
    );
    server.done("sys/leases/revoke-prefix/database", Value::Null);
    assert_eq!(renew(&mut server, ROOT, &id).0, 400);
}

#[test]
fn a_static_role_rotates_at_its_period() {
    let mut server = mk_guide_server();
    server.done(
        "database/config/postgres",
        json!({ "plugin_name": "p", "allowed_roles": "*" }),
    );
    let role = json!({ "db_name": "postgres", "username": "app", "rotation_period": "1h" });
    server.done("database/static-roles/app", role);
    let (_, first) = server.get(ROOT, "database/static-creds/app");
    server.advance(1800);
    let (_, same) = server.get(ROOT, "database/static-creds/app");
    assert_eq!(first["data"]["password"], same["data"]["password"]);
    assert!(same["data"]["ttl"].as_u64().unwrap() <= 1800);
    server.advance(1800);
    let (_, rotated) = server.get(ROOT, "database/static-creds/app");
    assert_ne!(first["data"]["password"], rotated["data"]["password"]);
}
