mod mended;

use contract::names;
use serde_json::{Value, json};

use super::*;
use crate::settings::FlavorSetting;

const PREFIX: &str = names::ANNOTATION_PREFIX;
const COMPATIBLE: (&str, &str) = ("agent-flavor", "compatible");

fn mk_settings() -> Settings {
    Settings {
        vault_address: "https://vault:8200".to_owned(),
        ..Settings::default()
    }
}

/// A pod with one container, its token, the role `app` and these annotations.
fn mk_pod(annotations: &[(&str, &str)]) -> Value {
    let mut pod = json!({
        "metadata": {"generateName": "app-", "annotations": {}},
        "spec": {
            "containers": [{
                "name": "app", "image": "app:1",
                "volumeMounts": [{
                    "name": "token", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
                }],
            }],
            "volumes": [{"name": "token", "projected": {"sources": [
                {"serviceAccountToken": {"path": "projected-token"}},
            ]}}],
        },
    });
    for (key, value) in [("agent-inject", "true"), ("role", "app")]
        .iter()
        .chain(annotations)
    {
        pod["metadata"]["annotations"][format!("{PREFIX}{key}")] = json!(value);
    }
    pod
}

fn decided(pod: &Value, settings: &Settings) -> Outcome {
    let raw = RawValue::from_string(pod.to_string()).unwrap();
    decide(
        Request {
            namespace: "apps",
            object: Some(&raw),
        },
        settings,
    )
}

fn planned(pod: &Value, settings: &Settings) -> Plan {
    match decided(pod, settings).decision {
        Decision::Inject(plan) => plan,
        other => panic!("not injected: {other:?}"),
    }
}

fn denied(annotations: &[(&str, &str)]) -> String {
    match decided(&mk_pod(annotations), &mk_settings()).decision {
        Decision::Deny(denial) => denial.to_string(),
        other => panic!("not denied: {other:?}"),
    }
}

fn warned(annotations: &[(&str, &str)]) -> Vec<String> {
    let outcome = decided(&mk_pod(annotations), &mk_settings());
    outcome.warnings.iter().map(ToString::to_string).collect()
}

/// The containers that a plan adds, by name.
fn agent<'p>(plan: &'p Plan, name: &str) -> &'p Value {
    let values = plan
        .operations
        .iter()
        .filter_map(|operation| match operation {
            PatchOperation::Add(add) => Some(&add.value),
            _ => None,
        });
    let mut containers = values.map(|value| value.get(0).unwrap_or(value));
    containers
        .find(|container| container["name"] == name)
        .unwrap()
}

fn config(container: &Value) -> Value {
    use base64::Engine as _;
    let variables = container["env"].as_array().unwrap();
    let encoded = variables
        .iter()
        .find(|variable| variable["name"] == "VAULT_CONFIG")
        .unwrap();
    let encoded = encoded["value"].as_str().unwrap();
    let json = base64::engine::general_purpose::STANDARD
        .decode(encoded)
        .unwrap();
    serde_json::from_slice(&json).unwrap()
}

fn adds(plan: &Plan, path: &str) -> bool {
    plan.operations
        .iter()
        .any(|operation| operation.path().as_str() == path)
}

#[test]
fn the_native_flavour_starts_our_agent_without_a_shell() {
    let plan = planned(&mk_pod(&[]), &mk_settings());
    assert_eq!(plan.flavor, Flavor::Native);
    for name in [names::INIT_CONTAINER, names::SIDECAR_CONTAINER] {
        let container = agent(&plan, name);
        assert_eq!(container["command"], json!(["/vault-agent"]));
        assert_eq!(container["args"], json!(["-config=env:VAULT_CONFIG"]));
        assert_eq!(
            container["securityContext"]["seccompProfile"]["type"],
            "RuntimeDefault"
        );
        assert_eq!(
            container["terminationMessagePolicy"],
            "FallbackToLogsOnError"
        );
        assert_eq!(container.get("lifecycle"), None);
        let small = json!({
            "limits": {"cpu": "500m", "memory": "64Mi"},
            "requests": {"cpu": "10m", "memory": "16Mi"},
        });
        assert_eq!(container["resources"], small);
    }
}

#[test]
fn flags_and_annotations_beat_the_built_in_resources() {
    let mut settings = mk_settings();
    settings.resources.limits_cpu = Some(String::new());
    settings.resources.requests_cpu = Some("20m".to_owned());
    let plan = planned(&mk_pod(&[("agent-requests-mem", "1024Mi")]), &settings);
    let expected = json!({
        "limits": {"memory": "64Mi"}, "requests": {"cpu": "20m", "memory": "1Gi"},
    });
    assert_eq!(
        agent(&plan, names::SIDECAR_CONTAINER)["resources"],
        expected
    );
}

#[test]
fn the_flavour_is_the_annotations_else_the_flags_else_by_image() {
    let flavor = |annotations: &[(&str, &str)], setting| {
        let settings = Settings {
            flavor: setting,
            ..mk_settings()
        };
        planned(&mk_pod(annotations), &settings).flavor
    };
    let stock = ("agent-image", "hashicorp/vault:1.21");
    assert_eq!(flavor(&[stock], FlavorSetting::Auto), Flavor::Compatible);
    assert_eq!(
        flavor(&[stock, ("agent-flavor", "native")], FlavorSetting::Auto),
        Flavor::Native
    );
    assert_eq!(flavor(&[], FlavorSetting::Compatible), Flavor::Compatible);
    let asked = [("agent-flavor", "native")];
    assert_eq!(flavor(&asked, FlavorSetting::Compatible), Flavor::Native);
    let message = denied(&[("agent-flavor", "fast")]);
    assert!(message.starts_with("error creating new agent sidecar: invalid value \"fast\""));
}

#[test]
fn a_compatible_pod_without_an_image_gets_a_stock_one() {
    let plan = planned(&mk_pod(&[("agent-flavor", "compatible")]), &mk_settings());
    let image = &agent(&plan, names::INIT_CONTAINER)["image"];
    assert_eq!(image, crate::settings::STOCK_IMAGE);
}

#[test]
fn an_init_container_that_moves_keeps_fields_that_we_do_not_know() {
    let mut pod = mk_pod(&[("agent-init-first", "true")]);
    let other = json!({"name": "first", "futureField": {"a": [1, 2.50]}});
    pod["spec"]["initContainers"] = json!([other]);
    let plan = planned(&pod, &mk_settings());
    let moved = plan
        .operations
        .iter()
        .find_map(|operation| match operation {
            PatchOperation::Add(add) if add.path.as_str() == "/spec/initContainers/-" => {
                Some(&add.value)
            }
            _ => None,
        });
    assert_eq!(moved, Some(&other));
}

#[test]
fn revocation_is_refused_where_it_would_not_happen() {
    let message = denied(&[("agent-revoke-on-shutdown", "true")]);
    assert!(message.starts_with("error validating agent configuration: agent-revoke-on-shutdown"));
    let init_only = [
        ("agent-revoke-on-shutdown", "true"),
        ("agent-pre-populate-only", "true"),
    ];
    planned(&mk_pod(&init_only), &mk_settings());
}

#[test]
fn unknown_keys_are_warned_of_with_the_nearest_known_one() {
    assert_eq!(
        warned(&[
            ("agent-injcet-secret-a", "x"),
            ("error-on-missing-key", "true"),
            ("zzz", "")
        ]),
        [
            "annotation error-on-missing-key needs a -NAME behind it and is ignored",
            "unknown annotation agent-injcet-secret-a is ignored: did you mean agent-inject-secret?",
            "unknown annotation zzz is ignored",
        ]
    );
}

#[test]
fn a_pod_that_asks_with_a_misspelt_key_is_told() {
    let pod = json!({"metadata": {"annotations": {format!("{PREFIX}agent-injcet"): "true"}}});
    let outcome = decided(&pod, &mk_settings());
    assert!(matches!(outcome.decision, Decision::Skip(Skip::NotAsked)));
    assert!(
        outcome.warnings[0]
            .as_str()
            .contains("did you mean agent-inject?")
    );
}

#[test]
fn a_command_for_a_shell_is_warned_of_only_where_there_is_none() {
    let annotations = [
        ("agent-inject-secret-a", "kv/a"),
        ("agent-inject-command-a", "kill -HUP $(pidof app)"),
        COMPATIBLE,
    ];
    assert_eq!(
        warned(&annotations[..2]),
        ["agent-inject-command-a needs a shell: use agent-flavor compatible and a stock image"]
    );
    assert_eq!(warned(&annotations), [""; 0]);
    let plain = [
        annotations[0],
        ("agent-inject-command-a", "/bin/app --reload"),
    ];
    assert_eq!(warned(&plain), [""; 0]);
}

#[test]
fn a_json_patch_that_writes_a_shell_line_is_warned_of() {
    let patch = r#"[{"op":"replace","path":"/args/0","value":"sleep 1 && /vault-agent"}]"#;
    assert_eq!(
        warned(&[("agent-json-patch", patch)]),
        ["the JSON patch sets a shell line as args/0, but there is no shell"]
    );
}

#[test]
fn a_warning_is_never_longer_than_what_is_passed_on() {
    let long = format!("agent-{}", "ä".repeat(200));
    for warning in warned(&[(&long, "x")]) {
        assert!(warning.chars().count() <= 120, "{warning}");
    }
}

#[test]
fn denials_begin_with_the_established_words() {
    for (annotation, start) in [
        (
            ("agent-service-account-token-volume-name", "none"),
            "error creating new agent sidecar: failed to find service account volume \"none\"",
        ),
        (
            ("auth-min-backoff", "10"),
            "error adding default annotations: error parsing min backoff as duration: \
             time: missing unit in duration \"10\"",
        ),
        (
            ("agent-revoke-grace", "-1"),
            "error creating new agent sidecar: strconv.ParseUint: parsing \"-1\": invalid syntax",
        ),
        (
            ("agent-share-process-namespace", "x"),
            "error creating new agent sidecar: invalid value x for annotation \
             \"vault.hashicorp.com/agent-share-process-namespace\", err=",
        ),
        (
            ("role", ""),
            "error validating agent configuration: no Vault role found",
        ),
        (
            ("agent-request-namespace", ""),
            "error validating agent configuration: namespace missing from request",
        ),
        (
            ("agent-limits-cpu", "500mi"),
            "error creating patch for agent: unable to parse quantity's suffix",
        ),
        (
            ("agent-json-patch", "{}"),
            "error adding default annotations: error parsing JSON patch for annotation \
             vault.hashicorp.com/agent-json-patch: ",
        ),
    ] {
        let message = denied(&[annotation]);
        assert!(
            message.starts_with(start),
            "{message}\nshould start with\n{start}"
        );
    }
}

#[test]
fn a_pod_without_a_token_is_denied() {
    let mut pod = mk_pod(&[("auth-type", "approle")]);
    pod["spec"]["containers"][0]["volumeMounts"] = json!([]);
    let Decision::Deny(denial) = decided(&pod, &mk_settings()).decision else {
        panic!("not denied");
    };
    let expected = "error creating new agent sidecar: failed to find service account volume mount";
    assert_eq!(denial.to_string(), expected);
}

#[test]
fn a_token_volume_is_found_mounted_or_not() {
    let token_path = |mounted: bool| {
        let mut pod = mk_pod(&[("agent-service-account-token-volume-name", "token")]);
        if !mounted {
            pod["spec"]["containers"][0]["volumeMounts"] = json!([]);
        }
        let plan = planned(&pod, &mk_settings());
        let config = config(agent(&plan, names::SIDECAR_CONTAINER));
        config["auto_auth"]["method"]["config"]["token_path"].clone()
    };
    assert_eq!(
        token_path(true),
        "/var/run/secrets/kubernetes.io/serviceaccount/projected-token"
    );
    assert_eq!(
        token_path(false),
        "/var/run/secrets/vault.hashicorp.com/serviceaccount/projected-token"
    );
}

#[test]
fn an_unused_resource_annotation_is_not_read() {
    let annotations = [
        ("agent-limits-cpu", "nonsense"),
        ("agent-pre-populate", "false"),
        ("agent-pre-populate-only", "true"),
    ];
    let plan = planned(&mk_pod(&annotations), &mk_settings());
    assert_eq!(plan.injection, None);
}

#[test]
fn volumes_of_a_pod_that_has_none_do_not_replace_each_other() {
    let mut pod = mk_pod(&[("tls-secret", "tls")]);
    pod["spec"]["volumes"] = json!([]);
    let plan = planned(&pod, &mk_settings());
    json_patch::patch(&mut pod, &plan.operations).unwrap();
    let volumes = pod["spec"]["volumes"].as_array().unwrap();
    let names: Vec<_> = volumes
        .iter()
        .map(|volume| volume["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "home-init",
            "home-sidecar",
            "vault-secrets",
            "vault-tls-secrets"
        ]
    );
}
