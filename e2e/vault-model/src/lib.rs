//! A Vault server as a state machine: `(now, request) → reply`, and nothing else.
//!
//! ```text
//! Model::handle(now, Request) ─▶ faults, counts ─▶ state ─▶ acl ─▶ sys, token, auth methods, engines ─▶ Reply
//! ```
//!
//! It answers as Vault 1.21 does where an agent looks: statuses, shapes and messages. It has no
//! clock, no random numbers, no sockets and no threads: leases and tokens end because a later `now`
//! comes in, and names follow from a seed. The same requests at the same times get the same replies,
//! byte for byte. What is slow or random by nature, signatures and certificates, stands behind
//! [`Crypto`]; [`Canned`] makes it up. As [`Product::OpenBao`] it has namespaces, and the texts of
//! refusals that this server has.
//!
//! A request costs a few microseconds, however many leases and tokens there are. The example `speed`
//! measures that.
//!
//! ```
//! use std::time::Duration;
//!
//! use serde_json::json;
//! use vault_model::{Config, Fault, Model, Request};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let start = "2030-01-01T00:00:00Z".parse()?;
//! let mut vault = Model::new(start, Config { seed: 7, ..Config::default() });
//! vault.write(start, "secret/data/app", &json!({ "data": { "user": "app" } }))?;
//! let policy = json!({ "policy": r#"path "secret/data/app" { capabilities = ["read"] }"# });
//! vault.write(start, "sys/policies/acl/app", &policy)?;
//! let made = vault.write(start, "auth/token/create", &json!({ "policies": "app", "ttl": "1h" }))?;
//! let token = made["auth"]["client_token"].as_str().unwrap_or_default();
//!
//! let read = Request::read("secret/data/app").with_token(token);
//! let reply = vault.handle(start, &read);
//! assert_eq!(reply.body.unwrap()["data"]["data"]["user"], "app");
//!
//! vault.add_fault(Fault::status("secret/", 429).times(1).retry_after("7"));
//! let reply = vault.handle(start, &read);
//! assert_eq!((reply.status, reply.retry_after.as_deref()), (429, Some("7")));
//!
//! let later = start + Duration::from_secs(3600);
//! assert_eq!(vault.handle(later, &read).status, 403);
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]

mod acl;
mod answer;
mod auth_methods;
mod by_name;
mod canned;
mod counts;
mod crypto;
mod database;
mod deadlines;
mod duration;
mod faults;
mod ids;
mod jwt;
mod kubernetes;
mod kv;
mod leases;
mod model;
mod namespaces;
mod pem;
mod pki;
mod product;
mod request;
mod service_account;
mod state;
mod sys;
mod tokens;
mod wrapping;

pub use answer::Refusal;
pub use canned::Canned;
pub use crypto::{Authority, Crypto, Issued, Signed, Subject};
pub use duration::parse as parse_duration;
pub use faults::{Fault, Faults};
pub use jwt::{JwtError, PublicKey};
pub use leases::LeaseView;
pub use model::{Config, Model, Reply};
pub use product::Product;
pub use request::{Operation, Request};
pub use service_account::ServiceAccountToken;
pub use tokens::TokenView;
