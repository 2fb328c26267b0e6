//! The API server takes every pod that the injector makes: each annotation in either flavour, and pods
//! that other webhooks have changed before.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use e2e::{Scene, workload};
use serde_json::{Value, json};

in_the_cluster! {
    Together;
    the_api_server_accepts_a_pod_with_any_annotation,
    the_api_server_accepts_a_pod_of_a_service_mesh,
}

/// The pods of the injector's own tests.
const ANNOTATIONS: &str = include_str!("../../../../webhook/tests/fixtures/annotations.json");
const ISTIO: &str = include_str!("../../../../webhook/src/inject/tests/fixtures/istio.json");
const LINKERD: &str = include_str!("../../../../webhook/src/inject/tests/fixtures/linkerd.json");

/// Annotations after which there is nothing to inject.
const LET_THROUGH: [&str; 2] = ["agent-inject-status", "agent-request-namespace"];

async fn the_api_server_accepts_a_pod_with_any_annotation(scene: &Scene) -> Result<()> {
    let examples: Vec<Value> = serde_json::from_str(ANNOTATIONS)?;
    for flavor in ["native", "compatible"] {
        for example in &examples {
            let key = example["key"].as_str().context("a key")?;
            let mut pod = mk_pod(scene.namespace());
            let annotations = &mut pod["metadata"]["annotations"];
            annotations["vault.hashicorp.com/agent-flavor"] = json!(flavor);
            let with: BTreeMap<&str, &Value> = example["with"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(key, value)| (&**key, value))
                .chain([(key, &example["value"])])
                .collect();
            for (key, value) in with {
                annotations[format!("vault.hashicorp.com/{key}")] = value.clone();
            }
            if flavor == "compatible" && key == "agent-native-sidecar" {
                let refusal = scene.kubectl.refused(&pod.to_string()).await?;
                ensure!(refusal.contains("agent-native-sidecar"), "{refusal}");
                continue;
            }
            let accepted = accepted(scene, &pod).await;
            let accepted = accepted.with_context(|| format!("{key} in the {flavor} flavour"))?;
            let is_injected = workload::first_agent(&accepted).is_some();
            ensure!(
                is_injected != LET_THROUGH.contains(&key),
                "{key} in the {flavor} flavour: {:?}",
                workload::containers(&accepted)
            );
        }
    }
    let count = 2 * examples.len();
    scene.story.tell(format_args!(
        "{count} pods were looked at by the API server"
    ));
    Ok(())
}

async fn the_api_server_accepts_a_pod_of_a_service_mesh(scene: &Scene) -> Result<()> {
    for mesh in [ISTIO, LINKERD] {
        let mut pod: Value = serde_json::from_str(mesh)?;
        // The API server adds the account's token by itself, under a name of its own.
        pod["spec"]["serviceAccountName"] = json!("default");
        let accepted = accepted(scene, &pod).await?;
        ensure!(
            workload::first_agent(&accepted).is_some(),
            "{:?}",
            workload::containers(&accepted)
        );
    }
    Ok(())
}

/// What would become of a pod. Nothing is created.
async fn accepted(scene: &Scene, pod: &Value) -> Result<Value> {
    let dry = [
        "create",
        "--dry-run=server",
        "--output=json",
        "--filename=-",
    ];
    let pod = scene.kubectl.run_with(&dry, &pod.to_string()).await?;
    Ok(serde_json::from_str(&pod)?)
}

/// Two containers and an init container, with what the examples name.
fn mk_pod(role: &str) -> Value {
    let mut pod = workload::pod("looked-at", &workload::guide_annotations(role));
    let spec = &mut pod["spec"];
    let mut container = spec["containers"][0].take();
    container["name"] = json!("web");
    container["securityContext"]["runAsUser"] = json!(7000);
    container["volumeMounts"] = json!([{"name": "data", "mountPath": "/data"}]);
    let sibling = |name: &str| json!({"name": name, "image": "api:latest"});
    spec["containers"] = json!([container, sibling("log")]);
    spec["initContainers"] = json!([sibling("migrate")]);
    spec["volumes"] = json!([
        {"name": "data", "emptyDir": {}},
        {"name": "vault-token", "projected": {"sources": [
            {"serviceAccountToken": {"path": "token", "audience": "vault"}},
        ]}},
    ]);
    pod
}
