//! What the operator knows of the cluster: the objects it serves, as it last saw them.
//!
//! Of Secrets it knows versions alone, and only of those that it keeps up: what others keep in a
//! cluster takes no memory here.

mod push_secrets;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::ResourceExt;
use operator_api::{
    ClusterExternalSecret, ClusterSecretStore, Condition, ConditionType, ExternalSecret,
    PushSecret, SecretStore, SecretStoreSpec, SecretStoreStatus, StoreRef,
};

use crate::names::{Name, StoreId};

pub(crate) use push_secrets::{is_meant, synced_key, synced_store};

/// A store of either kind.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    pub(crate) spec: SecretStoreSpec,
    pub(crate) status: SecretStoreStatus,
    pub(crate) generation: i64,
    pub(crate) version: String,
    pub(crate) uid: String,
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) finalizers: Vec<String>,
    pub(crate) is_deleting: bool,
}

impl From<SecretStore> for Store {
    fn from(store: SecretStore) -> Self {
        Self::new(store.metadata, store.spec, store.status)
    }
}

impl From<ClusterSecretStore> for Store {
    fn from(store: ClusterSecretStore) -> Self {
        Self::new(store.metadata, store.spec.0, store.status)
    }
}

impl Store {
    fn new(metadata: ObjectMeta, spec: SecretStoreSpec, status: Option<SecretStoreStatus>) -> Self {
        Self {
            spec,
            status: status.unwrap_or_default(),
            generation: metadata.generation.unwrap_or_default(),
            version: metadata.resource_version.unwrap_or_default(),
            uid: metadata.uid.unwrap_or_default(),
            annotations: metadata.annotations.unwrap_or_default(),
            labels: metadata.labels.unwrap_or_default(),
            finalizers: metadata.finalizers.unwrap_or_default(),
            is_deleting: metadata.deletion_timestamp.is_some(),
        }
    }

    /// The condition `Ready`.
    pub(crate) fn ready(&self) -> Option<&Condition> {
        let mut conditions = self.status.conditions.iter();
        conditions.find(|condition| condition.r#type == "Ready")
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.ready().is_some_and(|ready| ready.status == "True")
    }
}

/// See the module.
#[derive(Default)]
pub(crate) struct Objects(Mutex<Known>);

#[derive(Default)]
struct Known {
    external_secrets: HashMap<Name, Arc<ExternalSecret>>,
    by_target: HashMap<Name, BTreeSet<Name>>,
    stores: HashMap<StoreId, Arc<Store>>,
    cluster_external_secrets: HashMap<Name, Arc<ClusterExternalSecret>>,
    push_secrets: HashMap<Name, Arc<PushSecret>>,
    /// Versions of the Secrets that carry the label of managed ones.
    secrets: HashMap<Name, String>,
    namespaces: HashMap<String, Arc<Namespace>>,
}

impl Objects {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().expect("nothing must panic with this lock")
    }

    /// Takes note of an object as it is now, unless a newer state of it is known. Gives the one that
    /// was known before.
    pub(crate) fn put_external_secret(
        &self,
        object: ExternalSecret,
    ) -> Option<(Option<Arc<ExternalSecret>>, Arc<ExternalSecret>)> {
        let name = Name::of(&object);
        let mut known = self.known();
        let before = known.external_secrets.get(&name).cloned();
        if let Some(before) = &before
            && !is_newer(
                object.metadata.resource_version.as_deref(),
                before.metadata.resource_version.as_deref(),
            )
        {
            return None;
        }
        if let Some(before) = &before {
            known.unlink(&name, &target(before));
        }
        let object = Arc::new(object);
        let targets = known.by_target.entry(target(&object)).or_default();
        targets.insert(name.clone());
        known.external_secrets.insert(name, Arc::clone(&object));
        Some((before, object))
    }

    pub(crate) fn remove_external_secret(&self, name: &Name) {
        let mut known = self.known();
        if let Some(object) = known.external_secrets.remove(name) {
            known.unlink(name, &target(&object));
        }
    }

    pub(crate) fn external_secret(&self, name: &Name) -> Option<Arc<ExternalSecret>> {
        self.known().external_secrets.get(name).cloned()
    }

    /// All names, such as after a list that may have left some out.
    pub(crate) fn external_secrets(&self) -> Vec<Name> {
        self.known().external_secrets.keys().cloned().collect()
    }

    /// Those whose Secret this is.
    pub(crate) fn of_target(&self, secret: &Name) -> Vec<Name> {
        let known = self.known();
        let names = known.by_target.get(secret).into_iter().flatten();
        names.cloned().collect()
    }

    /// Those that read from a store, and were not synced when they were tried last.
    pub(crate) fn waiting_for(&self, store: &StoreId) -> Vec<Name> {
        let known = self.known();
        let users = known.external_secrets.iter().filter(|(name, object)| {
            has_failed(object)
                && store_refs(object).any(|it| StoreId::of(it, &name.namespace) == *store)
        });
        users.map(|(name, _)| name.clone()).collect()
    }

    /// As [`put_external_secret`](Self::put_external_secret).
    pub(crate) fn put_store(
        &self,
        id: &StoreId,
        store: Store,
    ) -> Option<(Option<Arc<Store>>, Arc<Store>)> {
        let mut known = self.known();
        let before = known.stores.get(id).cloned();
        if let Some(before) = &before
            && !is_newer(Some(&store.version), Some(&before.version))
        {
            return None;
        }
        let store = Arc::new(store);
        known.stores.insert(id.clone(), Arc::clone(&store));
        Some((before, store))
    }

    pub(crate) fn remove_store(&self, id: &StoreId) {
        self.known().stores.remove(id);
    }

    pub(crate) fn store(&self, id: &StoreId) -> Option<Arc<Store>> {
        self.known().stores.get(id).cloned()
    }

    pub(crate) fn stores(&self) -> Vec<StoreId> {
        self.known().stores.keys().cloned().collect()
    }

    /// As [`put_external_secret`](Self::put_external_secret). Gives the one that was known before.
    pub(crate) fn put_cluster_external_secret(
        &self,
        object: ClusterExternalSecret,
    ) -> Option<Arc<ClusterExternalSecret>> {
        let name = Name::of(&object);
        let mut known = self.known();
        let before = known.cluster_external_secrets.get(&name).cloned();
        let version = object.metadata.resource_version.as_deref();
        let is_news = before
            .as_ref()
            .is_none_or(|before| is_newer(version, before.metadata.resource_version.as_deref()));
        if is_news {
            known
                .cluster_external_secrets
                .insert(name, Arc::new(object));
        }
        before
    }

    pub(crate) fn remove_cluster_external_secret(&self, name: &Name) {
        self.known().cluster_external_secrets.remove(name);
    }

    pub(crate) fn cluster_external_secret(
        &self,
        name: &Name,
    ) -> Option<Arc<ClusterExternalSecret>> {
        self.known().cluster_external_secrets.get(name).cloned()
    }

    pub(crate) fn cluster_external_secrets(&self) -> Vec<Name> {
        self.known()
            .cluster_external_secrets
            .keys()
            .cloned()
            .collect()
    }

    /// A Secret with the label is in this version now. Whether that is news.
    pub(crate) fn put_secret(&self, name: &Name, version: &str) -> bool {
        let mut known = self.known();
        match known.secrets.get_mut(name) {
            Some(before) if !is_newer(Some(version), Some(before)) => false,
            Some(before) => {
                version.clone_into(before);
                true
            }
            None => {
                known.secrets.insert(name.clone(), version.to_owned());
                true
            }
        }
    }

    /// A Secret is gone, or without the label. Whether that is news.
    pub(crate) fn remove_secret(&self, name: &Name) -> bool {
        self.known().secrets.remove(name).is_some()
    }

    /// The Secrets with the label.
    pub(crate) fn secrets(&self) -> Vec<Name> {
        self.known().secrets.keys().cloned().collect()
    }

    /// The version of a Secret with the label.
    pub(crate) fn secret(&self, name: &Name) -> Option<String> {
        self.known().secrets.get(name).cloned()
    }

    /// Takes note of a namespace. Gives the one that was known before.
    pub(crate) fn put_namespace(&self, namespace: Namespace) -> Option<Arc<Namespace>> {
        let name = namespace.name_any();
        self.known().namespaces.insert(name, Arc::new(namespace))
    }

    pub(crate) fn remove_namespace(&self, name: &str) {
        self.known().namespaces.remove(name);
    }

    pub(crate) fn all_namespaces(&self) -> Vec<Arc<Namespace>> {
        self.known().namespaces.values().cloned().collect()
    }

    pub(crate) fn namespaces(&self) -> Vec<Name> {
        let known = self.known();
        known
            .namespaces
            .keys()
            .map(|name| Name::new("", name))
            .collect()
    }

    pub(crate) fn namespace(&self, name: &str) -> Option<Arc<Namespace>> {
        self.known().namespaces.get(name).cloned()
    }
}

impl Known {
    fn unlink(&mut self, name: &Name, target: &Name) {
        if let Some(names) = self.by_target.get_mut(target) {
            names.remove(name);
            if names.is_empty() {
                self.by_target.remove(target);
            }
        }
    }
}

/// Whether a version is newer: versions of one kind of object are numbers that grow.
fn is_newer(version: Option<&str>, than: Option<&str>) -> bool {
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<u64>().ok());
    match (number(version), number(than)) {
        (Some(version), Some(than)) => version > than,
        _ => version != than,
    }
}

/// Whether the last try failed.
fn has_failed(object: &ExternalSecret) -> bool {
    let conditions = object.status.iter().flat_map(|status| &status.conditions);
    let mut ready = conditions.filter(|it| it.r#type == ConditionType::Ready);
    ready.any(|it| it.status != "True")
}

/// The Secret of an object.
pub(crate) fn target(object: &ExternalSecret) -> Name {
    let own = object.metadata.name.as_deref().unwrap_or_default();
    let namespace = object.metadata.namespace.as_deref().unwrap_or_default();
    let name = object.spec.target.name.as_deref();
    Name::new(
        namespace,
        name.filter(|name| !name.is_empty()).unwrap_or(own),
    )
}

/// All stores that an object refers to.
pub(crate) fn store_refs(object: &ExternalSecret) -> impl Iterator<Item = &StoreRef> {
    use operator_api::{DataFromSource, SourceRef};
    let spec = &object.spec;
    let of_data = spec
        .data
        .iter()
        .filter_map(|entry| match &entry.source_ref {
            Some(SourceRef::StoreRef(store)) => Some(store),
            _ => None,
        });
    let of_data_from = spec
        .data_from
        .iter()
        .filter_map(|entry| match &entry.source_ref {
            Some(DataFromSource::StoreRef(store)) => Some(store),
            _ => None,
        });
    let own = spec.secret_store_ref.iter();
    own.chain(of_data).chain(of_data_from)
}
