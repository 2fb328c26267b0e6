//! Watches: what the API server says becomes what is known, and work.
//!
//! Secrets and `ConfigMap`s are watched without their content: it is read when it is needed. Nothing
//! is kept of those that no object is about.

mod metadata;
mod problem;
mod push_secret;
mod store;

use std::fmt::Debug;
use std::sync::Arc;

use futures_util::StreamExt as _;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret};
use kube::core::{DeserializeGuard, PartialObjectMeta};
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Resource, ResourceExt};
use operator_api::{
    ClusterExternalSecret, ClusterSecretStore, ExternalSecret, PushSecret, SecretStore,
};
use serde::de::DeserializeOwned;
use tokio::sync::watch;
use tracing::{info, warn};

use crate::context::Context;
use crate::names::Name;
use crate::work::{Key, Trigger};
use metadata::{List, Referred};
use problem::{is_missing, report};

/// Objects that a list gives at a time: each page is in memory as a whole.
const PAGE: u32 = 100;

/// What is watched, and whether all of it is known.
pub(crate) struct Watching {
    known: Vec<watch::Receiver<bool>>,
}

impl Watching {
    /// Watches all namespaces, or one.
    pub(crate) fn start(context: &Arc<Context>, namespace: Option<&str>) -> Self {
        let mut watching = Self { known: Vec::new() };
        watching.objects::<ExternalSecret>(context, namespace);
        watching.objects::<SecretStore>(context, namespace);
        if context.settings.serves_push_secrets {
            watching.objects::<PushSecret>(context, namespace);
        }
        if namespace.is_none() {
            if context.settings.serves_cluster_stores {
                watching.objects::<ClusterSecretStore>(context, None);
            }
            if context.settings.serves_cluster_external_secrets {
                watching.objects::<ClusterExternalSecret>(context, None);
            }
            watching.objects::<Namespace>(context, None);
        }
        watching.metadata::<Secret>(context, namespace);
        watching.metadata::<ConfigMap>(context, namespace);
        watching
    }

    /// Waits until everything was listed once.
    pub(crate) async fn complete(mut self) {
        for known in &mut self.known {
            // A watch that has ended takes its process along.
            let _ = known.wait_for(|known| *known).await;
        }
    }

    fn objects<K>(&mut self, context: &Arc<Context>, namespace: Option<&str>)
    where
        K: Watched,
    {
        let api = match namespace {
            Some(namespace) => K::narrow(context.client.clone(), namespace),
            None => Api::all(context.client.clone()),
        };
        let events = watcher(api, watcher::Config::default().page_size(PAGE)).default_backoff();
        let (done, known) = watch::channel(false);
        self.known.push(known);
        let context = Arc::clone(context);
        tokio::spawn(async move {
            let mut events = std::pin::pin!(events);
            let mut problem = String::new();
            let mut listed = std::collections::HashSet::new();
            while let Some(event) = events.next().await {
                match event {
                    Ok(event) => {
                        // Each try begins with one of those.
                        if !matches!(event, Event::Init) {
                            problem.clear();
                        }
                        follow::<K>(&context, event, &mut listed, &done);
                    }
                    Err(error) => {
                        report(&mut problem, K::KIND, &error);
                        if K::IS_OPTIONAL && is_missing(&error) {
                            // There is none of it: the others need not wait.
                            done.send_replace(true);
                        }
                    }
                }
            }
        });
    }

    fn metadata<K>(&mut self, context: &Arc<Context>, namespace: Option<&str>)
    where
        K: Referred,
    {
        let api = match namespace {
            Some(namespace) => {
                Api::<PartialObjectMeta<K>>::namespaced(context.client.clone(), namespace)
            }
            None => Api::all(context.client.clone()),
        };
        let events = watcher(api, watcher::Config::default().page_size(PAGE)).default_backoff();
        let (done, known) = watch::channel(false);
        self.known.push(known);
        let context = Arc::clone(context);
        tokio::spawn(async move {
            let mut events = std::pin::pin!(events);
            let mut problem = String::new();
            let mut list = List::default();
            while let Some(event) = events.next().await {
                match event {
                    Ok(event) => {
                        problem.clear();
                        metadata::follow::<K>(&context, event, &mut list, &done);
                    }
                    Err(error) => report(&mut problem, K::KIND, &error),
                }
            }
        });
    }
}

fn follow<K: Watched>(
    context: &Context,
    event: Event<DeserializeGuard<K>>,
    listed: &mut std::collections::HashSet<Name>,
    done: &watch::Sender<bool>,
) {
    let put = |guard: DeserializeGuard<K>| {
        let name = Name::of(&guard);
        match guard.0 {
            Ok(object) => {
                object.put(context);
                Some(name)
            }
            Err(invalid) => {
                warn!(
                    kind = K::KIND,
                    object = %name,
                    error = &*process::cut(&invalid.error),
                    "an object cannot be read, and is left alone"
                );
                None
            }
        }
    };
    match event {
        Event::Init => listed.clear(),
        Event::InitApply(guard) => listed.extend(put(guard)),
        Event::Apply(guard) => drop(put(guard)),
        Event::Delete(guard) => K::remove(context, &Name::of(&guard)),
        Event::InitDone => {
            for name in K::all(context) {
                if !listed.contains(&name) {
                    K::remove(context, &name);
                }
            }
            listed.clear();
            if !done.send_replace(true) {
                info!(kind = K::KIND, "all known");
            }
        }
    }
}

/// A kind that is known whole.
trait Watched:
    Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static
{
    const KIND: &'static str;
    /// Whether the operator serves the other kinds in a cluster that does not have this one.
    const IS_OPTIONAL: bool = false;

    /// Those of one namespace.
    fn narrow(client: kube::Client, namespace: &str) -> Api<DeserializeGuard<Self>>;
    fn put(self, context: &Context);
    fn remove(context: &Context, name: &Name);
    /// The names that are known.
    fn all(context: &Context) -> Vec<Name>;
}

/// Whether somebody has changed what an object asks for, rather than its status.
fn has_changed<K: Resource>(before: &K, now: &K) -> bool {
    let (before, now) = (before.meta(), now.meta());
    before.generation != now.generation
        || before.labels != now.labels
        || before.annotations != now.annotations
        || before.finalizers != now.finalizers
        || before.deletion_timestamp != now.deletion_timestamp
        || before.uid != now.uid
}

impl Watched for ExternalSecret {
    const KIND: &'static str = "ExternalSecret";

    fn narrow(client: kube::Client, namespace: &str) -> Api<DeserializeGuard<Self>> {
        Api::namespaced(client, namespace)
    }

    fn put(mut self, context: &Context) {
        // Nobody asks who wrote which field of it.
        self.metadata.managed_fields = None;
        let name = Name::of(&self);
        match context.objects.put_external_secret(self) {
            Some((None, object)) => {
                let was_synced = object
                    .status
                    .as_ref()
                    .is_some_and(|status| status.refresh_time.is_some());
                let key = Key::ExternalSecret(name);
                context.trigger(if was_synced {
                    Trigger::Changed(key)
                } else {
                    Trigger::New(key)
                });
            }
            Some((Some(before), object)) if has_changed(&*before, &*object) => {
                trigger_owner(context, &object);
                context.trigger(Trigger::Changed(Key::ExternalSecret(name)));
            }
            _ => {}
        }
    }

    fn remove(context: &Context, name: &Name) {
        if let Some(object) = context.objects.external_secret(name) {
            trigger_owner(context, &object);
        }
        context.objects.remove_external_secret(name);
        context.trigger(Trigger::Changed(Key::ExternalSecret(name.clone())));
    }

    fn all(context: &Context) -> Vec<Name> {
        context.objects.external_secrets()
    }
}

impl Watched for ClusterExternalSecret {
    const KIND: &'static str = "ClusterExternalSecret";
    const IS_OPTIONAL: bool = true;

    fn narrow(client: kube::Client, _: &str) -> Api<DeserializeGuard<Self>> {
        Api::all(client)
    }

    fn put(mut self, context: &Context) {
        self.metadata.managed_fields = None;
        let now = self.clone();
        let name = Name::of(&self);
        let before = context.objects.put_cluster_external_secret(self);
        if before.is_none_or(|before| has_changed(&*before, &now)) {
            context.trigger(Trigger::Changed(Key::ClusterExternalSecret(name)));
        }
    }

    fn remove(context: &Context, name: &Name) {
        context.objects.remove_cluster_external_secret(name);
    }

    fn all(context: &Context) -> Vec<Name> {
        context.objects.cluster_external_secrets()
    }
}

/// The namespaces have changed: what goes into them is reconciled again.
fn trigger_fan_out(context: &Context) {
    for name in context.objects.cluster_external_secrets() {
        context.trigger(Trigger::Changed(Key::ClusterExternalSecret(name)));
    }
}

/// An `ExternalSecret` has changed: who made it looks at it.
fn trigger_owner(context: &Context, object: &ExternalSecret) {
    for owner in object.owner_references() {
        if owner.kind == "ClusterExternalSecret" {
            let key = Key::ClusterExternalSecret(Name::new("", &owner.name));
            context.trigger(Trigger::Changed(key));
        }
    }
}

impl Watched for Namespace {
    const KIND: &'static str = "Namespace";

    fn narrow(client: kube::Client, _: &str) -> Api<DeserializeGuard<Self>> {
        Api::all(client)
    }

    fn put(mut self, context: &Context) {
        self.metadata.managed_fields = None;
        let now = self.metadata.clone();
        let before = context.objects.put_namespace(self);
        let has_changed = before.is_none_or(|before| {
            before.metadata.labels != now.labels
                || before.metadata.deletion_timestamp != now.deletion_timestamp
                || before.metadata.uid != now.uid
        });
        if has_changed {
            trigger_fan_out(context);
        }
    }

    fn remove(context: &Context, name: &Name) {
        context.objects.remove_namespace(&name.name);
        trigger_fan_out(context);
    }

    fn all(context: &Context) -> Vec<Name> {
        context.objects.namespaces()
    }
}
