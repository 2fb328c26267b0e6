//! What programs that talk to Kubernetes have in common.
//!
//! ```text
//! Access ─▶ connect() ─▶ Client ─┬─▶ call(): a deadline, and an error in words
//!                                └─▶ Elector: a Lease, and whether this replica leads
//! Queue: what a controller looks at next
//! ```
//!
//! Every call has a deadline, and none is tried again here: those who ask have a pace of their own.
//! The feature `fake` has an API server in memory, for tests.
//!
//! ```
//! use kube_support::Access;
//!
//! let access = Access { in_cluster: true, ..Access::default() };
//! assert!(access.is_given());
//! assert!(!Access::default().is_given(), "neither a pod nor a kubeconfig");
//! ```
#![deny(missing_docs)]

mod access;
mod call;
#[cfg(any(test, feature = "fake"))]
pub mod fake;
mod lease;
mod queue;

pub use access::{Access, ConnectError, connect};
pub use call::{CallError, call, call_opt};
pub use lease::{Elector, Names, unopposed};
pub use queue::{Queue, Urgency};
