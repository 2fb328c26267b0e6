//! What the established injector gets wrong stays in the compatible flavour, with a warning, and is
//! mended in the native one.

use contract::names;
use serde_json::{Value, json};

use super::*;

#[test]
fn native_mends_the_default_template_of_a_path_with_quotes() {
    let annotation = ("agent-inject-secret-a", "kv/\"x\\y");
    let contents = |annotations: &[(&str, &str)]| {
        let plan = planned(&mk_pod(annotations), &mk_settings());
        config(&agent(&plan, names::SIDECAR_CONTAINER))["template"][0]["contents"].clone()
    };
    let native = contents(&[annotation]);
    assert!(
        native
            .as_str()
            .unwrap()
            .starts_with(r#"{{ with secret "kv/\"x\\y" }}"#),
        "{native}"
    );
    let compatible = contents(&[annotation, COMPATIBLE]);
    assert!(
        compatible
            .as_str()
            .unwrap()
            .starts_with(r#"{{ with secret "kv/"x\y" }}"#)
    );
    assert_eq!(
        warned(&[annotation, COMPATIBLE]),
        ["agent-inject-secret-a: quotes break the default template"]
    );
    assert_eq!(warned(&[annotation]), [""; 0]);
}

#[test]
fn native_mends_the_default_template_with_delimiters_of_its_own() {
    let annotations = [
        ("agent-inject-secret-a", "kv/a"),
        ("agent-template-left-delim-a", "<<"),
        COMPATIBLE,
    ];
    let plan = planned(&mk_pod(&annotations[..2]), &mk_settings());
    let contents = &config(&agent(&plan, names::SIDECAR_CONTAINER))["template"][0]["contents"];
    assert!(
        contents
            .as_str()
            .unwrap()
            .starts_with("<< with secret \"kv/a\" }}<< range")
    );
    assert_eq!(
        warned(&annotations),
        ["secret a: the default template ignores its delimiters"]
    );
}

#[test]
fn native_denies_a_case_switch_that_cannot_be_read() {
    let annotations = [
        ("agent-inject-secret-A", "kv/a"),
        ("preserve-secret-case-A", "maybe"),
        COMPATIBLE,
    ];
    let message = denied(&annotations[..2]);
    assert!(message.contains("parsing \"maybe\""), "{message}");
    assert!(message.contains("preserve-secret-case-A"), "{message}");
    assert_eq!(
        warned(&annotations),
        ["preserve-secret-case is neither true nor false and is ignored"]
    );
}

#[test]
fn native_shares_the_process_namespace_without_an_init_container_too() {
    let annotations = [
        ("agent-share-process-namespace", "true"),
        ("agent-pre-populate", "false"),
        COMPATIBLE,
    ];
    let path = "/spec/shareProcessNamespace";
    assert!(adds(
        &planned(&mk_pod(&annotations[..2]), &mk_settings()),
        path
    ));
    assert!(!adds(&planned(&mk_pod(&annotations), &mk_settings()), path));
    assert_eq!(
        warned(&annotations),
        ["agent-share-process-namespace is ignored without an init container"]
    );
}

#[test]
fn native_does_not_read_an_empty_user_as_root() {
    let annotations = [("agent-run-as-user", ""), COMPATIBLE];
    let user = |annotations: &[(&str, &str)]| {
        let plan = planned(&mk_pod(annotations), &mk_settings());
        agent(&plan, names::INIT_CONTAINER)["securityContext"]["runAsUser"].clone()
    };
    assert_eq!(user(&annotations[..1]), 100);
    assert_eq!(user(&annotations), 0);
    assert_eq!(
        warned(&annotations),
        ["agent-run-as-user is empty, which means root"]
    );
}

#[test]
fn native_uses_the_injectors_lease_renewal_threshold() {
    let settings = Settings {
        lease_renewal_threshold: 0.5,
        ..mk_settings()
    };
    let threshold = |annotations: &[(&str, &str)]| {
        let plan = planned(&mk_pod(annotations), &settings);
        config(&agent(&plan, names::INIT_CONTAINER))["template_config"]["lease_renewal_threshold"]
            .clone()
    };
    assert_eq!(threshold(&[]), 0.5);
    assert_eq!(threshold(&[COMPATIBLE]), Value::Null);
}

#[test]
fn native_mounts_secrets_once_on_a_renamed_init_container() {
    let rename = r#"[{"op":"replace","path":"/name","value":"other"}]"#;
    let annotations = [
        ("agent-init-first", "true"),
        ("agent-init-json-patch", rename),
        COMPATIBLE,
    ];
    let mk_pod = |annotations: &[(&str, &str)]| {
        let mut pod = mk_pod(annotations);
        pod["spec"]["initContainers"] = json!([{"name": "first", "futureField": 1}]);
        pod
    };
    let path = "/spec/initContainers/0/volumeMounts/-";
    assert!(!adds(
        &planned(&mk_pod(&annotations[..2]), &mk_settings()),
        path
    ));
    assert!(adds(&planned(&mk_pod(&annotations), &mk_settings()), path));
    let outcome = decided(&mk_pod(&annotations), &mk_settings());
    assert!(
        outcome.warnings[0].text().contains("gets mounts twice"),
        "{:?}",
        outcome.warnings
    );
}

#[test]
fn a_threshold_that_json_cannot_write_is_refused_in_both_flavors() {
    for flavor in ["native", "compatible"] {
        for (written, value) in [("NaN", "NaN"), ("inf", "+Inf"), ("-Infinity", "-Inf")] {
            let text = denied(&[
                ("agent-flavor", flavor),
                ("template-lease-renewal-threshold", written),
            ]);
            let expected = format!(
                "error creating patch for agent: json: unsupported value: {value} (annotation \
                 {PREFIX}template-lease-renewal-threshold)"
            );
            assert_eq!(text, expected);
        }
    }
}
