//! Where a secret stands, and why.

use std::sync::Arc;

use vault_wire::kv::Mount;

use crate::call::CallId;
use crate::cause::Cause;
use crate::lifetime::Lifetime;
use crate::login::Login;
use crate::time::Instant;

/// Where a secret stands.
pub(crate) enum Stage {
    /// There was no login yet.
    Unasked,
    /// The driver looks up what an earlier process left.
    Recalling(CallId),
    /// It waits for its turn to be read.
    Queued {
        due: Instant,
    },
    /// Another secret looks up its mount.
    Parked,
    /// A request is under way.
    Asking(Asking),
    BackingOff {
        until: Instant,
        cause: Cause,
    },
    /// The value is fresh; for good if there is no end.
    Holding {
        until: Option<Instant>,
    },
    /// The value is fresh as long as its lease is renewed.
    Leased {
        lifetime: Lifetime,
        renewal: Renewal,
    },
    /// No try helps.
    Refused,
}

/// A read under way.
#[derive(Clone)]
pub(crate) struct Asking {
    pub(crate) call: CallId,
    pub(crate) step: Step,
    pub(crate) login: Arc<Login>,
    pub(crate) path: Arc<str>,
    pub(crate) mount: Option<Arc<Mount>>,
    /// The circuit breaker was closed when it began.
    pub(crate) was_closed: bool,
}

/// The request of a read that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Mount,
    Metadata,
    Data,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Renewal {
    Sleeping {
        until: Instant,
        /// Why, after a failure.
        cause: Option<Cause>,
    },
    /// It waits for its turn.
    Queued,
    Asking(CallId),
}
