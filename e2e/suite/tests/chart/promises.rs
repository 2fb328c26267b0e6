//! What the chart promises, whatever else is in its objects.

use serde_json::Value;

use crate::helm::{chart, helm, objects, of_kind, template};

const BEFORE: &str = "--kube-version=1.29.9";
const SINCE: &str = "--kube-version=1.30.0";

fn webhook(objects: &[Value]) -> &Value {
    &of_kind(objects, "MutatingWebhookConfiguration").unwrap()["webhooks"][0]
}

#[test]
#[ignore = "needs Helm: make test"]
fn a_misspelt_value_is_refused_by_its_name() {
    for (option, words) in [
        (
            "injector.replica=3",
            "'/injector': additional properties 'replica'",
        ),
        (
            "injector.webhook.failPolicy=Fail",
            "'/injector/webhook': additional properties 'failPolicy'",
        ),
        (
            "injector.agentFlavor=nativ",
            "'/injector/agentFlavor': value must be one of 'auto', 'native', 'compatible'",
        ),
        ("injektor.replicas=3", "additional properties 'injektor'"),
        (
            "global.tlsDisabled=true",
            "global.tlsDisabled is not a value of this chart: did you mean global.tlsDisable?",
        ),
        (
            "global.externalVaultAddress=http://v",
            "did you mean global.externalVaultAddr?",
        ),
        ("global.nmaespace=a", "did you mean global.namespace?"),
        ("global.enable=true", "did you mean global.enabled?"),
        ("global.openShift=true", "did you mean global.openshift?"),
        (
            "global.imageRegistri=r.example",
            "did you mean global.imageRegistry?",
        ),
    ] {
        let said = template(&["--set", option]).unwrap_err();
        assert!(said.contains(words), "{option}: {said}");
    }
}

#[test]
#[ignore = "needs Helm: make test"]
fn what_cannot_be_meant_is_refused_with_what_to_do() {
    for (option, words) in [
        (
            "injector.image.repository=hashicorp/vault-k8s",
            "name the image of vault-injector there",
        ),
        (
            "injector.image.repository=openbao/openbao-k8s",
            "name the image of vault-injector there",
        ),
        (
            "injector.image.repository=registry.example:5000/vault-injector:2",
            "write that to injector.image.tag",
        ),
        (
            "injector.agentImage.repository=hashicorp/vault@sha256:abc",
            "or injector.agentImage.digest",
        ),
        (
            "injector.agentImage.repository=hashicorp/vault",
            "for example --set-string injector.agentImage.tag=1.21.0",
        ),
        (
            "injector.agentImage.repository=mirror.example/openbao",
            "for example --set-string injector.agentImage.tag=2.4.1",
        ),
        (
            "injector.certs.certManager.enabled=true,injector.certs.secretName=mine",
            "either secretName or certManager.enabled",
        ),
        (
            "injector.metrics.enabled=false,injector.metrics.serviceMonitor.enabled=true",
            "need enabled: true",
        ),
        ("injector.healthPort=8080", "the same as injector.port"),
        (
            "injector.certs.clientCa.configMapName=a,injector.certs.clientCa.secretName=b",
            "either configMapName or secretName",
        ),
        (
            "injector.certs.clientCa.secretName=b,injector.metrics.serviceMonitor.enabled=true",
            "or set injector.healthPort",
        ),
    ] {
        let said = template(&["--set", option]).unwrap_err();
        assert!(said.contains(words), "{option}: {said}");
    }
}

#[test]
#[ignore = "needs Helm: make test"]
fn an_agent_image_has_the_charts_version_only_if_it_is_our_own() {
    let image = |options: &str| {
        let rendered = objects(&["--set", options]);
        let deployment = of_kind(&rendered, "Deployment").unwrap();
        let variables = &deployment["spec"]["template"]["spec"]["containers"][0]["env"];
        let image = variables
            .as_array()
            .unwrap()
            .iter()
            .find(|variable| variable["name"] == "AGENT_INJECT_VAULT_IMAGE");
        image.unwrap()["value"].as_str().unwrap().to_owned()
    };
    let version = env!("CARGO_PKG_VERSION");
    for (options, expected) in [
        (
            "injector.agentImage.repository=r.example/a/vault-injector-agent",
            format!("r.example/a/vault-injector-agent:{version}"),
        ),
        (
            "injector.agentImage.repository=ours,injector.agentFlavor=native",
            format!("ours:{version}"),
        ),
        (
            "injector.agentImage.repository=hashicorp/vault,injector.agentImage.tag=1.21.0",
            "hashicorp/vault:1.21.0".to_owned(),
        ),
        (
            "injector.agentImage.repository=hashicorp/vault,injector.agentImage.digest=sha256:ab",
            "hashicorp/vault@sha256:ab".to_owned(),
        ),
        (
            "global.imageRegistry=r.example",
            format!("r.example/vault-injector-agent:{version}"),
        ),
        (
            "global.imageRegistry=r.example,injector.agentImage.repository=team/vault-injector-agent",
            format!("r.example/team/vault-injector-agent:{version}"),
        ),
        (
            "global.imageRegistry=r.example,injector.agentImage.repository=q.example/vault-injector-agent",
            format!("q.example/vault-injector-agent:{version}"),
        ),
        (
            "global.imageRegistry=r.example,injector.agentImage.repository=q:5000/vault-injector-agent",
            format!("q:5000/vault-injector-agent:{version}"),
        ),
        (
            "global.imageRegistry=r.example,injector.agentImage.repository=localhost/vault-injector-agent",
            format!("localhost/vault-injector-agent:{version}"),
        ),
        (
            "global.imageRegistry=r.example,injector.agentImage.registry=other.example",
            format!("other.example/vault-injector-agent:{version}"),
        ),
    ] {
        assert_eq!(image(options), expected, "{options}");
    }
}

#[test]
#[ignore = "needs Helm: make test"]
fn a_chart_that_contains_this_one_may_have_globals_of_its_own() {
    let parent = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| std::fs::write(parent.path().join(name), text).unwrap();
    file(
        "Chart.yaml",
        "apiVersion: v2\nname: platform\nversion: 1.0.0\n",
    );
    file("values.yaml", "global: {domain: example.com}\n");
    std::fs::create_dir(parent.path().join("charts")).unwrap();
    let inside = parent.path().join("charts/vault-injector");
    std::os::unix::fs::symlink(chart().canonicalize().unwrap(), inside).unwrap();
    let text = helm(&["template", "platform", parent.path().to_str().unwrap()]).unwrap();
    assert!(text.contains("name: platform-vault-injector"), "{text}");
}

#[test]
#[ignore = "needs Helm: make test"]
fn a_pod_is_refused_without_an_injector_only_where_no_other_pod_can_be() {
    for (version, policy, gated) in [(BEFORE, "Ignore", false), (SINCE, "Fail", true)] {
        let rendered = objects(&[version]);
        assert_eq!(webhook(&rendered)["failurePolicy"], policy, "{version}");
        for kind in [
            "MutatingWebhookConfiguration",
            "ValidatingWebhookConfiguration",
        ] {
            let webhook = &of_kind(&rendered, kind).unwrap()["webhooks"][0];
            assert_eq!(webhook.get("matchConditions").is_some(), gated, "{version}");
        }
        let condition = webhook(&rendered)["matchConditions"][0]["expression"].as_str();
        for prefix in ["vault.hashicorp.com/", "openbao.org/"] {
            assert_eq!(condition.is_some_and(|it| it.contains(prefix)), gated);
        }
    }
    for (version, key, policy) in [
        (BEFORE, "webhook.failurePolicy", "Fail"),
        (SINCE, "webhook.failurePolicy", "Ignore"),
        (SINCE, "failurePolicy", "Ignore"),
    ] {
        let option = format!("injector.{key}={policy}");
        let rendered = objects(&[version, "--set", &option]);
        assert_eq!(webhook(&rendered)["failurePolicy"], policy, "{option}");
    }
}

#[test]
#[ignore = "needs Helm: make test"]
fn an_authority_that_another_one_writes_is_not_even_named() {
    for option in [
        "injector.certs.secretName=null",
        "injector.certs.certManager.enabled=true",
        "injector.certs.caBundle=bWluZQ==",
    ] {
        let text = template(&["--set", option]).unwrap();
        assert!(!text.contains("caBundle"), "{option}");
    }
    let given = "injector.certs.secretName=mine,injector.certs.caBundle=bWluZQ==";
    let text = template(&["--set", given]).unwrap();
    assert_eq!(text.matches("caBundle: bWluZQ==").count(), 2);
}

#[test]
#[ignore = "needs Helm: make test"]
fn neither_its_own_namespace_nor_the_clusters_is_looked_at_unless_asked_for() {
    let selector = |options: &[&str]| webhook(&objects(options))["namespaceSelector"].clone();
    assert_eq!(
        selector(&[])["matchExpressions"][0]["values"],
        serde_json::json!(["kube-system", "vault-injector"])
    );
    let all = ["--set-json", "injector.webhook.namespaceSelector={}"];
    assert_eq!(selector(&all), serde_json::json!({}));
}

#[test]
#[ignore = "needs Helm: make test"]
fn the_injector_may_change_nothing_but_its_own_objects() {
    for option in ["injector.replicas=2", "injector.certs.secretName=mine"] {
        for object in objects(&["--set", option]) {
            for rule in object["rules"].as_array().into_iter().flatten() {
                let verbs: Vec<&str> = rule["verbs"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter_map(Value::as_str)
                    .collect();
                let named = rule.get("resourceNames").is_some();
                let harmless =
                    verbs == ["create"] || (verbs == ["list"] && rule["resources"][0] == "nodes");
                assert!(named || harmless, "{option}: {rule}");
                assert!(!rule.to_string().contains('*'), "{option}: {rule}");
            }
        }
    }
    // With a certificate of another origin there is nothing to write at all.
    let rendered = objects(&["--set", "injector.certs.secretName=mine"]);
    assert!(of_kind(&rendered, "Role").is_none());
    assert!(
        !of_kind(&rendered, "ClusterRole")
            .unwrap()
            .to_string()
            .contains("patch")
    );
}
