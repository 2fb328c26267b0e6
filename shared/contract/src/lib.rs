//! What the webhook writes and the agent reads, in one place.
//!
//! * [`annotations`]: the table of the pod annotations; parsing, detection of unknown keys and the
//!   reference page all come from it.
//! * [`agent_config`]: the agent's configuration as types, with the JSON keys of Vault Agent.
//! * [`diagnostics`]: the code of every message, what it means and what to do.
//! * [`duration`]: Go's durations.
//! * [`values`]: the other scalar grammars that annotations, flags and variables share.
//! * [`names`]: names and paths that both sides have to agree on.
//!
//! The crate does no input or output and knows neither Kubernetes nor Vault clients.
#![deny(missing_docs)]

pub mod agent_config;
pub mod annotations;
pub mod diagnostics;
pub mod duration;
pub mod names;
pub mod values;

pub use agent_config::AgentConfig;
pub use duration::GoDuration;
