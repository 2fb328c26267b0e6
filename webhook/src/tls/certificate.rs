//! Certificates as far as they are looked at here: their bytes and how long they are valid.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use thiserror::Error;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

/// Bytes that are no certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("no X.509 certificate")]
pub struct NoCertificate;

/// A certificate. Two are equal where their bytes are.
#[derive(Clone)]
pub struct Certificate {
    der: CertificateDer<'static>,
    not_before: Timestamp,
    not_after: Timestamp,
}

impl Certificate {
    /// Reads one certificate.
    pub fn from_der(der: CertificateDer<'static>) -> Result<Self, NoCertificate> {
        let (_, read) = X509Certificate::from_der(&der).map_err(|_| NoCertificate)?;
        let second = |time: i64| Timestamp::from_second(time).map_err(|_| NoCertificate);
        let (not_before, not_after) = (
            second(read.validity().not_before.timestamp())?,
            second(read.validity().not_after.timestamp())?,
        );
        Ok(Self {
            der,
            not_before,
            not_after,
        })
    }

    /// Reads all certificates of a PEM text and leaves out what is none.
    pub fn all_from_pem(text: &[u8]) -> Vec<Self> {
        CertificateDer::pem_slice_iter(text)
            .filter_map(Result::ok)
            .filter_map(|der| Self::from_der(der.into_owned()).ok())
            .collect()
    }

    /// The certificate as PEM.
    pub fn to_pem(&self) -> String {
        const LINE: usize = 64;
        let text = STANDARD.encode(&self.der);
        let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (line, after) = rest.split_at(rest.len().min(LINE));
            pem.push_str(line);
            pem.push('\n');
            rest = after;
        }
        pem.push_str("-----END CERTIFICATE-----\n");
        pem
    }

    /// The certificate's bytes.
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// Whether it has not ended by `now`. One that begins later is not told apart: clocks differ.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        now < self.not_after
    }

    /// Whether its key is the one of this public key, given as `SubjectPublicKeyInfo`.
    pub fn is_of(&self, public_key: &[u8]) -> bool {
        X509Certificate::from_der(&self.der)
            .is_ok_and(|(_, read)| read.public_key().raw == public_key)
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("not_before", &self.not_before)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}
