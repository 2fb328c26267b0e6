//! A certificate made at start, for trying things out: an authority that lives as long as the
//! process, and a leaf that it signs.

use jiff::Timestamp;
use rustls::sign::CertifiedKey;

use super::authority::{AUTHORITY_LIFETIME, Authority, AuthorityError};

/// A pair made at start.
#[derive(Debug)]
pub struct SelfSigned {
    pub pair: CertifiedKey,
    /// What clients have to trust: the `caBundle` of a webhook configuration.
    pub authority_pem: String,
}

impl SelfSigned {
    /// Makes a pair for `hosts`, DNS names or IP addresses.
    pub fn new(hosts: &[String]) -> Result<Self, AuthorityError> {
        let now = Timestamp::now();
        let authority = Authority::generate(now)?;
        Ok(Self {
            pair: authority.sign_for(hosts, now, AUTHORITY_LIFETIME)?.pair,
            authority_pem: authority.certificate().to_pem(),
        })
    }
}
