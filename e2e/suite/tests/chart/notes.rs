//! The notes that Helm prints after an installation name what was set and has no effect.

use serde_json::Value;

use crate::helm::{objects, of_kind};

/// Helm prints notes only of what it installs into a cluster, but an object may quote them.
const QUOTED: &str = r#"extraObjects=["apiVersion: v1\nkind: Notes\ntext: {{ include (print .Template.BasePath \"/NOTES.txt\") . | toJson }}"]"#;

fn notes(options: &[&str]) -> String {
    let options = [&["--set-json", QUOTED], options].concat();
    let rendered = objects(&options);
    let text = of_kind(&rendered, "Notes").and_then(|object| object["text"].as_str());
    text.unwrap().to_owned()
}

#[test]
#[ignore = "needs Helm: make test"]
fn the_notes_name_every_value_without_an_effect() {
    for (option, words) in [
        ("server.enabled=false", "under `server` are ignored"),
        ("csi.enabled=false", "under `csi` are ignored"),
        ("ui.enabled=false", "under `ui` are ignored"),
        ("serverTelemetry.a=1", "under `serverTelemetry` are ignored"),
        (
            "snapshotAgent.enabled=true",
            "under `snapshotAgent` are ignored",
        ),
        ("global.env=production", "`global.env` is ignored"),
        ("global.name=web", "`global.name` is ignored"),
        ("global.psp.enable=true", "no PodSecurityPolicy since 1.25"),
        (
            "global.serverTelemetry.prometheusOperator=true",
            "they are about the server",
        ),
        (
            "injector.agentImage.pullPolicy=Always",
            "annotation vault.hashicorp.com/agent-image-pull-policy",
        ),
        (
            "injector.webhook.namespaceSelector.matchLabels.a=b",
            "which excludes kube-system and vault-injector",
        ),
        (
            "injector.certs.caBundle=bWluZQ==",
            "injector.certs.caBundle is ignored",
        ),
        (
            "injector.certs.secretName=mine",
            "injector.certs.caBundle is empty",
        ),
        (
            "injector.certs.certManager.issuerRef.name=mine",
            "injector.certs.certManager.issuerRef is ignored",
        ),
        (
            "global.openshift=true,injector.hostNetwork=true",
            "injector.hostNetwork is ignored on OpenShift",
        ),
        (
            "global.openshift=true,injector.uid=7",
            "injector.uid is ignored on OpenShift",
        ),
        (
            "injector.gid=7,injector.securityContext.pod.runAsUser=8",
            "injector.gid is ignored, because injector.securityContext.pod",
        ),
        (
            "injector.admissionPolicy.enabled=true,injector.certs.secretName=mine",
            "injector.admissionPolicy.enabled has no effect: with a certificate of yours",
        ),
    ] {
        let said = notes(&["--set", option]);
        assert!(said.contains(words), "{option}: {said}");
        assert!(!notes(&[]).contains(words), "{words}");
    }
    let old = [
        "--set=injector.admissionPolicy.enabled=true",
        "--kube-version=1.29.9",
    ];
    assert!(notes(&old).contains("which takes Kubernetes 1.30"));
    let condition = [
        "--kube-version=1.29.9",
        "--set-json",
        r#"injector.webhook.matchConditions=[{"name": "more", "expression": "true"}]"#,
    ];
    let left_out = "injector.webhook.matchConditions are left out";
    assert!(notes(&condition).contains(left_out));
    assert!(!notes(&condition[1..]).contains(left_out));
}

#[test]
#[ignore = "needs Helm: make test"]
fn a_selector_that_excludes_the_clusters_namespace_needs_no_note() {
    let selector = r#"{"matchExpressions":[{"key":"kubernetes.io/metadata.name","operator":"NotIn","values":["kube-system"]}]}"#;
    let option = format!("injector.webhook.namespaceSelector={selector}");
    let said = notes(&["--set-json", &option]);
    assert!(!said.contains("Your namespaceSelector"), "{said}");
}

#[test]
#[ignore = "needs Helm: make test"]
fn the_notes_offer_the_policy_where_it_would_confine_something() {
    let offer = "--set injector.admissionPolicy.enabled=true";
    assert!(notes(&[]).contains(offer));
    for option in [
        "injector.admissionPolicy.enabled=true",
        "injector.certs.secretName=mine",
        "injector.certs.certManager.enabled=true",
    ] {
        assert!(!notes(&["--set", option]).contains(offer), "{option}");
    }
    assert!(!notes(&["--kube-version=1.29.9"]).contains(offer));
}

#[test]
#[ignore = "needs Helm: make test"]
fn each_name_of_vaults_address_is_taken() {
    for name in [
        "global.externalVaultAddr",
        "global.externalBaoAddr",
        "injector.externalVaultAddr",
        "injector.externalBaoAddr",
    ] {
        let option = format!("{name}=https://vault.example:8200");
        let said = notes(&["--set", &option]);
        assert!(said.contains("Vault             https://vault.example:8200"));
        assert!(!said.contains("No address of Vault is given"), "{name}");
        let rendered = Value::from(objects(&["--set", &option])).to_string();
        assert!(rendered.contains(r#""value":"https://vault.example:8200""#));
    }
    let said = notes(&[]);
    assert!(said.contains("http://vault.vault-injector.svc:8200"));
    assert!(said.contains("No address of Vault is given"));
}
