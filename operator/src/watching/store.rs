//! Stores of both kinds.

use kube::Api;
use kube::core::DeserializeGuard;
use operator_api::{ClusterSecretStore, SecretStore};

use super::Watched;
use super::push_secret::store_changed;
use crate::context::Context;
use crate::names::{Name, StoreId};
use crate::objects::Store;
use crate::work::{Key, Trigger};

fn put_store(context: &Context, id: StoreId, store: Store) {
    let Some((before, now)) = context.objects.put_store(&id, store) else {
        return;
    };
    let before = before.as_deref();
    if before.is_none_or(|before| before.labels != now.labels || before.uid != now.uid) {
        store_changed(context, &id, &now);
    }
    let is_news = before.is_none_or(|before| {
        before.generation != now.generation
            || before.annotations != now.annotations
            || before.is_deleting != now.is_deleting
            || before.uid != now.uid
    });
    if is_news {
        context.trigger(Trigger::New(Key::Store(id)));
    }
}

fn remove(context: &Context, name: &Name) {
    let id = StoreId(name.clone());
    context.objects.remove_store(&id);
    context.trigger(Trigger::Changed(Key::Store(id)));
}

impl Watched for SecretStore {
    const KIND: &'static str = "SecretStore";

    fn narrow(client: kube::Client, namespace: &str) -> Api<DeserializeGuard<Self>> {
        Api::namespaced(client, namespace)
    }

    fn put(self, context: &Context) {
        put_store(context, StoreId(Name::of(&self)), self.into());
    }

    fn remove(context: &Context, name: &Name) {
        remove(context, name);
    }

    fn all(context: &Context) -> Vec<Name> {
        let stores = context.objects.stores().into_iter();
        stores
            .filter(|id| !id.is_of_cluster())
            .map(|id| id.0)
            .collect()
    }
}

impl Watched for ClusterSecretStore {
    const KIND: &'static str = "ClusterSecretStore";

    fn narrow(client: kube::Client, _: &str) -> Api<DeserializeGuard<Self>> {
        Api::all(client)
    }

    fn put(self, context: &Context) {
        put_store(context, StoreId(Name::of(&self)), self.into());
    }

    fn remove(context: &Context, name: &Name) {
        remove(context, name);
    }

    fn all(context: &Context) -> Vec<Name> {
        let stores = context.objects.stores().into_iter();
        stores
            .filter(StoreId::is_of_cluster)
            .map(|id| id.0)
            .collect()
    }
}
