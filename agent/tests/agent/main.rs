//! The agent against dev-vault, in one process: what users see, from configuration to file.
//!
//! Time is real here, because sockets and commands do not follow a paused clock; intervals and lives
//! are short instead. Nothing sleeps for a fixed time: each step waits for what it expects.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "all of this is test code, its helpers too"
)]

mod authentication;
mod browsers;
mod budget;
mod caching;
mod configurations;
mod crowds;
mod dry_run;
mod failures;
mod front;
mod handlebars;
mod handover;
mod homes;
mod leaving;
mod listeners;
mod logins;
mod mounts;
mod names;
mod namespaces;
mod neighbors;
mod proxies;
mod proxy;
mod reloaded;
mod reloading;
mod rendering;
mod secrets;
mod seeing;
mod sinks;
mod support;
mod tls;
mod trouble;
mod veil;
mod waiting;
