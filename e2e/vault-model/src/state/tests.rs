use serde_json::{Value, json};

use super::harness::{ROOT, message, mk_guide_server, mk_server};

#[test]
fn the_guide_works_from_policy_to_secret() {
    let mut server = mk_guide_server();
    let token = server.logged_in();
    let (status, secret) = server.get(&token, "secret/data/production/api-service");
    assert_eq!(status, 200);
    assert_eq!(secret["data"]["data"]["api_key"], "sk_live_xxxxx");
    assert_eq!(secret["lease_id"], "");
    let (status, credentials) = server.get(&token, "database/creds/api-role");
    assert_eq!(status, 200);
    assert!(
        credentials["data"]["username"]
            .as_str()
            .unwrap()
            .starts_with("v-kubernet-api-role-")
    );
    assert_eq!(
        (&credentials["lease_duration"], &credentials["renewable"]),
        (&json!(3600), &json!(true))
    );
}

#[test]
fn a_policy_limits_what_a_token_may_do() {
    let mut server = mk_guide_server();
    let token = server.logged_in();
    for (method, path) in [
        ("GET", "secret/data/production/other"),
        ("PUT", "secret/data/production/api-service"),
        ("GET", "secret/metadata/production/api-service"),
        ("LIST", "secret/metadata/production"),
        ("PUT", "sys/leases/revoke"),
        ("GET", "nowhere/at/all"),
    ] {
        let answered = server.ask(method, Some(&token), path, &Value::Null);
        assert_eq!(
            (answered.0, message(&answered)),
            (403, "permission denied"),
            "{method} {path}"
        );
    }
}

#[test]
fn a_dead_token_is_told_from_a_denied_path() {
    let mut server = mk_guide_server();
    let unknown = server.get("hvs.unknown", "auth/token/lookup-self");
    assert_eq!(unknown.0, 403);
    assert!(message(&unknown).contains("invalid token"));
    let none = server.ask("GET", None, "secret/data/x", &Value::Null);
    assert_eq!((none.0, message(&none)), (403, "permission denied"));
}

#[test]
fn mounts_are_described_to_whoever_uses_them() {
    let mut server = mk_guide_server();
    let token = server.logged_in();
    let (status, mount) = server.get(
        &token,
        "sys/internal/ui/mounts/secret/production/api-service",
    );
    assert_eq!(status, 200);
    assert_eq!(mount["data"]["path"], "secret/");
    assert_eq!(mount["data"]["options"]["version"], "2");
    let (_, mount) = server.get(&token, "sys/internal/ui/mounts/database/creds/api-role");
    assert_eq!(
        (&mount["data"]["type"], &mount["data"]["options"]),
        (&json!("database"), &Value::Null)
    );
    server.done("sys/mounts/private", json!({ "type": "kv" }));
    for path in ["private/x", "nowhere/x"] {
        let answered = server.get(&token, &format!("sys/internal/ui/mounts/{path}"));
        assert_eq!(answered.0, 403);
        assert!(message(&answered).starts_with("preflight capability check"));
    }
}

#[test]
fn the_deepest_mount_rules() {
    let mut server = mk_server();
    server.done("sys/mounts/team", json!({ "type": "kv" }));
    server.done(
        "sys/mounts/team/app",
        json!({ "type": "kv", "options": { "version": "2" } }),
    );
    server.done("team/app/data/x", json!({ "data": { "in": "inner" } }));
    server.done("team/application", json!({ "in": "outer" }));
    assert_eq!(
        server.get(ROOT, "team/app/data/x").1["data"]["data"]["in"],
        "inner"
    );
    assert_eq!(
        server.get(ROOT, "team/application").1["data"]["in"],
        "outer"
    );
    assert_eq!(
        server
            .put(ROOT, "sys/mounts/team", json!({ "type": "kv" }))
            .0,
        400
    );
}

#[test]
fn a_sealed_server_answers_health_only() {
    let mut server = mk_server();
    server.state.sealed = true;
    let answered = server.get(ROOT, "secret/data/x");
    assert_eq!((answered.0, message(&answered)), (503, "Vault is sealed"));
    let (status, health) = server.ask("GET", None, "sys/health", &Value::Null);
    assert_eq!((status, &health["sealed"]), (503, &json!(true)));
    server.state.sealed = false;
    assert_eq!(server.get(ROOT, "secret/data/x").0, 404);
}

#[test]
fn a_token_without_metadata_has_none_at_all() {
    let mut server = mk_server();
    let made = server.done("auth/token/create", json!({ "policies": "default" }));
    assert_eq!(made["auth"]["metadata"], Value::Null);
    let body = json!({ "policies": "default", "meta": { "a": "b" } });
    let made = server.done("auth/token/create", body);
    assert_eq!(made["auth"]["metadata"], json!({ "a": "b" }));
}

#[test]
fn capabilities_are_told() {
    let mut server = mk_guide_server();
    let token = server.logged_in();
    let body = json!({ "paths": ["secret/data/production/api-service", "secret/data/other"] });
    let (_, answer) = server.put(&token, "sys/capabilities-self", body);
    assert_eq!(
        answer["data"]["secret/data/production/api-service"],
        json!(["read"])
    );
    assert_eq!(answer["data"]["secret/data/other"], json!(["deny"]));
}
