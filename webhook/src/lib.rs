//! The mutating admission webhook: gives pods that ask for it an agent that fetches their secrets.
//!
//! ```text
//! bytes ─► server ─► injection (pure) ─► bytes
//!             ▲          ▲
//!            tls      settings ◄─ cli
//! ```
//!
//! * [`injection`]: from the bytes of a review to the bytes of its answer, a crate of its own.
//! * [`serve`]: from the start to the signal that ends it.
//! * [`server`], [`tls`], [`metrics`], [`background`], [`shutdown`]: the process around it.
//! * [`cluster`]: the API server: certificate, registration, election, version.
//! * [`commands`]: the same function over files, for people and pipelines.
//! * [`cli`]: flags and environment variables become a [`cli::Configuration`].

pub mod background;
pub mod cli;
pub mod cluster;
pub mod commands;
pub mod log;
pub mod metrics;
pub mod serve;
pub mod server;
pub mod shutdown;
pub mod tls;
