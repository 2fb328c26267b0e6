//! Vault secrets as files, kept right: log in, fetch, render, renew, refresh.
//!
//! ```text
//! Settings ─▶ Driver ─▶ Store ─▶ Renderer ─▶ file ─▶ command
//!               │  (of the engine)    (each template on its own)
//!               └─▶ sinks
//! ```
//!
//! * [`config`] turns a configuration into [`config::Settings`], once;
//! * `auth` tells who hears of logins, whose methods are the crate `vault-login`;
//! * `driver` does what the engine (the crate `vault-engine`) decides: logins, reads, renewals;
//! * `store` keeps every secret that is asked for;
//! * `render` renders a template when its secrets are there, and again when they change;
//! * `state` keeps token and answers for the next process, `vault-client` the way to Vault.
//!
//! Everything runs on one thread. Secrets, tokens and rendered text never appear in logs or errors.

mod auth;
mod cli;
mod command;
pub mod commands;
pub mod config;
mod driver;
mod dry_run;
mod environment;
mod exec;
pub mod exit;
mod home;
mod listener;
pub mod log;
mod own_secrets;
mod placed;
mod proxy;
mod random;
pub mod ready;
pub mod reload;
mod render;
mod runtime;
mod signals;
mod sink;
mod state;
pub mod status;
mod store;

pub use dry_run::dry_run;
pub use runtime::{run, run_with_reload};
