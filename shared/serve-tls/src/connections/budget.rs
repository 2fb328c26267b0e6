//! How much memory requests and answers may take at once, in all and from one client. What does
//! not fit is refused at once and not waited for.

use std::sync::Arc;

use thiserror::Error;

use super::{Connection, Shared};
use crate::accept::Client;

/// Too much is in memory already. A later attempt may succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("too many requests at once: try again")]
pub struct Exhausted;

/// Bytes that a request or its answer has taken; given back when it is dropped.
#[derive(Debug)]
pub struct Held {
    shared: Arc<Shared>,
    client: Client,
    bytes: usize,
}

impl Connection {
    /// Nothing held yet.
    pub fn held(&self) -> Held {
        Held {
            shared: Arc::clone(&self.0.shared),
            client: self.0.client,
            bytes: 0,
        }
    }
}

impl Held {
    /// Holds `bytes` from here on, more or fewer than before. Fewer always succeeds. Where it
    /// fails, nothing changes.
    pub fn resize(&mut self, bytes: usize) -> Result<(), Exhausted> {
        let mut table = self.shared.table();
        let all = table.bytes;
        let Some(client) = table.clients.get_mut(&self.client) else {
            // The client is forgotten only where it has neither connection nor bytes.
            return if bytes == 0 { Ok(()) } else { Err(Exhausted) };
        };
        let mine = (client.bytes - self.bytes).saturating_add(bytes);
        let others = all - client.bytes;
        let fair = self.shared.limits.bytes.saturating_sub(others) / 2;
        if bytes > self.bytes && mine > fair {
            return Err(Exhausted);
        }
        client.bytes = mine;
        table.bytes = others + mine;
        self.bytes = bytes;
        table.forget(self.client);
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // To hold less never fails.
        let _ = self.resize(0);
    }
}
