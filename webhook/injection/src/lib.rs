//! What becomes of a pod: from the bytes of a review to the bytes of its answer, with no input or
//! output and no clock.
//!
//! ```text
//! bytes ─► admission ─► inject ─► operations ─► admission ─► bytes
//!                         ▲
//!                      settings
//! ```
//!
//! Inside `inject` each step is a module that imports only those before it:
//!
//! ```text
//! vocabulary ─► settings ─► ask ─► shape ─┬► write
//!                                         └► warn
//! ```
//!
//! * [`admission`]: the review in, the review out; no policy.
//! * [`pod`]: the parts of a pod that matter here, read from the raw JSON and never written back.
//! * [`vocabulary`]: flavors, profiles, denials and warnings: the words of all the others.
//! * `ask`: annotations and settings to what the pod asks for.
//! * `shape`: what it asks for to containers, volumes and the agent's configuration.
//! * `write`: these to operations, in their places.
//! * `warn`: what the user should know about all of it.
//! * [`inject`]: the order of these steps: from pod and [`settings`] to a decision.
//! * [`kubernetes`]: versions, and what follows from them for a pod.
//! * [`workload`]: what the pods of a Deployment and its kin will be told.
//!
//! It is a crate of its own because it is built for speed: every pod's creation waits for it.

pub mod admission;
mod ask;
pub mod inject;
pub mod kubernetes;
pub mod pod;
pub mod settings;
mod shape;
pub mod vocabulary;
mod warn;
pub mod workload;
mod write;

pub use inject::{Decision, Outcome, decide};
pub use settings::Settings;
