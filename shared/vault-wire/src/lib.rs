//! What Vault and OpenBao are asked and what they answer, as types: no HTTP, no clock.
//!
//! ```text
//! status, headers, body ─▶ Reply ─┬─▶ Response { lease, auth, data } ─▶ kv, leases, tokens
//!                                 └─▶ Error: what failed, and what follows from it
//! ```
//!
//! What holds everywhere:
//!
//! * Tokens and bodies live in memory that is wiped when dropped, and never show in `Debug` or in
//!   an error.
//! * Data stays JSON text ([`JsonText`]): a number that Vault wrote as `1.10` is still `1.10` for a
//!   template.
//! * Messages of an error are short, without what the request has sent, and do nothing to a terminal.
//! * Nothing here decides when to renew or to log in again; errors classify themselves and the caller
//!   decides.
//!
//! ```
//! use vault_wire::{JsonText, Response};
//!
//! let body = r#"{"lease_id": "database/creds/app/1", "lease_duration": 60, "renewable": true,
//!                "data": {"username": "v-app"}}"#;
//! let response = Response::from_body(JsonText::new(body.to_owned()))?;
//! let lease = response.lease.expect("the answer has a lease");
//! assert_eq!((lease.id.as_str(), lease.duration.as_secs()), ("database/creds/app/1", 60));
//! # Ok::<(), vault_wire::ResponseError>(())
//! ```

#![deny(missing_docs)]

mod error;
mod json;
pub mod kv;
mod path;
mod reply;
mod response;
mod retry_after;
mod sent;
mod text;
mod token;

pub use error::{Error, RequestLine, is_retryable_status};
pub use json::{JsonError, JsonText};
pub use path::{decoded as decoded_path, refusal as path_refusal};
pub use reply::Reply;
pub use response::{
    Auth, Granted, Health, Lease, LeaseId, Response, ResponseError, TokenInfo, WrapInfo,
};
pub use retry_after::retry_after;
pub use sent::Sent;
pub use text::{redacted, shortened, visible};
pub use token::{InvalidToken, Token};
