//! What stands behind upstream's text: the annotation, what is wrong with its value, what to write.

use super::*;

fn message(annotations: &[(&str, &str)]) -> String {
    match decided(&mk_pod(annotations), &mk_settings()).decision {
        Decision::Deny(denial) => denial.message(),
        other => panic!("{annotations:?}: {other:?}"),
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn a_value_that_cannot_be_read_is_named_with_its_key_and_what_to_write() {
    for (key, value, expected) in [
        (
            "agent-inject",
            "yes",
            "agent-inject: \"yes\" is not a boolean (write \"true\" or \"false\") [VI-1003]",
        ),
        (
            "agent-inject",
            "True ",
            "agent-inject: \"True \" begins or ends with a blank (write \"True\") [VI-1003]",
        ),
        (
            "agent-cache-enable",
            "on",
            "agent-cache-enable: \"on\" is not a boolean (write \"true\" or \"false\") [VI-1003]",
        ),
        (
            "agent-share-process-namespace",
            "x",
            "agent-share-process-namespace: \"x\" is not a boolean (write \"true\" or \"false\") [VI-1003]",
        ),
        (
            "agent-run-as-user",
            " 7",
            "agent-run-as-user: \" 7\" begins or ends with a blank (write \"7\") [VI-1004]",
        ),
        (
            "agent-run-as-user",
            "root",
            "agent-run-as-user: \"root\" is not a whole number (write 1000) [VI-1004]",
        ),
        (
            "agent-run-as-group",
            "99999999999999999999",
            "agent-run-as-group: \"99999999999999999999\" is outside of what 64 bits hold (write a smaller \
             number) [VI-1004]",
        ),
        (
            "template-lease-renewal-threshold",
            "90%",
            "template-lease-renewal-threshold: \"90%\" is not a decimal number (write 0.9) [VI-1004]",
        ),
        (
            "agent-limits-mem",
            "64MB",
            "agent-limits-mem: \"64MB\" is not a quantity (write 64Mi or 64M) [VI-1006]",
        ),
        (
            "agent-requests-cpu",
            "250 m",
            "agent-requests-cpu: \"250 m\" is not a quantity (write 250m) [VI-1006]",
        ),
        (
            "agent-limits-cpu",
            "half",
            "agent-limits-cpu: \"half\" is not a quantity (write 250m or 0.25) [VI-1006]",
        ),
        (
            "agent-secrets-size-limit",
            "1gb",
            "agent-secrets-size-limit: \"1gb\" is not a quantity (write 1Gi or 1G) [VI-1006]",
        ),
        (
            "agent-inject-default-template",
            "xml",
            "vault.hashicorp.com/agent-inject-default-template takes map or json [VI-1211]",
        ),
        (
            "agent-init-json-patch",
            r#"[{"op": "remove", "path": "/nothing"}]"#,
            "correct that operation of vault.hashicorp.com/agent-init-json-patch [VI-1121]",
        ),
        (
            "agent-json-patch",
            r#"[{"op": "replace", "path": "/image", "value": 7}]"#,
            "correct that field in vault.hashicorp.com/agent-json-patch [VI-1122]",
        ),
    ] {
        let message = message(&[(key, value)]);
        assert!(
            message.ends_with(expected),
            "{message}\nshould end with\n{expected}"
        );
    }
}

#[test]
fn a_user_or_an_image_that_no_node_would_take_is_denied_and_told_to_a_stock_agent() {
    let id = "is not a user or group that Kubernetes takes: write a number from 0 to 2147483647";
    for (key, value, text, code) in [
        ("agent-run-as-user", "-1", id, "VI-1015"),
        ("agent-run-as-group", "2147483648", id, "VI-1015"),
        (
            "agent-image",
            "Registry/vault-injector-agent",
            "is not the name of an image: write it as registry.example/vault-injector-agent:1.0",
            "VI-1139",
        ),
    ] {
        let pod = [("agent-flavor", "native"), (key, value)];
        assert_eq!(message(&pod), format!("{key} {text} [{code}]"));
        let pod = [("agent-flavor", "compatible"), (key, value)];
        let warnings = warned(&pod);
        assert!(warnings.contains(&format!("{key} {text}")), "{warnings:?}");
    }
}

#[test]
fn what_is_not_the_path_of_a_secret_is_told_with_the_path_to_write() {
    for (path, text) in [
        (
            "https://vault:8200/v1/kv/a",
            "https://vault:8200/v1/kv/a is the address of a secret: write what is behind /v1/",
        ),
        (
            "vault:kv/a#b",
            "vault:kv/a#b names a key of a secret: write the path kv/a, and take b in \
             agent-inject-template-x",
        ),
    ] {
        let expected = format!("agent-inject-secret-x: {text}");
        assert_eq!(warned(&[("agent-inject-secret-x", path)]), [expected]);
    }
}

#[test]
fn a_value_out_of_its_range_is_told_what_is_in_it() {
    for value in ["0", "1.5", "-0.1"] {
        assert_eq!(
            warned(&[("template-lease-renewal-threshold", value)]),
            [
                "template-lease-renewal-threshold is not between 0 and 1: write the part of a lease \
                 after which it is renewed, such as 0.9"
            ]
        );
    }
    assert_eq!(
        warned(&[("template-lease-renewal-threshold", "0.5")]),
        [""; 0]
    );
    assert_eq!(
        warned(&[("ca-cert", "tls/ca.crt")]),
        ["ca-cert is a relative path: write it from / on"]
    );
}
