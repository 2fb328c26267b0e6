//! What holds for every pod, whatever its shape.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;

use injection::inject::{Denial, Flavor, Object, Origin, Request, Skip};
use injection::kubernetes::Kubernetes;
use injection::settings::Profile;
use injection::{Decision, Settings, decide};
use json_patch::PatchOperation;
use k8s_openapi::api::core::v1::Pod;
use proptest::collection::{btree_map, btree_set};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::value::RawValue;
use serde_json::{Value, json};

const PREFIX: &str = "vault.hashicorp.com/";
const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

fn mk_settings() -> Settings {
    Settings {
        vault_address: "https://vault:8200".to_owned(),
        ..Settings::default()
    }
}

/// An injector of either product, in a cluster with native sidecars or without.
fn settings() -> impl Strategy<Value = Settings> {
    let versions = select(&[None, Some("1.28"), Some("1.33")][..]);
    (versions, any::<bool>()).prop_map(|(version, openbao)| Settings {
        kubernetes: Kubernetes {
            server: version.map(|version| version.parse().unwrap()),
            oldest_kubelet: None,
        },
        profile: if openbao {
            Profile::OpenBao
        } else {
            Profile::Vault
        },
        ..mk_settings()
    })
}

fn decision(pod: &Value, settings: &Settings) -> Decision {
    let raw = RawValue::from_string(pod.to_string()).unwrap();
    decide(
        Request {
            namespace: "apps",
            object: Some(Object::Raw(&raw)),
            origin: Origin::Pod,
        },
        settings,
    )
    .decision
}

/// Annotations with values that are accepted, in any combination.
fn annotations() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    let choices = [
        ("agent-flavor", &["native", "compatible"][..]),
        ("agent-pre-populate", &["true", "false"]),
        ("agent-pre-populate-only", &["true", "false"]),
        ("agent-init-first", &["true", "false"]),
        ("agent-inject-containers", &["c0", "c1,c2", "none"]),
        ("agent-inject-secret-db", &["kv/db", ""]),
        ("agent-inject-template-db", &["{{ 1 }}", " "]),
        ("agent-inject-secret-X", &["kv/x"]),
        ("secret-volume-path-X", &["/etc/x", "/vault/secrets"]),
        (
            "secret-volume-path",
            &["/app/conf", "/vault/secrets/", "/data/0"],
        ),
        ("agent-cache-enable", &["true"]),
        ("agent-enable-quit", &["true"]),
        ("agent-metrics-port", &["9102"]),
        ("agent-share-process-namespace", &["true", "false"]),
        ("agent-copy-volume-mounts", &["c0", "i0"]),
        ("agent-extra-secret", &["extra"]),
        ("agent-configmap", &["config"]),
        ("tls-secret", &["tls"]),
        (
            "agent-json-patch",
            &["[]", r#"[{"op":"add","path":"/tty","value":true}]"#],
        ),
        ("agent-limits-cpu", &["", "1500m"]),
        ("agent-set-security-context", &["false"]),
        ("agent-native-sidecar", &["auto", "false"]),
        ("agent-startup-timeout", &["5s"]),
        ("agent-secrets-read-only", &["true"]),
        ("agent-secrets-size-limit", &["1Mi", ""]),
        ("agent-token-audience", &["vault", ""]),
        ("agent-seccomp-profile", &["none", "Unconfined"]),
        ("agent-image-pull-policy", &["Always"]),
        ("agent-extra-env-NO_PROXY", &["", "x"]),
        ("agent-inject-token", &["true"]),
        ("agent-inject-token-perms", &["0600"]),
        ("agent-revoke-on-shutdown", &["true"]),
        ("auth-type", &["aws", "approle"]),
    ];
    choices
        .into_iter()
        .map(|(key, values)| option::of(select(values).prop_map(move |value| (key, value))))
        .collect::<Vec<_>>()
        .prop_map(|chosen| chosen.into_iter().flatten().collect())
}

fn container(name: String) -> impl Strategy<Value = Value> {
    (option::of(0..3_usize), any::<bool>()).prop_map(move |(mounts, future)| {
        let mut container = json!({"name": name, "image": "app:1"});
        if let Some(count) = mounts {
            let mount = |at| json!({"name": "data", "mountPath": format!("/data/{at}")});
            container["volumeMounts"] = (0..count).map(mount).collect();
        }
        if future {
            container["futureField"] = json!({"a~b/c": [null, 1.50]});
        }
        container
    })
}

fn containers(
    prefix: &'static str,
    count: std::ops::Range<usize>,
) -> impl Strategy<Value = Vec<Value>> {
    count.prop_flat_map(move |count| {
        (0..count)
            .map(|at| container(format!("{prefix}{at}")))
            .collect::<Vec<_>>()
    })
}

fn pods() -> impl Strategy<Value = Value> {
    let others = btree_map("[a-z~/.]{1,8}", ".{0,8}", 0..3);
    let volumes = option::of(btree_set(select(&["data", "vault-secrets"][..]), 1..3));
    (
        annotations(),
        others,
        containers("c", 1..4),
        containers("i", 0..3),
        volumes,
        any::<bool>(),
    )
        .prop_map(
            |(annotations, others, mut regular, init, volumes, has_status)| {
                let token = json!({"name": "token", "mountPath": TOKEN_PATH, "readOnly": true});
                let mounts = regular[0].get("volumeMounts").and_then(Value::as_array);
                let mounts = mounts.cloned().unwrap_or_default();
                regular[0]["volumeMounts"] = mounts.into_iter().chain([token]).collect();
                let mut pod = json!({
                    "metadata": {"generateName": "app-", "annotations": others},
                    "spec": {"containers": regular},
                });
                // What any of the auth methods needs.
                let fixed = [
                    ("agent-inject", "true"),
                    ("role", "app"),
                    ("auth-config-type", "iam"),
                    ("auth-config-role-id-file-path", "/vault/role-id"),
                ];
                for (key, value) in fixed.into_iter().chain(annotations) {
                    pod["metadata"]["annotations"][format!("{PREFIX}{key}")] = json!(value);
                }
                if has_status {
                    pod["metadata"]["annotations"][format!("{PREFIX}agent-inject-status")] =
                        json!("update");
                }
                if !init.is_empty() {
                    pod["spec"]["initContainers"] = Value::Array(init);
                }
                // The token's volume is there in every real pod.
                let names = ["token"].into_iter().chain(volumes.into_iter().flatten());
                pod["spec"]["volumes"] = names.map(|name| json!({"name": name})).collect();
                pod
            },
        )
}

/// The pod without what an injection may add: equal before and after.
fn untouched(pod: &Value, original: &Value) -> Value {
    let mut pod = pod.clone();
    let metadata = pod["metadata"]["annotations"].as_object_mut().unwrap();
    // The profile of OpenBao writes annotations anew under its own prefix.
    metadata.retain(|key, _| !key.starts_with(PREFIX) && !key.starts_with("openbao.org/"));
    let spec = pod["spec"].as_object_mut().unwrap();
    spec.remove("shareProcessNamespace");
    let count = original["spec"]["volumes"].as_array().unwrap().len();
    spec["volumes"].as_array_mut().unwrap().truncate(count);
    for list in ["containers", "initContainers"] {
        let known = |container: &Value| {
            let originals = original["spec"][list].as_array();
            originals.and_then(|all| all.iter().find(|known| known["name"] == container["name"]))
        };
        let Some(containers) = spec.get_mut(list).and_then(Value::as_array_mut) else {
            continue;
        };
        containers.retain(|container| known(container).is_some());
        for container in containers.iter_mut() {
            let mounts = known(container).and_then(|known| known["volumeMounts"].as_array());
            let count = mounts.map_or(0, Vec::len);
            if let Some(mounts) = container
                .get_mut("volumeMounts")
                .and_then(Value::as_array_mut)
            {
                mounts.truncate(count);
            }
            // A list that was absent is made.
            if count == 0 {
                container.as_object_mut().unwrap().remove("volumeMounts");
            }
        }
        if containers.is_empty() {
            spec.remove(list);
        }
    }
    pod
}

fn is_allowed(operation: &PatchOperation) -> bool {
    let path = operation.path().as_str();
    let is_mounts = |rest: &str| {
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        matches!(rest, "/volumeMounts" | "/volumeMounts/-")
    };
    match operation {
        PatchOperation::Remove(_) => {
            path == "/spec/initContainers"
                || path.starts_with("/metadata/annotations/vault.hashicorp.com~1")
        }
        PatchOperation::Add(_) => {
            path.strip_prefix("/spec/containers/")
                .is_some_and(|rest| rest == "-" || is_mounts(rest))
                || path
                    .strip_prefix("/spec/initContainers/")
                    .is_some_and(|rest| {
                        rest == "-" || rest.parse::<usize>().is_ok() || is_mounts(rest)
                    })
                || [
                    "/spec/initContainers",
                    "/spec/volumes/-",
                    "/spec/shareProcessNamespace",
                    "/metadata/annotations/vault.hashicorp.com~1agent-inject-status",
                ]
                .contains(&path)
                || path.starts_with("/metadata/annotations/openbao.org~1")
        }
        _ => false,
    }
}

/// Names of volumes, and mount paths of one container, that are there twice.
fn doubles(pod: &Value) -> Vec<String> {
    let mut doubles = Vec::new();
    let mut check = |list: &Value, key: &str| {
        let mut seen = BTreeSet::new();
        for element in list.as_array().into_iter().flatten() {
            let value = element[key].as_str().unwrap_or_default();
            if !seen.insert(value.trim_end_matches('/')) {
                doubles.push(value.to_owned());
            }
        }
    };
    check(&pod["spec"]["volumes"], "name");
    for list in ["containers", "initContainers"] {
        for container in pod["spec"][list].as_array().into_iter().flatten() {
            check(&container["volumeMounts"], "mountPath");
        }
    }
    doubles
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_patch_applies_and_leaves_the_rest_of_the_pod_alone(
        pod in pods(),
        settings in settings(),
    ) {
        let plan = match decision(&pod, &settings) {
            Decision::Inject(plan) => plan,
            // What Kubernetes would refuse has tests of its own.
            Decision::Deny(Denial::Fault(_)) => return Ok(()),
            other => panic!("must be injected: {other:?}"),
        };
        for operation in plan.operations.to_patch().iter() {
            prop_assert!(is_allowed(operation), "{}", operation.path());
        }
        let Decision::Inject(again) = decision(&pod, &settings) else {
            panic!("must be injected");
        };
        prop_assert_eq!(&plan.operations, &again.operations);

        let mut patched = pod.clone();
        json_patch::patch(&mut patched, &plan.operations.to_patch()).unwrap();
        prop_assert_eq!(untouched(&patched, &pod), untouched(&pod, &pod));
        if plan.flavor == Flavor::Native {
            let doubles = doubles(&patched);
            prop_assert!(doubles.is_empty(), "{doubles:?}");
        }
        let decoded: Result<Pod, _> = serde_json::from_value(patched.clone());
        prop_assert!(decoded.is_ok(), "{decoded:?}");

        let second = decision(&patched, &settings);
        prop_assert!(matches!(second, Decision::Skip(Skip::AlreadyInjected)), "{second:?}");
        // Also where somebody took the status away, and an agent is there to be known by.
        let annotations = patched["metadata"]["annotations"].as_object_mut().unwrap();
        annotations.retain(|key, _| !key.ends_with("/agent-inject-status"));
        if plan.injection.is_some() {
            let third = decision(&patched, &settings);
            prop_assert!(matches!(third, Decision::Skip(Skip::AlreadyInjected)), "{third:?}");
        }
    }

    #[test]
    fn no_body_is_a_panic(body in ".{0,200}") {
        let _ = injection::admission::answer(body.as_bytes(), &mk_settings());
    }

    #[test]
    fn no_annotation_is_a_panic(key in "[a-z-]{0,20}", value in ".{0,40}") {
        let mut pod = json!({"metadata": {"annotations": {format!("{PREFIX}agent-inject"): "true"}}});
        pod["metadata"]["annotations"][format!("{PREFIX}{key}")] = json!(value);
        let _ = decision(&pod, &mk_settings());
    }
}
