//! Workloads: objects that hold the template of a pod, as people write them.
//!
//! Whoever applies a Deployment never sees what the API server says about its pods, because a
//! controller makes those. So the template is looked at where it is written, by the very function
//! that will look at the pods.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::inject::{self, Decision, Denial, Origin, Outcome, Skip, Warning};
use crate::pod::Text;
use crate::settings::Settings;

/// Where the template of a pod stands in an object of this kind, as keys from the top; `None` for a
/// kind that makes no pods.
pub fn template_path(kind: &str) -> Option<&'static [&'static str]> {
    match kind {
        "Pod" => Some(&[]),
        "Deployment"
        | "StatefulSet"
        | "DaemonSet"
        | "ReplicaSet"
        | "ReplicationController"
        | "Job" => Some(&["spec", "template"]),
        "CronJob" => Some(&["spec", "jobTemplate", "spec", "template"]),
        _ => None,
    }
}

/// The kind of an object.
#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow, default)]
    kind: Text<'a>,
}

/// The next object on the way to the template.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Step<'a> {
    #[serde(borrow, default)]
    spec: Option<&'a RawValue>,
    #[serde(borrow, default)]
    template: Option<&'a RawValue>,
    #[serde(borrow, default)]
    job_template: Option<&'a RawValue>,
}

/// Decides about the pods of a workload. An object without a template, or of a kind that makes no
/// pods, asks for nothing.
pub fn decide(object: &RawValue, namespace: &str, settings: &Settings) -> Outcome {
    let nothing = || Outcome {
        decision: Decision::Skip(Skip::NotAsked),
        warnings: Vec::new(),
        pod: String::new(),
    };
    let Ok(Kind { kind }) = serde_json::from_str(object.get()) else {
        return nothing();
    };
    let Some(template) = template_path(&kind).and_then(|path| follow(object, path)) else {
        return nothing();
    };
    let request = inject::Request {
        namespace,
        object: Some(inject::Object::Raw(template)),
        origin: Origin::Template { kind: &kind },
    };
    inject::decide(request, settings)
}

fn follow<'a>(object: &'a RawValue, path: &[&str]) -> Option<&'a RawValue> {
    path.iter().try_fold(object, |place, key| {
        let step: Step<'a> = serde_json::from_str(place.get()).ok()?;
        match *key {
            "spec" => step.spec,
            "template" => step.template,
            _ => step.job_template,
        }
    })
}

/// All that there is to say to whoever applies a workload: why its pods would be refused, then the
/// warnings.
pub fn warnings(outcome: &Outcome) -> Vec<Warning> {
    let refusal = match &outcome.decision {
        // It is one of the warnings.
        Decision::Deny(Denial::Strict(_)) | Decision::Inject(_) | Decision::Skip(_) => None,
        Decision::Deny(denial) => Some(Warning::of_refusal(denial)),
    };
    refusal
        .into_iter()
        .chain(outcome.warnings.iter().cloned())
        .collect()
}

#[cfg(test)]
mod tests {
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
        let mut object =
            json!({"kind": "Deployment", "spec": {"template": mk_template(&annotations)}});
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
}
