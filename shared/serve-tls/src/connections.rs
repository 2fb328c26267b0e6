//! Connections: how many there may be, and which one goes when there are too many.
//!
//! ```text
//! accept ─► admit ─┬─ room ───────────────────────────► Connection
//!                  ├─ full ─► close one that idles ────► Connection
//!                  └─ nothing to close ───────────────► refused
//! ```
//!
//! Invariant: a client with fewer connections never loses one to a client with more. So a
//! client that holds all that it can get takes nothing from the others, and a client that has
//! nothing open is always admitted while some other client has an idle connection, or two of any
//! kind. Everything else that is shared fairly among clients (memory, processors) hangs here,
//! too.

mod answer;
mod budget;
mod permits;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{Notify, Semaphore};

use crate::accept::Client;
use answer::Unsent;

pub use budget::{Exhausted, Held};
pub use permits::Permit;

/// What all connections of a listener may take, and one client of it.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one client.
    pub connections_each: usize,
    /// Bytes of requests and answers at once. One client gets at most half of what the others
    /// leave, so there is always something left for one more.
    pub bytes: usize,
    /// Requests of one client that are worked on at once. All clients together get one more, so
    /// a client that uses every processor does not keep another one waiting.
    pub work: usize,
    /// How long the client may take to receive one answer.
    pub answer: Duration,
}

/// A connection that is not admitted. A later one may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// Every connection of the listener is in use, and no client has more than this one.
    #[error("too many connections")]
    All,
    /// Every connection of this client is in use.
    #[error("too many connections from this client")]
    Each,
}

/// Permits that one client cannot have: it has all processors to itself as long as nobody else
/// asks, and shares them with the first request of another.
const SPARE: usize = 1;

/// The connections of one listener. Clones are the same.
#[derive(Clone, Debug)]
pub struct Connections(Arc<Shared>);

struct Shared {
    limits: Limits,
    table: Mutex<Table>,
    /// Counts uses of connections, so that the one that has been idle for longest is known.
    clock: AtomicU64,
    work: Arc<Semaphore>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// What there is, by client.
#[derive(Default)]
struct Table {
    next: u64,
    open: usize,
    bytes: usize,
    clients: HashMap<Client, Share>,
}

/// What one client has.
struct Share {
    open: BTreeMap<u64, Arc<Link>>,
    bytes: usize,
    work: Arc<Semaphore>,
}

/// One connection, as the table sees it.
#[derive(Debug, Default)]
struct Link {
    /// Requests that are not answered in whole.
    requests: AtomicUsize,
    /// When it was last used.
    used: AtomicU64,
    close: Notify,
    requested: Notify,
    unsent: Unsent,
}

impl Link {
    fn is_idle(&self) -> bool {
        self.requests.load(Ordering::Relaxed) == 0
    }
}

impl Connections {
    /// No connections yet.
    pub fn new(limits: Limits) -> Self {
        Self(Arc::new(Shared {
            limits,
            table: Mutex::default(),
            clock: AtomicU64::new(0),
            work: Arc::new(Semaphore::new(limits.work + SPARE)),
        }))
    }

    /// Takes a place for a connection of `client`, if need be by closing another.
    pub fn admit(&self, client: impl Into<Client>) -> Result<Connection, Refused> {
        let client = client.into();
        let limits = &self.0.limits;
        let mut table = self.0.table();
        let mine = table.clients.get(&client).map_or(0, |of| of.open.len());
        if mine >= limits.connections_each {
            table.close_idle(client).ok_or(Refused::Each)?;
        } else if table.open >= limits.connections {
            table.make_room(client, mine).ok_or(Refused::All)?;
        }
        let link = Arc::new(Link::default());
        link.used.store(self.0.tick(), Ordering::Relaxed);
        let id = table.next;
        table.next += 1;
        table.open += 1;
        let of = table.clients.entry(client).or_insert_with(|| Share {
            open: BTreeMap::new(),
            bytes: 0,
            work: Arc::new(Semaphore::new(limits.work)),
        });
        of.open.insert(id, Arc::clone(&link));
        let work = Arc::clone(&of.work);
        drop(table);
        Ok(Connection(Arc::new(Place {
            shared: Arc::clone(&self.0),
            client,
            id,
            link,
            work,
            authenticated: AtomicBool::new(false),
        })))
    }
}

impl Shared {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().expect("the lock must not be poisoned")
    }

    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::Relaxed)
    }
}

impl Table {
    /// Closes what is the least loss, for a client with `mine` connections.
    fn make_room(&mut self, client: Client, mine: usize) -> Option<()> {
        let most = self.clients.values().map(|of| of.open.len()).max()?;
        if most <= mine {
            return self.close_idle(client);
        }
        let greediest = self.clients.iter().filter(|(_, of)| of.open.len() == most);
        let idle = greediest
            .clone()
            .filter_map(|(client, of)| Some((*client, of.longest_idle()?)))
            .min_by_key(|(_, (used, _))| *used)
            .map(|(client, (_, id))| (client, id));
        // Among equals, no one's work is cut short.
        let busy = || {
            greediest
                .filter(|_| most > mine + 1)
                .find_map(|(client, of)| Some((*client, *of.open.keys().next()?)))
        };
        let (client, id) = idle.or_else(busy)?;
        self.close(client, id);
        Some(())
    }

    fn close_idle(&mut self, client: Client) -> Option<()> {
        let (_, id) = self.clients.get(&client)?.longest_idle()?;
        self.close(client, id);
        Some(())
    }

    fn close(&mut self, client: Client, id: u64) {
        if let Some(link) = self.remove(client, id) {
            link.close.notify_one();
        }
    }

    fn remove(&mut self, client: Client, id: u64) -> Option<Arc<Link>> {
        let link = self.clients.get_mut(&client)?.open.remove(&id)?;
        self.open -= 1;
        self.forget(client);
        Some(link)
    }

    /// Forgets a client that has nothing left.
    fn forget(&mut self, client: Client) {
        let nothing = |of: &Share| of.open.is_empty() && of.bytes == 0;
        if self.clients.get(&client).is_some_and(nothing) {
            self.clients.remove(&client);
        }
    }
}

impl Share {
    /// When it was last used, and which one it is.
    fn longest_idle(&self) -> Option<(u64, u64)> {
        self.open
            .iter()
            .filter(|(_, link)| link.is_idle())
            .map(|(id, link)| (link.used.load(Ordering::Relaxed), *id))
            .min()
    }
}

/// One connection: its place, and its part of what the listener shares out. Clones are the same;
/// the place is free again when the last of them is dropped.
#[derive(Clone, Debug)]
pub struct Connection(Arc<Place>);

#[derive(Debug)]
struct Place {
    shared: Arc<Shared>,
    client: Client,
    id: u64,
    link: Arc<Link>,
    work: Arc<Semaphore>,
    authenticated: AtomicBool,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.table().remove(self.client, self.id);
    }
}

impl Connection {
    /// Whether the client has presented a certificate of one of the listener's authorities.
    pub fn is_authenticated(&self) -> bool {
        self.0.authenticated.load(Ordering::Relaxed)
    }

    pub(crate) fn authenticate(&self) {
        self.0.authenticated.store(true, Ordering::Relaxed);
    }

    /// Counts a request as open until the guard is dropped. A connection with an open request is
    /// not idle.
    pub fn request(&self) -> InFlight {
        self.0.link.requests.fetch_add(1, Ordering::Relaxed);
        self.0.link.requested.notify_one();
        InFlight(self.clone())
    }

    /// Returns when the connection is to be closed: another took its place, or the client has not
    /// received an answer in time.
    pub(crate) async fn closed(&self) {
        tokio::select! {
            () = self.0.link.close.notified() => {}
            () = self.0.link.unsent.overdue() => {}
        }
    }

    /// Returns once the first request is there.
    pub(crate) async fn requested(&self) {
        self.0.link.requested.notified().await;
    }
}

/// A request that is not answered in whole.
#[derive(Debug)]
pub struct InFlight(Connection);

impl Drop for InFlight {
    fn drop(&mut self) {
        let place = &self.0.0;
        place
            .link
            .used
            .store(place.shared.tick(), Ordering::Relaxed);
        place.link.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
