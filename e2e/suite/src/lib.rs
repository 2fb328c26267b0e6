//! What the scenarios of the end-to-end tests stand on: real processes on loopback, each owned by
//! the value that started it and ended with it.
//!
//! ```text
//! Lab ─┬─ Server ── dev-vault in this process, or a Vault binary with its own files
//!      ├─ TokenReview ── the one question that kubernetes auth asks an API server
//!      ├─ Postgres ── a private cluster, only where credentials have to open a session
//!      └─ Agent ── the built `vault-agent`, its log and the files it writes
//!
//! Scene ─── Kubectl ── a real cluster, furnished by the guide's own commands
//! ```
//!
//! A [`Lab`]'s scenario is written once and runs against either [`Backend`], so that the stand-in is
//! held to what the real server does. A [`Scene`]'s runs in a cluster, and sees what a user of
//! kubectl sees. Nothing here waits for an amount of time: everything waits for a
//! condition ([`Story::until`], [`process::Process::line`]) and fails at a deadline, saying what it saw last.

mod admin;
mod agent;
mod binary;
mod cluster;
mod files;
mod lab;
mod postgres;
pub mod process;
mod programs;
mod server;
mod story;
mod token_review;

pub use admin::{Admin, Answer};
pub use agent::Agent;
pub use cluster::kubectl::{Kubectl, Said};
pub use cluster::scene::{Scene, Turn};
pub use cluster::workload;
pub use lab::{
    DATABASE_TEMPLATE, DbCredentials, GUIDE_SECRET, GUIDE_TEMPLATE, Lab, ROLE, SERVICE_ACCOUNT,
};
pub use postgres::Postgres;
pub use programs::program;
pub use server::{Backend, Server};
pub use story::{DEADLINE, Patience, Story};
pub use token_review::{ServiceAccount, TokenReview};
