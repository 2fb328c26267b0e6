//! The status of an `ExternalSecret`.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::Api;
use kube::api::{Patch, PatchParams};
use kube_support::{CallError, call};
use operator_api::{Condition, ConditionType, ExternalSecret, ExternalSecretStatus};
use serde_json::json;

use super::{Failed, Synced};
use crate::context::Context;

/// The condition `Ready`, without its time.
pub(super) struct Ready {
    pub(super) is_true: bool,
    pub(super) reason: &'static str,
    pub(super) message: String,
}

impl Ready {
    pub(super) fn synced(synced: &Synced) -> Self {
        let (reason, message) = match synced {
            Synced::Written | Synced::Unchanged | Synced::Conflict => {
                ("SecretSynced", "secret synced")
            }
            Synced::Retained => (
                "SecretSynced",
                "secret retained due to DeletionPolicy=Retain",
            ),
            Synced::Deleted => (
                "SecretDeleted",
                "secret deleted due to DeletionPolicy=Delete",
            ),
            Synced::Missing => (
                "SecretMissing",
                "secret will not be created due to CreationPolicy=Merge",
            ),
        };
        Self {
            is_true: true,
            reason,
            message: message.to_owned(),
        }
    }

    pub(super) fn failed(failed: &Failed) -> Self {
        Self {
            is_true: false,
            reason: "SecretSyncedError",
            message: format!("{}: {}", failed.words, failed.fault.cause()),
        }
    }
}

/// Writes a status with this condition; the other conditions stay.
pub(super) async fn write(
    context: &Context,
    api: &Api<ExternalSecret>,
    object: &ExternalSecret,
    mut status: ExternalSecretStatus,
    ready: Ready,
) -> Result<(), CallError> {
    let text = if ready.is_true { "True" } else { "False" };
    let of_ready = |it: &Condition<ConditionType>| it.r#type == ConditionType::Ready;
    let before = status.conditions.iter().find(|it| of_ready(it)).cloned();
    let since = before
        .filter(|before| before.status == text)
        .and_then(|before| before.last_transition_time);
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default();
    status.conditions.retain(|it| !of_ready(it));
    status.conditions.push(Condition {
        r#type: ConditionType::Ready,
        status: text.to_owned(),
        reason: Some(ready.reason.to_owned()),
        message: Some(ready.message),
        last_transition_time: since.or(Some(Time(now))),
    });
    context.metrics.synced(object, ready.is_true);
    if object.status.as_ref() == Some(&status) {
        return Ok(());
    }
    let name = object.metadata.name.as_deref().unwrap_or_default();
    let patch = json!({ "status": status });
    let (parameters, patch) = (PatchParams::default(), Patch::Merge(&patch));
    let patched = api.patch_status(name, &parameters, &patch);
    let patched = call("write the status of the ExternalSecret", patched).await?;
    context.objects.put_external_secret(patched);
    Ok(())
}
