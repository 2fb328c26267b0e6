//! Secrets of a `PushSecret` are written to stores.
//!
//! ```text
//! reconcile ─▶ stores ─▶ source (Secrets, generator, template) ─▶ due, or changed?
//!                                                                    │
//!                        status, event ◀─ push: plan ─▶ provider ◀───┘
//! ```

mod plan;
mod push;
mod source;
mod status;
mod timing;

use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::{Api, ResourceExt};
use kube_support::CallError;
use operator_api::{PushDeletionPolicy, PushSecret, PushSecretStatus, UpdatePolicy};
use secret_sync::{Data, resource_version};
use tokio::time::Instant;
use tracing::{debug, warn};

use crate::context::Context;
use crate::events::{Said, reference};
use crate::fault::Fault;
use crate::finalizers;
use crate::names::{Name, PUSH_FINALIZER, StoreId};
use crate::objects::{Store, synced_store};
use crate::pushed::fingerprint;
use crate::work::{Key, Outcome, Trigger};
use plan::{Written, obsolete, united};
use source::{NoSource, is_generated};
use status::{Ready, write};
use timing::{Pushed, again, interval, is_due};

/// Who says the events.
const COMPONENT: &str = "pushsecret";
const SOURCE_DELETED: &str = "SourceDeleted";

/// Stores to write to, in order.
type Stores = Vec<(StoreId, Arc<Store>)>;

/// Reconciles one object. What was read before `since` is not taken.
pub(crate) async fn reconcile(context: &Context, name: &Name, since: Instant) -> Outcome {
    let Some(object) = context.objects.push_secret(name) else {
        context.pushed.forget(name);
        return Outcome::Settled;
    };
    let work = Work {
        context,
        name,
        key: Key::PushSecret(name.clone()),
        api: Api::namespaced(context.client.clone(), &name.namespace),
        since,
    };
    if object.metadata.deletion_timestamp.is_some() {
        return work.delete(&object).await;
    }
    let is_held = has_finalizer(&object);
    let is_to_be_held = object.spec.deletion_policy == PushDeletionPolicy::Delete;
    if is_held != is_to_be_held
        && let Err(error) = work.hold(&object, is_to_be_held).await
    {
        return work.not_written(&error);
    }
    // As it is with its finalizers.
    let object = context.objects.push_secret(name).unwrap_or(object);
    work.sync(&object).await
}

fn has_finalizer(object: &PushSecret) -> bool {
    object.finalizers().iter().any(|it| it == PUSH_FINALIZER)
}

struct Work<'a> {
    context: &'a Context,
    name: &'a Name,
    key: Key,
    api: Api<PushSecret>,
    since: Instant,
}

impl Work<'_> {
    /// Adds the finalizer, or takes it away.
    async fn hold(&self, object: &PushSecret, is_held: bool) -> Result<(), CallError> {
        let mut wanted = object.finalizers().to_vec();
        wanted.retain(|it| it != PUSH_FINALIZER);
        if is_held {
            wanted.push(PUSH_FINALIZER.to_owned());
        }
        let version = object.metadata.resource_version.as_deref();
        let patched = finalizers::write(&self.api, &self.name.name, version, &wanted).await?;
        self.context.objects.put_push_secret(patched);
        Ok(())
    }

    /// A write to the API server failed.
    fn not_written(&self, error: &CallError) -> Outcome {
        match error {
            CallError::Conflict { .. } => Outcome::Now,
            CallError::NotFound { .. } => Outcome::Settled,
            error => {
                warn!(push_secret = %self.name, %error, "an object was not written");
                Outcome::Retry
            }
        }
    }

    /// The object is being deleted: what it has written goes with it if that was asked for.
    async fn delete(&self, object: &PushSecret) -> Outcome {
        if !has_finalizer(object) {
            return Outcome::Settled;
        }
        let status = object.status.clone().unwrap_or_default();
        if object.spec.deletion_policy == PushDeletionPolicy::Delete
            && let Err(fault) = self.delete_written(&status.synced_push_secrets).await
        {
            if !self.ends_with_its_namespace() {
                return self.fail(object, status, &fault).await;
            }
            // Its store and credentials go, too: no later try would work.
            warn!(push_secret = %self.name, cause = fault.cause(), "secrets stay in their stores");
        }
        match self.hold(object, false).await {
            Ok(()) => Outcome::Settled,
            Err(error) => self.not_written(&error),
        }
    }

    fn ends_with_its_namespace(&self) -> bool {
        let namespace = self.context.objects.namespace(&self.name.namespace);
        namespace.is_some_and(|namespace| namespace.metadata.deletion_timestamp.is_some())
    }

    /// The stores that are this operator's, or `None` if all of them are somebody else's.
    fn stores(&self, object: &PushSecret) -> Result<Option<Stores>, Fault> {
        let settings = &self.context.settings;
        let mut all = Stores::new();
        for reference in &object.spec.secret_store_refs {
            let meant = self
                .context
                .objects
                .stores_meant(reference, &self.name.namespace);
            if meant.is_empty() {
                let kind = match reference.kind {
                    operator_api::StoreKind::SecretStore => "SecretStore",
                    operator_api::StoreKind::ClusterSecretStore => "ClusterSecretStore",
                };
                return Err(Fault::new(match &reference.name {
                    Some(name) => format!(
                        "could not get {kind} {name:?}, {kind}.external-secrets.io {name:?} not found"
                    ),
                    None => format!("no {kind} has the labels of secretStoreRefs.labelSelector"),
                }));
            }
            for (id, store) in meant {
                if !all.iter().any(|(other, _)| *other == id) {
                    all.push((id, store));
                }
            }
        }
        let has_some = !all.is_empty();
        all.retain(|(id, store)| {
            settings.is_ours(store.spec.controller.as_deref())
                && (settings.serves_cluster_stores || !id.is_of_cluster())
        });
        Ok((!has_some || !all.is_empty()).then_some(all))
    }

    async fn sync(&self, object: &PushSecret) -> Outcome {
        let now = Timestamp::now();
        let status = object.status.clone().unwrap_or_default();
        let current = resource_version(
            object.metadata.generation.unwrap_or_default(),
            object.annotations(),
            object.labels(),
        );
        let stores = match self.stores(object) {
            Ok(Some(stores)) => stores,
            // The class of a store may become ours.
            Ok(None) => return Outcome::Again(self.context.settings.store_interval),
            Err(fault) => return self.fail(object, status, &fault).await,
        };
        let interval = interval(object);
        let pushed = Pushed {
            version: status
                .synced_resource_version
                .as_deref()
                .unwrap_or_default(),
            at: status.refresh_time.as_ref().map(|time| time.0),
        };
        let is_due = is_due(&pushed, &current, interval, now)
            || status::ready(&status).is_none_or(|ready| ready.status != "True");
        let wait = |status: &PushSecretStatus| {
            let at = status.refresh_time.as_ref().map_or(now, |time| time.0);
            again(at, interval, now)
        };
        if !is_due && is_generated(object) {
            return wait(&status);
        }
        let sources = source::read(self.context, &self.key, object, &self.name.namespace).await;
        let sources = match sources {
            Ok(sources) => sources,
            Err(NoSource::Gone(fault)) => return self.source_gone(object, status, fault).await,
            Err(NoSource::Fault(fault)) => {
                self.check_stores(&stores, &status.synced_push_secrets);
                return self.fail(object, status, &fault).await;
            }
        };
        let fingerprint = fingerprint(stores.iter().map(|(id, _)| id), &sources);
        // After a start nothing is known of what was pushed: the Secret may have changed meanwhile.
        if !is_due && self.context.pushed.is(self.name, &fingerprint) {
            return wait(&status);
        }
        debug!(push_secret = %self.name, "pushing");
        self.check_stores(&stores, &status.synced_push_secrets);
        let before = status.synced_push_secrets.clone();
        let (written, pushed) = self.push_and_tidy(object, &stores, &sources, &before).await;
        if let Err(fault) = pushed {
            let status = PushSecretStatus {
                synced_push_secrets: united(&before, written),
                ..status
            };
            return self.fail(object, status, &fault).await;
        }
        let status = PushSecretStatus {
            refresh_time: Some(Time(Timestamp::from_second(now.as_second()).unwrap_or(now))),
            synced_resource_version: Some(current),
            synced_push_secrets: written,
            ..status
        };
        if let Err(error) = self.succeed(object, status).await {
            return self.not_written(&error);
        }
        self.context.pushed.put(self.name, fingerprint);
        again(now, interval, now)
    }

    /// Writes to the stores, and deletes what is not written any more if that was asked for.
    async fn push_and_tidy(
        &self,
        object: &PushSecret,
        stores: &Stores,
        sources: &[Data],
        before: &Written,
    ) -> (Written, Result<(), Fault>) {
        let (written, pushed) = self.push(object, stores, sources).await;
        if let Err(fault) = pushed {
            return (written, Err(fault.within("set secret failed: ")));
        }
        if object.spec.deletion_policy != PushDeletionPolicy::Delete {
            return (written, Ok(()));
        }
        let deleted = self.delete_written(&obsolete(before, &written)).await;
        (written, deleted)
    }

    async fn succeed(
        &self,
        object: &PushSecret,
        status: PushSecretStatus,
    ) -> Result<(), CallError> {
        let mut message = "PushSecret synced successfully".to_owned();
        if object.spec.update_policy == UpdatePolicy::IfNotExists {
            message.push_str(". Existing secrets in providers unchanged.");
        }
        self.say(object, false, "Synced", &message);
        let ready = Ready {
            is_true: true,
            reason: "Synced",
            message,
        };
        write(self.context, &self.api, object, status, ready).await
    }

    /// Each push checks its stores again, and those that it has left.
    fn check_stores(&self, stores: &Stores, written: &Written) {
        let left = written.keys();
        let left = left.filter_map(|key| synced_store(key, &self.name.namespace));
        let ids = stores.iter().map(|(id, _)| id.clone()).chain(left);
        for id in ids.collect::<std::collections::BTreeSet<_>>() {
            self.context.trigger(Trigger::Changed(Key::Store(id)));
        }
    }

    /// The Secret is gone: so is what was made of it, if that was asked for.
    async fn source_gone(
        &self,
        object: &PushSecret,
        status: PushSecretStatus,
        fault: Fault,
    ) -> Outcome {
        let reason = status::ready(&status).and_then(|ready| ready.reason.as_deref());
        let has_written = status.synced_push_secrets.values().any(|it| !it.is_empty());
        if object.spec.deletion_policy != PushDeletionPolicy::Delete
            || (!has_written && reason != Some(SOURCE_DELETED))
        {
            return self.fail(object, status, &fault).await;
        }
        if !has_written {
            return Outcome::Settled;
        }
        if let Err(fault) = self.delete_written(&status.synced_push_secrets).await {
            return self.fail(object, status, &fault).await;
        }
        self.context.pushed.forget(self.name);
        let message = "source Secret deleted; its secrets were deleted from the stores";
        self.say(object, false, SOURCE_DELETED, message);
        let status = PushSecretStatus {
            synced_push_secrets: Written::new(),
            ..status
        };
        let ready = Ready {
            is_true: false,
            reason: SOURCE_DELETED,
            message: message.to_owned(),
        };
        match write(self.context, &self.api, object, status, ready).await {
            Ok(()) => Outcome::Settled,
            Err(error) => self.not_written(&error),
        }
    }

    async fn fail(&self, object: &PushSecret, status: PushSecretStatus, fault: &Fault) -> Outcome {
        self.context.pushed.forget(self.name);
        self.say(object, true, "Errored", fault.event());
        let ready = Ready {
            is_true: false,
            reason: "Errored",
            message: fault.cause(),
        };
        match write(self.context, &self.api, object, status, ready).await {
            Ok(()) => Outcome::Retry,
            Err(error) => self.not_written(&error),
        }
    }

    fn say(&self, object: &PushSecret, is_warning: bool, reason: &'static str, text: &str) {
        let said = Said {
            component: COMPONENT,
            is_warning,
            reason,
            message: text.to_owned(),
        };
        self.context.events.record(reference(object), said);
    }
}
