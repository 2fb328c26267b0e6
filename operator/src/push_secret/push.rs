//! Writing to the stores, and deleting from them.

use std::collections::BTreeMap;
use std::sync::Arc;

use operator_api::{PushData, PushSecret, UpdatePolicy};
use secret_sync::Data;
use tracing::warn;

use super::plan::{Place, Written, check_stores, entries, remote, written_key};
use super::{Stores, Work};
use crate::fault::Fault;
use crate::names::StoreId;
use crate::objects::{Store, synced_key, synced_store};
use crate::provider::Source;
use crate::store::access;
use crate::vault::IfThere;

impl Work<'_> {
    /// Writes the sources to all stores. A store that fails holds up no other; the first failure is
    /// given. What was written is given in any case.
    pub(super) async fn push(
        &self,
        object: &PushSecret,
        stores: &Stores,
        sources: &[Data],
    ) -> (Written, Result<(), Fault>) {
        let places: Vec<_> = stores
            .iter()
            .map(|(id, store)| Place {
                id,
                labels: &store.labels,
            })
            .collect();
        if let Err(fault) = check_stores(&object.spec, &places) {
            return (Written::new(), Err(fault));
        }
        let mut written = Written::new();
        let mut outcome = Ok(());
        for (place, (_, store)) in places.iter().zip(stores) {
            let into = written.entry(synced_key(place.id)).or_default();
            let pushed = async {
                let open = self.open(place.id, store).await?;
                for source in sources {
                    self.push_one(object, place, &open, source, into).await?;
                }
                Ok(())
            };
            let pushed = pushed.await;
            outcome = outcome.and(pushed);
        }
        (written, outcome)
    }

    async fn push_one(
        &self,
        object: &PushSecret,
        place: &Place<'_>,
        open: &Source,
        source: &Data,
        written: &mut BTreeMap<String, PushData>,
    ) -> Result<(), Fault> {
        let if_there = match object.spec.update_policy {
            UpdatePolicy::Replace => IfThere::Replace,
            UpdatePolicy::IfNotExists => IfThere::Keep,
        };
        for entry in entries(&object.spec, place, source)? {
            let payload = entry.payload(source)?;
            let (path, property) = entry.remote();
            let pushed = open.push(path, property, &payload, if_there).await;
            pushed.map_err(|fault| {
                fault.within(format!(
                    "could not write remote ref {} to target secretstore {}: ",
                    entry.name(),
                    place.id.name()
                ))
            })?;
            written.insert(written_key(&entry.data), entry.data);
        }
        Ok(())
    }

    /// Deletes from the stores.
    pub(super) async fn delete_written(&self, written: &Written) -> Result<(), Fault> {
        let deleted = self.delete_all(written).await;
        deleted.map_err(|fault| fault.within("could not delete secrets from the stores: "))
    }

    async fn delete_all(&self, written: &Written) -> Result<(), Fault> {
        for (key, entries) in written {
            let Some(id) = synced_store(key, &self.name.namespace) else {
                continue;
            };
            if entries.is_empty() {
                continue;
            }
            let Some(store) = self.context.objects.store(&id) else {
                warn!(push_secret = %self.name, store = key, "secrets stay in a store that is gone");
                continue;
            };
            let open = self.open(&id, &store).await?;
            for data in entries.values() {
                let (path, property) = remote(data);
                let deleted = open.delete(path, property).await;
                deleted.map_err(|fault| {
                    fault.within(format!("could not delete {path} from {key}: "))
                })?;
            }
        }
        Ok(())
    }

    async fn open(&self, id: &StoreId, store: &Arc<Store>) -> Result<Source, Fault> {
        let namespace = &self.name.namespace;
        let opened = async {
            access(self.context, id, namespace)?;
            let asker = self.context.asker(&self.key, id, namespace);
            Source::open(&store.spec, asker, &self.context.vault, self.since).await
        };
        opened.await.map_err(|fault: Fault| {
            fault.within(format!(
                "could not get secrets client for store {}: ",
                id.name()
            ))
        })
    }
}
