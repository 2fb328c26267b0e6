//! Pods that would take an injector's memory or time. Whoever may create a pod may write them, and
//! the API server looks at a pod's size only after its webhooks.

mod places;

use std::fmt::Write as _;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde_json::json;

use super::*;

/// What this thread took of a processor so far: a busy machine makes other clocks run on.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap()
}

/// Asserts that eight times as much takes about eight times as long; what grows with the square
/// takes 64 times as long.
fn assert_linear(what: &str, mk: impl Fn(usize) -> Value, count: usize) {
    let took = |pod: &Value| {
        let raw = RawValue::from_string(pod.to_string()).unwrap();
        let start = processor_time();
        let request = Request {
            namespace: "apps",
            object: Some(Object::Raw(&raw)),
            origin: Origin::Pod,
        };
        let _ = decide(request, &mk_settings());
        let took = processor_time().saturating_sub(start);
        took.max(Duration::from_micros(1))
    };
    let pods = [mk(count), mk(8 * count)];
    let (mut small, mut large) = (Duration::MAX, Duration::MAX);
    for _ in 0..5 {
        small = small.min(took(&pods[0]));
        large = large.min(took(&pods[1]));
        if large < small * 20 {
            return;
        }
    }
    panic!("{what}: {small:?}, and eight times as much {large:?}");
}

/// A pod with the same annotations for each number.
fn mk_numbered(count: usize, annotations: &[(&str, &str)]) -> Value {
    let mut pod = mk_pod(&[]);
    let all = pod["metadata"]["annotations"].as_object_mut().unwrap();
    for number in 0..count {
        for (key, value) in annotations {
            let value = value.replace('#', &number.to_string());
            all.insert(format!("{PREFIX}{key}{number}"), json!(value));
        }
    }
    pod
}

fn with(mut pod: Value, annotations: &[(&str, String)]) -> Value {
    for (key, value) in annotations {
        pod["metadata"]["annotations"][format!("{PREFIX}{key}")] = json!(value);
    }
    pod
}

#[test]
fn the_time_for_a_pod_grows_with_the_number_of_its_annotations_alone() {
    let handlebars = [("agent-template-engine", "handlebars".to_owned())];
    let compatible = [("agent-flavor", "compatible".to_owned())];
    for annotations in [
        &[("agent-inject-secret-", "secret/data/#")][..],
        &[
            ("agent-inject-secret-", "s"),
            ("agent-inject-template-", "{{ # }}"),
        ],
        &[("agent-inject-template-", "{{ with")],
        &[
            ("agent-inject-secret-", "s"),
            ("secret-volume-path-", "/a/#"),
        ],
        &[
            ("agent-inject-secret-", "s"),
            ("agent-inject-command-", "a | b"),
        ],
        &[
            ("agent-inject-secret-", "s"),
            ("agent-inject-file-", "../#"),
        ],
        &[
            ("agent-inject-secret-", "s"),
            ("secret-volume-path-", "/a/#"),
            ("agent-inject-file-", "../x"),
        ],
        &[
            ("agent-inject-secret-", "s"),
            ("secret-volume-path-", "/a/#"),
            ("agent-inject-command-", "/a/#/x"),
        ],
        &[
            ("agent-inject-secret-alpha", "s"),
            ("agent-inject-template-alpah", "x"),
            ("agent-inject-perms-alhpa", "0640"),
        ],
        &[("agent-inject-perms-A", "0640")],
        &[("agent-extra-env-", "x")],
        &[("auth-config-", "x")],
        &[("agent-telemetry-", "x")],
        &[("unknown-", "x")],
        &[("agent-injcet-secret-", "x")],
    ] {
        let pod = |count| mk_numbered(count, annotations);
        let what = format!("{annotations:?}");
        assert_linear(&what, pod, 100);
        assert_linear(&what, |count| with(pod(count), &handlebars), 100);
        assert_linear(&what, |count| with(pod(count), &compatible), 100);
    }
}

#[test]
fn the_time_for_a_pod_grows_with_the_length_of_its_annotations_alone() {
    let list = |of: &dyn Fn(usize) -> String, count| (0..count).map(of).collect::<String>();
    let operation = |operation: &str, count: usize| {
        let operations = vec![operation; count].join(",");
        format!("[{operations}]")
    };
    let one = |key: &'static str, value: String| with(mk_pod(&[]), &[(key, value)]);
    let template = "agent-inject-template-a";
    let long = |text: &'static str| move |count: usize| one(template, text.repeat(count));
    for text in [
        "{{ 1 }}",
        "{{ if 1 }}x{{ end }}",
        "{{ with",
        "{{/*",
        "x ",
        "\n",
        "{{ nothing 1 }}",
    ] {
        assert_linear(text, long(text), 300);
    }
    let variables = |count: usize| {
        let mut text = list(&|number| format!("{{{{ $v{number} := 1 }}}}"), count);
        for _ in 0..count {
            text.push_str("{{ $v0 }}");
        }
        one(template, text)
    };
    assert_linear("variables", variables, 300);
    let names = |count| {
        one(
            "agent-inject-containers",
            list(&|at| format!("c{at},"), count),
        )
    };
    assert_linear("containers by name", names, 300);
    for patch in [
        r#"{"op":"add","path":"/args/0","value":1}"#,
        r#"{"op":"add","path":"/args/-","value":1}"#,
        r#"{"op":"test","path":"/args/0","value":1}"#,
        r#"{"op":"replace","path":"/env/0/name","value":"x"}"#,
        r#"{"op":"copy","from":"/env/0","path":"/env/-"}"#,
    ] {
        let pod = |count| one("agent-json-patch", operation(patch, count));
        assert_linear(patch, pod, 100);
    }
}

#[test]
fn the_time_for_a_pod_grows_with_its_containers_and_volumes_alone() {
    let many = |place: &'static str, secrets: usize, item: Value| {
        move |count: usize| {
            let mut pod = mk_numbered(
                secrets * count / 100,
                &[
                    ("agent-inject-secret-", "s"),
                    ("secret-volume-path-", "/a/#"),
                ],
            );
            let list = pod["spec"][place].as_array().cloned().unwrap_or_default();
            let more = (0..count).map(|number| {
                let mut item = item.clone();
                item["name"] = json!(
                    item["name"]
                        .as_str()
                        .unwrap()
                        .replace('#', &number.to_string())
                );
                item
            });
            pod["spec"][place] = list.into_iter().chain(more).collect();
            pod
        }
    };
    let mounts: Vec<_> = (0..5)
        .map(|at| json!({"name": "v", "mountPath": format!("/m{at}")}))
        .collect();
    let named = json!({"name": "c#", "volumeMounts": mounts});
    let not_taken = [("agent-inject-containers", "app".to_owned())];
    // Those that are not named get no mounts. Init containers all do.
    let containers = many("containers", 10, named.clone());
    assert_linear(
        "containers",
        |count| with(containers(count), &not_taken),
        100,
    );
    assert_linear("init containers", many("initContainers", 0, named), 100);
    assert_linear("volumes", many("volumes", 10, json!({"name": "v#"})), 300);
    let agent = json!({
        "name": "vault-agent-init", "volumeMounts": [{"name": "vault-secrets", "mountPath": "/v"}],
        "env": [{"name": "HOST_IP"}, {"name": "VAULT_CONFIG"}],
    });
    let first = [("agent-init-first", "true".to_owned())];
    let agents = many("initContainers", 0, agent);
    assert_linear("agents", |count| with(agents(count), &first), 300);
    let proxies = many(
        "initContainers",
        0,
        json!({"name": "istio-proxy", "restartPolicy": "Always"}),
    );
    assert_linear("proxies", |count| with(proxies(count), &first), 100);
}

#[test]
fn annotations_beyond_what_kubernetes_takes_are_refused_unread_in_both_flavors() {
    let template = format!("{{{{ with {}", "x".repeat(256 << 10));
    for flavor in ["native", "compatible"] {
        let mut pod = mk_pod(&[
            ("agent-flavor", flavor),
            ("agent-inject-template-a", &template),
        ]);
        let outcome = decided(&pod, &mk_settings());
        let Decision::Deny(denial) = outcome.decision else {
            panic!("not denied");
        };
        assert_eq!(denial.reason(), "annotations");
        let text = denial.to_string();
        let kubernetes = "metadata.annotations: Too long: may not be more than 262144 bytes: ";
        assert!(text.starts_with(kubernetes), "{text}");
        assert_eq!(outcome.warnings, []);
        let annotations = pod["metadata"]["annotations"].as_object_mut().unwrap();
        annotations.remove(&format!("{PREFIX}agent-inject"));
        let decision = decided(&pod, &mk_settings()).decision;
        assert!(
            matches!(decision, Decision::Skip(Skip::NotAsked)),
            "what is not ours"
        );
    }
    let mut text = String::new();
    let used = 200;
    write!(text, "{}", "y".repeat((256 << 10) - used)).unwrap();
    let decision = decided(
        &mk_pod(&[("agent-inject-template-a", &text)]),
        &mk_settings(),
    )
    .decision;
    assert!(
        matches!(decision, Decision::Inject(_)),
        "Kubernetes takes it"
    );
}

#[test]
fn more_secrets_than_the_limit_are_refused_and_the_limit_is_named() {
    let mk = |count| mk_numbered(count, &[("agent-inject-secret-", "s")]);
    let decision = decided(&mk(ask::limits::MOST_SECRETS), &mk_settings()).decision;
    assert!(matches!(decision, Decision::Inject(_)));
    let Decision::Deny(denial) =
        decided(&mk(ask::limits::MOST_SECRETS + 1), &mk_settings()).decision
    else {
        panic!("not denied");
    };
    assert_eq!(
        denial.to_string(),
        "error creating new agent sidecar: the pod asks for 2001 secrets, but gets 2000 at most"
    );
}

#[test]
fn many_mounts_in_many_containers_are_refused_before_they_are_written() {
    let mut pod = mk_pod(&[]);
    for number in 0..500 {
        let annotations = pod["metadata"]["annotations"].as_object_mut().unwrap();
        let name = format!("{PREFIX}agent-inject-secret-{number}");
        annotations.insert(name, json!("secret/a"));
        let name = format!("{PREFIX}secret-volume-path-{number}");
        annotations.insert(name, json!(format!("/secrets/{number}")));
    }
    let container = pod["spec"]["containers"][0].clone();
    for place in ["containers", "initContainers"] {
        let mut pod = pod.clone();
        pod["spec"][place] = json!(vec![container.clone(); 1000]);
        let decision = decided(&pod, &mk_settings()).decision;
        let Decision::Deny(denial) = decision else {
            panic!("not denied: {decision:?}");
        };
        assert_eq!(denial.reason(), "patch");
        assert_eq!(
            denial.to_string(),
            "error creating patch for agent: the patch would be larger than 3 MiB: the agent's \
             mounts in each container are too many"
        );
    }
}

#[test]
fn of_many_unknown_keys_only_the_first_are_told_what_they_may_mean() {
    let keys: Vec<_> = (0..100)
        .map(|number| format!("agent-injcet-secret-{number}"))
        .collect();
    let annotations: Vec<_> = keys.iter().map(|key| (&**key, "x")).collect();
    let warned = warned(&annotations);
    assert_eq!(warned.len(), 100);
    let meant = warned
        .iter()
        .filter(|it| it.contains("did you mean"))
        .count();
    assert_eq!(meant, warn::keys::LOOKED_UP);
}
