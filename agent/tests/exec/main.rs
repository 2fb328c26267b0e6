//! Exec mode: the built program as the supervisor of real programs, against dev-vault.
//!
//! In a process of its own each, because a supervisor waits for all children of its process. Nothing
//! sleeps for a fixed time: each step waits for what it expects, with a deadline.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "all of this is test code, its helpers too"
)]

mod restarting;
mod starting;
mod stopping;
mod support;
