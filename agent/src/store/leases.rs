//! The leases that are held at this moment, for whoever has to revoke them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;
use vault_wire::LeaseId;

/// A list of leases. Clones are the same list.
#[derive(Clone, Default)]
pub struct Leases(Arc<Mutex<BTreeMap<LeaseId, Held>>>);

#[derive(Clone, Copy)]
struct Held {
    holders: usize,
    ends_at: Instant,
}

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

    /// When a lease ends, unless it is renewed.
    pub(super) fn ends_at(&self, id: &LeaseId) -> Option<Instant> {
        Some(self.lock().get(id)?.ends_at)
    }

    /// The lease was renewed until then.
    pub(super) fn renewed(&self, id: &LeaseId, ends_at: Instant) {
        if let Some(held) = self.lock().get_mut(id) {
            held.ends_at = ends_at;
        }
    }

    pub(super) fn list(&self, id: &LeaseId, ends_at: Instant) -> Listed {
        let mut leases = self.lock();
        let held = leases.entry(id.clone()).or_insert(Held {
            holders: 0,
            ends_at,
        });
        held.holders += 1;
        held.ends_at = ends_at;
        drop(leases);
        Listed {
            list: self.clone(),
            id: id.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<LeaseId, Held>> {
        // Whole after each change, so a panic elsewhere does no harm to it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        let mut leases = self.list.lock();
        if let Some(held) = leases.get_mut(&self.id) {
            held.holders -= 1;
            if held.holders == 0 {
                leases.remove(&self.id);
            }
        }
    }
}
