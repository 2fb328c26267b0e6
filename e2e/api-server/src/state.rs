//! The objects, and what happened to them: what reads and watches see.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::watch;

use crate::kinds::Kinds;

/// Changes that are kept for watches that begin later.
const HISTORY: usize = 20_000;

/// An object's place. Objects of a kind lie side by side, in the order that lists have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id {
    /// Plural and group.
    pub(crate) resource: String,
    /// Empty for an object of the whole cluster.
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Id {
    pub(crate) fn new(resource: &str, namespace: &str, name: &str) -> Self {
        Self {
            resource: resource.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }
}

/// An object before and after a write: one of them is missing for a create or a delete.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) version: u64,
    pub(crate) id: Id,
    pub(crate) before: Option<Arc<Value>>,
    pub(crate) after: Option<Arc<Value>>,
}

/// Everything that the server knows.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) kinds: Kinds,
    version: u64,
    objects: BTreeMap<Id, Arc<Value>>,
    history: VecDeque<Change>,
    latest: watch::Sender<u64>,
}

impl State {
    pub(crate) fn new() -> Self {
        Self {
            kinds: Kinds::default(),
            version: 1,
            objects: BTreeMap::new(),
            history: VecDeque::new(),
            latest: watch::Sender::new(1),
        }
    }

    /// The version of the last write.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// Learns of each write.
    pub(crate) fn latest(&self) -> watch::Receiver<u64> {
        self.latest.subscribe()
    }

    pub(crate) fn get(&self, id: &Id) -> Option<&Arc<Value>> {
        self.objects.get(id)
    }

    /// The objects of a kind, in all namespaces or one.
    pub(crate) fn list<'a>(
        &'a self,
        resource: &'a str,
        namespace: &'a str,
    ) -> impl Iterator<Item = (&'a Id, &'a Arc<Value>)> {
        let first = Id::new(resource, namespace, "");
        self.objects.range(first..).take_while(move |(id, _)| {
            id.resource == resource && (namespace.is_empty() || id.namespace == namespace)
        })
    }

    /// Every object that there is.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&Id, &Arc<Value>)> {
        self.objects.iter()
    }

    /// Stores an object with a new version, in place of the one that is there.
    pub(crate) fn put(&mut self, id: &Id, mut object: Value) -> Arc<Value> {
        self.version += 1;
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        let object = Arc::new(object);
        let before = self.objects.insert(id.clone(), Arc::clone(&object));
        self.note(id, before, Some(Arc::clone(&object)));
        object
    }

    /// Removes an object. Watches see it as it was, with the version of its end.
    pub(crate) fn remove(&mut self, id: &Id) -> Option<Arc<Value>> {
        let mut last = Value::clone(&*self.objects.remove(id)?);
        self.version += 1;
        last["metadata"]["resourceVersion"] = self.version.to_string().into();
        let last = Arc::new(last);
        self.note(id, Some(Arc::clone(&last)), None);
        Some(last)
    }

    fn note(&mut self, id: &Id, before: Option<Arc<Value>>, after: Option<Arc<Value>>) {
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(Change {
            version: self.version,
            id: id.clone(),
            before,
            after,
        });
        self.latest.send_replace(self.version);
    }

    /// What happened after `version`; `None` if some of it is forgotten.
    pub(crate) fn since(&self, version: u64) -> Option<impl Iterator<Item = &Change>> {
        let forgotten = self.history.len() == HISTORY
            && self
                .history
                .front()
                .is_some_and(|first| first.version > version + 1);
        let first = self
            .history
            .partition_point(|change| change.version <= version);
        (!forgotten).then(|| self.history.range(first..))
    }
}
