//! Makes Kubernetes Secrets of what Vault or OpenBao holds: a drop-in for External Secrets Operator.
//!
//! ```text
//! watching ─▶ objects ─▶ controller ─┬─▶ store: is it what it says?
//!                                    └─▶ external_secret ─▶ provider (vault, fake) ─▶ Secret
//! webhook ─▶ admission: objects that make no sense are refused
//! ```

mod accepted;
mod admission;
mod cert_controller;
mod cli;
mod cluster_external_secret;
mod commands;
mod condition;
mod context;
mod controller;
mod crds;
mod endpoints;
mod events;
mod external_secret;
mod fault;
mod finalizers;
mod flags;
mod generator;
mod health;
mod log;
mod metrics;
mod names;
mod objects;
mod own_identity;
mod provider;
mod push_secret;
mod pushed;
mod references;
mod run;
mod selector;
mod signals;
mod store;
mod template;
mod vault;
mod verified;
mod watching;
mod webhook;
mod work;

pub use cli::run;
