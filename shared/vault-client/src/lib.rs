//! The Vault and OpenBao HTTP API, as far as an agent needs it. What answers mean is in `vault-wire`.
//!
//! ```text
//! ClientConfig ─▶ Client ─▶ with_token(&Token) ─▶ Session ─▶ read, list, write, renew, revoke
//!                   ├─▶ login, health                             │
//!                   └─▶ forward                  Response { lease, auth, data } or Error
//! ```
//!
//! What holds everywhere:
//!
//! * The token is never part of the client: it comes with each [`Session`], so its owner can swap
//!   it at any time.
//! * Tokens and bodies live in memory that is wiped when dropped, and never show in `Debug` or in
//!   an error.
//! * Data stays JSON text ([`JsonText`](vault_wire::JsonText)): a number that Vault wrote as `1.10` is still `1.10` for a
//!   template.
//! * An answer that is larger than a secret can be, or holds more values, is an error; messages of an
//!   error are short, without what the request has sent, and do nothing to a terminal.
//! * Every request ends: with an answer, an error, or at the deadline of [`ClientConfig::timeout`].
//! * Nothing here decides when to renew or to log in again; errors say what they are and the caller
//!   decides.
//!
//! `X-Vault-Request: true` goes with every request, `X-Vault-Namespace` when a namespace is
//! configured. Writes are `PUT`, lists are `GET ?list=true`. One redirect is followed, see
//! [`ClientConfig`].
#![deny(missing_docs)]

mod body;
mod client;
mod config;
mod connection;
mod hint;
mod proxy;
mod rate;
#[cfg(feature = "foreign")]
mod reach;
mod redirect;
mod retry;
mod tls;

pub use body::{Body, BodyError};
pub use client::{Client, Forward, ForwardBody, Forwarded, Session};
#[cfg(feature = "foreign")]
pub use config::ClientIdentity;
pub use config::{ClientConfig, ConfigError, addresses, check_addresses};
pub use connection::{Connection, RequestCounts};
pub use proxy::{InvalidProxyAddress, ProxyAddress};
pub use rate::{RateLimit, RateLimitError};
