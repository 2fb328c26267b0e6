//! The status of a `PushSecret`.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::Api;
use kube::api::{Patch, PatchParams};
use kube_support::{CallError, call};
use operator_api::{Condition, PushSecret, PushSecretStatus};
use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::metrics::Kind;
use crate::names::Name;

/// The condition `Ready`, without its time.
pub(super) struct Ready {
    pub(super) is_true: bool,
    pub(super) reason: &'static str,
    pub(super) message: String,
}

/// The condition `Ready` of a status.
pub(super) fn ready(status: &PushSecretStatus) -> Option<&Condition> {
    let mut conditions = status.conditions.iter();
    conditions.find(|condition| condition.r#type == "Ready")
}

/// Writes a status with this condition; the other conditions stay.
pub(super) async fn write(
    context: &Context,
    api: &Api<PushSecret>,
    object: &PushSecret,
    mut status: PushSecretStatus,
    wanted: Ready,
) -> Result<(), CallError> {
    let text = if wanted.is_true { "True" } else { "False" };
    let own = Name::of(object);
    context
        .metrics
        .ready(Kind::PushSecret, &own, wanted.is_true);
    let since = ready(&status)
        .filter(|before| before.status == text)
        .and_then(|before| before.last_transition_time.clone());
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default();
    status.conditions.retain(|it| it.r#type != "Ready");
    status.conditions.push(Condition {
        r#type: "Ready".to_owned(),
        status: text.to_owned(),
        reason: Some(wanted.reason.to_owned()),
        message: Some(wanted.message),
        last_transition_time: since.or(Some(Time(now))),
    });
    let before = object.status.clone().unwrap_or_default();
    if object.status.is_some() && before == status {
        return Ok(());
    }
    let patch = json!({ "status": difference(&json!(before), &json!(status)) });
    let (parameters, patch) = (PatchParams::default(), Patch::Merge(&patch));
    let patched = api.patch_status(&own.name, &parameters, &patch);
    let patched = call("write the status of the PushSecret", patched).await?;
    context.objects.put_push_secret(patched);
    Ok(())
}

/// The merge patch that makes `after` of `before`: it names what is gone.
fn difference(before: &Value, after: &Value) -> Value {
    let (Value::Object(before), Value::Object(after)) = (before, after) else {
        return after.clone();
    };
    let gone = before.keys().filter(|key| !after.contains_key(*key));
    let mut patch: Map<_, _> = gone.map(|key| (key.clone(), Value::Null)).collect();
    for (key, value) in after {
        let change = difference(before.get(key).unwrap_or(&Value::Null), value);
        patch.insert(key.clone(), change);
    }
    Value::Object(patch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_names_what_is_gone() {
        let before = json!({"a": {"x": {"k": 1, "l": 2}, "y": {}}, "b": [1], "c": 1});
        let after = json!({"a": {"x": {"k": 1}, "z": {}}, "b": [2], "c": 1});
        assert_eq!(
            difference(&before, &after),
            json!({"a": {"x": {"k": 1, "l": null}, "y": null, "z": {}}, "b": [2], "c": 1})
        );
    }
}
