//! Which workloads the API server sends to `/validate`: the installed match condition, evaluated by the API server in a
//! policy that warns where the webhook would be called.

use anyhow::{Context, Result, ensure};
use e2e::Kubectl;
use serde_json::{Value, json};

const NAME: &str = "e2e-sent-to-validate";

/// An object with these names as annotations or labels at a path of its own.
fn workload(kind: &str, at: &str, names: &Value) -> Value {
    let pods = json!({
        "metadata": { "labels": { "app": "a" } },
        "spec": { "restartPolicy": "Always", "containers": [{ "name": "a", "image": "a" }] },
    });
    let mut object = match kind {
        "CronJob" => {
            let mut pods = pods;
            pods["spec"]["restartPolicy"] = json!("Never");
            json!({
                "apiVersion": "batch/v1",
                "spec": {
                    "schedule": "0 3 * * *",
                    "jobTemplate": { "metadata": {}, "spec": { "template": pods } },
                },
            })
        }
        _ => json!({
            "apiVersion": "apps/v1",
            "spec": { "selector": { "matchLabels": { "app": "a" } }, "template": pods },
        }),
    };
    object["kind"] = json!(kind);
    object["metadata"] = json!({ "name": "a" });
    let (parent, key) = at.rsplit_once('/').unwrap_or_default();
    let target = object.pointer_mut(parent).and_then(Value::as_object_mut);
    let into = target.map(|target| target.entry(key).or_insert_with(|| json!({})));
    if let (Some(Value::Object(into)), Value::Object(names)) = (into, names) {
        into.extend(names.clone());
    }
    object
}

async fn is_sent(kubectl: &Kubectl, object: &Value) -> Result<bool> {
    let create = ["create", "--dry-run=server", "--filename=-"];
    let said = kubectl.try_with(&create, &object.to_string()).await?;
    ensure!(said.ok, "{object}: {said:?}");
    Ok(said.stderr.contains(NAME))
}

#[tokio::test]
#[ignore = "needs a cluster: make e2e"]
async fn a_workload_is_sent_for_warnings_wherever_it_has_a_name_of_ours() -> Result<()> {
    let kubectl = Kubectl::of_environment()?;
    let installed = kubectl
        .get("validatingwebhookconfiguration/vault-injector")
        .await?;
    let condition = &installed["webhooks"][0]["matchConditions"][0]["expression"];
    let condition = condition.as_str().context("no condition")?;
    let policy = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": { "name": NAME },
        "spec": {
            "matchConstraints": { "resourceRules": installed["webhooks"][0]["rules"] },
            "validations": [{ "expression": format!("!({condition})") }],
        },
    });
    let binding = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": { "name": NAME },
        "spec": {
            "policyName": NAME,
            "validationActions": ["Warn"],
            "matchResources": {
                "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": NAME } },
            },
        },
    });
    let namespace =
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAME } });
    let all = json!({ "apiVersion": "v1", "kind": "List", "items": [namespace, policy, binding] });
    kubectl.apply(&all.to_string()).await?;
    let outcome = every_place(&kubectl.within(NAME)).await;
    let delete = ["delete", "--wait=false", "--filename=-"];
    kubectl.run_with(&delete, &all.to_string()).await?;
    outcome
}

async fn every_place(kubectl: &Kubectl) -> Result<()> {
    let ours = json!({ "vault.hashicorp.com/agent-inject": "true" });
    let baos = json!({ "openbao.org/agent-inject": "true" });
    let others = json!({ "example.com/vault.hashicorp.com": "true" });
    // A policy takes effect a moment after it was stored.
    let first = workload("Deployment", "/spec/template/metadata/annotations", &ours);
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
    while !is_sent(kubectl, &first).await? {
        ensure!(
            tokio::time::Instant::now() < deadline,
            "the policy has no effect"
        );
    }
    let places = [
        ("Deployment", "/metadata"),
        ("Deployment", "/spec/template/metadata"),
        ("StatefulSet", "/metadata"),
        ("CronJob", "/metadata"),
        ("CronJob", "/spec/jobTemplate/metadata"),
        ("CronJob", "/spec/jobTemplate/spec/template/metadata"),
    ];
    for (kind, metadata) in places {
        for list in ["annotations", "labels"] {
            let at = format!("{metadata}/{list}");
            for (names, sent) in [(&ours, true), (&baos, true), (&others, false)] {
                let object = workload(kind, &at, names);
                ensure!(
                    is_sent(kubectl, &object).await? == sent,
                    "{kind} with {names} at {at}"
                );
            }
        }
    }
    for kind in ["Deployment", "CronJob"] {
        let plain = workload(kind, "/metadata/annotations", &json!({}));
        ensure!(!is_sent(kubectl, &plain).await?, "{kind}");
    }
    Ok(())
}
