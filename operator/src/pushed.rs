//! What was pushed last.

use std::collections::HashMap;
use std::sync::Mutex;

use secret_sync::Data;
use sha2::{Digest as _, Sha256};

use crate::names::{Name, StoreId};

/// A digest of Secrets and the stores that they go to.
pub(crate) type Fingerprint = [u8; 32];

/// What each object has pushed, so that a Secret that is the same as before makes no request.
#[derive(Default)]
pub(crate) struct Pushed(Mutex<HashMap<Name, Fingerprint>>);

impl Pushed {
    /// Whether this is what was pushed last.
    pub(crate) fn is(&self, object: &Name, fingerprint: &Fingerprint) -> bool {
        let all = self.0.lock().expect("nothing must panic with this lock");
        all.get(object) == Some(fingerprint)
    }

    pub(crate) fn put(&self, object: &Name, fingerprint: Fingerprint) {
        let mut all = self.0.lock().expect("nothing must panic with this lock");
        all.insert(object.clone(), fingerprint);
    }

    /// The object is gone, or its last push failed.
    pub(crate) fn forget(&self, object: &Name) {
        let mut all = self.0.lock().expect("nothing must panic with this lock");
        all.remove(object);
    }
}

/// A digest of what goes where.
pub(crate) fn fingerprint<'a>(
    stores: impl Iterator<Item = &'a StoreId>,
    sources: &[Data],
) -> Fingerprint {
    let mut hash = Sha256::new();
    let mut add = |bytes: &[u8]| {
        hash.update(bytes.len().to_be_bytes());
        hash.update(bytes);
    };
    for store in stores {
        add(store.kind().as_bytes());
        add(store.name().as_bytes());
    }
    for source in sources {
        add(&source.len().to_be_bytes());
        for (key, value) in source {
            add(key.as_bytes());
            add(value);
        }
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_value_key_or_store_is_another_fingerprint() {
        let of = |stores: &[&str], pairs: &[(&str, &str)]| {
            let stores: Vec<_> = stores
                .iter()
                .map(|name| StoreId(Name::new("ns", name)))
                .collect();
            let pairs = pairs.iter();
            let source: Data = pairs
                .map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec()))
                .collect();
            fingerprint(stores.iter(), &[source])
        };
        let one = of(&["a"], &[("k", "v")]);
        assert_eq!(one, of(&["a"], &[("k", "v")]));
        for other in [
            of(&["a"], &[("k", "w")]),
            of(&["a"], &[("kv", "")]),
            of(&["b"], &[("k", "v")]),
            of(&["a", "b"], &[("k", "v")]),
        ] {
            assert_ne!(one, other);
        }
    }
}
