//! A Vault response as a template sees it.

use std::fmt;

/// A Vault response: `RequestID LeaseID LeaseDuration Renewable Data Warnings Auth WrapInfo`.
pub struct Secret {
    _private: (),
}

/// A body that is no Vault response. Says where, never what.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a Vault response: {reason}")]
pub struct SecretError {
    pub(crate) reason: String,
}

impl Secret {
    /// Reads Vault's JSON body. Numbers below `data` keep their literal text.
    pub fn from_response(body: &[u8]) -> Result<Self, SecretError> {
        let _ = body;
        Err(SecretError {
            reason: String::from("unsupported"),
        })
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
