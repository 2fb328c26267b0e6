//! A certificate made at start, for trying things out: an authority that lives as long as the
//! process, and a leaf that it signs.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use thiserror::Error;

use super::certified_key;

/// A pair that cannot be made.
#[derive(Debug, Error)]
pub enum SelfSignedError {
    #[error("cannot make a certificate for these hosts: {0}")]
    Make(#[from] rcgen::Error),
    #[error("cannot use the certificate that was made: {0}")]
    Use(#[from] rustls::Error),
}

/// A pair made at start.
#[derive(Debug)]
pub struct SelfSigned {
    pub pair: CertifiedKey,
    /// What clients have to trust: the `caBundle` of a webhook configuration.
    pub authority_pem: String,
}

impl SelfSigned {
    /// Makes a pair for `hosts`, DNS names or IP addresses.
    pub fn new(hosts: &[String]) -> Result<Self, SelfSignedError> {
        let authority_key = KeyPair::generate()?;
        let mut authority = CertificateParams::default();
        authority
            .distinguished_name
            .push(DnType::CommonName, "vault-injector CA");
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let authority_pem = authority.self_signed(&authority_key)?.pem();
        let issuer = Issuer::new(authority, authority_key);

        let leaf_key = KeyPair::generate()?;
        let mut leaf = CertificateParams::new(hosts)?;
        leaf.distinguished_name
            .push(DnType::CommonName, "vault-injector");
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.use_authority_key_identifier_extension = true;
        let certificate = leaf.signed_by(&leaf_key, &issuer)?;

        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(leaf_key.serialize_der()));
        let pair = certified_key(vec![certificate.der().clone()], key, &default_provider())?;
        Ok(Self {
            pair,
            authority_pem,
        })
    }
}
