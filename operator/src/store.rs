//! A store is checked: whether its server can be reached and knows its credentials.

mod finalizer;

use std::time::Duration;

use contract::GoDuration;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::Api;
use kube::api::{Patch, PatchParams};
use kube_support::{CallError, call};
use operator_api::{ClusterSecretStore, Condition, SecretStore, SecretStoreStatus};
use secret_sync::validate::{self, Scope};
use serde_json::json;
use std::sync::Arc;
use tracing::warn;

use crate::condition;
use crate::context::Context;
use crate::events::Said;
use crate::fault::Fault;
use crate::metrics::Kind;
use crate::names::StoreId;
use crate::objects::Store;
use crate::provider;
use crate::vault::Way;
use crate::work::{Key, Outcome, Trigger};

/// Upstream's words for what is wrong with a store.
struct Invalid {
    words: &'static str,
    fault: Fault,
}

impl Invalid {
    fn no_client(fault: Fault) -> Self {
        Self {
            words: "unable to create client",
            fault,
        }
    }
}

/// The store, if an object of `namespace` may use it.
pub(crate) fn access(
    context: &Context,
    id: &StoreId,
    namespace: &str,
) -> Result<Arc<Store>, Fault> {
    let (kind, name) = (id.kind(), id.name());
    let Some(store) = context.objects.store(id) else {
        return Err(Fault::new(format!(
            "could not get {kind} {name:?}, {kind}.external-secrets.io {name:?} not found"
        )));
    };
    if id.is_of_cluster() && !condition::allows(context, &store.spec.conditions, namespace) {
        return Err(Fault::new(format!(
            "using cluster store {name:?} is not allowed from namespace {namespace:?}: denied by \
             spec.condition"
        )));
    }
    Ok(store)
}

/// Checks one store.
pub(crate) async fn reconcile(context: &Context, id: &StoreId) -> Outcome {
    let Some(store) = context.objects.store(id) else {
        return Outcome::Settled;
    };
    let class = store.spec.controller.as_deref();
    if !context.settings.is_ours(class) {
        return Outcome::Settled;
    }
    match finalizer::keep(context, id, &store).await {
        Ok(()) => {}
        Err(CallError::Conflict { .. }) => return Outcome::Now,
        Err(CallError::NotFound { .. }) => return Outcome::Settled,
        Err(error) => {
            warn!(store = %id.0, %error, "the finalizers of a store were not written");
            return Outcome::Retry;
        }
    }
    if store.is_deleting {
        return Outcome::Settled;
    }
    let checked = check(context, id, &store).await;
    let was_ready = store.is_ready();
    let ready = match &checked {
        Ok(()) => ("True", "Valid", "store validated".to_owned()),
        Err(invalid) => {
            let message = format!("{}: {}", invalid.words, invalid.fault.cause());
            ("False", "InvalidProviderConfig", message)
        }
    };
    if let Err(invalid) = &checked {
        let error = invalid.fault.cause();
        warn!(store = %id.0, error, "a store cannot be used");
    }
    say(context, id, &store, &checked);
    if let Err(error) = write(context, id, &store, ready).await {
        return match error {
            CallError::NotFound { .. } => Outcome::Settled,
            error => {
                warn!(store = %id.0, %error, "the status of a store was not written");
                Outcome::Retry
            }
        };
    }
    if checked.is_err() {
        return Outcome::Retry;
    }
    if !was_ready {
        context.trigger(Trigger::StoreReady(id.clone()));
    }
    Outcome::Again(interval(context, &store))
}

async fn check(context: &Context, id: &StoreId, store: &Store) -> Result<(), Invalid> {
    let scope = if id.is_of_cluster() {
        Scope::Cluster
    } else {
        Scope::Namespace(&id.0.namespace)
    };
    validate::store(&store.spec, scope).map_err(|problems| Invalid {
        words: "unable to validate store",
        fault: Fault::new(problems),
    })?;
    let spec = &store.spec;
    if let Some(fake) = &spec.provider.fake {
        return match fake.validation_result {
            Some(2) => Err(Invalid {
                words: "unable to validate store",
                fault: Fault::new("provider.fake.validationResult says so"),
            }),
            _ => Ok(()),
        };
    }
    let vault = provider::vault(&spec.provider).map_err(Invalid::no_client)?;
    if id.is_of_cluster() && provider::depends_on_namespace(&spec.provider) {
        // It is another one for each namespace: who uses it sees whether it works.
        return Ok(());
    }
    let key = Key::Store(id.clone());
    let asker = context.asker(&key, id, &id.0.namespace);
    let way = Way::find(&vault, spec.retry_settings.as_ref(), asker);
    let way = way.await.map_err(Invalid::no_client)?;
    let session = context
        .vault
        .session(way, &key)
        .map_err(Invalid::no_client)?;
    session.ready().await.map_err(Invalid::no_client)?;
    session.validate().await.map_err(|fault| Invalid {
        words: "unable to validate store",
        fault,
    })
}

/// How often the store is checked.
fn interval(context: &Context, store: &Store) -> Duration {
    let asked = match &store.spec.refresh_interval {
        Some(IntOrString::Int(seconds)) => u64::try_from(*seconds).ok().map(Duration::from_secs),
        Some(IntOrString::String(text)) => {
            text.parse::<GoDuration>().ok().and_then(GoDuration::to_std)
        }
        None => None,
    };
    asked
        .filter(|interval| !interval.is_zero())
        .unwrap_or(context.settings.store_interval)
}

fn say(context: &Context, id: &StoreId, store: &Store, checked: &Result<(), Invalid>) {
    let (is_warning, reason, message) = match checked {
        Ok(()) => (false, "Valid", "store validated".to_owned()),
        Err(invalid) => (
            true,
            "InvalidProviderConfig",
            invalid.fault.event().to_owned(),
        ),
    };
    let object = ObjectReference {
        api_version: Some("external-secrets.io/v1".to_owned()),
        kind: Some(id.kind().to_owned()),
        name: Some(id.name().to_owned()),
        namespace: (!id.is_of_cluster()).then(|| id.0.namespace.to_string()),
        uid: Some(store.uid.clone()),
        resource_version: Some(store.version.clone()),
        field_path: None,
    };
    let component = if id.is_of_cluster() {
        "cluster-secret-store"
    } else {
        "secret-store"
    };
    let said = Said {
        component,
        is_warning,
        reason,
        message,
    };
    context.events.record(object, said);
}

async fn write(
    context: &Context,
    id: &StoreId,
    store: &Store,
    (status, reason, message): (&str, &str, String),
) -> Result<(), CallError> {
    let before = store.ready().filter(|before| before.status == status);
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default();
    let since = before.and_then(|before| before.last_transition_time.clone());
    let ready = Condition {
        r#type: "Ready".to_owned(),
        status: status.to_owned(),
        reason: Some(reason.to_owned()),
        message: Some(message),
        last_transition_time: since.or(Some(Time(now))),
    };
    context.metrics.ready(Kind::of(id), &id.0, status == "True");
    let mut conditions = store.status.conditions.clone();
    conditions.retain(|condition| condition.r#type != "Ready");
    conditions.push(ready);
    let wanted = SecretStoreStatus {
        conditions,
        capabilities: match status {
            "True" => Some("ReadWrite".to_owned()),
            _ => store.status.capabilities.clone(),
        },
    };
    if wanted == store.status {
        return Ok(());
    }
    let patch = json!({ "status": wanted });
    let (patch, parameters) = (Patch::Merge(&patch), PatchParams::default());
    let doing = "write the status of the store";
    let written: Store = if id.is_of_cluster() {
        let api = Api::<ClusterSecretStore>::all(context.client.clone());
        call(doing, api.patch_status(id.name(), &parameters, &patch))
            .await?
            .into()
    } else {
        let api = Api::<SecretStore>::namespaced(context.client.clone(), &id.0.namespace);
        call(doing, api.patch_status(id.name(), &parameters, &patch))
            .await?
            .into()
    };
    context.objects.put_store(id, written);
    Ok(())
}
