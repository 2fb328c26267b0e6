//! The Helm chart, rendered by Helm itself: `make test` builds it from its Go module and names it in
//! `HELM_BIN`. With `UPDATE_DOCS=1` the tests write what is generated, instead of comparing it.
// The helpers of a test are test code too.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout
)]

mod effects;
mod generated;
mod helm;
mod monitoring;
mod notes;
mod operator;
mod policy;
mod promises;
mod rendered;
mod schema;
mod values;
