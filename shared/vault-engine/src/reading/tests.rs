use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value as Json, json};
use vault_wire::JsonText;

use super::*;

fn mk_mount(kind: &str, version: Option<&str>) -> Mount {
    Mount {
        path: "kv/".into(),
        kind: kind.into(),
        version: version.map(Into::into),
    }
}

fn value(path: &str, mount: Option<&Mount>, body: &Json) -> Option<Value> {
    let response = Response::from_body(JsonText::new(body.to_string())).unwrap();
    let want = Want::Read { path: path.into() };
    let wall = UNIX_EPOCH + Duration::from_secs(1000);
    Value::of(&want, Some(&response), path, mount, wall)
}

#[test]
fn a_deleted_version_is_no_secret() {
    let deleted = json!({"data": {"data": null, "metadata": {
        "version": 3, "deletion_time": "1970-01-01T00:10:00Z", "destroyed": false,
    }}});
    let kv = mk_mount("kv", Some("2"));
    assert!(value("kv/data/a", Some(&kv), &deleted).is_none());
    assert!(
        value("kv/data/a", None, &deleted).is_none(),
        "the path tells"
    );
    let other = mk_mount("database", None);
    assert!(
        value("kv/data/a", Some(&other), &deleted).is_some(),
        "it only looks like one"
    );
}

#[test]
fn the_version_of_kv_is_followed_unless_the_path_names_one() {
    let body = json!({"data": {"data": {"a": 1}, "metadata": {"version": 3}}});
    let kv = mk_mount("kv", Some("2"));
    let version = |path| value(path, Some(&kv), &body).unwrap().version;
    assert_eq!(version("kv/data/a"), Some(3));
    assert_eq!(version("kv/data/a?version=3"), None);
    assert_eq!(
        value("kv/a", Some(&mk_mount("kv", None)), &body)
            .unwrap()
            .version,
        None
    );
}

#[test]
fn an_answer_without_content_is_a_secret_of_a_write_alone() {
    let empty = json!({"request_id": "1", "data": null});
    assert!(value("a/b", None, &empty).is_none());
    let want = |is_write: bool| {
        let (path, data) = ("a/b".into(), crate::Fields::default());
        if is_write {
            Want::Write { path, data }
        } else {
            Want::Issue { path, data }
        }
    };
    let nothing = |want: &Want| Value::of(want, None, "a/b", None, UNIX_EPOCH).is_some();
    assert!(nothing(&want(true)) && !nothing(&want(false)));
    assert!(nothing(&Want::List { path: "a".into() }), "an empty list");
    assert!(!nothing(&Want::Read { path: "a".into() }));
}

#[test]
fn a_certificate_ends_by_the_wall_clock_unless_it_has_a_lease() {
    let body = |lease: &str| {
        json!({"lease_id": lease, "lease_duration": 60, "renewable": false,
               "data": {"certificate": "x", "expiration": 1600}})
    };
    let ends = |lease| value("pki/x", None, &body(lease)).unwrap().certificate_ends;
    assert_eq!(ends(""), Some(UNIX_EPOCH + Duration::from_secs(1600)));
    assert_eq!(ends("pki/x/1"), None);
}

#[test]
fn paths_are_those_that_vault_gets() {
    let kv = mk_mount("kv", Some("2"));
    let path = |want: Want| api_path(&want, Some(&kv), "").to_string();
    assert_eq!(
        path(Want::Read {
            path: "kv/a".into()
        }),
        "kv/data/a"
    );
    assert_eq!(
        path(Want::List {
            path: "kv/a".into()
        }),
        "kv/metadata/a"
    );
    let (issue, data) = ("kv/issue/a".into(), crate::Fields::default());
    assert_eq!(path(Want::Issue { path: issue, data }), "kv/issue/a");
    let read = Want::Read {
        path: "kv/a".into(),
    };
    assert_eq!(api_path(&read, None, "").as_ref(), "kv/a");
}

#[test]
fn a_lifespan_knows_what_kind_of_answer_it_is_of() {
    let body = json!({"data": {"a": 1}});
    let of = |kind: &str, version| {
        value("kv/data/a", Some(&mk_mount(kind, version)), &body)
            .unwrap()
            .lifespan
    };
    assert!(of("kv", None).is_kv_v1);
    assert!(!of("kv", Some("2")).is_kv_v1);
    assert!(!of("database", None).is_kv_v1);
    assert!(!value("kv/a", None, &body).unwrap().lifespan.is_kv_v1);

    let response = Response::from_body(JsonText::new(body.to_string())).unwrap();
    let data = crate::Fields::default();
    let write = Want::Write {
        path: "a".into(),
        data,
    };
    let list = Want::List { path: "a".into() };
    for response in [Some(&response), None] {
        let lifespan = |want| {
            Value::of(want, response, "a", None, UNIX_EPOCH)
                .unwrap()
                .lifespan
        };
        assert!(lifespan(&write).is_write && !lifespan(&write).is_list);
        assert!(lifespan(&list).is_list && !lifespan(&list).is_write);
    }
}
