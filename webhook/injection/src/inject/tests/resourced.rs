//! Requests and limits of the agent's containers: what fits together, and what is told.

use contract::names;
use serde_json::{Value, json};

use super::*;

fn resources(annotations: &[(&str, &str)], settings: &Settings) -> Value {
    let plan = planned(&mk_pod(annotations), settings);
    let init = agent(&plan, names::INIT_CONTAINER)["resources"].take();
    assert_eq!(init, agent(&plan, names::SIDECAR_CONTAINER)["resources"]);
    init
}

#[test]
fn a_built_in_quantity_gives_way_to_an_annotation_on_the_other_side() {
    for (annotation, limits, requests) in [
        (
            ("agent-requests-mem", "128Mi"),
            json!({"cpu": "500m", "memory": "128Mi"}),
            json!({"cpu": "10m", "memory": "128Mi"}),
        ),
        (
            ("agent-limits-mem", "8Mi"),
            json!({"cpu": "500m", "memory": "8Mi"}),
            json!({"cpu": "10m", "memory": "8Mi"}),
        ),
        (
            ("agent-limits-cpu", "5m"),
            json!({"cpu": "5m", "memory": "64Mi"}),
            json!({"cpu": "5m", "memory": "16Mi"}),
        ),
        (
            ("agent-requests-cpu", "1"),
            json!({"cpu": "1", "memory": "64Mi"}),
            json!({"cpu": "1", "memory": "16Mi"}),
        ),
        (
            ("agent-requests-cpu", "0"),
            json!({"cpu": "500m", "memory": "64Mi"}),
            json!({"cpu": "0", "memory": "16Mi"}),
        ),
        (
            ("agent-limits-cpu", ""),
            json!({"memory": "64Mi"}),
            json!({"cpu": "10m", "memory": "16Mi"}),
        ),
    ] {
        let expected = json!({"limits": limits, "requests": requests});
        assert_eq!(resources(&[annotation], &mk_settings()), expected);
        assert_eq!(warned(&[annotation]), [""; 0], "{annotation:?}");
    }
}

#[test]
fn a_flag_gives_way_to_an_annotation_and_a_request_to_a_limit() {
    let mut settings = mk_settings();
    settings.resources.limits_memory = Some("32Mi".to_owned());
    settings.resources.limits_ephemeral = Some("1Gi".to_owned());
    settings.resources.requests_ephemeral = Some("2Gi".to_owned());
    let memory = |annotations: &[(&str, &str)]| {
        let resources = resources(annotations, &settings);
        let [limit, request] = ["limits", "requests"].map(|list| resources[list]["memory"].clone());
        (limit, request)
    };
    let pair = |limit: &str, request: &str| (json!(limit), json!(request));
    assert_eq!(memory(&[]), pair("32Mi", "16Mi"));
    assert_eq!(
        memory(&[("agent-requests-mem", "48Mi")]),
        pair("48Mi", "48Mi")
    );
    settings.resources.limits_memory = Some("8Mi".to_owned());
    let resources = resources(&[], &settings);
    assert_eq!(resources["requests"]["memory"], "8Mi");
    assert_eq!(resources["requests"]["ephemeral-storage"], "1Gi");
}

#[test]
fn what_cannot_fit_together_is_denied_and_warned_of_in_the_compatible_flavor() {
    let both = [
        ("agent-requests-ephemeral", "2Gi"),
        ("agent-limits-ephemeral", "1Gi"),
        COMPATIBLE,
    ];
    let expected = "agent-requests-ephemeral is more than agent-limits-ephemeral, and Kubernetes \
                    refuses that: raise the limit";
    assert_eq!(denied(&both[..2]), expected);
    assert_eq!(warned(&both), [expected]);
    let negative = "agent-limits-mem is negative, and Kubernetes refuses that";
    assert_eq!(denied(&[("agent-limits-mem", "-1")]), negative);
    let patch = r#"[{"op":"add","path":"/resources/requests/cpu","value":"2"}]"#;
    assert!(denied(&[("agent-json-patch", patch)]).contains("cpu request of 2"));
}

#[test]
fn a_compatible_pod_keeps_the_injectors_quantity_and_is_warned_of_it() {
    for (key, value, expected) in [
        (
            "agent-limits-cpu",
            "100m",
            "agent-limits-cpu is less than the injector's request of 250m, and Kubernetes refuses \
             that: write agent-requests-cpu, too",
        ),
        (
            "agent-requests-mem",
            "1Gi",
            "agent-requests-mem is more than the injector's limit of 128Mi, and Kubernetes refuses \
             that: write agent-limits-mem, too",
        ),
    ] {
        assert_eq!(warned(&[(key, value), COMPATIBLE]), [expected]);
    }
}

#[test]
fn memory_in_thousandths_of_a_byte_is_surely_a_mistake() {
    for value in ["64m", "64", "128k"] {
        let texts = warned(&[("agent-limits-mem", value)]);
        assert!(
            texts.len() == 1 && texts[0].contains("too small for the agent to start"),
            "{value}: {texts:?}"
        );
    }
    assert_eq!(warned(&[("agent-limits-mem", "0")]), [""; 0]);
}

#[test]
fn an_agent_that_does_not_fit_into_the_pods_own_resources_is_warned_of() {
    let texts = |resources: Value| {
        let mut pod = mk_pod(&[]);
        pod["spec"]["resources"] = resources;
        pod["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": "100m"}});
        let warnings = decided(&pod, &mk_settings()).warnings;
        let texts: Vec<String> = warnings.iter().map(|it| it.text().to_owned()).collect();
        texts
    };
    let small = texts(json!({"limits": {"cpu": "200m", "memory": 33_554_432}}));
    assert_eq!(small.len(), 3, "{small:?}");
    assert!(small[0].contains("cpu limit is more than the pod's resources.limits.cpu"));
    assert!(small[1].contains("more than the pod's resources.requests.cpu"));
    assert!(small[2].contains("memory limit is more than the pod's"));
    let tight = texts(json!({"requests": {"cpu": "105m"}}));
    assert_eq!(tight.len(), 1, "{tight:?}");
    let roomy =
        json!({"limits": {"cpu": 2, "memory": "1Gi"}, "requests": {"cpu": "1", "memory": "1Gi"}});
    assert_eq!(texts(roomy), [""; 0]);
    assert_eq!(
        texts(json!({"requests": {"cpu": "odd"}, "limits": null})),
        [""; 0]
    );
}
