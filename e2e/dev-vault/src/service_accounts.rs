//! Service-account tokens as a cluster would issue them.

use std::time::Duration;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::json;
use vault_model::ServiceAccountToken;

use crate::random;

/// A cluster's signing key: mints tokens for service accounts.
#[derive(Debug)]
pub struct ServiceAccountKeys {
    pair: Pair,
}

#[derive(Debug)]
enum Pair {
    /// ES256.
    P256(EcdsaKeyPair),
    /// RS256, which most clusters use.
    Rsa(RsaKeyPair),
}

impl ServiceAccountKeys {
    /// Makes a new key for ES256.
    ///
    /// # Panics
    /// When the system gives no random bytes.
    pub fn generate() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .expect("aws-lc must make a P-256 key");
        Self {
            pair: Pair::P256(pair),
        }
    }

    /// Makes a new key for RS256. That takes a moment.
    ///
    /// # Panics
    /// When the system gives no random bytes.
    pub fn generate_rsa() -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("aws-lc must make an RSA key");
        Self {
            pair: Pair::Rsa(pair),
        }
    }

    /// What Vault needs to check the tokens (`pem_keys` of the auth method's configuration).
    ///
    /// # Panics
    /// Never: a public key has a DER form.
    pub fn public_key_pem(&self) -> String {
        let der: Result<PublicKeyX509Der<'_>, _> = match &self.pair {
            Pair::P256(pair) => pair.public_key().as_der(),
            Pair::Rsa(pair) => pair.public_key().as_der(),
        };
        let der = der.expect("a public key must have a DER form");
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
        let token = ServiceAccountToken {
            namespace,
            name,
            audiences,
            issued,
            ttl,
        };
        let claims = token.claims(&random::id(), &random::id());
        self.sign(&claims)
    }

    fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::P256(_) => "ES256",
            Pair::Rsa(_) => "RS256",
        }
    }

    fn sign(&self, claims: &serde_json::Value) -> String {
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!(
            "{}.{}",
            part(&json!({ "alg": self.algorithm(), "typ": "JWT" })),
            part(claims)
        );
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::P256(pair) => pair
                .sign(&random, message.as_bytes())
                .expect("a P-256 key must sign")
                .as_ref()
                .to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(
                    &RSA_PKCS1_SHA256,
                    &random,
                    message.as_bytes(),
                    &mut signature,
                )
                .expect("an RSA key must sign");
                signature
            }
        };
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
