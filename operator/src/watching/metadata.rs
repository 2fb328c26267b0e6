//! Secrets and `ConfigMap`s, of which nothing but names and versions is watched.

use std::collections::HashSet;
use std::fmt::Debug;

use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::core::PartialObjectMeta;
use kube::runtime::watcher::Event;
use kube::{Resource, ResourceExt};
use serde::de::DeserializeOwned;
use tokio::sync::watch;

use crate::context::Context;
use crate::names::{MANAGED, MANAGED_TRUE, Name};
use crate::references::Kind;
use crate::work::Trigger;

use super::push_secret;

/// A list under way: what it has not named at its end went while nobody watched.
#[derive(Default)]
pub(super) struct List(HashSet<Name>);

impl List {
    fn begin(&mut self, known: impl IntoIterator<Item = Name>) {
        self.0 = known.into_iter().collect();
    }

    fn names(&mut self, name: &Name) {
        self.0.remove(name);
    }

    fn end(&mut self) -> HashSet<Name> {
        std::mem::take(&mut self.0)
    }
}

/// Takes note of an event.
pub(super) fn follow<K: Referred>(
    context: &Context,
    event: Event<PartialObjectMeta<K>>,
    list: &mut List,
    done: &watch::Sender<bool>,
) {
    match event {
        Event::Init => list.begin(K::known(context)),
        Event::InitApply(object) => {
            list.names(&Name::of(&object));
            K::put(context, &object);
        }
        Event::InitDone => {
            for name in list.end() {
                K::remove(context, &name);
            }
            done.send_replace(true);
        }
        Event::Apply(object) => K::put(context, &object),
        Event::Delete(object) => K::remove(context, &Name::of(&object)),
    }
}

/// A kind of which objects are referred to.
pub(super) trait Referred:
    Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
    + Clone
    + Debug
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
    const KIND: &'static str;

    fn put(context: &Context, object: &PartialObjectMeta<Self>);
    fn remove(context: &Context, name: &Name);
    /// The names of those that something here depends on.
    fn known(context: &Context) -> Vec<Name>;
}

impl Referred for Secret {
    const KIND: &'static str = "Secret";

    fn put(context: &Context, object: &PartialObjectMeta<Self>) {
        let name = Name::of(object);
        wake(context, Kind::Secret, &name);
        push_secret::secret_changed(context, &name, object.labels());
        let is_managed = object
            .labels()
            .get(MANAGED)
            .is_some_and(|it| it == MANAGED_TRUE);
        if !is_managed {
            // It may be one that an object waits for.
            context.objects.remove_secret(&name);
            context.trigger_target(&name, Trigger::Soon);
            return;
        }
        let version = object.resource_version().unwrap_or_default();
        if context.objects.put_secret(&name, &version) {
            context.trigger_target(&name, Trigger::Changed);
        }
    }

    fn remove(context: &Context, name: &Name) {
        wake(context, Kind::Secret, name);
        context.objects.remove_secret(name);
        context.trigger_target(name, Trigger::Changed);
    }

    fn known(context: &Context) -> Vec<Name> {
        let mut names = context.objects.secrets();
        names.extend(context.references.names(Kind::Secret));
        names
    }
}

impl Referred for ConfigMap {
    const KIND: &'static str = "ConfigMap";

    fn put(context: &Context, object: &PartialObjectMeta<Self>) {
        wake(context, Kind::ConfigMap, &Name::of(object));
    }

    fn remove(context: &Context, name: &Name) {
        wake(context, Kind::ConfigMap, name);
    }

    fn known(context: &Context) -> Vec<Name> {
        context.references.names(Kind::ConfigMap)
    }
}

/// Wakes those who asked for what an object holds.
fn wake(context: &Context, kind: Kind, name: &Name) {
    let askers = context.references.changed(kind, name);
    if !askers.is_empty() {
        context.trigger(Trigger::Wake(askers));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_list_leaves_out_is_gone() {
        let name = |name| Name::new("team", name);
        let mut list = List::default();
        list.begin([name("a"), name("b")]);
        list.names(&name("a"));
        list.names(&name("new"));
        assert_eq!(list.end(), HashSet::from([name("b")]));
        list.begin([]);
        assert!(list.end().is_empty());
    }
}
