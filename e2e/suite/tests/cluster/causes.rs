//! Thirty pods that do not start at night: each shows its own cause where a person looks first.

use std::time::Duration;

use anyhow::{Context, Result};
use contract::names;
use e2e::{Scene, workload};
use jiff::Timestamp;
use serde_json::{Value, json};

in_the_cluster! {
    // It looks at the clock.
    Alone;
    each_of_thirty_pods_shows_its_cause_within_15_seconds_of_its_start,
}

const PODS: usize = 30;

const SOON: Duration = Duration::from_secs(15);

/// An address of a network that is kept for documentation (RFC 5737): nothing answers there.
const NOWHERE: &str = "http://192.0.2.1:8200";

/// Why pods do not start, and the words that name it.
struct Cause {
    name: &'static str,
    annotations: Value,
    words: String,
}

async fn each_of_thirty_pods_shows_its_cause_within_15_seconds_of_its_start(
    scene: &Scene,
) -> Result<()> {
    let late = format!("secret/data/{}/late", scene.namespace());
    scene.allow("read", &[&late]).await?;
    let causes = causes(scene.namespace(), &late);
    let pods: Vec<(String, &Cause)> = (0..PODS)
        .map(|number| &causes[number % causes.len()])
        .enumerate()
        .map(|(number, cause)| (format!("{}-{number}", cause.name), cause))
        .collect();
    let items: Vec<Value> = pods
        .iter()
        .map(|(name, cause)| workload::pod(name, &cause.annotations))
        .collect();
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
    scene.kubectl.apply(&list.to_string()).await?;

    let look = || async {
        delays(scene, &pods)
            .await
            .map_err(|error| format!("{error:#}"))
    };
    let delays = scene.until("the cause of each pod", look).await;
    let slowest = delays.iter().max().copied().unwrap_or_default();
    scene
        .story
        .tell(format_args!("{PODS} causes, the last after {slowest:?}"));
    assert!(slowest <= SOON, "{delays:?}");

    for (name, cause) in &pods[..causes.len()] {
        let seen = scene.kubectl.describe(&format!("pod/{name}")).await?;
        let seen = seen.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(seen.contains(&cause.words), "{seen}");
        assert!(seen.contains("PodInitializing"), "{seen}");
    }
    Ok(())
}

/// A role that is not there, a policy that does not allow it, a path with nothing at it, a Vault that
/// does not answer, a template that fails.
fn causes(role: &str, late: &str) -> [Cause; 5] {
    let nowhere = format!("{role}-nowhere");
    let reads = |path: &str| {
        let template = format!("{{{{ with secret {path:?} }}}}{{{{ .Data.data }}}}{{{{ end }}}}");
        native(role, &[("agent-inject-template-config", &template)])
    };
    let broken = format!(
        "{{{{ with secret \"secret/data/{}\" }}}}{{{{ index .Data.data.api_key 9999 }}}}{{{{ end }}}}",
        e2e::GUIDE_SECRET
    );
    [
        Cause {
            name: "role",
            annotations: native(&nowhere, &[]),
            words: format!("invalid role name \"{nowhere}\""),
        },
        Cause {
            name: "policy",
            annotations: reads("secret/data/of-others/app"),
            words: format!(
                "role \"{role}\" lacks the capability \"read\" on \"secret/data/of-others/app\""
            ),
        },
        Cause {
            name: "path",
            annotations: reads(late),
            words: format!("no secret exists at {late}"),
        },
        Cause {
            name: "address",
            annotations: native(role, &[("service", NOWHERE)]),
            words: NOWHERE.to_owned(),
        },
        Cause {
            name: "template",
            annotations: native(role, &[("agent-inject-template-config", &broken)]),
            words: "line 1, column ".to_owned(),
        },
    ]
}

fn native(role: &str, more: &[(&str, &str)]) -> Value {
    let sidecar = [("agent-native-sidecar", "true")];
    workload::annotated(role, &[&sidecar, more].concat())
}

/// For each pod, how long after its agent's start its cause was to be seen.
async fn delays(scene: &Scene, pods: &[(String, &Cause)]) -> Result<Vec<Duration>> {
    let events = list(scene, "events").await?;
    let objects = list(scene, "pods").await?;
    let delay = |(name, cause): &(String, &Cause)| {
        let of_pod = |event: &&Value| event["involvedObject"]["name"] == **name;
        let events: Vec<&Value> = events.iter().filter(of_pod).collect();
        let pod = objects.iter().find(|pod| workload::name(pod) == name);
        let told = first(&events, |event| says(&event["message"], &cause.words));
        let shown = told
            .into_iter()
            .chain(pod.and_then(|pod| end(pod, &cause.words)))
            .min();
        let started = first(&events, |event| {
            event["reason"] == "Started"
                && says(
                    &event["involvedObject"]["fieldPath"],
                    names::SIDECAR_CONTAINER,
                )
        });
        let (started, shown) = started
            .zip(shown)
            .with_context(|| format!("{name}: {events:?}"))?;
        Ok(Duration::try_from(shown.duration_since(started)).unwrap_or_default())
    };
    pods.iter().map(delay).collect()
}

async fn list(scene: &Scene, kind: &str) -> Result<Vec<Value>> {
    let text = scene.kubectl.run(&["get", kind, "--output=json"]).await?;
    let list: Value = serde_json::from_str(&text)?;
    Ok(list["items"].as_array().cloned().unwrap_or_default())
}

/// When the first of these events happened that is wanted.
fn first(events: &[&Value], is_wanted: impl Fn(&Value) -> bool) -> Option<Timestamp> {
    let wanted = events.iter().filter(|event| is_wanted(event));
    wanted
        .filter_map(|event| time(&event["firstTimestamp"]))
        .min()
}

fn says(text: &Value, words: &str) -> bool {
    text.as_str().is_some_and(|text| text.contains(words))
}

/// When the agent ended with this reason.
fn end(pod: &Value, words: &str) -> Option<Timestamp> {
    let containers = pod["status"]["initContainerStatuses"].as_array()?;
    let states = containers
        .iter()
        .flat_map(|container| [&container["state"], &container["lastState"]]);
    let ended = states.map(|state| &state["terminated"]);
    let ended = ended.filter(|it| says(&it["message"], words));
    ended.filter_map(|it| time(&it["finishedAt"])).min()
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}
