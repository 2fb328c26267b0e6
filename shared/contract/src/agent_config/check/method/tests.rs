use serde_json::json;

use super::*;

/// What is said of a method with these settings; empty where it is right.
fn said(kind: &str, config: Value) -> String {
    let config = serde_json::from_value(config).unwrap();
    Method::read(kind, &config)
        .err()
        .map_or_else(String::new, |error| error.to_string())
}

#[test]
fn a_method_says_what_it_lacks() {
    for (kind, config, words) in [
        ("kubernetes", json!({}), "missing 'role' value"),
        (
            "kubernetes",
            json!({"role": 1}),
            "could not convert 'role' config value to string",
        ),
        ("kubernetes", json!({"role": ""}), "'role' value is empty"),
        (
            "kubernetes",
            json!({"role": "app", "token_path": 1}),
            "could not convert 'token_path' config value to string",
        ),
        ("jwt", json!({"role": "app"}), "missing 'path' value"),
        (
            "jwt",
            json!({"role": "app", "token_path": "/t"}),
            "missing 'path' value: rename token_path, as other methods call it, to path",
        ),
        ("jwt", json!({"path": "/t"}), "missing 'role' value"),
        ("approle", json!({}), "missing 'role_id_file_path' value"),
        (
            "approle",
            json!({"role_id_file_path": "/r", "secret_id_response_wrapping_path": "p"}),
            "missing 'secret_id_file_path' value",
        ),
        (
            "cert",
            json!({"client_cert": "/own"}),
            "missing 'client_key' value",
        ),
        ("token_file", json!({}), "missing 'token_file_path' value"),
        ("aws", json!({"role": "app"}), "missing 'type' value"),
        ("aws", json!({"type": "iam"}), "missing 'role' value"),
        (
            "aws",
            json!({"type": "iam", "role": "app", "access_key": "k"}),
            "missing 'secret_key' value",
        ),
        ("gcp", json!({"role": "app"}), "missing 'type' value"),
        ("gcp", json!({"type": "gce"}), "missing 'role' value"),
        ("azure", json!({"role": "app"}), "missing 'resource' value"),
    ] {
        assert_eq!(said(kind, config.clone()), words, "{kind} {config}");
    }
}

#[test]
fn a_method_says_what_it_takes_instead() {
    let approle = json!({"role_id_file_path": "/r", "remove_secret_id_file_after_reading": "so"});
    let both = json!({"role": "a", "resource": "r", "object_id": "o", "client_id": "c"});
    let region = json!({"type": "iam", "role": "app", "region": "evil.example/"});
    for (kind, config, words) in [
        (
            "approle",
            approle,
            "error parsing 'remove_secret_id_file_after_reading' value: ",
        ),
        ("azure", both, "only one of object_id and client_id"),
        ("aws", region, "it is a name like eu-central-1"),
        ("aws", json!({"type": "ec2", "role": "app"}), "use \"iam\""),
        ("gcp", json!({"type": "iam", "role": "app"}), "use \"gce\""),
        ("ldap", json!({}), "it is one of Vault's"),
        (
            "oidc",
            json!({}),
            "unknown auth method \"oidc\": this agent knows",
        ),
    ] {
        let said = said(kind, config);
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn a_method_with_what_it_needs_is_right() {
    for (kind, config) in [
        ("kubernetes", json!({"role": "app"})),
        (
            "jwt",
            json!({"role": "app", "path": "/t", "remove_jwt_after_reading": false}),
        ),
        ("approle", json!({"role_id_file_path": "/r"})),
        ("cert", json!({})),
        ("token_file", json!({"token_file_path": "/t"})),
        ("aws", json!({"type": "iam", "role": "app"})),
        ("gcp", json!({"type": "gce", "role": "app"})),
        ("azure", json!({"role": "app", "resource": "r"})),
        (
            "azure",
            json!({"role": "app", "resource": "r", "object_id": "o"}),
        ),
    ] {
        assert_eq!(said(kind, config), "", "{kind}");
    }
}

#[test]
fn a_secret_key_shows_in_no_debug_output() {
    let config = json!({
        "type": "iam", "role": "app", "access_key": "AKID", "secret_key": "canary",
    });
    let config = serde_json::from_value(config).unwrap();
    let shown = format!("{:?}", Method::read("aws", &config).unwrap());
    assert!(
        shown.contains("AKID") && !shown.contains("canary"),
        "{shown}"
    );
}
