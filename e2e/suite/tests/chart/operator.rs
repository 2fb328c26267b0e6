//! What the chart promises about the operator. That its rights are enough shows in a cluster.

use serde_json::{Value, json};

use crate::helm::{chart, objects, of_kind, parse, read, template};

const ENABLED: &str = "--set=operator.enabled=true";
const ALONE: &str = "--set=operator.enabled=true,injector.enabled=false";
const DEFINITION: &str = "CustomResourceDefinition";

fn definitions(objects: Vec<Value>) -> Vec<Value> {
    let mut found = objects;
    found.retain(|object| object["kind"] == DEFINITION);
    found.sort_by_key(|object| object["metadata"]["name"].to_string());
    found
}

/// The rules of the roles, each with the name of its role.
fn rules(objects: &[Value]) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for object in objects {
        let kind = object["kind"].as_str().unwrap();
        if ["Role", "ClusterRole"].contains(&kind) {
            for rule in object["rules"].as_array().unwrap() {
                found.push((kind.to_owned(), rule.clone()));
            }
        }
    }
    found
}

#[test]
#[ignore = "needs Helm: make test"]
fn the_operator_is_there_only_if_it_is_asked_for() {
    let without = template(&[]).unwrap();
    assert!(!without.contains("secrets-operator"));
    // The injector's objects are the same beside it.
    let beside = objects(&[ENABLED]);
    for object in parse(&without) {
        assert!(beside.contains(&object), "{object:#}");
    }
    let alone = objects(&[ALONE]);
    assert!(!json!(alone).to_string().contains("sidecar-injector"));
    assert!(of_kind(&alone, "Deployment").is_some());
}

#[test]
#[ignore = "needs Helm: make test"]
fn definitions_are_installed_by_a_switch_and_stay_when_the_release_goes() {
    assert!(definitions(objects(&[ALONE])).is_empty());
    let rendered = definitions(objects(&[ALONE, "--set=operator.crds.install=true"]));
    let mut expected = definitions(parse(&read(&chart().join("operator-crds.yaml"))));
    for definition in &mut expected {
        let metadata = &mut definition["metadata"];
        metadata["labels"]["app.kubernetes.io/part-of"] = json!("vault-injector");
        metadata["annotations"]["helm.sh/resource-policy"] = json!("keep");
    }
    assert!(expected.len() > 8, "{}", expected.len());
    for (rendered, expected) in rendered.iter().zip(&expected) {
        assert!(rendered == expected, "{}", expected["metadata"]["name"]);
    }
    assert_eq!(rendered.len(), expected.len());
    let without = ["--set=operator.crds.install=true"];
    assert!(definitions(objects(&without)).is_empty());
}

#[test]
#[ignore = "needs Helm: make test"]
fn no_rule_of_the_operator_grants_everything() {
    for (_, rule) in rules(&objects(&[ALONE])) {
        assert!(!rule.to_string().contains('*'), "{rule}");
        // Kinds without a namespace, and rights of others: only what is called.
        let resources = rule["resources"].to_string();
        assert!(!resources.contains("serviceaccounts"), "{rule}");
        if resources.contains("stores\"") {
            assert_eq!(rule["verbs"], json!(["list", "watch", "patch"]), "{rule}");
        }
    }
}

#[test]
#[ignore = "needs Helm: make test"]
fn tokens_of_service_accounts_are_granted_by_namespace_unless_all_are_asked_for() {
    let tokens = |option: &str| -> Vec<String> {
        let rendered = rules(&objects(&[ALONE, "--set", option]));
        let granted = rendered
            .iter()
            .filter(|(_, rule)| rule["resources"] == json!(["serviceaccounts/token"]));
        granted.map(|(kind, _)| kind.clone()).collect()
    };
    assert!(tokens("").is_empty());
    let named = "operator.serviceAccountTokens.namespaces={shop,web}";
    assert_eq!(tokens(named), ["Role", "Role"]);
    let all = "operator.serviceAccountTokens.allNamespaces=true";
    assert_eq!(tokens(all), ["ClusterRole"]);
    let both = format!("{named},{all}");
    let refused = template(&[ALONE, "--set", &both]).unwrap_err();
    assert!(refused.contains("not both"), "{refused}");
}

#[test]
#[ignore = "needs Helm: make test"]
fn beside_another_operator_no_kind_of_the_cluster_is_served() {
    let options = "operator.clusterKinds=false,operator.controllerClass=vault";
    let rendered = objects(&[ALONE, "--set", options]);
    let pod = &of_kind(&rendered, "Deployment").unwrap()["spec"]["template"]["spec"];
    let arguments = &pod["containers"][0]["args"];
    for argument in [
        "--controller-class=vault",
        "--enable-cluster-store-reconciler=false",
        "--enable-cluster-external-secret-reconciler=false",
    ] {
        let given = arguments.as_array().unwrap();
        assert!(given.contains(&json!(argument)), "{arguments}");
    }
    for (_, rule) in rules(&rendered) {
        for kind in [
            "clustersecretstores",
            "clusterexternalsecrets",
            "clustergenerators",
        ] {
            assert!(!rule["resources"].to_string().contains(kind), "{rule}");
        }
    }
}

#[test]
#[ignore = "needs Helm: make test"]
fn an_operator_of_one_namespace_has_no_right_elsewhere() {
    let rendered = objects(&[ALONE, "--set=operator.namespace=shop"]);
    assert!(of_kind(&rendered, "ClusterRole").is_none());
    let roles = rendered.iter().filter(|object| object["kind"] == "Role");
    let namespaces: Vec<_> = roles.map(|role| &role["metadata"]["namespace"]).collect();
    assert_eq!(namespaces, ["shop", "vault-injector"]);
}

#[test]
#[ignore = "needs Helm: make test"]
fn replicas_are_elected_if_there_are_several() {
    for (replicas, is_elected) in [("1", false), ("2", true)] {
        let option = format!("operator.replicas={replicas}");
        let text = template(&[ALONE, "--set", &option]).unwrap();
        for part in ["--enable-leader-election", "leases", "PodDisruptionBudget"] {
            assert_eq!(text.contains(part), is_elected, "{part}");
        }
    }
}

#[test]
#[ignore = "needs Helm: make test"]
fn what_cannot_be_meant_for_the_operator_is_refused() {
    for (option, message) in [
        (
            "operator.image.repository=registry.example/secrets-operator:2",
            "write that to operator.image.tag",
        ),
        (
            "operator.image.repository=ghcr.io/external-secrets/external-secrets",
            "which is another operator",
        ),
        (
            "operator.metrics.enabled=false,operator.metrics.serviceMonitor.enabled=true",
            "need enabled: true",
        ),
        ("operator.replica=3", "additional properties 'replica'"),
    ] {
        let refused = template(&[ALONE, "--set", option]).unwrap_err();
        assert!(refused.contains(message), "{option}: {refused}");
    }
}
