use serde_json::{Value, json};

use crate::product::Product;
use crate::state::harness::{Answered, Harness, ROOT, message, mk_server, mk_server_of};

const FORBIDDEN: &str = "1 error occurred:\n\t* permission denied\n\n";

/// `team`, with `team/inner` in it; both have a mount `kv/` with a secret that names its place.
fn mk_namespaces() -> Harness {
    let mut server = mk_server_of(Product::OpenBao);
    server.done("sys/namespaces/team", json!({}));
    server.done("team/sys/namespaces/inner", json!({}));
    for namespace in ["team", "team/inner"] {
        server.done(
            &format!("{namespace}/sys/mounts/kv"),
            json!({ "type": "kv" }),
        );
        server.done(&format!("{namespace}/kv/a"), json!({ "in": namespace }));
    }
    server
}

/// A token of `namespace` with a policy of it.
fn mk_token(server: &mut Harness, namespace: &str, policy: &str) -> String {
    let at = |path: &str| format!("{namespace}/{path}");
    server.done(&at("sys/policies/acl/p"), json!({ "policy": policy }));
    let made = server.done(&at("auth/token/create"), json!({ "policies": ["p"] }));
    made["auth"]["client_token"].as_str().unwrap().to_owned()
}

fn refused(answered: &Answered) -> (u16, &str) {
    (answered.0, message(answered))
}

#[test]
fn a_namespace_has_mounts_policies_and_auth_methods_of_its_own() {
    let mut server = mk_namespaces();
    server.done("team/sys/auth/approle", json!({ "type": "approle" }));
    server.done("team/sys/policies/acl/own", json!({ "policy": "" }));
    let nowhere = server.get(ROOT, "kv/a");
    assert_eq!(
        refused(&nowhere),
        (404, "no handler for route \"kv/a\". route entry not found.")
    );
    let inner = server.get(ROOT, "team/inner/kv/a");
    assert_eq!(inner.1["data"]["in"], "team/inner");
    assert_eq!(server.get(ROOT, "sys/policies/acl/own").0, 404);
    assert_eq!(server.get(ROOT, "team/sys/policies/acl/own").0, 200);
    assert_eq!(server.get(ROOT, "sys/auth").1["data"], json!({}));
    let mounts = &server.get(ROOT, "team/sys/mounts").1["data"];
    assert_eq!(mounts.as_object().unwrap().len(), 1, "{mounts}");
}

#[test]
fn the_header_and_the_path_name_a_namespace_together() {
    let mut server = mk_namespaces();
    for (header, path) in [
        ("", "team/inner/kv/a"),
        ("team", "inner/kv/a"),
        ("team/inner", "kv/a"),
        ("/team/inner/", "kv/a"),
    ] {
        let (status, answer) = server.inside(header).get(ROOT, path);
        assert_eq!((status, &answer["data"]["in"]), (200, &json!("team/inner")));
    }
    let unknown = server.inside("nobody").get(ROOT, "kv/a");
    assert!(message(&unknown).starts_with("no handler for route"));
}

#[test]
fn namespaces_are_told_and_deleted_with_all_that_is_in_them() {
    let mut server = mk_namespaces();
    let (_, list) = server.ask("LIST", Some(ROOT), "sys/namespaces", &Value::Null);
    assert_eq!(list["data"]["keys"], json!(["team/"]));
    assert_eq!(list["data"]["key_info"]["team/"]["path"], "team/");
    let (_, inner) = server.get(ROOT, "team/sys/namespaces/inner");
    assert_eq!(inner["data"]["path"], "team/inner/");
    let delete =
        |server: &mut Harness, path: &str| server.ask("DELETE", Some(ROOT), path, &Value::Null);
    let full = delete(&mut server, "sys/namespaces/team");
    assert_eq!(
        refused(&full),
        (
            409,
            "unable to delete namespace containing child namespaces"
        )
    );
    let token = mk_token(
        &mut server,
        "team/inner",
        r#"path "kv/*" { capabilities = ["read"] }"#,
    );
    let gone = delete(&mut server, "team/sys/namespaces/inner");
    assert_eq!(
        (gone.0, &gone.1["data"]["status"]),
        (200, &json!("in-progress"))
    );
    assert_eq!(server.get(ROOT, "team/sys/namespaces/inner").0, 404);
    assert_eq!(
        server
            .ask("LIST", Some(ROOT), "team/sys/namespaces", &Value::Null)
            .0,
        404
    );
    let dead = server.get(&token, "auth/token/lookup-self");
    assert_eq!(refused(&dead), (403, "permission denied"));
    server.done("team/sys/namespaces/inner", json!({}));
    assert_eq!(server.get(ROOT, "team/inner/kv/a").0, 404);
}

#[test]
fn a_token_is_good_in_its_namespace_and_below() {
    let mut server = mk_namespaces();
    let policy = r#"path "kv/*" { capabilities = ["read"] }
        path "inner/kv/a" { capabilities = ["read"] }"#;
    let token = mk_token(&mut server, "team", policy);
    assert_eq!(server.inside("team").get(&token, "kv/a").0, 200);
    assert_eq!(server.inside("team/inner").get(&token, "kv/a").0, 200);
    let other = server.inside("team/inner").get(&token, "kv/b");
    assert_eq!(refused(&other), (403, FORBIDDEN));
    let above = server.inside("").get(&token, "secret/data/a");
    assert_eq!(refused(&above), (403, FORBIDDEN));
    let (_, own) = server.inside("team").get(&token, "auth/token/lookup-self");
    assert_eq!(own["data"]["namespace_path"], "team/");
    let lookup = json!({ "token": ROOT });
    let foreign = server.inside("team").put(ROOT, "auth/token/lookup", lookup);
    assert_eq!(refused(&foreign), (403, "bad token"));
}

#[test]
fn a_lease_lives_in_its_namespace_and_ends_with_its_token() {
    let mut server = mk_namespaces();
    server.done("team/sys/mounts/database", json!({ "type": "database" }));
    let config = json!({ "plugin_name": "p", "allowed_roles": "*" });
    server.done("team/database/config/db", config);
    server.done("team/database/roles/app", json!({ "db_name": "db" }));
    let policy = r#"path "database/*" { capabilities = ["read"] }"#;
    let token = mk_token(&mut server, "team", policy);
    let (_, secret) = server.inside("team").get(&token, "database/creds/app");
    let lease = json!({ "lease_id": secret["lease_id"] });
    let look = |server: &mut Harness, namespace: &'static str| {
        server
            .inside(namespace)
            .put(ROOT, "sys/leases/lookup", lease.clone())
            .0
    };
    assert_eq!(
        (look(&mut server, ""), look(&mut server, "team")),
        (400, 200)
    );
    server.inside("team/inner");
    server.state.end_token(&token);
    assert_eq!(look(&mut server, "team"), 400);
}

#[test]
fn names_that_would_hide_something_are_refused() {
    let mut server = mk_namespaces();
    server.done("sys/mounts/kv", json!({ "type": "kv" }));
    for name in ["sys", "kv", "a/b"] {
        let answered = server.put(ROOT, &format!("sys/namespaces/{name}"), json!({}));
        assert_eq!(answered.0, 400, "{name}: {answered:?}");
    }
}

#[test]
fn the_community_edition_of_vault_ignores_the_header() {
    let mut server = mk_server();
    assert_eq!(server.put(ROOT, "sys/namespaces/team", json!({})).0, 404);
    server.done("secret/data/a", json!({ "data": {} }));
    assert_eq!(server.inside("team").get(ROOT, "secret/data/a").0, 200);
}

#[test]
fn openbao_refuses_an_unknown_token_in_the_words_of_a_missing_one() {
    let mut server = mk_namespaces();
    let unknown = server.get("hvs.unknown", "auth/token/lookup-self");
    let none = server.ask("GET", None, "auth/token/lookup-self", &Value::Null);
    for answered in [unknown, none] {
        assert_eq!(refused(&answered), (403, "permission denied"));
    }
}
