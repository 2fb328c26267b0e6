//! Reading a token that somebody signed, and checking its times.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::crypto::{Crypto, Signed};
use crate::pem;

/// A token is not accepted, or a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// Not three parts of base64 with JSON in them.
    #[error("error parsing token: malformed")]
    Malformed,
    /// Neither ES256 nor RS256.
    #[error("unsupported signing algorithm")]
    Algorithm,
    /// None of the keys made the signature.
    #[error("no known key successfully validated the token signature")]
    Signature,
    /// Its time has passed.
    #[error("invalid expiration time (exp) claim: token is expired")]
    Expired,
    /// Its time has not come.
    #[error("invalid not before (nbf) claim: token not yet valid")]
    TooEarly,
    /// Not a service account's.
    #[error("error retrieving 'kubernetes.io' claims")]
    NotServiceAccount,
    /// Not a PEM public key.
    #[error("not a PEM public key")]
    Key,
}

/// A public key that signatures are checked against.
#[derive(Debug, Clone)]
pub struct PublicKey {
    der: Arc<[u8]>,
}

impl PublicKey {
    /// Reads a `PUBLIC KEY` PEM block.
    pub fn from_pem(pem: &str) -> Result<Self, JwtError> {
        let mut blocks = pem::read(pem, "PUBLIC KEY").ok_or(JwtError::Key)?;
        if blocks.is_empty() {
            return Err(JwtError::Key);
        }
        Ok(Self {
            der: blocks.swap_remove(0).into(),
        })
    }

    /// `SubjectPublicKeyInfo` in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }
}

/// Who a token is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServiceAccount {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) issuer: String,
    pub(crate) audiences: Vec<String>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
}

#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    iss: String,
    #[serde(default)]
    aud: Audience,
    #[serde(rename = "kubernetes.io")]
    kubernetes: Option<Kubernetes>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Default for Audience {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

#[derive(Deserialize)]
struct Kubernetes {
    namespace: String,
    serviceaccount: Account,
}

#[derive(Deserialize)]
struct Account {
    name: String,
    #[serde(default)]
    uid: String,
}

/// Has the signature of `token` checked, checks its times at `now`, and gives its claims.
pub(crate) fn claims(
    token: &str,
    keys: &[PublicKey],
    crypto: &dyn Crypto,
    now: Timestamp,
) -> Result<Value, JwtError> {
    let (message, signature) = token.rsplit_once('.').ok_or(JwtError::Malformed)?;
    let (header, payload) = message.split_once('.').ok_or(JwtError::Malformed)?;
    let header: Header = part(header)?;
    let signature = URL_SAFE_NO_PAD
        .decode(signature)
        .map_err(|_| JwtError::Malformed)?;
    let signed = Signed {
        algorithm: &header.alg,
        message: message.as_bytes(),
        signature: &signature,
    };
    crypto.check(&signed, keys)?;
    let claims: Value = part(payload)?;
    let time = |name: &str| claims[name].as_i64();
    if time("exp").is_some_and(|exp| exp <= now.as_second()) {
        return Err(JwtError::Expired);
    }
    if time("nbf").is_some_and(|nbf| nbf > now.as_second()) {
        return Err(JwtError::TooEarly);
    }
    Ok(claims)
}

/// Checks a service account's `token` against `keys` at `now`.
pub(crate) fn verify(
    token: &str,
    keys: &[PublicKey],
    crypto: &dyn Crypto,
    now: Timestamp,
) -> Result<ServiceAccount, JwtError> {
    let claims: Claims = serde_json::from_value(claims(token, keys, crypto, now)?)
        .map_err(|_| JwtError::Malformed)?;
    let kubernetes = claims.kubernetes.ok_or(JwtError::NotServiceAccount)?;
    Ok(ServiceAccount {
        namespace: kubernetes.namespace,
        name: kubernetes.serviceaccount.name,
        uid: kubernetes.serviceaccount.uid,
        issuer: claims.iss,
        audiences: match claims.aud {
            Audience::One(audience) => vec![audience],
            Audience::Many(audiences) => audiences,
        },
    })
}

fn part<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, JwtError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| JwtError::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| JwtError::Malformed)
}

#[cfg(test)]
mod tests;
