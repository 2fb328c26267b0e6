//! When a pod gets a native sidecar, and which shape it has.

use contract::names;
use serde_json::{Value, json};

use super::*;
use crate::kubernetes::{Kubernetes, KubernetesVersion};
use crate::settings::NativeSidecarSetting;

const ASKED: (&str, &str) = ("agent-native-sidecar", "true");

fn mk_cluster(minor: u32) -> Settings {
    Settings {
        kubernetes: Kubernetes {
            server: Some(KubernetesVersion::new(1, minor)),
            oldest_kubelet: None,
        },
        ..mk_settings()
    }
}

fn mk_job(annotations: &[(&str, &str)], restart_policy: &str) -> Value {
    let mut pod = mk_pod(annotations);
    pod["metadata"]["ownerReferences"] = json!([{"kind": "Job", "name": "import"}]);
    pod["spec"]["restartPolicy"] = json!(restart_policy);
    pod
}

fn injection(annotations: &[(&str, &str)], settings: &Settings) -> Option<Injection> {
    planned(&mk_pod(annotations), settings).injection
}

#[test]
fn a_native_sidecar_is_one_agent_that_the_application_waits_for() {
    let mut pod = mk_pod(&[ASKED]);
    pod["spec"]["initContainers"] = json!([{"name": "migrate"}]);
    let plan = planned(&pod, &mk_settings());
    assert_eq!(plan.injection, Some(Injection::NativeSidecar));
    let sidecar = agent(&plan, names::SIDECAR_CONTAINER);
    assert_eq!(sidecar["restartPolicy"], "Always");
    let probe = json!({
        "exec": {"command": ["/vault-agent", "ready", "--wait=4s"]},
        "periodSeconds": 5, "timeoutSeconds": 10, "failureThreshold": 120,
    });
    assert_eq!(sidecar["startupProbe"], probe);
    assert_eq!(config(&sidecar)["exit_after_auth"], false);

    json_patch::patch(&mut pod, &plan.operations.to_patch()).unwrap();
    let names = |list: &Value| -> Vec<String> {
        let list = list.as_array().unwrap().iter();
        list.map(|it| it["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        names(&pod["spec"]["initContainers"]),
        ["migrate", "vault-agent"]
    );
    assert_eq!(names(&pod["spec"]["containers"]), ["app"]);
    assert_eq!(
        names(&pod["spec"]["volumes"]),
        ["token", "home-sidecar", "vault-secrets"]
    );
}

#[test]
fn auto_means_yes_where_every_kubelet_surely_has_native_sidecars() {
    let both = Some(Injection::InitAndSidecar);
    let native = Some(Injection::NativeSidecar);
    assert_eq!(injection(&[], &mk_settings()), both);
    assert_eq!(injection(&[], &mk_cluster(31)), both);
    assert_eq!(injection(&[], &mk_cluster(32)), native);
    assert_eq!(
        injection(&[("agent-native-sidecar", "auto")], &mk_cluster(32)),
        native
    );
    assert_eq!(
        injection(&[("agent-native-sidecar", "false")], &mk_cluster(32)),
        both
    );
    assert_eq!(injection(&[COMPATIBLE], &mk_cluster(32)), both);
    let flag = |native_sidecar| Settings {
        native_sidecar,
        ..mk_cluster(32)
    };
    assert_eq!(injection(&[], &flag(NativeSidecarSetting::Never)), both);
    let always = Settings {
        kubernetes: mk_cluster(28).kubernetes,
        ..flag(NativeSidecarSetting::Always)
    };
    assert_eq!(
        injection(&[], &always),
        both,
        "1.28 would drop the restart policy"
    );
}

#[test]
fn a_native_sidecar_that_cannot_work_is_refused_where_the_pod_asks_for_it() {
    let message = denied(&[ASKED, COMPATIBLE]);
    assert!(message.contains("needs the native flavor"), "{message}");
    let Decision::Deny(denial) = decided(&mk_pod(&[ASKED]), &mk_cluster(28)).decision else {
        panic!("not denied");
    };
    assert!(
        denial.to_string().contains("needs Kubernetes 1.29"),
        "{denial}"
    );
    let message = denied(&[("agent-native-sidecar", "yes")]);
    assert!(
        message.ends_with("give one of true, false, auto"),
        "{message}"
    );
}

#[test]
fn the_application_waits_as_long_as_asked_or_not_at_all() {
    let probe = |annotation| {
        let plan = planned(&mk_pod(&[ASKED, annotation]), &mk_settings());
        agent(&plan, names::SIDECAR_CONTAINER)["startupProbe"].clone()
    };
    for (timeout, failures) in [("1s", 1), ("90s", 18), ("90500ms", 19)] {
        let probe = probe(("agent-startup-timeout", timeout));
        assert_eq!(probe["failureThreshold"], failures, "{timeout}");
    }
    assert_eq!(probe(("agent-pre-populate", "false")), Value::Null);
    for text in ["0s", "-1s", "soon"] {
        let message = denied(&[("agent-startup-timeout", text)]);
        assert!(message.contains("agent-startup-timeout"), "{message}");
    }
}

#[test]
fn pre_populate_only_stays_a_classic_init_container() {
    let annotations = [ASKED, ("agent-pre-populate-only", "true")];
    let plan = planned(&mk_pod(&annotations), &mk_settings());
    assert_eq!(plan.injection, Some(Injection::InitOnly));
    assert_eq!(
        agent(&plan, names::INIT_CONTAINER).get("restartPolicy"),
        None
    );
}

#[test]
fn a_job_that_is_not_restarted_gets_an_init_container_in_front_as_well() {
    let patch = r#"[{"op":"add","path":"/tty","value":true}]"#;
    let annotations = [ASKED, ("agent-init-json-patch", patch)];
    let mut pod = mk_job(&annotations, "Never");
    let outcome = decided(&pod, &mk_settings());
    assert_eq!(outcome.warnings, []);
    let plan = planned(&pod, &mk_settings());
    assert_eq!(plan.injection, Some(Injection::NativeSidecar));
    json_patch::patch(&mut pod, &plan.operations.to_patch()).unwrap();
    let init = &pod["spec"]["initContainers"];
    assert_eq!(init[0]["name"], "vault-agent-init");
    assert_eq!(init[0]["tty"], true);
    assert_eq!(config(&init[0])["exit_after_auth"], true);
    assert_eq!(init[1]["name"], "vault-agent");
    assert_eq!(init[1]["restartPolicy"], "Always");
    assert_eq!(pod["spec"]["volumes"][1]["name"], "home-init");

    let restarted = planned(&mk_job(&[ASKED], "OnFailure"), &mk_settings());
    assert!(!adds(&restarted, "/spec/initContainers/-"));
}

#[test]
fn a_job_that_a_sidecar_keeps_from_completing_is_warned_of() {
    let warned = |annotations: &[(&str, &str)]| {
        let outcome = decided(&mk_job(annotations, "OnFailure"), &mk_settings());
        outcome
            .warnings
            .iter()
            .any(|it| it.text().contains("from completing"))
    };
    assert!(warned(&[]));
    for annotation in [
        ASKED,
        ("agent-pre-populate-only", "true"),
        ("agent-enable-quit", "true"),
    ] {
        assert!(!warned(&[annotation]), "{annotation:?}");
    }
}

#[test]
fn a_native_sidecar_takes_the_sidecars_json_patch_and_warns_of_the_other() {
    let patch = r#"[{"op":"add","path":"/tty","value":true}]"#;
    let annotations = [
        ASKED,
        ("agent-json-patch", patch),
        ("agent-init-json-patch", patch),
    ];
    let plan = planned(&mk_pod(&annotations), &mk_settings());
    let sidecar = agent(&plan, names::SIDECAR_CONTAINER);
    assert_eq!(
        (&sidecar["tty"], &sidecar["restartPolicy"]),
        (&json!(true), &json!("Always"))
    );
    assert_eq!(
        warned(&annotations),
        ["agent-init-json-patch is ignored: only agent-json-patch applies to a native sidecar"]
    );
    assert_eq!(
        warned(&[("agent-startup-timeout", "1m")]),
        ["agent-startup-timeout is ignored: no native sidecar is waited for"]
    );
}

#[test]
fn the_agent_revokes_after_a_grace_beside_the_application_and_at_once_after_it() {
    let revoking = |annotations: &[(&str, &str)], container| {
        let annotations = [annotations, &[("agent-revoke-on-shutdown", "true")]].concat();
        let plan = planned(&mk_pod(&annotations), &mk_settings());
        let config = config(&agent(&plan, container));
        let of = |key: &str| config.get(key).cloned();
        (of("revoke_on_shutdown"), of("revoke_grace"))
    };
    let grace = ("agent-revoke-grace", "7");
    let classic = revoking(&[grace], names::SIDECAR_CONTAINER);
    assert_eq!(classic, (Some(json!(true)), Some(json!("7s"))));
    assert_eq!(revoking(&[grace], names::INIT_CONTAINER), (None, None));
    let native = revoking(&[grace, ASKED], names::SIDECAR_CONTAINER);
    assert_eq!(native, (Some(json!(true)), None));
}

#[test]
fn a_revocation_that_will_not_happen_is_warned_of() {
    let asked = ("agent-revoke-on-shutdown", "true");
    assert_eq!(
        warned(&[asked, ("agent-pre-populate-only", "true")]),
        ["agent-revoke-on-shutdown is ignored: an init container never revokes"]
    );
    assert_eq!(
        warned(&[asked, ("agent-configmap", "config")]),
        ["agent-revoke-on-shutdown is ignored: the ConfigMap has to say revoke_on_shutdown"]
    );
}
