use serde_json::{Value, json};

use super::children;
use crate::product::Product;
use crate::state::harness::{Harness, ROOT, message, mk_server, mk_server_of};

fn mk_versions(count: u32) -> Harness {
    let mut server = mk_server();
    for number in 1..=count {
        server.done("secret/data/app", json!({ "data": { "n": number } }));
    }
    server
}

#[test]
fn each_write_makes_a_version() {
    let mut server = mk_versions(2);
    let (_, latest) = server.get(ROOT, "secret/data/app");
    assert_eq!(
        (
            &latest["data"]["data"]["n"],
            &latest["data"]["metadata"]["version"]
        ),
        (&json!(2), &json!(2))
    );
    assert_eq!(
        server.get(ROOT, "secret/data/app?version=1").1["data"]["data"]["n"],
        1
    );
    assert_eq!(server.get(ROOT, "secret/data/app?version=9").0, 404);
    let (_, metadata) = server.get(ROOT, "secret/metadata/app");
    assert_eq!(metadata["data"]["current_version"], 2);
    assert_eq!(metadata["data"]["versions"].as_object().unwrap().len(), 2);
}

#[test]
fn only_the_newest_versions_are_kept() {
    let mut server = mk_versions(12);
    assert_eq!(server.get(ROOT, "secret/data/app?version=2").0, 404);
    assert_eq!(server.get(ROOT, "secret/data/app?version=3").0, 200);
}

#[test]
fn metadata_tell_the_oldest_version_once_one_has_gone() {
    let oldest = |count: u32| {
        let (_, answer) = mk_versions(count).get(ROOT, "secret/metadata/app");
        answer["data"]["oldest_version"].clone()
    };
    assert_eq!(
        (oldest(9), oldest(10), oldest(12)),
        (json!(0), json!(1), json!(3))
    );
}

#[test]
fn openbao_counts_the_writes_of_metadata() {
    let mut server = mk_server_of(Product::OpenBao);
    for owner in ["a", "b"] {
        let body = json!({ "custom_metadata": { "owner": owner } });
        server.done("secret/metadata/app", body);
        server.done("secret/data/app", json!({ "data": {} }));
    }
    let (_, answer) = server.get(ROOT, "secret/metadata/app");
    assert_eq!(answer["data"]["current_metadata_version"], 2);
    assert_eq!(answer["data"]["metadata_cas_required"], false);
    let (_, vault) = mk_versions(1).get(ROOT, "secret/metadata/app");
    assert_eq!(vault["data"]["current_metadata_version"], Value::Null);
}

#[test]
fn a_version_that_is_no_number_is_refused_and_metadata_alone_are_no_version() {
    let mut server = mk_versions(1);
    let refused = server.get(ROOT, "secret/data/app?version=v1");
    assert_eq!(refused.0, 400);
    assert!(message(&refused).starts_with("Field validation failed: error converting input"));
    server.done("secret/metadata/new", json!({ "max_versions": 3 }));
    assert_eq!(
        server.get(ROOT, "secret/data/new"),
        (404, json!({ "errors": [] }))
    );
}

#[test]
fn a_deleted_version_is_404_with_its_metadata_and_can_come_back() {
    let mut server = mk_versions(1);
    server.ask("DELETE", Some(ROOT), "secret/data/app", &Value::Null);
    let (status, gone) = server.get(ROOT, "secret/data/app");
    assert_eq!((status, &gone["data"]["data"]), (404, &Value::Null));
    assert_ne!(gone["data"]["metadata"]["deletion_time"], "");
    server.done("secret/undelete/app", json!({ "versions": [1] }));
    assert_eq!(server.get(ROOT, "secret/data/app").0, 200);
}

#[test]
fn a_destroyed_version_is_gone_for_good() {
    let mut server = mk_versions(1);
    server.done("secret/destroy/app", json!({ "versions": [1] }));
    server.done("secret/undelete/app", json!({ "versions": [1] }));
    let (status, gone) = server.get(ROOT, "secret/data/app");
    assert_eq!(
        (status, &gone["data"]["metadata"]["destroyed"]),
        (404, &json!(true))
    );
    assert_eq!(gone["data"]["metadata"]["deletion_time"], "");
}

#[test]
fn a_version_can_be_deleted_by_time() {
    let mut server = mk_server();
    server.done(
        "secret/metadata/app",
        json!({ "delete_version_after": "1h", "custom_metadata": { "a": "b" } }),
    );
    server.done("secret/data/app", json!({ "data": {} }));
    let (status, secret) = server.get(ROOT, "secret/data/app");
    assert_eq!(
        (status, &secret["data"]["metadata"]["custom_metadata"]["a"]),
        (200, &json!("b"))
    );
    server.advance(3600);
    assert_eq!(server.get(ROOT, "secret/data/app").0, 404);
}

#[test]
fn check_and_set_takes_the_current_version_only() {
    let mut server = mk_versions(1);
    let mut write = |cas: u64| {
        server
            .put(
                ROOT,
                "secret/data/app",
                json!({ "data": {}, "options": { "cas": cas } }),
            )
            .0
    };
    assert_eq!((write(0), write(1), write(1)), (400, 200, 400));
}

#[test]
fn nothing_there_has_no_message_and_a_wrong_path_has_a_warning() {
    let mut server = mk_versions(1);
    assert_eq!(
        server.get(ROOT, "secret/data/nothing"),
        (404, json!({ "errors": [] }))
    );
    let (status, answer) = server.get(ROOT, "secret/app");
    assert_eq!(
        (status, answer["warnings"].as_array().unwrap().len()),
        (404, 1)
    );
}

#[test]
fn version_1_has_no_versions_but_a_duration() {
    let mut server = mk_server();
    server.done("sys/mounts/kv", json!({ "type": "kv" }));
    assert_eq!(server.put(ROOT, "kv/app", json!({ "a": "b" })).0, 204);
    let (_, secret) = server.get(ROOT, "kv/app");
    assert_eq!(
        (&secret["data"], &secret["lease_duration"]),
        (&json!({ "a": "b" }), &json!(2_764_800))
    );
    server.done("kv/short", json!({ "ttl": "30s" }));
    assert_eq!(server.get(ROOT, "kv/short").1["lease_duration"], 30);
    let empty = server.put(ROOT, "kv/app", json!({}));
    assert_eq!(message(&empty), "missing data fields");
    server.ask("DELETE", Some(ROOT), "kv/app", &Value::Null);
    assert_eq!(server.get(ROOT, "kv/app").0, 404);
}

#[test]
fn both_ways_to_list_give_names_and_folders() {
    let mut server = mk_versions(1);
    server.done("secret/data/team/a", json!({ "data": {} }));
    server.done("secret/data/team/b/c", json!({ "data": {} }));
    let (_, top) = server.ask("LIST", Some(ROOT), "secret/metadata", &Value::Null);
    assert_eq!(top["data"]["keys"], json!(["app", "team/"]));
    let (_, team) = server.get(ROOT, "secret/metadata/team/?list=true");
    assert_eq!(team["data"]["keys"], json!(["a", "b/"]));
    assert_eq!(server.get(ROOT, "secret/metadata/none?list=true").0, 404);
    assert_eq!(children(["a/b"].into_iter(), "a"), ["b"]);
}
