//! A stand-in for a Vault server, for the demo and for tests. **Not for production**: everything is
//! kept in memory, nothing is encrypted, and whoever reaches the port can change time.
//!
//! ```text
//! HTTP ─▶ http (decode) ─▶ faults, log ─▶ State::handle ─▶ acl ─▶ sys, token, auth methods, engines
//! /dev ─▶ dev (switches) ───────▲──────────────▲ clock, seal, leases
//! ```
//!
//! It answers as Vault 1.21 does where an agent looks: statuses, shapes and messages. State is one
//! struct behind one lock that is never held across an await. Leases and tokens end when somebody
//! looks after their time, so a test that moves the clock sees the same as one that waits.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dev_vault::{Config, DevVault};
//! use serde_json::json;
//!
//! let vault = DevVault::start(Config::default()).await?;
//! vault.write("secret/data/app", &json!({ "data": { "user": "app" } }))?;
//! assert_eq!(vault.read("secret/data/app")?["data"]["data"]["user"], "app");
//! println!("VAULT_ADDR={} VAULT_TOKEN={}", vault.address(), vault.root_token());
//! # Ok(())
//! # }
//! ```

mod acl;
mod answer;
mod auth_methods;
mod clock;
mod database;
mod dev;
mod duration;
mod faults;
mod http;
mod ids;
mod jwt;
mod kubernetes;
mod kv;
mod leases;
mod pki;
mod random;
mod request;
mod server;
mod service_accounts;
mod state;
mod sys;
pub mod time;
mod tokens;
mod wrapping;

pub use answer::Refusal;
pub use clock::Clock;
pub use faults::{Fault, Latency, LoggedRequest};
pub use jwt::JwtError;
pub use leases::LeaseView;
pub use server::{ClientCertificates, Config, DevVault, StartError, TlsPair};
pub use service_accounts::ServiceAccountKeys;
