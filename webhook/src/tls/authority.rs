//! Our own certificate authority, and the leaves that it signs.
//!
//! An authority lives for a year and is replaced three months before its end; a leaf lives for a
//! day and is replaced eight hours before. So there is time to repair whatever keeps them from
//! being replaced.

use std::fmt;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData as _,
};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use thiserror::Error;
use zeroize::Zeroizing;

use super::certificate::{Certificate, NoCertificate};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long an authority is valid.
pub(super) const AUTHORITY_LIFETIME: Duration = DAY.saturating_mul(365);
/// What an authority has left when the next one is made.
const AUTHORITY_RESERVE: Duration = DAY.saturating_mul(90);
/// How long a leaf is valid.
pub const LEAF_LIFETIME: Duration = DAY;
/// What a leaf has left when the next one is signed.
pub const LEAF_RESERVE: Duration = Duration::from_secs(8 * 60 * 60);

/// The clocks of a cluster differ: everything is valid a little earlier than it is made.
const BACKDATE: Duration = Duration::from_secs(5 * 60);

/// An authority that cannot be made or read, or a leaf that it cannot sign.
#[derive(Debug, Error)]
pub enum AuthorityError {
    #[error("cannot make a certificate: {0}")]
    Make(#[source] rcgen::Error),
    /// The cause is left out: it might tell of the key.
    #[error("the authority's key cannot be read")]
    Key,
    #[error("the authority's certificate cannot be read: {0}")]
    Certificate(#[from] NoCertificate),
    #[error("the authority's certificate and key do not go together")]
    Pair,
    #[error("cannot use the certificate that was made: {0}")]
    Use(#[from] rustls::Error),
}

/// A certificate authority: a certificate, and the key that goes with it.
pub struct Authority {
    certificate: Certificate,
    key: KeyPair,
}

/// A pair to serve.
#[derive(Debug)]
pub struct Leaf {
    pub pair: CertifiedKey,
    pub not_after: Timestamp,
}

impl Authority {
    /// Makes an authority that is valid from `now` on.
    pub fn generate(now: Timestamp) -> Result<Self, AuthorityError> {
        let key = KeyPair::generate().map_err(AuthorityError::Make)?;
        let mut authority = CertificateParams::default();
        authority
            .distinguished_name
            .push(DnType::CommonName, "vault-injector CA");
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        authority.not_before = system(now, BACKDATE, Duration::ZERO).into();
        authority.not_after = system(now, Duration::ZERO, AUTHORITY_LIFETIME).into();
        let made = authority.self_signed(&key).map_err(AuthorityError::Make)?;
        Ok(Self {
            certificate: Certificate::from_der(made.der().clone())?,
            key,
        })
    }

    /// Reads an authority as it was kept.
    pub fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Self, AuthorityError> {
        let der = CertificateDer::from_pem_slice(certificate).map_err(|_| NoCertificate)?;
        let certificate = Certificate::from_der(der.into_owned())?;
        let key = std::str::from_utf8(key)
            .ok()
            .and_then(|key| KeyPair::from_pem(key).ok())
            .ok_or(AuthorityError::Key)?;
        if !certificate.is_of(&key.subject_public_key_info()) {
            return Err(AuthorityError::Pair);
        }
        Ok(Self { certificate, key })
    }

    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The key, to be kept.
    pub fn key_pem(&self) -> Zeroizing<String> {
        Zeroizing::new(self.key.serialize_pem())
    }

    /// When the authority was made.
    pub fn made(&self) -> Timestamp {
        self.certificate.not_before() + BACKDATE
    }

    /// Whether it is time for the next one.
    pub fn is_due(&self, now: Timestamp) -> bool {
        now + AUTHORITY_RESERVE >= self.certificate.not_after()
    }

    /// Signs a pair for `hosts`, DNS names or IP addresses. It never outlives the authority.
    pub fn sign(&self, hosts: &[String], now: Timestamp) -> Result<Leaf, AuthorityError> {
        self.sign_for(hosts, now, LEAF_LIFETIME)
    }

    /// As [`Authority::sign`], for a pair that nobody renews.
    pub fn sign_for(
        &self,
        hosts: &[String],
        now: Timestamp,
        lifetime: Duration,
    ) -> Result<Leaf, AuthorityError> {
        let key = KeyPair::generate().map_err(AuthorityError::Make)?;
        let mut leaf = CertificateParams::new(hosts).map_err(AuthorityError::Make)?;
        leaf.distinguished_name
            .push(DnType::CommonName, "vault-injector");
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.use_authority_key_identifier_extension = true;
        let not_after = (now + lifetime).min(self.certificate.not_after());
        leaf.not_before = system(now, BACKDATE, Duration::ZERO).into();
        leaf.not_after = SystemTime::from(not_after).into();
        let issuer = Issuer::from_ca_cert_der(self.certificate.der(), &self.key)
            .map_err(AuthorityError::Make)?;
        let made = leaf
            .signed_by(&key, &issuer)
            .map_err(AuthorityError::Make)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let pair = CertifiedKey::from_der(vec![made.der().clone()], key, &default_provider())?;
        Ok(Leaf { pair, not_after })
    }
}

impl Leaf {
    /// Whether it is time for the next one.
    pub fn is_due(not_after: Timestamp, now: Timestamp) -> bool {
        now + LEAF_RESERVE >= not_after
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

/// X.509 counts whole seconds.
fn system(now: Timestamp, before: Duration, after: Duration) -> SystemTime {
    let moment = now - before + after;
    SystemTime::from(Timestamp::from_second(moment.as_second()).unwrap_or(moment))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    fn hosts() -> Vec<String> {
        vec!["injector.vault.svc".to_owned(), "127.0.0.1".to_owned()]
    }

    #[test]
    fn an_authority_reads_back_as_it_was_kept() {
        let made = Authority::generate(now()).unwrap();
        assert_eq!(made.made(), now());
        let pem = made.certificate().to_pem();
        let read = Authority::from_pem(pem.as_bytes(), made.key_pem().as_bytes()).unwrap();
        assert_eq!(read.certificate(), made.certificate());
        assert_eq!(Certificate::all_from_pem(pem.as_bytes()).len(), 1);
        read.sign(&hosts(), now()).unwrap();
    }

    #[test]
    fn an_authority_with_a_strange_key_is_refused_without_showing_the_key() {
        let (one, other) = (
            Authority::generate(now()).unwrap(),
            Authority::generate(now()).unwrap(),
        );
        let pem = one.certificate().to_pem();
        let error = Authority::from_pem(pem.as_bytes(), other.key_pem().as_bytes()).unwrap_err();
        assert!(matches!(error, AuthorityError::Pair), "{error}");
        let error = Authority::from_pem(pem.as_bytes(), b"canary").unwrap_err();
        assert!(matches!(error, AuthorityError::Key), "{error}");
        assert!(!format!("{error:?}").contains("canary"));
        let error = Authority::from_pem(b"", other.key_pem().as_bytes()).unwrap_err();
        assert!(matches!(error, AuthorityError::Certificate(_)), "{error}");
        assert!(!format!("{one:?}").contains("key"), "{one:?}");
    }

    #[test]
    fn a_leaf_never_outlives_its_authority() {
        let authority = Authority::generate(now()).unwrap();
        let leaf = authority.sign(&hosts(), now()).unwrap();
        assert_eq!(leaf.not_after, now() + LEAF_LIFETIME);
        let read = Certificate::from_der(leaf.pair.cert[0].clone()).unwrap();
        assert_eq!(read.not_after(), leaf.not_after);
        let end = authority.certificate().not_after();
        let late = authority
            .sign(&hosts(), end - Duration::from_secs(3600))
            .unwrap();
        assert_eq!(late.not_after, end);
    }

    #[test]
    fn authorities_and_leaves_are_replaced_well_before_their_end() {
        let authority = Authority::generate(now()).unwrap();
        assert!(!authority.is_due(now() + DAY * 274));
        assert!(authority.is_due(now() + DAY * 275));
        let end = now() + LEAF_LIFETIME;
        assert!(!Leaf::is_due(end, now() + Duration::from_secs(15 * 3600)));
        assert!(Leaf::is_due(end, now() + Duration::from_secs(16 * 3600)));
    }

    #[test]
    fn hosts_that_cannot_be_in_a_certificate_are_refused() {
        let authority = Authority::generate(now()).unwrap();
        let error = authority.sign(&["no host\u{e9}".to_owned()], now());
        assert!(matches!(error, Err(AuthorityError::Make(_))));
    }
}
