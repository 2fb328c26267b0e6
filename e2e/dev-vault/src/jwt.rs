//! Checking a service-account token's signature and times.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

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
pub(crate) struct PublicKey {
    /// `SubjectPublicKeyInfo`.
    der: Vec<u8>,
}

impl PublicKey {
    /// Reads a `PUBLIC KEY` PEM block.
    pub(crate) fn from_pem(pem: &str) -> Result<Self, JwtError> {
        let body = pem
            .split_once("-----BEGIN PUBLIC KEY-----")
            .and_then(|(_, rest)| rest.split_once("-----END PUBLIC KEY-----"))
            .map(|(body, _)| body.split_whitespace().collect::<String>())
            .ok_or(JwtError::Key)?;
        Ok(Self {
            der: STANDARD.decode(body).map_err(|_| JwtError::Key)?,
        })
    }

    fn verifies(
        &self,
        algorithm: &'static dyn VerificationAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        UnparsedPublicKey::new(algorithm, &self.der)
            .verify(message, signature)
            .is_ok()
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

/// Checks signature and times of `token` at `now`, and gives its claims.
pub(crate) fn claims(token: &str, keys: &[PublicKey], now: Timestamp) -> Result<Value, JwtError> {
    let (message, signature) = token.rsplit_once('.').ok_or(JwtError::Malformed)?;
    let (header, payload) = message.split_once('.').ok_or(JwtError::Malformed)?;
    let header: Header = part(header)?;
    let signature = URL_SAFE_NO_PAD
        .decode(signature)
        .map_err(|_| JwtError::Malformed)?;
    let algorithm: &'static dyn VerificationAlgorithm = match header.alg.as_str() {
        "ES256" => &ECDSA_P256_SHA256_FIXED,
        "RS256" => &RSA_PKCS1_2048_8192_SHA256,
        _ => return Err(JwtError::Algorithm),
    };
    if !keys
        .iter()
        .any(|key| key.verifies(algorithm, message.as_bytes(), &signature))
    {
        return Err(JwtError::Signature);
    }
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
    now: Timestamp,
) -> Result<ServiceAccount, JwtError> {
    let claims: Claims =
        serde_json::from_value(claims(token, keys, now)?).map_err(|_| JwtError::Malformed)?;
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
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ServiceAccountKeys;

    const HOUR: Duration = Duration::from_secs(3600);

    fn check(
        keys: &ServiceAccountKeys,
        token: &str,
        now: Timestamp,
    ) -> Result<ServiceAccount, JwtError> {
        verify(
            token,
            &[PublicKey::from_pem(&keys.public_key_pem()).unwrap()],
            now,
        )
    }

    #[test]
    fn a_minted_token_names_its_service_account() {
        let keys = ServiceAccountKeys::generate();
        let token = keys.mint("production", "api", &["vault"], HOUR);
        let account = check(&keys, &token, Timestamp::now()).unwrap();
        assert_eq!(
            (account.namespace.as_str(), account.name.as_str()),
            ("production", "api")
        );
        assert_eq!(account.audiences, ["vault"]);
    }

    #[test]
    fn a_token_of_another_key_or_with_other_claims_is_refused() {
        let keys = ServiceAccountKeys::generate();
        let token = ServiceAccountKeys::generate().mint("production", "api", &[], HOUR);
        assert_eq!(
            check(&keys, &token, Timestamp::now()),
            Err(JwtError::Signature)
        );
        let mine = keys.mint("production", "api", &[], HOUR);
        let others: Vec<&str> = token.split('.').collect();
        let parts: Vec<&str> = mine.split('.').collect();
        let mixed = format!("{}.{}.{}", parts[0], others[1], parts[2]);
        assert_eq!(
            check(&keys, &mixed, Timestamp::now()),
            Err(JwtError::Signature)
        );
    }

    #[test]
    fn a_token_is_good_only_in_its_time() {
        let keys = ServiceAccountKeys::generate();
        let issued = Timestamp::now();
        let token = keys.mint_at("production", "api", &[], issued, HOUR);
        assert_eq!(check(&keys, &token, issued + HOUR), Err(JwtError::Expired));
        assert_eq!(check(&keys, &token, issued - HOUR), Err(JwtError::TooEarly));
    }

    #[test]
    fn an_unsigned_token_is_refused() {
        let keys = ServiceAccountKeys::generate();
        let none = format!(
            "{}.{}.",
            URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#),
            URL_SAFE_NO_PAD.encode("{}")
        );
        assert_eq!(
            check(&keys, &none, Timestamp::now()),
            Err(JwtError::Algorithm)
        );
        assert_eq!(
            check(&keys, "nonsense", Timestamp::now()),
            Err(JwtError::Malformed)
        );
    }
}
