//! Requests on their way, so that the same one is not sent twice at one time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use super::ask::Key;

type OnTheirWay = Arc<Mutex<HashMap<Key, watch::Receiver<bool>>>>;

#[derive(Default)]
pub(super) struct Flights(OnTheirWay);

/// How a request stands to others.
pub(super) enum Joined {
    /// It is the first.
    First(Flight),
    /// The first one was answered meanwhile.
    Answered,
    /// The first one was given up by its application.
    GivenUp,
}

/// The first of several. Dropped without an answer, another one takes its place.
pub(crate) struct Flight {
    key: Key,
    on_their_way: OnTheirWay,
    answered: watch::Sender<bool>,
}

impl Flights {
    /// Waits for the first one's answer, if there is a first one.
    pub(super) async fn join(&self, key: Key) -> Joined {
        let mut first = {
            let mut on_their_way = self.0.lock().expect("the lock must not be poisoned");
            if let Some(first) = on_their_way.get(&key) {
                first.clone()
            } else {
                let (answered, waiting) = watch::channel(false);
                on_their_way.insert(key, waiting);
                return Joined::First(Flight {
                    key,
                    on_their_way: Arc::clone(&self.0),
                    answered,
                });
            }
        };
        match first.wait_for(|answered| *answered).await {
            Ok(_) => Joined::Answered,
            Err(_) => Joined::GivenUp,
        }
    }
}

impl Flight {
    /// Tells all who wait.
    pub(super) fn answered(self) {
        self.answered.send_replace(true);
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut on_their_way = self
            .on_their_way
            .lock()
            .expect("the lock must not be poisoned");
        on_their_way.remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use hyper::body::Bytes;
    use hyper::{HeaderMap, Method};
    use vault_client::{Forward, ForwardBody};

    use super::super::ask::Ask;
    use super::*;

    fn mk_key() -> Key {
        let request = Forward {
            method: Method::GET,
            target: "/v1/a".to_owned(),
            headers: HeaderMap::new(),
            body: ForwardBody::Whole(Bytes::new()),
            retries: 0,
            keeps_off: |_| false,
        };
        Ask::of(&request).unwrap().key
    }

    #[tokio::test]
    async fn the_second_waits_for_the_first_and_takes_its_place_where_it_is_given_up() {
        let flights = Flights::default();
        let Joined::First(first) = flights.join(mk_key()).await else {
            panic!("nobody is on the way");
        };
        let (joined, ()) = tokio::join!(flights.join(mk_key()), async { first.answered() });
        assert!(matches!(joined, Joined::Answered));
        let Joined::First(first) = flights.join(mk_key()).await else {
            panic!("the first is home");
        };
        let (joined, ()) = tokio::join!(flights.join(mk_key()), async { drop(first) });
        assert!(matches!(joined, Joined::GivenUp));
        assert!(matches!(flights.join(mk_key()).await, Joined::First(_)));
    }
}
