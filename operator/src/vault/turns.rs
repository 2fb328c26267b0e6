//! Turns: who reads a secret, changes it and writes it back does so alone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};

use tokio::sync::OwnedMutexGuard;

type Turn = tokio::sync::Mutex<()>;

/// See the module.
#[derive(Default)]
pub(super) struct Turns(Mutex<HashMap<String, Weak<Turn>>>);

impl Turns {
    /// Waits until no one else changes what is at a path. The turn ends with what this returns.
    pub(super) async fn take(&self, path: &str) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock().expect("nothing must panic with this lock");
            turns.retain(|_, turn| turn.strong_count() > 0);
            let turn = turns.get(path).and_then(Weak::upgrade);
            turn.unwrap_or_else(|| {
                let turn = Arc::<Turn>::default();
                turns.insert(path.to_owned(), Arc::downgrade(&turn));
                turn
            })
        };
        turn.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn one_path_is_changed_by_one_at_a_time() {
        let turns = Turns::default();
        let first = turns.take("secret/data/a").await;
        assert!(turns.take("secret/data/b").now_or_never().is_some());
        assert!(turns.take("secret/data/a").now_or_never().is_none());
        drop(first);
        assert!(turns.take("secret/data/a").now_or_never().is_some());
    }
}
