//! The mutating admission webhook: gives pods that ask for it an agent that fetches their secrets.
//!
//! ```text
//! bytes ─► admission ─► inject (pure) ─► operations ─► admission ─► bytes
//!             ▲            ▲
//!           server      settings ◄─ cli
//! ```
//!
//! * [`admission`]: the review in, the review out; no policy.
//! * [`pod`]: the parts of a pod that matter here, read from the raw JSON and never written back.
//! * [`inject`]: from pod and [`settings`] to a decision; no input or output, no clock.
//! * [`kubernetes`]: versions, and what follows from them for a pod.
//! * [`workload`]: what the pods of a Deployment and its kin will be told.
//! * [`server`], [`tls`], [`metrics`], [`background`], [`shutdown`]: the process around it.
//! * [`cluster`]: the API server: certificate, registration, election, version.
//! * [`commands`]: the same function over files, for people and pipelines.
//! * [`cli`]: flags and environment variables become a [`cli::Configuration`].

pub mod admission;
pub mod background;
pub mod cli;
pub mod cluster;
pub mod commands;
pub mod inject;
pub mod kubernetes;
pub mod log;
pub mod metrics;
pub mod pod;
pub mod server;
pub mod settings;
pub mod shutdown;
pub mod tls;
pub mod workload;

pub use inject::{Decision, Outcome, decide};
pub use settings::Settings;
