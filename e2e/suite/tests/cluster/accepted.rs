//! The API server takes every pod that the injector makes: each annotation in either flavour, and pods
//! that other webhooks have changed before.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use e2e::{Scene, workload};
use serde_json::{Value, json};

in_the_cluster! {
    Together;
    the_api_server_accepts_a_pod_with_any_annotation,
    the_api_server_accepts_a_pod_of_a_service_mesh,
}

/// The pods of the injector's own tests.
const ANNOTATIONS: &str =
    include_str!("../../../../webhook/injection/tests/fixtures/annotations.json");
const ISTIO: &str =
    include_str!("../../../../webhook/injection/src/inject/tests/fixtures/istio.json");
const LINKERD: &str =
    include_str!("../../../../webhook/injection/src/inject/tests/fixtures/linkerd.json");

/// The annotation after which the compatible flavor injects nothing: the native one looks for an agent.
const LET_THROUGH: &str = "agent-inject-status";

async fn the_api_server_accepts_a_pod_with_any_annotation(scene: &Scene) -> Result<()> {
    let examples: Vec<Value> = serde_json::from_str(ANNOTATIONS)?;
    for flavor in ["native", "compatible"] {
        let mut pods = Vec::new();
        let mut not_injected = BTreeSet::new();
        for (number, example) in examples.iter().enumerate() {
            let key = example["key"].as_str().context("a key")?;
            let mut pod = mk_pod(scene.namespace());
            // Names cannot be spelt as annotations are.
            let name = format!("{number}-{}", key.to_lowercase().replace('_', "-"));
            pod["metadata"]["name"] = json!(name);
            let annotations = &mut pod["metadata"]["annotations"];
            annotations["vault.hashicorp.com/agent-flavor"] = json!(flavor);
            let with = example["with"].as_object().into_iter().flatten();
            let with = with.map(|(key, value)| (&**key, value));
            for (key, value) in with.chain([(key, &example["value"])]) {
                annotations[format!("vault.hashicorp.com/{key}")] = value.clone();
            }
            if key == LET_THROUGH && flavor == "compatible" || is_refused(annotations) {
                not_injected.insert(name);
            }
            pods.push(pod);
        }
        let (accepted, words) = scene.dry_run_all(&pods).await?;
        let injected: BTreeSet<_> = accepted
            .iter()
            .filter(|pod| workload::first_agent(pod).is_some())
            .map(workload::name)
            .collect();
        for pod in &pods {
            let name = workload::name(pod);
            ensure!(
                injected.contains(name) != not_injected.contains(name),
                "{name} in the {flavor} flavour: {words}"
            );
        }
        let count = injected.len();
        scene.story.tell(format_args!(
            "{count} pods of the {flavor} flavour would be accepted"
        ));
    }
    Ok(())
}

/// Whether they ask the compatible flavour for what only our agent can do.
fn is_refused(annotations: &Value) -> bool {
    let asks = |key: &str, value: &str| annotations[format!("vault.hashicorp.com/{key}")] == value;
    asks("agent-flavor", "compatible")
        && (asks("agent-native-sidecar", "true")
            || asks("agent-template-engine", "handlebars")
            || asks("agent-template-engine-config", "handlebars"))
}

async fn the_api_server_accepts_a_pod_of_a_service_mesh(scene: &Scene) -> Result<()> {
    for mesh in [ISTIO, LINKERD] {
        let mut pod: Value = serde_json::from_str(mesh)?;
        // The API server adds the account's token by itself, under a name of its own.
        pod["spec"]["serviceAccountName"] = json!("default");
        let accepted = scene.dry_run(&pod).await?;
        ensure!(
            workload::first_agent(&accepted).is_some(),
            "{:?}",
            workload::containers(&accepted)
        );
    }
    Ok(())
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
