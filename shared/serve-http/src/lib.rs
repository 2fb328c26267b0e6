//! HTTP on the listener of [`serve_tls`], for webhooks: what a client may send, and for how long.
//!
//! ```text
//! Bound ─▶ serve ─▶ connection (HTTP/1.1 or HTTP/2) ─▶ Router ─▶ body::read
//! ```
//!
//! Each request carries the [`Connection`](serve_tls::Connection) that it came on, so that a handler
//! can count the memory and the processors that it uses.
#![deny(missing_docs)]

pub mod body;
mod bound;
mod deadline;
mod http;

pub use bound::Bound;
pub use deadline::deadline;
