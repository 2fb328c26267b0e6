//! The leases that are held at this moment, for whoever has to revoke them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use vault_api::LeaseId;

/// A list of leases. Clones are the same list.
#[derive(Clone, Default)]
pub struct Leases(Arc<Mutex<BTreeMap<LeaseId, usize>>>);

/// A lease on the list; taken off when dropped.
pub(super) struct Listed {
    list: Leases,
    id: LeaseId,
}

impl Leases {
    /// All that are held.
    pub fn held(&self) -> Vec<LeaseId> {
        self.lock().keys().cloned().collect()
    }

    pub(super) fn list(&self, id: &LeaseId) -> Listed {
        *self.lock().entry(id.clone()).or_default() += 1;
        Listed {
            list: self.clone(),
            id: id.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<LeaseId, usize>> {
        // Whole after each change, so a panic elsewhere does no harm to it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        let mut leases = self.list.lock();
        if let Some(count) = leases.get_mut(&self.id) {
            *count -= 1;
            if *count == 0 {
                leases.remove(&self.id);
            }
        }
    }
}
