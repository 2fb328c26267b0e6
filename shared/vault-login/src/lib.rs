//! Vault's auth methods: what each shows to Vault, and where it has that from.
//!
//! ```text
//! method block ─▶ Method ─▶ files, metadata servers, tokens of Kubernetes ─▶ login ─▶ Granted
//!                   └─▶ Credentials: has one of these files changed?
//! ```
//!
//! What holds for all methods:
//!
//! * Credentials rotate, so each login reads them afresh. What must be kept, because its file is removed
//!   or a second look at it is impossible, lies in memory that is wiped.
//! * A login is tried once. When to log in, and when again, is decided by the caller of
//!   [`Method::login`].
//! * When Vault says no, the error names the setting to check and what this process really is: whom its
//!   token is for, which key signed.
//! * No error, no log line and no `Debug` shows a credential.
//!
//! The method is a `method` block that was checked by
//! [`contract::agent_config::check`]; variables of the environment come in as [`Variables`].
//!
//! ```
//! use std::collections::BTreeMap;
//! use contract::agent_config::{AutoAuth, check};
//! use vault_login::Method;
//!
//! let block = r#"{"method": {"type": "kubernetes", "config": {"role": "app"}}}"#;
//! let auto_auth: AutoAuth = serde_json::from_str(block)?;
//! let method = Method::new(check::login(&auto_auth)?, &BTreeMap::new())?;
//! assert_eq!(method.identity(), "kubernetes auth/kubernetes app");
//! let principal = method.principal().expect("a login with a role is somebody");
//! assert_eq!(principal.shown_by.as_deref(), Some("vault read auth/kubernetes/role/app"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![deny(missing_docs)]

mod authenticate;
mod credentials;
mod error;
mod hint;
mod method;
mod principal;
mod variables;

pub use authenticate::{Authenticate, LoggingIn};
pub use credentials::Credentials;
pub use error::LoginError;
pub use method::{Method, SetupError};
pub use principal::Principal;
pub use variables::Variables;
