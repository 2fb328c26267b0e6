//! Secrets that are known to be right.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::names::Name;

/// A digest of what a Secret should be.
pub(crate) type Wanted = [u8; 32];

/// Which version of its Secret each object has seen or written, so that a Secret that nobody touched is
/// not read again.
#[derive(Default)]
pub(crate) struct Verified(Mutex<HashMap<Name, Seen>>);

#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) target: Name,
    pub(crate) version: String,
    /// Whether the digest that the Secret carries is that of its data.
    pub(crate) is_whole: bool,
    /// What it was written as.
    pub(crate) wanted: Option<Wanted>,
}

impl Verified {
    pub(crate) fn get(&self, object: &Name) -> Option<Seen> {
        let all = self.0.lock().expect("nothing must panic with this lock");
        all.get(object).cloned()
    }

    pub(crate) fn put(&self, object: Name, seen: Seen) {
        let mut all = self.0.lock().expect("nothing must panic with this lock");
        all.insert(object, seen);
    }

    /// The object is gone.
    pub(crate) fn forget(&self, object: &Name) {
        let mut all = self.0.lock().expect("nothing must panic with this lock");
        all.remove(object);
    }
}
