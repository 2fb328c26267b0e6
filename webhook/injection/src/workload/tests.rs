//! What the author of a workload is told.

use serde_json::{Value, json};

use super::*;

fn mk_template(annotations: &Value) -> Value {
    json!({
        "metadata": {"annotations": annotations},
        "spec": {"containers": [{"name": "app", "image": "app:1"}]},
    })
}

fn told(object: &Value) -> Vec<String> {
    let raw = serde_json::value::to_raw_value(object).unwrap();
    let settings = Settings {
        vault_address: "https://vault:8200".to_owned(),
        ..Settings::default()
    };
    let outcome = decide(&raw, "apps", &settings);
    let told = warnings(&outcome);
    told.iter().map(|it| it.text().to_owned()).collect()
}

#[test]
fn the_template_is_found_in_every_kind_of_workload() {
    let template = mk_template(&json!({"vault.hashicorp.com/agent-injcet": "true"}));
    let warning = "unknown annotation agent-injcet is ignored: did you mean agent-inject?";
    for kind in [
        "Deployment",
        "StatefulSet",
        "DaemonSet",
        "ReplicaSet",
        "Job",
    ] {
        let object = json!({"kind": kind, "spec": {"template": template}});
        assert_eq!(told(&object), [warning], "{kind}");
    }
    let job = json!({"spec": {"template": template}});
    let object = json!({"kind": "CronJob", "spec": {"jobTemplate": job}});
    assert_eq!(told(&object), [warning]);
}

#[test]
fn a_template_without_a_token_is_not_refused_because_its_pods_will_have_one() {
    let annotations = json!({
        "vault.hashicorp.com/agent-inject": "true", "vault.hashicorp.com/role": "app",
        "vault.hashicorp.com/agent-inject-token": "true",
    });
    let mut object = json!({"kind": "Deployment", "spec": {"template": mk_template(&annotations)}});
    assert_eq!(told(&object), [""; 0]);
    object["spec"]["template"]["spec"]["automountServiceAccountToken"] = json!(false);
    assert_eq!(
        told(&object),
        [
            "pods will be refused: error creating new agent sidecar: failed to find service \
             account volume mount; the pod has no service-account token; \
             vault.hashicorp.com/agent-token-audience gives the agent one of its own"
        ]
    );
}

#[test]
fn a_jobs_template_is_told_what_a_jobs_pod_is_told() {
    let annotations = json!({
        "vault.hashicorp.com/agent-inject": "true", "vault.hashicorp.com/role": "app",
        "vault.hashicorp.com/agent-inject-token": "true",
    });
    let object = json!({"kind": "Job", "spec": {"template": mk_template(&annotations)}});
    assert_eq!(told(&object).len(), 1, "{:?}", told(&object));
}

#[test]
fn what_is_no_workload_is_let_through_in_silence() {
    for object in [
        json!({"kind": "ConfigMap", "spec": {"template": 1}}),
        json!({"kind": "Deployment"}),
        json!({"kind": "Deployment", "spec": {"template": null}}),
        json!([1]),
        json!({"kind": 7}),
    ] {
        assert_eq!(told(&object), [""; 0], "{object}");
    }
}

fn codes(object: &Value) -> Vec<String> {
    let raw = serde_json::value::to_raw_value(object).unwrap();
    let settings = Settings {
        vault_address: "https://vault:8200".to_owned(),
        ..Settings::default()
    };
    let outcome = decide(&raw, "apps", &settings);
    let told = warnings(&outcome);
    told.iter().map(|it| it.code().to_string()).collect()
}

fn mk_annotations() -> Value {
    json!({
        "vault.hashicorp.com/agent-inject": "true",
        "vault.hashicorp.com/role": "app",
        "vault.hashicorp.com/agent-inject-secret-a": "database/creds/app",
    })
}

/// A template that asks for nothing.
fn mk_plain() -> Value {
    mk_template(&json!({}))
}

#[test]
fn annotations_on_the_workload_are_told_where_they_belong() {
    let object = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"annotations": mk_annotations()},
        "spec": {"template": mk_plain()},
    });
    assert_eq!(
        told(&object),
        [
            "agent-inject and 2 more have no effect in metadata.annotations, because pods do not get \
             the annotations of the object that makes them: write them in \
             spec.template.metadata.annotations"
        ]
    );
    let job =
        json!({"metadata": {"annotations": mk_annotations()}, "spec": {"template": mk_plain()}});
    let object = json!({"apiVersion": "batch/v1", "kind": "CronJob", "spec": {"jobTemplate": job}});
    let told = told(&object);
    assert!(
        told[0].ends_with("write them in spec.jobTemplate.spec.template.metadata.annotations"),
        "{told:?}"
    );
    for kind in ["Namespace", "ServiceAccount", "ReplicaSet"] {
        let object = json!({
            "apiVersion": "v1", "kind": kind, "metadata": {"annotations": mk_annotations()},
        });
        assert_eq!(codes(&object), ["VI-1402"], "{kind}");
    }
}

#[test]
fn keys_that_belong_to_others_are_left_alone_on_other_objects() {
    let object = json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"annotations": {"vault.hashicorp.com/alias-metadata-env": "prod"}},
    });
    assert_eq!(told(&object), [""; 0]);
}

#[test]
fn labels_and_wrong_indentation_are_told() {
    let cases = [
        ("VI-1403", json!({"metadata": {"labels": mk_annotations()}})),
        ("VI-1404", json!({"metadata": mk_annotations()})),
        ("VI-1404", json!({"annotations": mk_annotations()})),
        ("VI-1404", json!({"spec": mk_annotations()})),
        (
            "VI-1404",
            json!({"spec": {"annotations": mk_annotations()}}),
        ),
    ];
    for (code, part) in cases {
        let mut template = mk_plain();
        for (key, value) in part.as_object().unwrap() {
            match value.as_object() {
                Some(map) if template[key].is_object() => {
                    template[key].as_object_mut().unwrap().extend(map.clone());
                }
                _ => template[key] = value.clone(),
            }
        }
        let object = json!({"kind": "Deployment", "spec": {"template": template}});
        assert_eq!(codes(&object), [code], "{object}");
    }
    for part in [json!({"annotations": mk_annotations()}), mk_annotations()] {
        let mut object = json!({"kind": "StatefulSet", "spec": {"template": mk_plain()}});
        object["spec"]
            .as_object_mut()
            .unwrap()
            .extend(part.as_object().unwrap().clone());
        assert_eq!(codes(&object), ["VI-1404"], "{object}");
    }
}

#[test]
fn a_template_that_does_not_ask_although_it_has_annotations_is_told() {
    let template = mk_template(&json!({"openbao.org/agent-inject-secret-a": "a/b"}));
    let object = json!({"kind": "Deployment", "spec": {"template": template}});
    assert_eq!(
        told(&object),
        [
            "agent-inject-secret-a does nothing, because agent-inject is missing: write \
             openbao.org/agent-inject: \"true\""
        ]
    );
    let template = mk_template(&json!({
        "vault.hashicorp.com/agent-inject": "false", "vault.hashicorp.com/role": "app",
    }));
    let object = json!({"kind": "Deployment", "spec": {"template": template}});
    assert_eq!(told(&object), [""; 0], "it is turned off on purpose");
}

#[test]
fn a_wrong_prefix_is_told_with_the_right_one() {
    let template = mk_template(&json!({
        "vault.hashicop.com/agent-inject": "true", "vault.hashicop.com/role": "app",
    }));
    let object = json!({"kind": "Deployment", "spec": {"template": template}});
    assert_eq!(
        told(&object),
        ["agent-inject", "role"].map(|key| format!(
            "vault.hashicop.com/{key} is not read, because its prefix is wrong: write \
             vault.hashicorp.com/{key}"
        ))
    );
}

#[test]
fn an_annotation_that_asks_under_a_wrong_prefix_is_not_called_missing() {
    let template = mk_template(&json!({
        "vault.hashicop.com/agent-inject": "true", "vault.hashicorp.com/role": "app",
    }));
    let object = json!({"kind": "Deployment", "spec": {"template": template}});
    assert_eq!(codes(&object), ["VI-1406"]);
}

/// Objects of other kinds, with the annotations of a pod in `annotations`.
fn mk_others(annotations: &Value) -> Vec<Value> {
    let template = mk_template(annotations);
    let metadata = json!({"annotations": annotations});
    vec![
        json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "spec": {"template": template}}),
        json!({"apiVersion": "serving.knative.dev/v1", "kind": "Service", "spec": {"template": template}}),
        json!({"apiVersion": "apps.openshift.io/v1", "kind": "DeploymentConfig", "spec": {"template": template}}),
        json!({"apiVersion": "apps.kruise.io/v1alpha1", "kind": "CloneSet", "spec": {"template": template}}),
        json!({"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledJob", "spec": {"jobTargetRef": {"template": template}}}),
        json!({"apiVersion": "v1", "kind": "PodTemplate", "template": template}),
        json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "spec": {
            "podMetadata": metadata, "templates": [{"name": "a", "container": {"image": "a"}}],
        }}),
        json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "CronWorkflow", "spec": {"workflowSpec": {
            "templates": [{"name": "a", "metadata": metadata, "container": {"image": "a"}}],
        }}}),
        json!({"apiVersion": "sparkoperator.k8s.io/v1beta2", "kind": "SparkApplication", "spec": {
            "driver": {"annotations": annotations}, "executor": {"annotations": {}},
        }}),
        json!({"apiVersion": "toolhive.stacklok.dev/v1alpha1", "kind": "MCPServer", "spec": {
            "podTemplateSpec": {"metadata": metadata, "spec": {"containers": [{"name": "mcp"}]}},
        }}),
        json!({"apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus", "spec": {
            "podMetadata": metadata, "containers": [{"name": "proxy", "image": "proxy"}],
        }}),
        json!({"apiVersion": "example.com/v1", "kind": "Cache", "metadata": metadata}),
    ]
}

#[test]
fn pods_of_any_kind_of_object_are_checked() {
    let misspelt = json!({
        "vault.hashicorp.com/agent-inject": "true", "vault.hashicorp.com/rol": "app",
        "vault.hashicorp.com/agent-inject-secret-a": "database/creds/app",
    });
    for object in mk_others(&misspelt) {
        let codes = codes(&object);
        assert!(codes.contains(&"VI-1001".to_owned()), "{object}\n{codes:?}");
    }
    for object in mk_others(&mk_annotations()) {
        let is_job = object["spec"]["jobTargetRef"].is_object();
        let expected: &[&str] = if is_job { &["VI-1115"] } else { &[] };
        assert_eq!(codes(&object), expected, "{object}");
    }
    let forgotten = json!({"vault.hashicorp.com/role": "app"});
    for object in mk_others(&forgotten) {
        assert_eq!(codes(&object), ["VI-1405"], "{object}");
    }
}

#[test]
fn a_patch_is_checked_as_far_as_it_goes() {
    let settings = Settings {
        vault_address: "https://vault:8200".to_owned(),
        ..Settings::default()
    };
    let patches = |annotations: &Value| {
        let metadata = json!({"annotations": annotations});
        [
            json!({"spec": {"template": {"metadata": metadata}}}),
            json!({"spec": {"jobTemplate": {"spec": {"template": {"metadata": metadata}}}}}),
            json!({"kind": "Deployment", "metadata": {"name": "a"}, "spec": {"template": {"metadata": metadata}}}),
            json!({"kind": "Deployment", "spec": {"template": {
                "metadata": metadata, "spec": {"containers": [{"name": "a", "env": []}]},
            }}}),
            json!({"kind": "Pod", "metadata": metadata}),
            json!({"metadata": metadata}),
            json!({"podAnnotations": annotations}),
            json!({"server": {"extraAnnotations": annotations}}),
            json!([{"op": "add", "path": "/spec/template/metadata/annotations", "value": annotations}]),
        ]
    };
    for patch in patches(&json!({"vault.hashicorp.com/agent-limits-cpu": "1 core"})) {
        let raw = serde_json::value::to_raw_value(&patch).unwrap();
        let findings = review(&raw, "apps", &settings);
        assert_eq!(findings.len(), 1, "{patch}");
        assert_eq!(findings[0].extent, Extent::Fragment, "{patch}");
        let Decision::Deny(denial) = &findings[0].outcome.decision else {
            panic!("{patch}: {:?}", findings[0]);
        };
        assert_eq!(denial.code().to_string(), "VI-1006");
    }
    for patch in patches(&json!({
        "vault.hashicorp.com/agent-inject-template-a": "{{ with secret \"a/b\" }}{{ .Data.x }}{{ end }}",
        "vault.hashicorp.com/agent-inject-containers": "web",
    })) {
        let raw = serde_json::value::to_raw_value(&patch).unwrap();
        let findings = review(&raw, "apps", &settings);
        assert_eq!(findings.len(), 1, "{patch}");
        assert_eq!(findings[0].outcome.warnings, [], "{patch}");
    }
    let operation = json!([{
        "op": "add", "value": "true",
        "path": "/spec/template/metadata/annotations/vault.hashicorp.com~1agent-injcet",
    }]);
    assert_eq!(codes(&operation), ["VI-1001"]);
}

#[test]
fn a_patch_of_the_workloads_own_annotations_is_told() {
    let patch = json!({
        "metadata": {"annotations": mk_annotations()}, "spec": {"template": {"spec": {"containers": []}}},
    });
    assert_eq!(codes(&patch), ["VI-1402"]);
}

#[test]
fn an_object_that_is_nested_without_end_is_let_through() {
    let deep = 100_000;
    let annotations = r#"{"metadata":{"annotations":{"vault.hashicorp.com/rol":"a"}}}"#;
    let text = format!("{}{annotations}{}", "[".repeat(deep), "]".repeat(deep));
    // Raw, because serde_json itself refuses to read so deep.
    let raw: Result<&RawValue, _> = serde_json::from_str(&text);
    if let Ok(raw) = raw {
        assert!(review(raw, "apps", &Settings::default()).is_empty());
    }
    let text = format!("{}{annotations}{}", "[".repeat(30), "]".repeat(30));
    let raw: &RawValue = serde_json::from_str(&text).unwrap();
    assert!(review(raw, "apps", &Settings::default()).is_empty());
}

#[test]
fn an_object_with_places_without_end_costs_no_more_than_some() {
    let place = json!({"metadata": {"annotations": {"vault.hashicorp.com/role": "a"}}});
    let object = json!({"kind": "Cache", "apiVersion": "a.b/v1", "spec": vec![place; 10_000]});
    let raw = serde_json::value::to_raw_value(&object).unwrap();
    assert_eq!(review(&raw, "apps", &Settings::default()).len(), 256);
}
