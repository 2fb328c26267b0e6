//! Vault as a store.
//!
//! ```text
//! store's spec ─ connect ─▶ Way (address, trust, login) ─ Pool ─▶ Session ─▶ VaultStore: get, find
//!                  │                                        │         └─ a Driver keeps its token
//!                  └─ References: Secrets, ConfigMaps        └─ one for each identity
//! ```
//!
//! Stores with the same server and the same credentials are one identity: they share a connection, a
//! token that is kept alive, and reads.

mod asker;
mod connect;
mod identity;
mod login;
mod method;
mod pool;
mod session;
mod store;
mod turns;

pub(crate) use asker::Asker;
pub(crate) use connect::{Way, is_referent};
pub(crate) use pool::Pool;
pub(crate) use session::Session;
pub(crate) use store::{IfThere, Payload, VaultStore};
