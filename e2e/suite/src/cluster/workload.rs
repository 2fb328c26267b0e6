//! The workloads of scenarios, as Kubernetes objects.

use contract::names;
use serde_json::{Value, json};

/// The container of every workload here.
pub const CONTAINER: &str = "app";

/// The guide's annotations for a secret, with a role of the scenario's own.
pub fn guide_annotations(role: &str) -> Value {
    json!({
        "vault.hashicorp.com/agent-inject": "true",
        "vault.hashicorp.com/role": role,
        "vault.hashicorp.com/agent-inject-secret-config": format!("secret/data/{}", crate::GUIDE_SECRET),
        "vault.hashicorp.com/agent-inject-template-config": crate::GUIDE_TEMPLATE,
    })
}

/// The same, with further annotations, without their prefix.
pub fn annotated(role: &str, more: &[(&str, &str)]) -> Value {
    with(guide_annotations(role), more)
}

/// Annotations with further ones.
#[must_use]
pub fn with(mut annotations: Value, more: &[(&str, &str)]) -> Value {
    for (key, value) in more {
        annotations[format!("vault.hashicorp.com/{key}")] = json!(value);
    }
    annotations
}

/// Annotations for a secret of one value, as [`crate::Scene::secret`] makes it, whose file is that value.
pub fn value_annotations(role: &str, path: &str) -> Value {
    let template =
        format!("{{{{ with secret \"{path}\" }}}}{{{{ .Data.data.value }}}}{{{{ end }}}}");
    json!({
        "vault.hashicorp.com/agent-inject": "true",
        "vault.hashicorp.com/role": role,
        "vault.hashicorp.com/agent-inject-secret-config": path,
        "vault.hashicorp.com/agent-inject-template-config": template,
    })
}

/// A pod of an application that prints its file, fit for a namespace that takes restricted pods only.
pub fn pod(name: &str, annotations: &Value) -> Value {
    let mut pod = template(name, annotations);
    pod["apiVersion"] = json!("v1");
    pod["kind"] = json!("Pod");
    pod["metadata"]["name"] = json!(name);
    pod
}

/// A Deployment of such a pod.
pub fn deployment(name: &str, annotations: &Value) -> Value {
    of_kind("Deployment", name, annotations)
}

/// Such pods under an object of `apps/v1`, of one of the kinds that keep them running.
pub fn of_kind(kind: &str, name: &str, annotations: &Value) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": { "name": name },
        "spec": {
            "selector": { "matchLabels": { "app": name } },
            "template": template(name, annotations),
        },
    })
}

/// A Job whose pod prints its file and ends, and is not tried a second time.
pub fn job(name: &str, restart_policy: &str, annotations: &Value) -> Value {
    let mut template = template(name, annotations);
    template["spec"]["restartPolicy"] = json!(restart_policy);
    template["spec"]["containers"][0]["command"] = json!(["cat", "/vault/secrets/config"]);
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": { "name": name },
        "spec": { "backoffLimit": 0, "template": template },
    })
}

fn template(name: &str, annotations: &Value) -> Value {
    json!({
        "metadata": { "labels": { "app": name }, "annotations": annotations },
        "spec": {
            "terminationGracePeriodSeconds": 1,
            "securityContext": { "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } },
            "containers": [{
                "name": CONTAINER,
                "image": "api:latest",
                "imagePullPolicy": "IfNotPresent",
                "securityContext": {
                    "allowPrivilegeEscalation": false,
                    "capabilities": { "drop": ["ALL"] },
                },
            }],
        },
    })
}

/// The names of a pod's containers, init containers first.
pub fn containers(pod: &Value) -> Vec<&str> {
    ["initContainers", "containers"]
        .iter()
        .flat_map(|list| pod["spec"][list].as_array().into_iter().flatten())
        .filter_map(|container| container["name"].as_str())
        .collect()
}

/// The agent container that the application waits for: an init container, or a native sidecar.
/// `None` where nothing was injected.
pub fn first_agent(pod: &Value) -> Option<&str> {
    containers(pod)
        .into_iter()
        .find(|name| [names::INIT_CONTAINER, names::SIDECAR_CONTAINER].contains(name))
}

/// The image of the agent that the application waits for.
pub fn agent_image(pod: &Value) -> &str {
    let agents = pod["spec"]["initContainers"].as_array();
    agents
        .into_iter()
        .flatten()
        .find(|container| container["name"].as_str() == first_agent(pod))
        .and_then(|agent| agent["image"].as_str())
        .unwrap_or_default()
}

/// How often containers of the pod were started again, in all.
pub fn restarts(pod: &Value) -> u64 {
    ["initContainerStatuses", "containerStatuses"]
        .iter()
        .flat_map(|list| pod["status"][list].as_array().into_iter().flatten())
        .filter_map(|status| status["restartCount"].as_u64())
        .sum()
}

/// Whether a pod is ready.
pub fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array();
    conditions
        .into_iter()
        .flatten()
        .any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

/// A pod's name.
pub fn name(pod: &Value) -> &str {
    pod["metadata"]["name"].as_str().unwrap_or_default()
}
