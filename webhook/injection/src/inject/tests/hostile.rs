//! Pods that would take an injector's memory or time. Whoever may create a pod may write them, and
//! the API server looks at a pod's size only after its webhooks.

use serde_json::json;

use super::*;

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
    pod["spec"]["containers"] = json!(vec![container; 1000]);
    let decision = decided(&pod, &mk_settings()).decision;
    let Decision::Deny(denial) = decision else {
        panic!("not denied: {decision:?}");
    };
    assert_eq!(denial.reason(), "patch");
    assert_eq!(
        denial.to_string(),
        "error creating patch for agent: the patch would be larger than 16 MiB: the agent's \
         mounts in each container are too many"
    );
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
    assert_eq!(meant, warnings::LOOKED_UP);
}
