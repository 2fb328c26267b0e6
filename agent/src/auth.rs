//! Who hears of the agent's logins.
//!
//! ```text
//! vault-login ─▶ driver ─┬─▶ Logins: store and proxy, which send the token
//!                        └─▶ Deliveries: sinks
//! ```
//!
//! When to log in is the engine's decision. The token is swapped in place: its users read the
//! watch channel for each request.

mod error;
mod status;

use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use vault_wire::{Token, WrapInfo};

pub(crate) use error::AuthError;
pub(crate) use status::AuthStatus;
pub(crate) use vault_engine::Login;

/// The latest login; `None` before the first.
pub(crate) type Logins = watch::Receiver<Option<Arc<Login>>>;

/// Where requests that were denied report the generation of their token, so that it is looked at.
pub(crate) type Suspicions = mpsc::Sender<u64>;

/// What sinks get.
#[derive(Clone, Debug)]
pub(crate) enum Delivery {
    /// The token.
    Token(Token),
    /// A wrapping around the token, which the agent itself does not see.
    Wrapped(Arc<WrapInfo>),
}

/// The latest delivery; `None` before the first login.
pub(crate) type Deliveries = watch::Receiver<Option<Delivery>>;

/// The ways to and from what logs in.
pub(crate) struct Channels {
    /// The tokens that it gets.
    pub logins: Logins,
    /// What it has for the sinks.
    pub deliveries: Deliveries,
    /// Doubts about a token.
    pub suspicions: Suspicions,
}

/// The other ends of [`Channels`].
pub(crate) struct Ends {
    pub(crate) publish: watch::Sender<Option<Arc<Login>>>,
    pub(crate) deliver: watch::Sender<Option<Delivery>>,
    pub(crate) suspicions: mpsc::Receiver<u64>,
}

impl Channels {
    /// Channels on which nothing has been said.
    pub(crate) fn new() -> (Self, Ends) {
        let (publish, logins) = watch::channel(None);
        let (deliver, deliveries) = watch::channel(None);
        // One slot: a second suspicion says nothing new.
        let (suspicion, suspicions) = mpsc::channel(1);
        let channels = Self {
            logins,
            deliveries,
            suspicions: suspicion,
        };
        let ends = Ends {
            publish,
            deliver,
            suspicions,
        };
        (channels, ends)
    }
}
