//! The `PushSecret`s that are known, and which of them a store or a Secret is about.

use std::collections::BTreeMap;
use std::sync::Arc;

use operator_api::{PushSecret, PushSelector, PushStoreRef, StoreKind};

use super::{Objects, Store, is_newer};
use crate::names::{Name, StoreId};
use crate::selector::matches;

/// An object that was known before, and as it is now.
type Change<K> = (Option<Arc<K>>, Arc<K>);

impl Objects {
    /// As [`put_external_secret`](Self::put_external_secret).
    pub(crate) fn put_push_secret(&self, object: PushSecret) -> Option<Change<PushSecret>> {
        let name = Name::of(&object);
        let mut known = self.known();
        let before = known.push_secrets.get(&name).cloned();
        let version = object.metadata.resource_version.as_deref();
        if let Some(before) = &before
            && !is_newer(version, before.metadata.resource_version.as_deref())
        {
            return None;
        }
        let object = Arc::new(object);
        known.push_secrets.insert(name, Arc::clone(&object));
        Some((before, object))
    }

    pub(crate) fn remove_push_secret(&self, name: &Name) -> Option<Arc<PushSecret>> {
        self.known().push_secrets.remove(name)
    }

    pub(crate) fn push_secret(&self, name: &Name) -> Option<Arc<PushSecret>> {
        self.known().push_secrets.get(name).cloned()
    }

    pub(crate) fn push_secrets(&self) -> Vec<Name> {
        self.known().push_secrets.keys().cloned().collect()
    }

    /// Those that write to a store, or have written to it.
    pub(crate) fn pushing_to(&self, id: &StoreId, store: &Store) -> Vec<Arc<PushSecret>> {
        let key = synced_key(id);
        let known = self.known();
        let users = known.push_secrets.iter().filter(|(name, object)| {
            let status = object.status.as_ref();
            (id.is_of_cluster() || id.0.namespace == name.namespace)
                && (refers(object, id, &store.labels)
                    || status.is_some_and(|status| status.synced_push_secrets.contains_key(&key)))
        });
        users.map(|(_, object)| Arc::clone(object)).collect()
    }

    /// Those that write to a store, and did not when they were tried last.
    pub(crate) fn waiting_to_push(&self, id: &StoreId) -> Vec<Name> {
        let Some(store) = self.store(id) else {
            return Vec::new();
        };
        let users = self.pushing_to(id, &store).into_iter();
        let waiting = users.filter(|object| {
            let conditions = object.status.iter().flat_map(|status| &status.conditions);
            let mut ready = conditions.filter(|it| it.r#type == "Ready");
            ready.any(|it| it.status != "True")
        });
        waiting.map(|object| Name::of(&*object)).collect()
    }

    /// Those that select a Secret by its labels.
    pub(crate) fn pushing_from(
        &self,
        secret: &Name,
        labels: &BTreeMap<String, String>,
    ) -> Vec<Name> {
        let known = self.known();
        let users = known.push_secrets.iter().filter(|(name, object)| {
            let PushSelector::Secret(source) = &object.spec.selector else {
                return false;
            };
            let selector = source.selector.as_ref().filter(|_| source.name.is_none());
            name.namespace == secret.namespace
                && selector.is_some_and(|selector| matches(selector, labels))
        });
        users.map(|(name, _)| name.clone()).collect()
    }

    /// The stores that a reference from `namespace` is to, in order.
    pub(crate) fn stores_meant(
        &self,
        reference: &PushStoreRef,
        namespace: &str,
    ) -> Vec<(StoreId, Arc<Store>)> {
        let namespace = match reference.kind {
            StoreKind::SecretStore => namespace,
            StoreKind::ClusterSecretStore => "",
        };
        let known = self.known();
        let stores = known.stores.iter().filter(|(id, store)| {
            *id.0.namespace == *namespace && is_meant(reference, id, &store.labels)
        });
        let mut stores: Vec<_> = stores
            .map(|(id, store)| (id.clone(), Arc::clone(store)))
            .collect();
        stores.sort_by(|(one, _), (other, _)| one.cmp(other));
        stores
    }
}

fn refers(object: &PushSecret, id: &StoreId, labels: &BTreeMap<String, String>) -> bool {
    let mut references = object.spec.secret_store_refs.iter();
    references.any(|reference| is_meant(reference, id, labels))
}

/// Whether a reference is to this store, seen from the namespace of the store.
pub(crate) fn is_meant(
    reference: &PushStoreRef,
    id: &StoreId,
    labels: &BTreeMap<String, String>,
) -> bool {
    if (reference.kind == StoreKind::ClusterSecretStore) != id.is_of_cluster() {
        return false;
    }
    if let Some(name) = reference.name.as_deref().filter(|name| !name.is_empty()) {
        return name == id.name();
    }
    let selector = reference.label_selector.as_ref();
    selector.is_some_and(|selector| matches(selector, labels))
}

/// How a status names a store.
pub(crate) fn synced_key(id: &StoreId) -> String {
    format!("{}/{}", id.kind(), id.name())
}

/// The store that a status names.
pub(crate) fn synced_store(key: &str, namespace: &str) -> Option<StoreId> {
    match key.split_once('/')? {
        ("SecretStore", name) => Some(StoreId(Name::new(namespace, name))),
        ("ClusterSecretStore", name) => Some(StoreId(Name::new("", name))),
        _ => None,
    }
}
