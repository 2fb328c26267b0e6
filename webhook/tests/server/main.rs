//! The server on a loopback port, over real TLS.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod answers;
mod attacks;
mod certificates;
mod connections;
mod harness;
mod limits;
mod shutdown;
