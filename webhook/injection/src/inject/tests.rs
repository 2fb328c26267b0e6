mod arranged;
mod clouds;
mod commanded;
mod connection;
mod extras;
mod guided;
mod hostile;
mod mended;
mod mounted;
mod native_sidecar;
mod openbao;
mod placed;
mod refused;
mod resourced;
mod templates;
mod variables;
mod warned;

use contract::names;
use json_patch::PatchOperation;
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
    // An agent that has nothing to write is warned of.
    let asked = [
        ("agent-inject", "true"),
        ("role", "app"),
        ("agent-inject-token", "true"),
    ];
    for (key, value) in asked.iter().chain(annotations) {
        pod["metadata"]["annotations"][format!("{PREFIX}{key}")] = json!(value);
    }
    pod
}

fn decided(pod: &Value, settings: &Settings) -> Outcome {
    let raw = RawValue::from_string(pod.to_string()).unwrap();
    decide(
        Request {
            namespace: "apps",
            object: Some(Object::Raw(&raw)),
            origin: Origin::Pod,
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

/// What is told, apart from hints.
fn warned(annotations: &[(&str, &str)]) -> Vec<String> {
    let outcome = decided(&mk_pod(annotations), &mk_settings());
    outcome
        .warnings
        .iter()
        .filter(|it| it.certainty() > Certainty::Hint)
        .map(|it| it.text().to_owned())
        .collect()
}

/// The containers that a plan adds, by name.
fn agent(plan: &Plan, name: &str) -> Value {
    let patch = plan.operations.to_patch().0.into_iter();
    let values = patch.filter_map(|operation| match operation {
        PatchOperation::Add(add) => Some(add.value),
        _ => None,
    });
    let mut containers = values.map(|value| value.get(0).cloned().unwrap_or(value));
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
    let operations = plan.operations.to_patch();
    operations
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
        "limits": {"memory": "1Gi"}, "requests": {"cpu": "20m", "memory": "1Gi"},
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
    let mut pod = mk_pod(&[("agent-init-first", "true"), COMPATIBLE]);
    let other = json!({"name": "first", "futureField": {"a": [1, 2.50]}});
    pod["spec"]["initContainers"] = json!([other]);
    let plan = planned(&pod, &mk_settings());
    let patch = plan.operations.to_patch();
    let moved = patch.iter().find_map(|operation| match operation {
        PatchOperation::Add(add) if add.path.as_str() == "/spec/initContainers/-" => {
            Some(&add.value)
        }
        _ => None,
    });
    assert_eq!(moved, Some(&other));
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
    let mut pod = mk_pod(&[]);
    pod["spec"]["containers"][0]["volumeMounts"] = json!([]);
    pod["spec"]["volumes"] = json!([]);
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
        let config = config(&agent(&plan, names::SIDECAR_CONTAINER));
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
        COMPATIBLE,
    ];
    let plan = planned(&mk_pod(&annotations), &mk_settings());
    assert_eq!(plan.injection, None);
}

#[test]
fn volumes_of_a_pod_that_has_none_do_not_replace_each_other() {
    let mut pod = mk_pod(&[("tls-secret", "tls")]);
    pod["spec"]["volumes"] = json!([]);
    let plan = planned(&pod, &mk_settings());
    json_patch::patch(&mut pod, &plan.operations.to_patch()).unwrap();
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
            "vault-tls-secrets",
            "vault-agent-state"
        ]
    );
}
