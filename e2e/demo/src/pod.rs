//! A pod as the API server would send it to the webhook: the Deployment's pod template, with the
//! defaults and the service-account token that a real API server adds before admission webhooks run.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

/// Where a pod's service-account token is mounted.
pub(crate) const TOKEN_DIRECTORY: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The name of the token volume; a real one ends in five random letters.
pub(crate) const TOKEN_VOLUME: &str = "kube-api-access-demo0";

/// A workload manifest and the names that the demo needs from it.
pub(crate) struct Workload {
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) service_account: String,
    template: Value,
}

impl Workload {
    /// Reads a Deployment.
    pub(crate) fn parse(manifest: &str) -> Result<Self> {
        let deployment: Value = serde_saphyr::from_str(manifest).context("not a YAML manifest")?;
        let text = |pointer: &str| {
            let value = deployment.pointer(pointer).and_then(Value::as_str);
            value
                .map(str::to_owned)
                .with_context(|| format!("the manifest has no {pointer}"))
        };
        Ok(Self {
            name: text("/metadata/name")?,
            namespace: text("/metadata/namespace")?,
            service_account: text("/spec/template/spec/serviceAccountName")?,
            template: deployment["spec"]["template"].clone(),
        })
    }

    /// The pod that the Deployment asks for, as admission sees it.
    pub(crate) fn pod(&self) -> Value {
        let mut pod = json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": self.template["metadata"],
            "spec": self.template["spec"],
            "status": {},
        });
        let metadata = &mut pod["metadata"];
        metadata["generateName"] = json!(format!("{}-7c9d8f6b5-", self.name));
        metadata["namespace"] = json!(self.namespace);
        let spec = &mut pod["spec"];
        spec["serviceAccount"] = json!(self.service_account);
        spec["restartPolicy"] = json!("Always");
        spec["volumes"] = json!([token_volume()]);
        if let Some(containers) = spec["containers"].as_array_mut() {
            for container in containers {
                container["resources"] = json!({});
                container["terminationMessagePath"] = json!("/dev/termination-log");
                container["terminationMessagePolicy"] = json!("File");
                container["volumeMounts"] = json!([{
                    "name": TOKEN_VOLUME, "mountPath": TOKEN_DIRECTORY, "readOnly": true,
                }]);
            }
        }
        pod
    }

    /// The review that the API server posts for `pod`.
    pub(crate) fn review(&self, pod: &Value) -> Value {
        json!({
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "request": {
                "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
                "kind": {"group": "", "version": "v1", "kind": "Pod"},
                "resource": {"group": "", "version": "v1", "resource": "pods"},
                "requestKind": {"group": "", "version": "v1", "kind": "Pod"},
                "requestResource": {"group": "", "version": "v1", "resource": "pods"},
                "namespace": self.namespace,
                "operation": "CREATE",
                "userInfo": {"username": "system:serviceaccount:kube-system:replicaset-controller"},
                "object": pod,
                "oldObject": null,
                "dryRun": false,
                "options": {"apiVersion": "meta.k8s.io/v1", "kind": "CreateOptions"},
            },
        })
    }
}

fn token_volume() -> Value {
    json!({
        "name": TOKEN_VOLUME,
        "projected": {
            "defaultMode": 420,
            "sources": [
                {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                {"configMap": {
                    "name": "kube-root-ca.crt",
                    "items": [{"key": "ca.crt", "path": "ca.crt"}],
                }},
                {"downwardAPI": {"items": [{
                    "path": "namespace",
                    "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"},
                }]}},
            ],
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = include_str!("../../../manifests/examples/guide-deployment.yaml");

    #[test]
    fn the_pod_keeps_the_template_and_gets_the_token_that_every_pod_gets() {
        let workload = Workload::parse(MANIFEST).unwrap();
        let pod = workload.pod();
        let annotation = "vault.hashicorp.com/agent-inject-template-config";
        let template = pod["metadata"]["annotations"][annotation].as_str().unwrap();
        assert!(
            template.starts_with("{{- with secret \"secret/data/production/api-service\" -}}\n")
        );
        assert_eq!(pod["spec"]["containers"][0]["image"], "api:latest");
        assert_eq!(
            pod["spec"]["containers"][0]["volumeMounts"][0]["mountPath"],
            TOKEN_DIRECTORY
        );
        assert_eq!(pod["spec"]["volumes"][0]["name"], TOKEN_VOLUME);
        assert_eq!(workload.service_account, "api-service-sa");
    }
}
