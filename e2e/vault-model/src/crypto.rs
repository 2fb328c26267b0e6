//! What the model leaves to its caller: signatures and certificates, which take long and need
//! random numbers.

use std::fmt;

use jiff::Timestamp;

use crate::jwt::{JwtError, PublicKey};

/// Checks signatures and makes certificates.
///
/// [`Canned`](crate::Canned) does neither and is what a simulation wants; a server for real clients
/// brings its own.
pub trait Crypto: fmt::Debug + Send {
    /// Whether one of `keys` signed the token of a login.
    fn check(&self, token: &Signed<'_>, keys: &[PublicKey]) -> Result<(), JwtError>;

    /// A new authority of certificates, for a PKI mount.
    ///
    /// An error is the message of the answer.
    fn authority(&self, subject: &Subject) -> Result<Box<dyn Authority>, String>;
}

/// An authority of certificates.
pub trait Authority: fmt::Debug + Send {
    /// Its own certificate, as PEM text.
    fn certificate(&self) -> &str;

    /// Issues a certificate for client and server authentication.
    ///
    /// An error is the message of the answer.
    fn issue(&self, subject: &Subject) -> Result<Issued, String>;
}

/// A JWT, taken apart, before anybody believes it.
#[derive(Debug)]
pub struct Signed<'a> {
    /// `alg` of its header.
    pub algorithm: &'a str,
    /// What is signed: header and payload as they came.
    pub message: &'a [u8],
    /// The signature's bytes.
    pub signature: &'a [u8],
}

/// What a certificate is to contain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The common name.
    pub common_name: String,
    /// Names and addresses it is good for.
    pub alternative_names: Vec<String>,
    /// From when it is good.
    pub not_before: Timestamp,
    /// Until when it is good.
    pub not_after: Timestamp,
    /// A number drawn from the model's seed, another one for each certificate.
    pub seed: u64,
}

/// A certificate with its key, as PEM text.
#[derive(Clone)]
pub struct Issued {
    /// The certificate.
    pub certificate: String,
    /// Its private key.
    pub private_key: String,
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued").finish_non_exhaustive()
    }
}
