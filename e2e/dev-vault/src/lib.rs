//! A stand-in for a Vault server, for the demo and for tests. **Not for production**: everything is
//! kept in memory, nothing is encrypted, and whoever reaches the port can change time.
//!
//! ```text
//! HTTP ─▶ http (decode) ─▶ faults, log ─▶ vault_model::Model ◀─ clock, crypto
//! /dev ─▶ dev (switches) ───────▲──────────────▲ seal, leases
//! ```
//!
//! What it answers is decided by the state machine `vault-model`, behind one lock that is never held
//! across an await; around it are HTTP, TLS, a clock, real signatures and certificates, and a seed
//! that nobody can guess. Started as OpenBao ([`Config::product`], `--product openbao`) it has
//! namespaces. Leases and tokens end when somebody looks after their time, so a test that moves the
//! clock sees the same as one that waits.
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

mod clock;
mod crypto;
mod dev;
mod faults;
mod http;
mod random;
mod server;
mod service_accounts;
pub mod time;

pub use clock::Clock;
pub use faults::{Latency, LoggedRequest};
pub use server::{ClientCertificates, Config, DevVault, StartError, TlsPair};
pub use service_accounts::ServiceAccountKeys;
pub use vault_model::{Fault, JwtError, LeaseView, Product, Refusal};
