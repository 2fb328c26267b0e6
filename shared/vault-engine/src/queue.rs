//! Secrets in the order in which something is due for them.

use std::collections::{BTreeMap, BTreeSet};

use crate::want::SecretId;

/// At most one entry a secret, first the least key.
#[derive(Clone, Debug)]
pub(crate) struct Queue<K> {
    order: BTreeSet<(K, SecretId)>,
    keys: BTreeMap<SecretId, K>,
}

impl<K: Ord + Copy> Queue<K> {
    pub(crate) const fn new() -> Self {
        Self {
            order: BTreeSet::new(),
            keys: BTreeMap::new(),
        }
    }

    /// Puts a secret where its key says, or takes it out.
    pub(crate) fn set(&mut self, secret: SecretId, key: Option<K>) {
        let before = match key {
            Some(key) => self.keys.insert(secret, key),
            None => self.keys.remove(&secret),
        };
        if before == key {
            return;
        }
        if let Some(before) = before {
            self.order.remove(&(before, secret));
        }
        if let Some(key) = key {
            self.order.insert((key, secret));
        }
    }

    pub(crate) fn first(&self) -> Option<(K, SecretId)> {
        self.order.first().copied()
    }

    /// The first whose key is not less than this.
    pub(crate) fn first_from(&self, key: K) -> Option<(K, SecretId)> {
        self.order.range((key, SecretId::new(0))..).next().copied()
    }

    /// All secrets in it, by key.
    pub(crate) fn secrets(&self) -> Vec<SecretId> {
        self.order.iter().map(|(_, secret)| *secret).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_in_it_once_and_the_least_key_comes_first() {
        let [a, b] = [1, 2].map(SecretId::new);
        let mut queue = Queue::new();
        queue.set(a, Some(5));
        queue.set(b, Some(3));
        queue.set(b, Some(7));
        assert_eq!(queue.first(), Some((5, a)));
        assert_eq!(queue.secrets(), [a, b]);
        assert_eq!(queue.first_from(6), Some((7, b)));
        queue.set(a, None);
        queue.set(a, None);
        assert_eq!(queue.first(), Some((7, b)));
    }
}
