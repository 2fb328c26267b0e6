//! What stands behind upstream's text: the annotation, what is wrong with its value, what to write.

use super::*;

fn message(annotations: &[(&str, &str)]) -> String {
    match decided(&mk_pod(annotations), &mk_settings()).decision {
        Decision::Deny(denial) => denial.message(),
        other => panic!("{annotations:?}: {other:?}"),
    }
}

#[test]
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
