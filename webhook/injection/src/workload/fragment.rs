//! Annotations without their pod: in a patch, in values of a chart, or where a kind of object that we
//! do not know passes them on. Keys, values, templates and commands are checked all the same, in a pod
//! that lacks nothing.

use contract::annotations::{self, AnnotationSpec, Annotations};
use contract::diagnostics::{Code, login, pods, secrets};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

use super::search::Carrier;
use super::{Extent, Finding, asks_for_nothing, wrong_prefixes};
use crate::inject::{self, Decision, Skip};
use crate::settings::Settings;
use crate::vocabulary::denial::Denial;
use crate::vocabulary::origin::Origin;

/// What is said of pods although the annotations alone decide it.
const OF_ANNOTATIONS: [Code; 4] = [
    pods::NO_AGENT,
    pods::MOUNT_PATH,
    pods::NEGATIVE_QUANTITY,
    pods::LITTLE_MEMORY,
];

/// What depends on parts of the pod that are not there.
const OF_THE_POD: [Code; 3] = [
    login::NOT_MOUNTED,
    login::REVOKE_GRACE,
    secrets::FILE_UNSEEN,
];

/// What a fragment may leave to what it is applied to.
const LEFT_OUT: [Code; 10] = [
    login::NO_ROLE,
    login::NO_ADDRESS,
    login::AUTH_SETTING_MISSING,
    secrets::NO_SECRET,
    secrets::NO_SUCH_SECRET,
    secrets::NAME_IN_ANOTHER_CASE,
    secrets::DEFAULT_TEMPLATE_ON_KV2,
    secrets::COMMAND_PROGRAM,
    secrets::COMMAND_SIGNAL,
    secrets::NOTHING_WRITTEN,
];

pub(super) fn check(
    carrier: &Carrier<'_>,
    extent: Extent,
    namespace: &str,
    settings: &Settings,
) -> Finding {
    let mut values = Map::new();
    for (key, value) in &carrier.entries {
        // The API server refuses what is no text.
        if let Ok(text) = serde_json::from_str::<String>(value.get()) {
            values.insert(key.to_string(), Value::String(text));
        }
    }
    let prefixes = wrong_prefixes(carrier);
    let is_idle = lacks(&values, &annotations::INJECT);
    // What does not ask for an agent lacks more than that.
    let is_fragment = extent == Extent::Fragment || is_idle;
    if is_idle {
        values.insert(annotations::INJECT.full_key(), "true".into());
    }
    if is_fragment && lacks(&values, &annotations::ROLE) {
        values.insert(annotations::ROLE.full_key(), "app".into());
    }
    let pod = pod(&values);
    let request = inject::Request {
        namespace,
        object: Some(inject::Object::Raw(&pod)),
        origin: Origin::Template { kind: "" },
    };
    let mut outcome = inject::decide(request, settings);
    outcome
        .warnings
        .retain(|warning| is_sayable(warning.code(), is_fragment));
    if let Decision::Deny(denial) = &outcome.decision
        && !is_deniable(denial, is_fragment)
    {
        outcome.decision = Decision::Skip(Skip::NotAsked);
    }
    if is_idle && extent == Extent::Annotations && prefixes.is_empty() {
        outcome.warnings.extend(asks_for_nothing(carrier));
    }
    outcome.warnings.extend(prefixes);
    Finding {
        path: carrier.path.clone(),
        extent,
        outcome,
    }
}

fn lacks(values: &Map<String, Value>, spec: &AnnotationSpec) -> bool {
    let keys = values.keys().map(|key| (key.as_str(), ""));
    Annotations::new(keys).get(spec).is_none()
}

/// A pod that lacks nothing that an annotation can ask for.
fn pod(annotations: &Map<String, Value>) -> Box<RawValue> {
    let pod = json!({
        "metadata": {"annotations": annotations},
        "spec": {"containers": [{
            "name": "app",
            "image": "app",
            "securityContext": {"runAsUser": 1000},
        }]},
    });
    to_raw_value(&pod).expect("a pod must serialize: its keys are text")
}

/// The pod is not the user's, so nothing about its shape is.
fn is_sayable(code: Code, is_fragment: bool) -> bool {
    let is_of_pod = pods::contains(code) && !OF_ANNOTATIONS.contains(&code);
    let is_left_out = is_fragment && LEFT_OUT.contains(&code);
    !is_of_pod && !is_left_out && !OF_THE_POD.contains(&code)
}

fn is_deniable(denial: &Denial, is_fragment: bool) -> bool {
    // Its cause is one of the warnings.
    !matches!(denial, Denial::Strict(_)) && is_sayable(denial.code(), is_fragment)
}
