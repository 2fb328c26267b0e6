//! How many connections there may be, in all and from one address. One too many is closed at
//! once: a client that holds all it can get then takes nothing from the others. The same holds for
//! the memory that its bodies take, which connections only hand on.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::Router;
use axum::http::Request;
use thiserror::Error;
use tower::Service;

use super::budget::{Budget, Bytes};

/// The limits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) all: usize,
    pub(super) each: usize,
    /// Bytes of bodies at once.
    pub(super) all_bytes: usize,
    /// Bytes of bodies at once from one address.
    pub(super) each_bytes: usize,
}

/// A connection too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum TooMany {
    #[error("too many connections")]
    All,
    #[error("too many connections from this address")]
    Each,
}

/// Connections by address.
type Open = Arc<Mutex<HashMap<IpAddr, Peer>>>;

/// What one address has.
#[derive(Debug)]
struct Peer {
    connections: usize,
    bytes: Bytes,
}

/// Gives each connection the routes, and a slot for as long as it lasts.
#[derive(Clone)]
pub(super) struct Limited {
    router: Router,
    limits: Limits,
    open: Open,
    bytes: Bytes,
}

impl Limited {
    pub(super) fn new(router: Router, limits: Limits) -> Self {
        Self {
            router,
            limits,
            open: Open::default(),
            bytes: Bytes::new(limits.all_bytes),
        }
    }
}

/// Takes a slot for `address`.
fn take(open: &Open, limits: Limits, address: IpAddr) -> Result<Slot, TooMany> {
    let mut peers = open.lock().unwrap_or_else(PoisonError::into_inner);
    if peers.values().map(|peer| peer.connections).sum::<usize>() >= limits.all {
        return Err(TooMany::All);
    }
    let peer = peers.entry(address).or_insert_with(|| Peer {
        connections: 0,
        bytes: Bytes::new(limits.each_bytes),
    });
    if peer.connections >= limits.each {
        return Err(TooMany::Each);
    }
    peer.connections += 1;
    Ok(Slot {
        open: Arc::clone(open),
        address,
        bytes: peer.bytes.clone(),
    })
}

/// One connection's place; free again when it is dropped.
#[derive(Debug)]
struct Slot {
    open: Open,
    address: IpAddr,
    bytes: Bytes,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut peers = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(peer) = peers.get_mut(&self.address) {
            peer.connections -= 1;
            if peer.connections == 0 {
                peers.remove(&self.address);
            }
        }
    }
}

impl Service<SocketAddr> for Limited {
    type Response = Connection;
    type Error = TooMany;
    type Future = Ready<Result<Connection, TooMany>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TooMany>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, peer: SocketAddr) -> Self::Future {
        let slot = take(&self.open, self.limits, peer.ip());
        ready(slot.map(|slot| Connection {
            router: self.router.clone(),
            budget: Budget::new(slot.bytes.clone(), self.bytes.clone()),
            _slot: Arc::new(slot),
        }))
    }
}

/// The routes, as one connection sees them.
#[derive(Clone)]
pub(super) struct Connection {
    router: Router,
    budget: Budget,
    _slot: Arc<Slot>,
}

impl<B> Service<Request<B>> for Connection
where
    Router: Service<Request<B>, Error = Infallible>,
{
    type Response = <Router as Service<Request<B>>>::Response;
    type Error = Infallible;
    type Future = <Router as Service<Request<B>>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.router.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        request.extensions_mut().insert(self.budget.clone());
        self.router.call(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        all: 3,
        each: 2,
        all_bytes: 3,
        each_bytes: 2,
    };

    fn mk_address(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    #[test]
    fn one_address_cannot_take_every_slot() {
        let open = Open::default();
        let take = |last| take(&open, LIMITS, mk_address(last));
        let held = [take(1).unwrap(), take(1).unwrap()];
        assert_eq!(take(1).unwrap_err(), TooMany::Each);
        let other = take(2).unwrap();
        assert_eq!(take(3).unwrap_err(), TooMany::All);
        drop(other);
        take(3).unwrap();
        drop(held);
        assert!(open.lock().unwrap().is_empty(), "nothing is left behind");
    }
}
