//! What the API server lets the injector's ServiceAccount do to webhook configurations, by the policy that is installed
//! beside it. Nothing here is stored: each request is a dry run.

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::{Kubectl, Said};
use serde_json::{Value, json};

const ACCOUNT: &str = "--as=system:serviceaccount:vault-injector:vault-injector";
const MUTATING: &str = "mutatingwebhookconfiguration/vault-injector";
const VALIDATING: &str = "validatingwebhookconfiguration/vault-injector";

/// A JSON patch by the account.
async fn patch(kubectl: &Kubectl, object: &str, operations: &str) -> Result<Said> {
    let operations = format!("--patch={operations}");
    let command = ["patch", object, "--type=json", "--dry-run=server", ACCOUNT];
    let command = [&command[..], &[&operations]].concat();
    kubectl.try_with(&command, "").await
}

/// An authority that nothing has been signed with.
fn authority() -> Result<String> {
    let key = rcgen::KeyPair::generate()?;
    let certificate = rcgen::CertificateParams::default().self_signed(&key)?;
    Ok(STANDARD.encode(certificate.pem()))
}

/// Changes of either configuration, as JSON patches, and what the denial names.
const CHANGES: &[(&str, &str)] = &[
    (
        r#"{"op": "add", "path": "/webhooks/0/rules/0/resources/-", "value": "secrets"}"#,
        "must not change webhooks[NAME].rules",
    ),
    (
        r#"{"op": "add", "path": "/webhooks/0/rules/0/operations", "value": ["*"]}"#,
        "must not change webhooks[NAME].rules",
    ),
    (
        r#"{"op": "remove", "path": "/webhooks/0/rules"}"#,
        "must not change webhooks[NAME].rules",
    ),
    (
        r#"{"op": "add", "path": "/webhooks/0/clientConfig/service/name", "value": "other"}"#,
        "must not change webhooks[NAME].clientConfig.service",
    ),
    (
        r#"{"op": "add", "path": "/webhooks/0/clientConfig/service/namespace", "value": "other"}"#,
        "must not change webhooks[NAME].clientConfig.service",
    ),
    (
        r#"{"op": "add", "path": "/webhooks/0/clientConfig/service/path", "value": "/other"}"#,
        "must not change webhooks[NAME].clientConfig.service",
    ),
    (
        r#"{"op": "add", "path": "/webhooks/0/clientConfig/service/port", "value": 8443}"#,
        "must not change webhooks[NAME].clientConfig.service",
    ),
    (
        r#"{"op": "remove", "path": "/webhooks/0/clientConfig/service"},
        {"op": "add", "path": "/webhooks/0/clientConfig/url", "value": "https://elsewhere.example"}"#,
        "webhooks[NAME].clientConfig.url, webhooks[NAME].clientConfig.service",
    ),
    (
        r#"{"op": "add", "path": "/webhooks/0/namespaceSelector", "value": {}}"#,
        "must not change webhooks[NAME].namespaceSelector",
    ),
    (
        r#"{"op": "add", "path": "/webhooks/0/objectSelector/matchLabels", "value": {"a": "b"}}"#,
        "must not change webhooks[NAME].objectSelector",
    ),
    (
        r#"{"op": "add", "path": "/webhooks/0/sideEffects", "value": "NoneOnDryRun"}"#,
        "must not change webhooks[NAME].sideEffects",
    ),
    (
        r#"{"op": "add", "path": "/webhooks/0/timeoutSeconds", "value": 1}"#,
        "must not change webhooks[NAME].timeoutSeconds",
    ),
    (
        r#"{"op": "add", "path": "/webhooks/0/admissionReviewVersions", "value": ["v1"]}"#,
        "must not change webhooks[NAME].admissionReviewVersions",
    ),
    (
        r#"{"op": "remove", "path": "/webhooks/0/matchConditions"}"#,
        "must not change webhooks[NAME].matchConditions",
    ),
    (
        r#"{"op": "add", "path": "/webhooks/0/matchConditions/0/expression", "value": "true"}"#,
        "must not change webhooks[NAME].matchConditions",
    ),
    (
        r#"{"op": "add", "path": "/webhooks/0/name", "value": "other.vault.hashicorp.com"}"#,
        "add, remove, rename or reorder webhooks",
    ),
    (
        r#"{"op": "copy", "from": "/webhooks/0", "path": "/webhooks/1"},
        {"op": "add", "path": "/webhooks/1/name", "value": "second.vault.hashicorp.com"}"#,
        "add, remove, rename or reorder webhooks",
    ),
    (
        r#"{"op": "copy", "from": "/webhooks/0", "path": "/webhooks/1"},
        {"op": "add", "path": "/webhooks/0/name", "value": "first.vault.hashicorp.com"}"#,
        "add, remove, rename or reorder webhooks",
    ),
    (
        r#"{"op": "remove", "path": "/webhooks/0"}"#,
        "add, remove, rename or reorder webhooks",
    ),
    (
        r#"{"op": "remove", "path": "/webhooks"}"#,
        "add, remove, rename or reorder webhooks",
    ),
    (
        r#"{"op": "add", "path": "/metadata/labels/a", "value": "b"}"#,
        "must not change metadata.labels",
    ),
    (
        r#"{"op": "remove", "path": "/metadata/labels"}"#,
        "must not change metadata.labels",
    ),
    (
        r#"{"op": "add", "path": "/metadata/annotations", "value": {"a": "b"}}"#,
        "must not change metadata.annotations",
    ),
    (
        r#"{"op": "add", "path": "/metadata/finalizers", "value": ["a.example/b"]}"#,
        "must not change metadata.finalizers",
    ),
    (
        r#"{"op": "add", "path": "/metadata/ownerReferences",
        "value": [{"apiVersion": "v1", "kind": "Namespace", "name": "a", "uid": "b"}]}"#,
        "must not change metadata.ownerReferences",
    ),
];

/// Fields whose value depends on how the injector was installed, and two that each may have.
const CHOICES: [(&str, [&str; 2]); 3] = [
    ("failurePolicy", ["Ignore", "Fail"]),
    ("matchPolicy", ["Equivalent", "Exact"]),
    ("reinvocationPolicy", ["Never", "IfNeeded"]),
];

/// One request that has to be denied.
async fn denied(kubectl: &Kubectl, object: &str, operations: &str, words: &str) -> Result<()> {
    let operations = format!("[{operations}]");
    let said = patch(kubectl, object, &operations).await?;
    ensure!(!said.ok, "{object}: {operations} is allowed");
    ensure!(
        said.stderr
            .contains("may only change clientConfig.caBundle")
            && said.stderr.contains(words),
        "{object}: {operations}: {words}: {said:?}"
    );
    Ok(())
}

#[tokio::test]
#[ignore = "needs a cluster: make e2e"]
async fn the_injectors_account_cannot_change_what_its_webhooks_see_or_whom_they_call() -> Result<()>
{
    let kubectl = Kubectl::of_environment()?;
    // What is allowed beside it changes nothing about a denial.
    let bundle = format!(
        r#"{{"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": "{}"}}"#,
        authority()?
    );
    for (object, name) in [
        (MUTATING, "vault.hashicorp.com"),
        (VALIDATING, "workloads.vault.hashicorp.com"),
    ] {
        for (operations, words) in CHANGES {
            let words = words.replace("NAME", name);
            denied(&kubectl, object, operations, &words).await?;
            let both = format!("{bundle}, {operations}");
            denied(&kubectl, object, &both, &words).await?;
        }
        let stored = kubectl.get(object).await?;
        for (field, choices) in CHOICES {
            let Some(value) = stored["webhooks"][0][field].as_str() else {
                continue;
            };
            let other = choices.into_iter().find(|choice| *choice != value);
            let operation =
                json!({ "op": "add", "path": format!("/webhooks/0/{field}"), "value": other });
            let words = format!("must not change webhooks[{name}].{field}");
            denied(&kubectl, object, &operation.to_string(), &words).await?;
        }
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs a cluster: make e2e"]
async fn the_injectors_account_registers_an_authority_as_the_injector_does() -> Result<()> {
    let kubectl = Kubectl::of_environment()?;
    for (object, kind) in [
        (MUTATING, "MutatingWebhookConfiguration"),
        (VALIDATING, "ValidatingWebhookConfiguration"),
    ] {
        let stored = kubectl.get(object).await?;
        let name = stored["webhooks"][0]["name"].as_str().context("no name")?;
        let bundle = authority()?;
        let applied = json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": kind,
            "metadata": { "name": "vault-injector" },
            "webhooks": [{ "name": name, "clientConfig": { "caBundle": bundle } }],
        });
        let command = [
            "apply",
            "--server-side",
            "--force-conflicts",
            "--field-manager=vault-injector",
            "--dry-run=server",
            "--output=json",
            "--filename=-",
            ACCOUNT,
        ];
        let after = kubectl.run_with(&command, &applied.to_string()).await?;
        let after: Value = serde_json::from_str(&after)?;
        assert_eq!(after["webhooks"][0]["clientConfig"]["caBundle"], *bundle);
        assert_eq!(
            after["webhooks"][0]["rules"],
            stored["webhooks"][0]["rules"]
        );
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs a cluster: make e2e"]
async fn the_injectors_account_has_no_right_to_its_policy_and_others_are_not_confined_by_it()
-> Result<()> {
    let kubectl = Kubectl::of_environment()?;
    for resource in [
        "validatingadmissionpolicies",
        "validatingadmissionpolicybindings",
    ] {
        kubectl.get(&format!("{resource}/vault-injector")).await?;
        for verb in ["patch", "update", "delete", "create", "deletecollection"] {
            let asked = ["auth", "can-i", verb, resource, ACCOUNT];
            let said = kubectl.try_with(&asked, "").await?;
            assert_eq!(said.stdout.trim(), "no", "{verb} {resource}");
        }
    }
    let label = ["label", MUTATING, "a=b", "--dry-run=server"];
    kubectl.run(&label).await.map(drop)
}
