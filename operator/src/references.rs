//! Secrets and `ConfigMap`s that stores and templates refer to: each is read once, and again when the
//! API server says that it has changed. Who asked for it hears of that.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::{Api, Client};
use kube_support::{CallError, call_opt};
use secret_sync::Data;

use crate::names::Name;
use crate::work::Key;

/// What is referred to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Secret,
    ConfigMap,
}

/// See the module.
pub(crate) struct References {
    client: Client,
    entries: Mutex<HashMap<(Kind, Name), Entry>>,
    questions: AtomicU64,
}

/// What was read.
#[derive(Clone)]
enum Read {
    Absent,
    There(Arc<Data>),
}

impl Read {
    fn data(&self) -> Option<Arc<Data>> {
        match self {
            Self::Absent => None,
            Self::There(data) => Some(Arc::clone(data)),
        }
    }
}

struct Entry {
    read: Option<Read>,
    /// Numbers the first question: an answer to one from before a change is not kept.
    question: u64,
    askers: BTreeSet<Key>,
}

impl References {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            entries: Mutex::default(),
            questions: AtomicU64::new(0),
        }
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<(Kind, Name), Entry>> {
        self.entries
            .lock()
            .expect("nothing must panic with this lock")
    }

    /// What an object holds; `None` if it is not there. `asker` hears of its next change.
    pub(crate) async fn get(
        &self,
        kind: Kind,
        name: &Name,
        asker: &Key,
    ) -> Result<Option<Arc<Data>>, CallError> {
        let question = {
            let mut entries = self.entries();
            let entry = entries
                .entry((kind, name.clone()))
                .or_insert_with(|| Entry {
                    read: None,
                    question: self.questions.fetch_add(1, Ordering::Relaxed),
                    askers: BTreeSet::new(),
                });
            entry.askers.insert(asker.clone());
            if let Some(read) = &entry.read {
                return Ok(read.data());
            }
            entry.question
        };
        let data = self.read(kind, name).await?;
        let read = data.map_or(Read::Absent, |data| Read::There(Arc::new(data)));
        if let Some(entry) = self.entries().get_mut(&(kind, name.clone()))
            && entry.question == question
        {
            entry.read = Some(read.clone());
        }
        Ok(read.data())
    }

    async fn read(&self, kind: Kind, name: &Name) -> Result<Option<Data>, CallError> {
        let doing = format!("read {kind:?} {name}");
        match kind {
            Kind::Secret => {
                let api = Api::<Secret>::namespaced(self.client.clone(), &name.namespace);
                let secret = call_opt(&doing, api.get(&name.name)).await?;
                Ok(secret.map(|secret| {
                    let data = secret.data.unwrap_or_default().into_iter();
                    data.map(|(key, value)| (key, value.0)).collect()
                }))
            }
            Kind::ConfigMap => {
                let api = Api::<ConfigMap>::namespaced(self.client.clone(), &name.namespace);
                let map = call_opt(&doing, api.get(&name.name)).await?;
                Ok(map.map(|map| {
                    let binary = map.binary_data.unwrap_or_default().into_iter();
                    let texts = map.data.unwrap_or_default().into_iter();
                    let texts = texts.map(|(key, text)| (key, text.into_bytes()));
                    let binary = binary.map(|(key, value)| (key, value.0));
                    texts.chain(binary).collect()
                }))
            }
        }
    }

    /// The objects of a kind that somebody asked for.
    pub(crate) fn names(&self, kind: Kind) -> Vec<Name> {
        let entries = self.entries();
        let of_kind = entries.keys().filter(|(it, _)| *it == kind);
        of_kind.map(|(_, name)| name.clone()).collect()
    }

    /// An object has changed. Gives those who asked for it: they ask again if they still need it.
    pub(crate) fn changed(&self, kind: Kind, name: &Name) -> BTreeSet<Key> {
        let entry = self.entries().remove(&(kind, name.clone()));
        entry.map(|entry| entry.askers).unwrap_or_default()
    }
}
