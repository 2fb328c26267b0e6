//! Permits to work on a request. A client that asks for many waits behind itself: at most
//! [`Limits::work`](super::Limits::work) of its requests hold a permit or stand in the line that all
//! share. There is one permit more than that, which is left for another client.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use super::Connection;

/// The right to keep one processor busy, until it is dropped.
#[derive(Debug)]
pub struct Permit {
    _each: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl Connection {
    /// Waits for a permit. To give up, drop the future.
    #[expect(clippy::missing_panics_doc, reason = "the permits are never closed")]
    pub async fn permit(&self) -> Permit {
        let each = Arc::clone(&self.0.work).acquire_owned().await;
        let all = Arc::clone(&self.0.shared.work).acquire_owned().await;
        Permit {
            _each: each.expect("permits of a client must stay open"),
            _all: all.expect("permits of a listener must stay open"),
        }
    }
}
