//! Volumes and mounts of the pod where ours have to be.

use contract::names;
use serde_json::{Value, json};

use super::*;

fn with_volume(annotations: &[(&str, &str)], volume: &Value, path: Option<&str>) -> Value {
    let mut pod = mk_pod(annotations);
    pod["spec"]["volumes"]
        .as_array_mut()
        .unwrap()
        .push(volume.clone());
    if let Some(path) = path {
        let mounts = pod["spec"]["containers"][0]["volumeMounts"].as_array_mut();
        mounts
            .unwrap()
            .push(json!({"name": volume["name"], "mountPath": path}));
    }
    pod
}

fn patched(pod: &Value) -> Value {
    let mut patched = pod.clone();
    let plan = planned(pod, &mk_settings());
    json_patch::patch(&mut patched, &plan.operations.to_patch()).unwrap();
    patched["spec"].take()
}

fn refused(pod: &Value) -> String {
    match decided(pod, &mk_settings()).decision {
        Decision::Deny(denial) => denial.to_string(),
        other => panic!("not denied: {other:?}"),
    }
}

fn texts(pod: &Value) -> Vec<String> {
    let warnings = decided(pod, &mk_settings()).warnings;
    warnings.iter().map(|it| it.text().to_owned()).collect()
}

fn count(list: &Value, name: &str) -> usize {
    let list = list.as_array().unwrap();
    list.iter().filter(|it| it["name"] == name).count()
}

#[test]
fn an_empty_dir_with_the_name_of_ours_is_used() {
    for name in ["vault-secrets", "home-init", "vault-agent-state"] {
        let volume = json!({"name": name, "emptyDir": {"medium": "Memory"}});
        let pod = with_volume(&[], &volume, None);
        let spec = patched(&pod);
        assert_eq!(count(&spec["volumes"], name), 1);
        assert_eq!(texts(&pod), [""; 0]);
    }
    let custom = [
        ("agent-inject-secret-a", "kv/a"),
        ("secret-volume-path-a", "/a"),
    ];
    let volume = json!({"name": "vault-secrets-custom-0", "emptyDir": {"medium": "Memory"}});
    let spec = patched(&with_volume(&custom, &volume, Some("/a")));
    assert_eq!(count(&spec["volumes"], "vault-secrets-custom-0"), 1);
    assert_eq!(
        count(
            &spec["containers"][0]["volumeMounts"],
            "vault-secrets-custom-0"
        ),
        1
    );
}

#[test]
fn a_container_that_mounts_the_volume_itself_gets_no_second_mount() {
    let volume = json!({"name": "vault-secrets", "emptyDir": {"medium": "Memory"}});
    let mut pod = with_volume(&[], &volume, Some("/vault/secrets/"));
    let containers = pod["spec"]["containers"].as_array_mut().unwrap();
    containers.push(json!({"name": "other"}));
    let spec = patched(&pod);
    assert_eq!(
        count(&spec["containers"][0]["volumeMounts"], "vault-secrets"),
        1
    );
    assert_eq!(
        count(&spec["containers"][1]["volumeMounts"], "vault-secrets"),
        1
    );
    assert_eq!(texts(&pod), [""; 0]);
}

#[test]
fn a_volume_that_is_used_and_not_in_memory_is_warned_of() {
    let pod = with_volume(&[], &json!({"name": "vault-secrets", "emptyDir": {}}), None);
    assert!(
        texts(&pod)[0].contains("on the node's disk"),
        "{:?}",
        texts(&pod)
    );
}

#[test]
fn a_volume_of_another_kind_with_the_name_of_ours_is_denied() {
    let secret = json!({"name": "vault-secrets", "secret": {"secretName": "x"}});
    let expected = "the pod has a volume named vault-secrets already, which is not an emptyDir: rename \
                    it, or make it one";
    assert_eq!(refused(&with_volume(&[], &secret, None)), expected);
    let empty = json!({"name": "vault-tls-secrets", "emptyDir": {}});
    let tls = with_volume(&[("tls-secret", "tls")], &empty, None);
    assert!(refused(&tls).contains("named vault-tls-secrets already"));
    let compatible = with_volume(
        &[COMPATIBLE],
        &json!({"name": "home-init", "emptyDir": {}}),
        None,
    );
    assert!(texts(&compatible)[0].starts_with("the pod has a volume named home-init already"));
    let mut pod = mk_pod(&[]);
    pod["spec"]["initContainers"] = json!([{"name": "vault-agent"}]);
    assert!(refused(&pod).starts_with("the pod has a container named vault-agent already"));
}

#[test]
fn a_mount_of_the_pod_at_the_place_of_the_secrets_is_denied_with_both_names() {
    let scratch = json!({"name": "scratch", "emptyDir": {}});
    let expected = "container app mounts scratch at /vault/secrets, where vault-secrets has to be: \
                    mount it elsewhere, or write another secret-volume-path";
    for path in ["/vault/secrets", "/vault/secrets/", "/vault//secrets"] {
        assert_eq!(refused(&with_volume(&[], &scratch, Some(path))), expected);
        assert_eq!(
            texts(&with_volume(&[COMPATIBLE], &scratch, Some(path))),
            [expected]
        );
    }
    let custom = [
        ("agent-inject-secret-config", "kv/a"),
        ("secret-volume-path-config", "/etc/app/"),
    ];
    let pod = with_volume(
        &custom,
        &json!({"name": "cfg", "configMap": {}}),
        Some("/etc/app"),
    );
    let Decision::Deny(denial) = decided(&pod, &mk_settings()).decision else {
        panic!("not denied");
    };
    assert!(
        denial
            .to_string()
            .contains("mounts cfg at /etc/app, where vault-secrets-custom-0")
    );
    let key = "vault.hashicorp.com/secret-volume-path-config";
    assert_eq!(denial.key().as_deref(), Some(key));
    let mut init = mk_pod(&[]);
    init["spec"]["volumes"]
        .as_array_mut()
        .unwrap()
        .push(scratch);
    let mount = json!({"name": "scratch", "mountPath": "/vault/secrets"});
    init["spec"]["initContainers"] = json!([{"name": "first", "volumeMounts": [mount]}]);
    assert!(refused(&init).starts_with("container first mounts scratch"));
}

#[test]
fn a_container_that_gets_no_secrets_may_mount_what_it_likes_there() {
    let scratch = json!({"name": "scratch", "emptyDir": {}});
    let mut pod = with_volume(
        &[("agent-inject-containers", "other")],
        &scratch,
        Some("/vault/secrets"),
    );
    pod["spec"]["containers"]
        .as_array_mut()
        .unwrap()
        .push(json!({"name": "other"}));
    assert_eq!(texts(&pod), [""; 0]);
}

#[test]
fn secrets_at_a_place_of_the_agents_own_are_denied() {
    for (path, other) in [
        ("/home/vault", "home-init"),
        ("/vault/agent-state/", "vault-agent-state"),
        ("/var/run/secrets/kubernetes.io/serviceaccount", "token"),
    ] {
        let annotations = [
            ("secret-volume-path", path),
            ("agent-inject-containers", "none"),
        ];
        let message = denied(&annotations);
        assert!(
            message.contains(other) && message.contains("vault-secrets"),
            "{message}"
        );
        assert!(message.contains("another secret-volume-path"), "{message}");
    }
    let tls = [("secret-volume-path", "/vault/tls"), ("tls-secret", "tls")];
    assert!(denied(&tls).contains("vault-tls-secrets"));
}

#[test]
fn a_path_at_which_nothing_can_be_mounted_is_denied() {
    for (path, what) in [
        ("", "secret-volume-path is empty"),
        ("/", "secret-volume-path is the root"),
        ("//", "secret-volume-path is the root"),
        (
            "/vault-agent",
            "secret-volume-path hides the agent's own program",
        ),
    ] {
        let message = denied(&[("secret-volume-path", path)]);
        assert!(message.starts_with(what), "{path}: {message}");
    }
    let annotations = [
        ("agent-inject-secret-a", "kv/a"),
        ("secret-volume-path-a", ""),
        COMPATIBLE,
    ];
    assert!(denied(&annotations[..2]).starts_with("secret-volume-path-a is empty"));
    assert!(warned(&annotations)[0].starts_with("secret-volume-path-a is empty"));
}

#[test]
fn a_slash_at_the_end_of_the_secrets_path_does_not_reach_the_agent() {
    let annotations = [
        ("secret-volume-path", "/app/"),
        ("agent-inject-secret-a", "kv/a"),
    ];
    let plan = planned(&mk_pod(&annotations), &mk_settings());
    let config = config(&agent(&plan, names::INIT_CONTAINER));
    assert_eq!(config["template"][0]["destination"], "/app/a");
}

#[test]
fn a_copied_mount_at_a_place_of_the_agents_own_is_left_out_and_told() {
    let certs = json!({"name": "certs", "secret": {"secretName": "certs"}});
    let annotations = [
        ("agent-copy-volume-mounts", "app"),
        ("tls-secret", "tls"),
        COMPATIBLE,
    ];
    let mounts = |annotations: &[(&str, &str)]| {
        let plan = planned(
            &with_volume(annotations, &certs, Some("/vault/tls/")),
            &mk_settings(),
        );
        agent(&plan, names::INIT_CONTAINER)["volumeMounts"].take()
    };
    assert_eq!(count(&mounts(&annotations[..2]), "certs"), 0);
    assert_eq!(
        texts(&with_volume(&annotations[..2], &certs, Some("/vault/tls"))),
        [
            "agent-copy-volume-mounts leaves out certs at /vault/tls, where the agent has vault-tls-secrets"
        ]
    );
    assert_eq!(count(&mounts(&annotations), "certs"), 1);
    let compatible = texts(&with_volume(&annotations, &certs, Some("/vault/tls")));
    assert!(
        compatible[0].contains("one of them by agent-copy-volume-mounts"),
        "{compatible:?}"
    );
}

#[test]
fn a_mount_without_a_path_is_no_panic() {
    let mut pod = mk_pod(&[("agent-copy-volume-mounts", "app")]);
    let mounts = pod["spec"]["containers"][0]["volumeMounts"].as_array_mut();
    mounts.unwrap().push(json!({"name": "odd"}));
    let _ = decided(&pod, &mk_settings());
}

#[test]
fn a_container_that_mounts_the_volume_elsewhere_or_in_part_gets_the_secrets_at_their_place_too() {
    let places = |pod: &Value| {
        let spec = patched(pod);
        let mounts = spec["containers"][0]["volumeMounts"].as_array().unwrap();
        let ours = mounts.iter().filter(|it| it["name"] == "vault-secrets");
        ours.map(|it| it["mountPath"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let mounting = |mount: Value, is_declared: bool, secrets: usize| {
        let mut pod = mk_pod(&[]);
        for number in 0..secrets {
            let all = pod["metadata"]["annotations"].as_object_mut().unwrap();
            all.insert(format!("{PREFIX}agent-inject-secret-{number}"), json!("a"));
            let path = format!("/secrets/{number}");
            all.insert(format!("{PREFIX}secret-volume-path-{number}"), json!(path));
        }
        let spec = &mut pod["spec"];
        let mounts = spec["containers"][0]["volumeMounts"].as_array_mut();
        mounts.unwrap().push(mount);
        if is_declared {
            let volume = json!({"name": "vault-secrets", "emptyDir": {"medium": "Memory"}});
            spec["volumes"].as_array_mut().unwrap().push(volume);
        }
        pod
    };
    let part = json!({"name": "vault-secrets", "mountPath": "/app/app.yml", "subPath": "app.yml"});
    let expr = json!({"name": "vault-secrets", "mountPath": "/app/x", "subPathExpr": "$(NAME)"});
    let whole = json!({"name": "vault-secrets", "mountPath": "/app"});
    let same = json!({"name": "vault-secrets", "mountPath": "/vault//secrets/"});
    for secrets in [0, 20] {
        for (mount, is_declared, expected) in [
            (&part, false, &["/app/app.yml", "/vault/secrets"][..]),
            (&part, true, &["/app/app.yml", "/vault/secrets"]),
            (&expr, true, &["/app/x", "/vault/secrets"]),
            (&whole, false, &["/app", "/vault/secrets"]),
            (&whole, true, &["/app"]),
            (&same, false, &["/vault//secrets/"]),
            (&same, true, &["/vault//secrets/"]),
        ] {
            let pod = mounting(mount.clone(), is_declared, secrets);
            assert_eq!(places(&pod), expected, "{mount} {is_declared} {secrets}");
        }
    }
}

#[test]
fn a_doubtful_path_of_the_secrets_is_warned_of_in_both_flavors() {
    for (path, what) in [
        ("/a:b", "secret-volume-path has a colon"),
        ("etc/app", "secret-volume-path does not begin with a slash"),
    ] {
        for annotations in [
            &[("secret-volume-path", path)][..],
            &[("secret-volume-path", path), COMPATIBLE],
        ] {
            let warned = warned(annotations);
            assert!(warned[0].starts_with(what), "{path}: {warned:?}");
        }
    }
    let annotations = [
        ("agent-inject-secret-a", "kv/a"),
        ("secret-volume-path-a", "etc/app"),
    ];
    assert!(warned(&annotations)[0].starts_with("secret-volume-path-a does not begin"));
}
