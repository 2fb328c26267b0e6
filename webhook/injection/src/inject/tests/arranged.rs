//! Pods that would get no agent, or that no agent can run in.

use contract::names;
use serde_json::json;

use super::*;

#[test]
fn a_status_that_was_copied_from_another_pod_does_not_stop_the_injection() {
    let status = [("agent-inject-status", "injected"), COMPATIBLE];
    let outcome = decided(&mk_pod(&status[..1]), &mk_settings());
    assert!(
        matches!(outcome.decision, Decision::Inject(_)),
        "{outcome:?}"
    );
    assert_eq!(outcome.warnings.len(), 1);
    assert!(
        outcome.warnings[0]
            .text()
            .contains("copied from another pod")
    );
    let outcome = decided(&mk_pod(&status), &mk_settings());
    assert!(matches!(
        outcome.decision,
        Decision::Skip(Skip::AlreadyInjected)
    ));
    assert!(outcome.warnings[0].text().contains("nothing is injected"));
}

#[test]
fn a_pod_that_was_injected_is_left_alone_even_if_its_agent_has_another_name() {
    let rename = r#"[{"op":"replace","path":"/name","value":"other"}]"#;
    let mut pod = mk_pod(&[
        ("agent-json-patch", rename),
        ("agent-pre-populate", "false"),
    ]);
    let plan = planned(&pod, &mk_settings());
    json_patch::patch(&mut pod, &plan.operations.to_patch()).unwrap();
    let outcome = decided(&pod, &mk_settings());
    assert!(matches!(
        outcome.decision,
        Decision::Skip(Skip::AlreadyInjected)
    ));
    assert_eq!(outcome.warnings, []);
}

#[test]
fn a_pod_that_would_get_no_agent_is_denied() {
    let annotations = [
        ("agent-pre-populate", "false"),
        ("agent-pre-populate-only", "true"),
        COMPATIBLE,
    ];
    let message = denied(&annotations[..2]);
    assert!(message.contains("there is no agent"), "{message}");
    assert_eq!(warned(&annotations), [message]);
    let message = denied(&[
        ("agent-inject-containers", ""),
        ("agent-inject-token", "false"),
        ("agent-inject-secret-a", "kv/a"),
    ]);
    assert!(
        message.contains("no container gets the secrets"),
        "{message}"
    );
}

#[test]
fn a_pod_on_windows_is_denied() {
    let term = |label: &str, operator: &str, values: &[&str]| json!({"matchExpressions": [{"key": label, "operator": operator, "values": values}]});
    let affinity = |terms: &[serde_json::Value]| {
        let required = json!({"nodeSelectorTerms": terms});
        json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}})
    };
    let windows = term("kubernetes.io/os", "In", &["windows"]);
    for (field, value, is_windows) in [
        ("os", json!({"name": "windows"}), true),
        ("os", json!({"name": "linux"}), false),
        ("nodeSelector", json!({"kubernetes.io/os": "windows"}), true),
        (
            "nodeSelector",
            json!({"beta.kubernetes.io/os": "windows"}),
            true,
        ),
        ("nodeSelector", json!({"pool": "windows"}), false),
        ("affinity", affinity(std::slice::from_ref(&windows)), true),
        (
            "affinity",
            affinity(&[windows.clone(), term("pool", "In", &["a"])]),
            false,
        ),
        (
            "affinity",
            affinity(&[term("kubernetes.io/os", "In", &["windows", "linux"])]),
            false,
        ),
        (
            "affinity",
            affinity(&[term("kubernetes.io/os", "NotIn", &["windows"])]),
            false,
        ),
        ("affinity", json!({"podAntiAffinity": "windows"}), false),
    ] {
        let mut pod = mk_pod(&[]);
        pod["spec"][field] = value.clone();
        let outcome = decided(&pod, &mk_settings());
        let denied = matches!(outcome.decision, Decision::Deny(Denial::Fault(_)));
        assert_eq!(denied, is_windows, "{field}: {value}");
        let mut compatible = mk_pod(&[COMPATIBLE]);
        compatible["spec"][field] = value;
        let outcome = decided(&compatible, &mk_settings());
        assert_eq!(outcome.warnings.len(), usize::from(is_windows));
    }
}

#[test]
fn the_same_user_is_the_pods_where_the_container_has_none() {
    let annotations = [("agent-run-as-same-user", "true"), COMPATIBLE];
    let mut pod = mk_pod(&annotations[..1]);
    pod["spec"]["securityContext"] = json!({"runAsUser": 1234});
    let user = |pod: &serde_json::Value| {
        let plan = planned(pod, &mk_settings());
        agent(&plan, names::INIT_CONTAINER)["securityContext"]["runAsUser"].clone()
    };
    assert_eq!(user(&pod), 1234);
    pod["spec"]["containers"][0]["securityContext"] = json!({"runAsNonRoot": true});
    assert_eq!(user(&pod), 1234);
    pod["spec"]["containers"][0]["securityContext"] = json!({"runAsUser": 7});
    assert_eq!(user(&pod), 7);
    let mut compatible = mk_pod(&annotations);
    compatible["spec"]["securityContext"] = json!({"runAsUser": 1234});
    let Decision::Deny(denial) = decided(&compatible, &mk_settings()).decision else {
        panic!("not denied");
    };
    assert!(denial.text().contains("agent-run-as-same-user"), "{denial}");
}

#[test]
fn a_job_is_only_hinted_at_where_the_cluster_may_have_native_sidecars() {
    let mut pod = mk_pod(&[]);
    pod["spec"]["restartPolicy"] = json!("OnFailure");
    let certainty = |annotations: &[(&str, &str)], version: Option<&str>| {
        let mut settings = mk_settings();
        settings.kubernetes.server = version.map(|it| it.parse().unwrap());
        let raw = RawValue::from_string(mk_pod(annotations).to_string()).unwrap();
        let request = Request {
            namespace: "apps",
            object: Some(Object::Raw(&raw)),
            origin: Origin::Template { kind: "Job" },
        };
        let warnings = decide(request, &settings).warnings;
        warnings.first().map(Warning::certainty)
    };
    assert_eq!(certainty(&[], None), Some(Certainty::Hint));
    assert_eq!(certainty(&[], Some("1.28")), Some(Certainty::Likely));
    assert_eq!(certainty(&[], Some("1.33")), None);
    let off = [("agent-native-sidecar", "false")];
    assert_eq!(certainty(&off, None), Some(Certainty::Likely));
}
