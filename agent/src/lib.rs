//! Vault secrets as files, kept right: log in, fetch, render, renew, refresh.
//!
//! ```text
//! Settings ─▶ Authenticator ─▶ Store ─▶ Renderer ─▶ file ─▶ command
//!                  │  (token)    (one task a secret)  (each template on its own)
//!                  └─▶ sinks
//! ```
//!
//! * [`config`] turns a configuration into [`config::Settings`], once;
//! * [`auth`] publishes the current token and replaces it in time;
//! * [`store`] keeps every secret that is asked for, each by a task of its own;
//! * [`render`] renders a template when its secrets are there, and again when they change;
//! * [`state`] keeps token and answers for the next process, [`connection`] the way to Vault;
//! * [`schedule`] decides when all of that happens: pure functions, without clock or server.
//!
//! Everything runs on one thread. Secrets, tokens and rendered text never appear in logs or errors.

pub mod auth;
pub mod cli;
pub mod command;
pub mod config;
pub mod connection;
mod dry_run;
pub mod exec;
pub mod exit;
pub mod home;
mod leave;
pub mod listener;
pub mod log;
mod own_secrets;
mod placed;
pub mod proxy;
pub mod ready;
pub mod reload;
pub mod render;
mod runtime;
pub mod schedule;
pub mod signals;
pub mod sink;
pub mod state;
pub mod status;
pub mod store;

pub use dry_run::dry_run;
pub use runtime::{run, run_with_reload};
