//! Other webhooks: the agent's place among their containers, and pods that come a second time.

use serde_json::{Value, json};

use super::*;

const FIRST: (&str, &str) = ("agent-init-first", "true");
const NATIVE: (&str, &str) = ("agent-native-sidecar", "true");

fn fixture(text: &str, annotations: &[(&str, &str)]) -> Value {
    let mut pod: Value = serde_json::from_str(text).unwrap();
    for (key, value) in annotations {
        pod["metadata"]["annotations"][format!("{PREFIX}{key}")] = json!(value);
    }
    pod
}

fn istio(annotations: &[(&str, &str)]) -> Value {
    fixture(include_str!("fixtures/istio.json"), annotations)
}

fn linkerd(annotations: &[(&str, &str)]) -> Value {
    fixture(include_str!("fixtures/linkerd.json"), annotations)
}

fn applied(mut pod: Value) -> Value {
    let plan = planned(&pod, &mk_settings());
    json_patch::patch(&mut pod, &plan.operations.to_patch()).unwrap();
    pod
}

fn init_names(pod: &Value) -> Vec<&str> {
    let init = pod["spec"]["initContainers"].as_array().unwrap();
    init.iter().map(|it| it["name"].as_str().unwrap()).collect()
}

#[test]
fn the_agent_stands_behind_the_proxy_of_a_mesh_also_where_it_goes_first() {
    let pod = applied(istio(&[FIRST]));
    assert_eq!(
        init_names(&pod),
        ["istio-init", "istio-proxy", "vault-agent-init", "migrate"]
    );
    let pod = applied(istio(&[FIRST, NATIVE]));
    assert_eq!(
        init_names(&pod),
        ["istio-init", "istio-proxy", "vault-agent", "migrate"]
    );
    let pod = applied(linkerd(&[NATIVE]));
    assert_eq!(
        init_names(&pod),
        ["linkerd-init", "linkerd-proxy", "vault-agent"]
    );
    let mounts = &applied(istio(&[FIRST]))["spec"]["initContainers"][3]["volumeMounts"];
    assert_eq!(mounts[0]["name"], "vault-secrets");
}

#[test]
fn a_proxy_that_comes_later_is_let_in_front_by_one_move() {
    for annotations in [&[NATIVE][..], &[], &[FIRST]] {
        let mut pod = applied(mk_pod(annotations));
        let proxy = json!({"name": "istio-proxy", "restartPolicy": "Always"});
        pod["spec"]["initContainers"]
            .as_array_mut()
            .unwrap()
            .push(proxy);
        let agent = init_names(&pod)[0].to_owned();
        let plan = planned(&pod, &mk_settings());
        let expected = json!([
            {"op": "move", "from": "/spec/initContainers/0", "path": "/spec/initContainers/1"},
        ]);
        assert_eq!(
            serde_json::to_value(plan.operations.to_patch()).unwrap(),
            expected
        );
        assert_eq!(plan.injection, None);
        let pod = applied(pod);
        assert_eq!(init_names(&pod), ["istio-proxy", &agent]);
        let third = decided(&pod, &mk_settings()).decision;
        assert!(matches!(third, Decision::Skip(Skip::AlreadyInjected)));
    }
}

#[test]
fn an_agent_that_was_to_go_first_goes_back_to_the_front() {
    let mut pod = applied(mk_pod(&[FIRST]));
    let other = json!({"name": "other"});
    pod["spec"]["initContainers"]
        .as_array_mut()
        .unwrap()
        .insert(0, other);
    assert_eq!(init_names(&applied(pod)), ["vault-agent-init", "other"]);
}

#[test]
fn both_agents_of_a_job_move_together() {
    let mut pod = mk_pod(&[FIRST, NATIVE]);
    pod["metadata"]["ownerReferences"] = json!([{"kind": "Job"}]);
    pod["spec"]["restartPolicy"] = json!("Never");
    let pod = applied(pod);
    for (others, wanted) in [
        (
            &["a", "b"][..],
            &["vault-agent-init", "vault-agent", "a", "b"][..],
        ),
        (
            &["a", "linkerd-proxy"],
            &["a", "linkerd-proxy", "vault-agent-init", "vault-agent"],
        ),
    ] {
        for at in 0..=2 {
            let mut pod = pod.clone();
            let init = pod["spec"]["initContainers"].as_array_mut().unwrap();
            let others = others
                .iter()
                .map(|name| json!({"name": name, "restartPolicy": "Always"}));
            init.splice(at..at, others);
            let current: Vec<String> = init_names(&pod).iter().map(ToString::to_string).collect();
            if current != wanted {
                pod = applied(pod);
            }
            assert_eq!(init_names(&pod), wanted, "{current:?}");
        }
    }
}

#[test]
fn a_pod_that_lost_its_status_is_not_injected_again() {
    for annotations in [
        &[COMPATIBLE][..],
        &[],
        &[NATIVE],
        &[("agent-configmap", "config")],
    ] {
        let mut pod = applied(mk_pod(annotations));
        let written = pod["metadata"]["annotations"].as_object_mut().unwrap();
        written
            .remove(&format!("{PREFIX}agent-inject-status"))
            .unwrap();
        let second = decided(&pod, &mk_settings()).decision;
        assert!(
            matches!(second, Decision::Skip(Skip::AlreadyInjected)),
            "{second:?}"
        );
    }
}

#[test]
fn a_container_of_somebody_else_with_our_name_is_no_agent_of_ours() {
    let mut pod = mk_pod(&[COMPATIBLE]);
    let container = json!({
        "name": "vault-agent",
        "volumeMounts": [{"name": "vault-secrets", "mountPath": "/x"}],
    });
    pod["spec"]["containers"]
        .as_array_mut()
        .unwrap()
        .push(container);
    let outcome = decided(&pod, &mk_settings());
    assert!(matches!(outcome.decision, Decision::Inject(_)));
    let texts: Vec<_> = outcome.warnings.iter().map(Warning::text).collect();
    assert_eq!(
        texts,
        ["the pod has a container named vault-agent already: rename it"]
    );
}
