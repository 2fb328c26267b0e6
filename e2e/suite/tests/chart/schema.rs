//! What Kubernetes knows of the objects: a field that it does not know would be dropped or refused.

use std::fs;

use k8s_openapi::api::{
    admissionregistration::v1::{
        MutatingWebhookConfiguration, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
        ValidatingWebhookConfiguration,
    },
    apps::v1::Deployment,
    core::v1::{ConfigMap, Pod, Service, ServiceAccount},
    networking::v1::NetworkPolicy,
    policy::v1::PodDisruptionBudget,
    rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding},
};
use serde_json::Value;

use crate::helm::{chart, manifests, parse, read};

/// Those that are defined elsewhere.
const OTHERS: [&str; 5] = [
    "Certificate",
    "Issuer",
    "PodMonitor",
    "PrometheusRule",
    "ServiceMonitor",
];

/// The object as Kubernetes' own types keep it.
fn kept<T: serde::de::DeserializeOwned + serde::Serialize>(object: &Value) -> Value {
    let typed: T = serde_json::from_value(object.clone())
        .unwrap_or_else(|error| panic!("{error}: {object:#}"));
    serde_json::to_value(typed).unwrap()
}

fn known_part(object: &Value) -> Option<Value> {
    let kind = object["kind"].as_str().unwrap();
    Some(match kind {
        "ClusterRole" => kept::<ClusterRole>(object),
        "ClusterRoleBinding" => kept::<ClusterRoleBinding>(object),
        "ConfigMap" => kept::<ConfigMap>(object),
        "Deployment" => kept::<Deployment>(object),
        "MutatingWebhookConfiguration" => kept::<MutatingWebhookConfiguration>(object),
        "Namespace" => kept::<k8s_openapi::api::core::v1::Namespace>(object),
        "NetworkPolicy" => kept::<NetworkPolicy>(object),
        "Pod" => kept::<Pod>(object),
        "PodDisruptionBudget" => kept::<PodDisruptionBudget>(object),
        "Role" => kept::<Role>(object),
        "RoleBinding" => kept::<RoleBinding>(object),
        "Service" => kept::<Service>(object),
        "ServiceAccount" => kept::<ServiceAccount>(object),
        "ValidatingAdmissionPolicy" => kept::<ValidatingAdmissionPolicy>(object),
        "ValidatingAdmissionPolicyBinding" => kept::<ValidatingAdmissionPolicyBinding>(object),
        "ValidatingWebhookConfiguration" => kept::<ValidatingWebhookConfiguration>(object),
        _ => {
            assert!(OTHERS.contains(&kind), "{kind} is of no known kind");
            return None;
        }
    })
}

/// Fields that got lost, by their paths.
fn lost(before: &Value, after: &Value, path: &str, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            for (key, value) in before {
                let path = format!("{path}.{key}");
                match after.get(key) {
                    Some(after) => lost(value, after, &path, found),
                    None => found.push(path),
                }
            }
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            for (at, (before, after)) in before.iter().zip(after).enumerate() {
                lost(before, after, &format!("{path}[{at}]"), found);
            }
        }
        _ if before == after => {}
        _ => found.push(path.to_owned()),
    }
}

#[test]
fn every_field_is_one_that_kubernetes_knows() {
    let mut files = vec![
        manifests().join("install.yaml"),
        manifests().join("kustomize/injector.yaml"),
    ];
    let rendered = fs::read_dir(chart().join("tests/rendered")).unwrap();
    files.extend(rendered.map(|entry| entry.unwrap().path()));
    let mut seen = 0;
    for file in files {
        for object in parse(&read(&file)) {
            let Some(known) = known_part(&object) else {
                continue;
            };
            let mut found = Vec::new();
            lost(&object, &known, "", &mut found);
            let name = file.file_name().unwrap().to_string_lossy();
            assert!(found.is_empty(), "{name}: {}: {found:?}", object["kind"]);
            seen += 1;
        }
    }
    assert!(seen > 90, "only {seen} objects were looked at");
}
