//! Answers on their way: their memory counts until the last byte is handed to the connection, and
//! a client that does not take them is closed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::{Connection, Exhausted, Held, InFlight, Link};

/// Answers of one connection that the client has not received, by the time when they are due.
#[derive(Debug, Default)]
pub(super) struct Unsent {
    due: Mutex<VecDeque<(u64, Instant)>>,
    first: Notify,
}

impl Unsent {
    /// Notes an answer that is due at `at`; those of a connection have the same time, so they are
    /// in order.
    fn push(&self, id: u64, at: Instant) {
        let mut due = self.due();
        if due.is_empty() {
            self.first.notify_one();
        }
        due.push_back((id, at));
    }

    fn remove(&self, id: u64) {
        self.due().retain(|(other, _)| *other != id);
    }

    fn next(&self) -> Option<Instant> {
        self.due().front().map(|(_, at)| *at)
    }

    fn due(&self) -> std::sync::MutexGuard<'_, VecDeque<(u64, Instant)>> {
        self.due.lock().expect("the lock must not be poisoned")
    }

    /// Returns when an answer is overdue.
    pub(super) async fn overdue(&self) {
        loop {
            match self.next() {
                None => self.first.notified().await,
                Some(at) => {
                    sleep_until(at).await;
                    if self.next().is_some_and(|next| next <= at) {
                        return;
                    }
                }
            }
        }
    }
}

/// The owner of an answer's bytes.
struct Answer {
    bytes: Vec<u8>,
    id: u64,
    link: Arc<Link>,
    _held: Held,
    _in_flight: InFlight,
}

impl AsRef<[u8]> for Answer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.link.unsent.remove(self.id);
    }
}

impl Connection {
    /// Makes an answer of `bytes`. Until the last part of it is dropped, which is when the last
    /// byte is written, its memory counts and the request is open; a connection that still has it
    /// after [`Limits::answer`](super::Limits::answer) is closed. `held` is what the request has
    /// taken; it is given back where the answer fits.
    pub fn answer(&self, bytes: Vec<u8>, mut held: Held) -> Result<Bytes, Exhausted> {
        held.resize(bytes.capacity())?;
        let id = self.0.shared.tick();
        let due = Instant::now() + self.0.shared.limits.answer;
        self.0.link.unsent.push(id, due);
        Ok(Bytes::from_owner(Answer {
            bytes,
            id,
            link: Arc::clone(&self.0.link),
            _held: held,
            _in_flight: self.request(),
        }))
    }
}
