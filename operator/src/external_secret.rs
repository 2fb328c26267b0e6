//! An `ExternalSecret` becomes a Secret.
//!
//! ```text
//! reconcile ─▶ due? ─▶ fetch (store, generator) ─▶ target: mutate, write ─▶ status, event
//!               │                                     │
//!               └─ Verified: is the Secret right? ◀───┘
//! ```

mod fetch;
mod status;
mod sync;
mod target;
mod timing;

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::{Api, ResourceExt};
use kube_support::CallError;
use operator_api::{Binding, DeletionPolicy, ExternalSecret, ExternalSecretStatus};
use secret_sync::{Refresh, resource_version};
use tokio::time::Instant;
use tracing::{debug, warn};

use crate::context::Context;
use crate::events::{Said, reference};
use crate::fault::Fault;
use crate::finalizers;
use crate::generator;
use crate::names::{FINALIZER, Name, StoreId};
use crate::objects::store_refs;
use crate::work::{Key, Outcome};
use status::{Ready, write};
use target::Target;
use timing::{again, binding, interval, may_refresh, whole_second};

/// Who says the events.
pub(crate) const COMPONENT: &str = "external-secrets";

/// How long what is about to go is waited for.
const SOON: Duration = Duration::from_secs(1);

/// Why an object is not synced.
struct Failed {
    /// Upstream's text in the condition.
    words: &'static str,
    fault: Fault,
    again: Retry,
}

/// Whether another try may help, without a change of the object.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Retry {
    /// The waits grow.
    Later,
    /// What is in the way is about to go: nothing is said.
    Soon,
    Never,
}

impl Failed {
    fn new(words: &'static str, fault: Fault) -> Self {
        Self {
            words,
            fault,
            again: Retry::Later,
        }
    }

    /// Only a change of an object helps.
    fn for_good(words: &'static str, fault: Fault) -> Self {
        Self {
            words,
            fault,
            again: Retry::Never,
        }
    }
}

/// How a sync ended well.
enum Synced {
    Written,
    Unchanged,
    /// Somebody else was faster.
    Conflict,
    Retained,
    Deleted,
    /// There is no Secret to merge into.
    Missing,
}

/// Reconciles one object. What was read before `since` is not taken.
pub(crate) async fn reconcile(context: &Context, name: &Name, since: Instant) -> Outcome {
    let Some(object) = context.objects.external_secret(name) else {
        context.verified.forget(name);
        return Outcome::Settled;
    };
    let work = Work {
        context,
        name,
        key: Key::ExternalSecret(name.clone()),
        api: Api::namespaced(context.client.clone(), &name.namespace),
        since,
    };
    if object.metadata.deletion_timestamp.is_some() {
        return work.delete(&object).await;
    }
    if !object.finalizers().iter().any(|it| it == FINALIZER)
        && let Err(error) = work.hold(&object).await
    {
        return work.not_written(&error);
    }
    match work.is_ours(&object).await {
        Ok(true) => {}
        // The class of a store may become ours.
        Ok(false) => return Outcome::Again(context.settings.store_interval),
        Err(error) => return work.not_written(&error),
    }
    work.sync(&object).await
}

struct Work<'a> {
    context: &'a Context,
    name: &'a Name,
    key: Key,
    api: Api<ExternalSecret>,
    since: Instant,
}

impl Work<'_> {
    /// Adds the finalizer.
    async fn hold(&self, object: &ExternalSecret) -> Result<(), CallError> {
        let mut finalizers = object.finalizers().to_vec();
        finalizers.push(FINALIZER.to_owned());
        self.patch_finalizers(object, &finalizers).await
    }

    async fn patch_finalizers(
        &self,
        object: &ExternalSecret,
        finalizers: &[String],
    ) -> Result<(), CallError> {
        let version = object.metadata.resource_version.as_deref();
        let patched = finalizers::write(&self.api, &self.name.name, version, finalizers).await?;
        self.context.objects.put_external_secret(patched);
        Ok(())
    }

    /// The object is being deleted: its Secret goes with it where that was asked for.
    async fn delete(&self, object: &ExternalSecret) -> Outcome {
        if !object.finalizers().iter().any(|it| it == FINALIZER) {
            return Outcome::Settled;
        }
        if object.spec.target.deletion_policy == DeletionPolicy::Delete
            && let Err(error) = Target::new(self.context, object).delete_own().await
        {
            return self.not_written(&error);
        }
        let mut rest = object.finalizers().to_vec();
        rest.retain(|it| it != FINALIZER);
        match self.patch_finalizers(object, &rest).await {
            Ok(()) | Err(CallError::NotFound { .. }) => Outcome::Settled,
            Err(error) => self.not_written(&error),
        }
    }

    /// A write to the API server failed.
    fn not_written(&self, error: &CallError) -> Outcome {
        match error {
            CallError::Conflict { .. } => Outcome::Now,
            CallError::NotFound { .. } => Outcome::Settled,
            error => {
                warn!(external_secret = %self.name, %error, "an object was not written");
                Outcome::Retry
            }
        }
    }

    /// Whether this operator serves the object: it leaves alone what refers to a store of another class.
    async fn is_ours(&self, object: &ExternalSecret) -> Result<bool, CallError> {
        let settings = &self.context.settings;
        let mut stores = store_refs(object).map(|it| StoreId::of(it, &self.name.namespace));
        let are_ours = stores.all(|id| {
            if id.is_of_cluster() && !settings.serves_cluster_stores {
                return false;
            }
            let store = self.context.objects.store(&id);
            store.is_none_or(|store| settings.is_ours(store.spec.controller.as_deref()))
        });
        Ok(are_ours && generator::are_ours(self.context, object, &self.name.namespace).await?)
    }

    async fn sync(&self, object: &ExternalSecret) -> Outcome {
        let now = Timestamp::now();
        let current = resource_version(
            object.metadata.generation.unwrap_or_default(),
            object.annotations(),
            object.labels(),
        );
        let status = object.status.clone().unwrap_or_default();
        let refresh = Refresh {
            policy: object.spec.refresh_policy.unwrap_or_default(),
            interval: interval(object),
            synced: status
                .synced_resource_version
                .as_deref()
                .unwrap_or_default(),
            current: &current,
            refreshed: status.refresh_time.as_ref().map(|time| time.0),
        };
        let mut target = Target::new(self.context, object);
        if !refresh.is_due(now, || may_refresh(object, now)) {
            match target.is_valid().await {
                Ok(true) => return again(&refresh, now),
                Ok(false) => {}
                Err(error) => return self.not_written(&error),
            }
        }
        debug!(external_secret = %self.name, "syncing");
        let before = binding(&status);
        let mut bound = before.clone();
        let outcome = self.run(object, &mut target, &mut bound).await;
        let ready = match outcome {
            Ok(Synced::Conflict) => return Outcome::Now,
            Ok(synced) => Ready::synced(&synced),
            Err(failed) if failed.again == Retry::Soon => return Outcome::Again(SOON),
            Err(failed) => {
                let error = failed.fault.cause();
                warn!(external_secret = %self.name, error, "{}", failed.words);
                self.say(object, true, "UpdateFailed", failed.fault.event());
                let again = failed.again == Retry::Later;
                let ready = Ready::failed(&failed);
                let status = ExternalSecretStatus {
                    binding: Some(Binding { name: bound }),
                    ..status
                };
                return match write(self.context, &self.api, object, status, ready).await {
                    Ok(()) if again => Outcome::Retry,
                    Ok(()) => Outcome::Settled,
                    Err(error) => self.not_written(&error),
                };
            }
        };
        let status = ExternalSecretStatus {
            refresh_time: Some(Time(whole_second(now))),
            synced_resource_version: Some(current.clone()),
            binding: Some(Binding { name: bound }),
            ..status
        };
        if let Err(error) = write(self.context, &self.api, object, status, ready).await {
            return self.not_written(&error);
        }
        // Of a second that has only begun, the status keeps less than has passed.
        let refresh = Refresh {
            synced: &current,
            refreshed: Some(now),
            ..refresh
        };
        again(&refresh, now)
    }

    fn say(&self, object: &ExternalSecret, is_warning: bool, reason: &'static str, text: &str) {
        let said = Said {
            component: COMPONENT,
            is_warning,
            reason,
            message: text.to_owned(),
        };
        self.context.events.record(reference(object), said);
    }
}
