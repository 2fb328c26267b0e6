//! Service-account tokens as a cluster would issue them.

use std::time::Duration;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::json;

use crate::ids;

/// The issuer and default audience of a cluster that nobody configured otherwise.
pub(crate) const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";

/// A cluster's signing key: mints tokens for service accounts (ES256).
#[derive(Debug)]
pub struct ServiceAccountKeys {
    pair: EcdsaKeyPair,
}

impl ServiceAccountKeys {
    /// Makes a new key.
    ///
    /// # Panics
    /// When the system gives no random bytes.
    pub fn generate() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .expect("aws-lc must make a P-256 key");
        Self { pair }
    }

    /// What Vault needs to check the tokens (`pem_keys` of the auth method's configuration).
    ///
    /// # Panics
    /// Never: a public key has a DER form.
    pub fn public_key_pem(&self) -> String {
        let der: PublicKeyX509Der<'_> = self
            .pair
            .public_key()
            .as_der()
            .expect("a public key must have a DER form");
        let text = STANDARD.encode(der.as_ref());
        let lines: Vec<&str> = text
            .as_bytes()
            .chunks(64)
            .filter_map(|line| std::str::from_utf8(line).ok())
            .collect();
        format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            lines.join("\n")
        )
    }

    /// A token for a service account, valid from now for `ttl`. Without audiences it gets the
    /// cluster's own.
    pub fn mint(&self, namespace: &str, name: &str, audiences: &[&str], ttl: Duration) -> String {
        self.mint_at(namespace, name, audiences, Timestamp::now(), ttl)
    }

    /// A token that was issued at `issued`.
    pub fn mint_at(
        &self,
        namespace: &str,
        name: &str,
        audiences: &[&str],
        issued: Timestamp,
        ttl: Duration,
    ) -> String {
        let audiences = if audiences.is_empty() {
            &[ISSUER]
        } else {
            audiences
        };
        let claims = json!({
            "iss": ISSUER,
            "sub": format!("system:serviceaccount:{namespace}:{name}"),
            "aud": audiences,
            "iat": issued.as_second(),
            "nbf": issued.as_second(),
            "exp": (issued + ttl).as_second(),
            "jti": ids::uuid(),
            "kubernetes.io": {
                "namespace": namespace,
                "serviceaccount": { "name": name, "uid": ids::uuid() },
            },
        });
        self.sign(&claims)
    }

    fn sign(&self, claims: &serde_json::Value) -> String {
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!(
            "{}.{}",
            part(&json!({ "alg": "ES256", "typ": "JWT" })),
            part(claims)
        );
        let signature = self
            .pair
            .sign(&SystemRandom::new(), message.as_bytes())
            .expect("a P-256 key must sign");
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}
