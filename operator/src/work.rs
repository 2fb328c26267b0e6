//! What there is to do, why, and what comes of it.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::names::{Name, StoreId};

/// An object that is reconciled.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    ExternalSecret(Name),
    Store(StoreId),
    ClusterExternalSecret(Name),
    PushSecret(Name),
}

/// What makes work.
#[derive(Debug)]
pub(crate) enum Trigger {
    /// An object is new.
    New(Key),
    /// An object, or something that it uses, has changed.
    Changed(Key),
    /// The same for several.
    Wake(BTreeSet<Key>),
    /// A store can be used again.
    StoreReady(StoreId),
    /// Somebody may be about to change an object further.
    Soon(Key),
}

/// How a reconcile ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Nothing is to be done before something changes.
    Settled,
    /// The object is reconciled again after this time.
    Again(Duration),
    /// It failed: the waits grow.
    Retry,
    /// It was overtaken by a change.
    Now,
}
