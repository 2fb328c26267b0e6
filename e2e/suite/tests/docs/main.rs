//! The documentation is true: its commands are run by a test or marked as needing what is the user's, its
//! links lead somewhere, and the words that it quotes are the product's.
// The helpers of a test are test code too.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

mod commands;
mod links;
mod manifests;
mod pages;
mod pipeline;
mod transcript;
mod words;
