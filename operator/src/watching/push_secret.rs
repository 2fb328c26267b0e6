//! `PushSecret`s, and what of stores and Secrets is news to them.

use std::collections::BTreeMap;

use kube::Api;
use kube::core::DeserializeGuard;
use operator_api::PushSecret;

use super::{Watched, has_changed};
use crate::context::Context;
use crate::names::{Name, StoreId};
use crate::objects::{Store, synced_store};
use crate::work::{Key, Trigger};

impl Watched for PushSecret {
    const KIND: &'static str = "PushSecret";
    const IS_OPTIONAL: bool = true;

    fn narrow(client: kube::Client, namespace: &str) -> Api<DeserializeGuard<Self>> {
        Api::namespaced(client, namespace)
    }

    fn put(mut self, context: &Context) {
        self.metadata.managed_fields = None;
        let name = Name::of(&self);
        match context.objects.put_push_secret(self) {
            Some((None, object)) => {
                let status = object.status.as_ref();
                let was_synced = status.is_some_and(|status| status.refresh_time.is_some());
                let key = Key::PushSecret(name);
                context.trigger(if was_synced {
                    Trigger::Changed(key)
                } else {
                    Trigger::New(key)
                });
            }
            Some((Some(before), object)) if has_changed(&*before, &*object) => {
                context.trigger(Trigger::Changed(Key::PushSecret(name)));
            }
            _ => {}
        }
    }

    fn remove(context: &Context, name: &Name) {
        let Some(object) = context.objects.remove_push_secret(name) else {
            return;
        };
        context.trigger(Trigger::Changed(Key::PushSecret(name.clone())));
        // Nothing holds its stores any more.
        let written = object.status.iter();
        for key in written.flat_map(|status| status.synced_push_secrets.keys()) {
            if let Some(id) = synced_store(key, &name.namespace) {
                context.trigger(Trigger::Changed(Key::Store(id)));
            }
        }
        for reference in &object.spec.secret_store_refs {
            for (id, _) in context.objects.stores_meant(reference, &name.namespace) {
                context.trigger(Trigger::Changed(Key::Store(id)));
            }
        }
    }

    fn all(context: &Context) -> Vec<Name> {
        context.objects.push_secrets()
    }
}

/// A store is new, or has other labels: those that push to it look whether it is one of theirs.
pub(super) fn store_changed(context: &Context, id: &StoreId, store: &Store) {
    for object in context.objects.pushing_to(id, store) {
        context.trigger(Trigger::Changed(Key::PushSecret(Name::of(&*object))));
    }
}

/// A Secret has changed that may be selected by its labels.
pub(super) fn secret_changed(context: &Context, secret: &Name, labels: &BTreeMap<String, String>) {
    for name in context.objects.pushing_from(secret, labels) {
        context.trigger(Trigger::Changed(Key::PushSecret(name)));
    }
}
