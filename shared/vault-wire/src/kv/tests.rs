use super::*;

fn mk_mount(path: &str) -> Mount {
    Mount {
        path: path.into(),
        kind: "kv".into(),
        version: Some("2".into()),
    }
}

#[test]
fn reads_go_below_data() {
    let cases = [
        ("secret/", "", "secret/foo/bar", "secret/data/foo/bar"),
        ("secret/", "", "secret/data/foo", "secret/data/foo"),
        ("secret/", "", "secret/metadata/foo", "secret/metadata/foo"),
        ("secret/", "", "secret/subkeys/foo", "secret/subkeys/foo"),
        ("secret/", "", "secret/datafoo", "secret/data/datafoo"),
        ("secret/", "", "secret", "secret/data"),
        ("secret/", "", "secret/", "secret/data"),
        ("a/b/c/secret/", "a/b", "c/secret/foo", "c/secret/data/foo"),
        (
            "a/b/c/secret/",
            "a/b/",
            "c/secret/data/foo",
            "c/secret/data/foo",
        ),
        ("secret/secret/", "secret/", "secret/foo", "secret/data/foo"),
        (
            "secret/secret/",
            "",
            "secret/secret/foo",
            "secret/secret/data/foo",
        ),
        ("a/b/", "a/b", "a/b/foo", "a/b/data/foo"),
        (
            "shared-name/",
            "shared-name/",
            "shared-name/secret",
            "shared-name/data/secret",
        ),
        ("secret/", "", "secret//foo/../bar", "secret/data/bar"),
        (
            "secret/",
            "",
            "secret/foo?version=2",
            "secret/data/foo?version=2",
        ),
        (
            "secret/",
            "",
            "secret/data/foo?version=2",
            "secret/data/foo?version=2",
        ),
    ];
    for (mount, namespace, raw, expected) in cases {
        assert_eq!(
            read_path(raw, &mk_mount(mount), namespace),
            expected,
            "{raw} in {mount}, namespace {namespace:?}"
        );
    }
}

#[test]
fn lists_go_below_metadata() {
    let cases = [
        ("secret/", "secret", "secret/metadata"),
        ("secret/", "secret/", "secret/metadata"),
        ("secret/", "secret/foo", "secret/metadata/foo"),
        ("secret/", "secret/foo/", "secret/metadata/foo"),
        ("secret/", "secret/metadata", "secret/metadata"),
        ("secret/", "secret/metadata/foo", "secret/metadata/foo"),
        (
            "secret/",
            "secret/metadatafoo",
            "secret/metadata/metadatafoo",
        ),
        (
            "team/secret/",
            "team/secret/foo",
            "team/secret/metadata/foo",
        ),
    ];
    for (mount, raw, expected) in cases {
        assert_eq!(
            list_path(raw, &mk_mount(mount)),
            expected,
            "{raw} in {mount}"
        );
    }
}

#[test]
fn other_engines_are_left_alone() {
    let v1 = Mount {
        version: Some("1".into()),
        ..mk_mount("secret/")
    };
    let unversioned = Mount {
        version: None,
        ..mk_mount("secret/")
    };
    let database = Mount {
        kind: "database".into(),
        ..mk_mount("database/")
    };
    assert_eq!(read_path("secret/foo", &v1, ""), "secret/foo");
    assert_eq!(list_path("secret/foo", &unversioned), "secret/foo");
    assert_eq!(
        read_path("database/creds/app", &database, ""),
        "database/creds/app"
    );
}

#[test]
fn a_mount_is_read_from_its_description() {
    let data = r#"{"path":"secret/","type":"kv","options":{"version":"2"},"accessor":"kv_1"}"#;
    assert_eq!(
        Mount::from_data(&JsonText::new(data.into())).unwrap(),
        mk_mount("secret/")
    );
    let data = r#"{"path":"database/","type":"database","options":null}"#;
    let mount = Mount::from_data(&JsonText::new(data.into())).unwrap();
    assert!(!mount.is_kv_v2());
}

#[test]
fn a_version_is_gone_once_deleted_or_destroyed() {
    let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
    let now = SystemTime::from(now);
    let gone = |metadata: &str| {
        let text = format!(r#"{{"data":null,"metadata":{metadata}}}"#);
        SecretVersion::from_data(&JsonText::new(text)).map(|version| version.is_gone(now))
    };
    assert_eq!(
        gone(r#"{"version":1,"deletion_time":"","destroyed":false}"#),
        Some(false)
    );
    assert_eq!(
        gone(r#"{"version":1,"deletion_time":"2026-11-23T11:59:59.5Z"}"#),
        Some(true)
    );
    assert_eq!(
        gone(r#"{"version":1,"deletion_time":"2026-11-24T00:00:00Z"}"#),
        Some(false)
    );
    assert_eq!(
        gone(r#"{"version":1,"deletion_time":"","destroyed":true}"#),
        Some(true)
    );
    assert_eq!(gone(r#""of another engine""#), None);
}
