//! Objects of one Secret are reconciled one after the other: none overwrites what another is about to
//! write.

use std::collections::{HashMap, VecDeque};

use crate::names::Name;
use crate::work::Key;

/// See the module.
#[derive(Default)]
pub(super) struct Targets {
    /// Secrets in work, and the keys that wait for each.
    waiting: HashMap<Name, VecDeque<Key>>,
    in_work: HashMap<Key, Name>,
}

impl Targets {
    /// Whether the key may be worked on now. If not, it comes out of [`leave`](Self::leave).
    pub(super) fn enter(&mut self, target: Name, key: &Key) -> bool {
        if let Some(waiting) = self.waiting.get_mut(&target) {
            if !waiting.contains(key) {
                waiting.push_back(key.clone());
            }
            return false;
        }
        self.waiting.insert(target.clone(), VecDeque::new());
        self.in_work.insert(key.clone(), target);
        true
    }

    /// The key is done. Gives those who have waited for its Secret, the first one first.
    pub(super) fn leave(&mut self, key: &Key) -> VecDeque<Key> {
        let target = self.in_work.remove(key);
        let waiting = target.and_then(|target| self.waiting.remove(&target));
        waiting.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_second_waits_until_the_first_is_done() {
        let key = |name| Key::ExternalSecret(Name::new("team", name));
        let secret = || Name::new("team", "secret");
        let mut targets = Targets::default();
        assert!(targets.enter(secret(), &key("a")));
        assert!(!targets.enter(secret(), &key("b")));
        assert!(!targets.enter(secret(), &key("b")));
        assert!(!targets.enter(secret(), &key("c")));
        assert!(targets.enter(Name::new("team", "other"), &key("d")));
        assert_eq!(targets.leave(&key("a")), [key("b"), key("c")]);
        assert!(targets.enter(secret(), &key("b")));
        assert!(targets.leave(&key("b")).is_empty());
    }
}
