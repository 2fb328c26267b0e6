//! What goes over the wire, against a server that follows a script.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod errors;
mod forwarding;
mod redirects;
mod requests;
mod retries;
mod script;
