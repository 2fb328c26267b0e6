//! What every reconcile works with.

use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use operator_api::{CreationPolicy, ExternalSecret};
use tokio::sync::mpsc;

use crate::events::Recorder;
use crate::metrics::Metrics;
use crate::names::{Name, StoreId};
use crate::objects::Objects;
use crate::pushed::Pushed;
use crate::references::References;
use crate::vault::{Asker, Pool};
use crate::verified::Verified;
use crate::work::{Key, Trigger};

/// What the command line decides.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The class of the operator: stores of others are left alone.
    pub(crate) class: String,
    /// How often a store is checked that does not say so.
    pub(crate) store_interval: Duration,
    /// Whether stores of the cluster are served.
    pub(crate) serves_cluster_stores: bool,
    /// Whether `ClusterExternalSecret`s are served.
    pub(crate) serves_cluster_external_secrets: bool,
    /// Whether `PushSecret`s are served.
    pub(crate) serves_push_secrets: bool,
    /// Whether an object whose store is not ready is not tried.
    pub(crate) waits_for_stores: bool,
    /// The account that stores of the cluster may use that name none.
    pub(crate) own_identity: Option<Name>,
    /// Whether stores may name servers on this machine or its link.
    pub(crate) allows_local_addresses: bool,
    /// What opens and closes an action of a template.
    pub(crate) delimiters: secret_sync::Delimiters,
}

impl Settings {
    /// Whether an object with this class is the operator's.
    pub(crate) fn is_ours(&self, class: Option<&str>) -> bool {
        class.is_none_or(|class| class.is_empty() || class == self.class)
    }
}

/// See the module.
pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) settings: Settings,
    pub(crate) objects: Objects,
    pub(crate) references: References,
    pub(crate) events: Recorder,
    pub(crate) vault: Pool,
    pub(crate) verified: Verified,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) pushed: Pushed,
    pub(crate) triggers: mpsc::UnboundedSender<Trigger>,
}

impl Context {
    pub(crate) fn new(
        client: Client,
        settings: Settings,
        metrics: Arc<Metrics>,
        triggers: mpsc::UnboundedSender<Trigger>,
    ) -> Self {
        Self {
            settings,
            objects: Objects::default(),
            references: References::new(client.clone()),
            events: Recorder::start(client.clone()),
            vault: Pool::new(triggers.clone(), Arc::clone(&metrics)),
            metrics,
            verified: Verified::default(),
            pushed: Pushed::default(),
            triggers,
            client,
        }
    }

    /// Who asks for the secrets of a store: `key`, for an object of `namespace`.
    pub(crate) fn asker<'a>(
        &'a self,
        key: &'a Key,
        store: &'a StoreId,
        namespace: &'a str,
    ) -> Asker<'a> {
        Asker {
            client: &self.client,
            references: &self.references,
            own_identity: self.settings.own_identity.as_ref(),
            allows_local: self.settings.allows_local_addresses,
            key,
            store,
            namespace,
        }
    }

    /// Whether there is an object of this key.
    pub(crate) fn knows(&self, key: &Key) -> bool {
        match key {
            Key::ExternalSecret(name) => self.objects.external_secret(name).is_some(),
            Key::Store(id) => self.objects.store(id).is_some(),
            Key::ClusterExternalSecret(name) => {
                self.objects.cluster_external_secret(name).is_some()
            }
            Key::PushSecret(name) => self.objects.push_secret(name).is_some(),
        }
    }

    /// A Secret has changed: the objects that write it look at it.
    pub(crate) fn trigger_target(&self, secret: &Name, trigger: fn(Key) -> Trigger) {
        for name in self.objects.of_target(secret) {
            let object = self.objects.external_secret(&name);
            let writes = |object: &Arc<ExternalSecret>| {
                object.spec.target.creation_policy != CreationPolicy::None
            };
            if object.as_ref().is_some_and(writes) {
                self.trigger(trigger(Key::ExternalSecret(name)));
            }
        }
    }

    /// An object is to be reconciled.
    pub(crate) fn trigger(&self, trigger: Trigger) {
        // Nobody listens at the end of the process.
        let _ = self.triggers.send(trigger);
    }
}
