//! What the injector's own certificates are: made here, signed by its own authority, registered in
//! the cluster. What goes for any listener (policy, files, replacement) is in [`serve_tls`].

mod authority;
mod certificate;
mod self_signed;

use std::sync::Arc;

use prometheus_client::metrics::gauge::Gauge;
use rustls::sign::CertifiedKey;
use serve_tls::{CertificateStore, Policy, PolicyError, Version};
use thiserror::Error;

pub use authority::{Authority, AuthorityError, LEAF_LIFETIME, LEAF_RESERVE, Leaf};
pub use certificate::{Certificate, NoCertificate};
pub use self_signed::SelfSigned;

/// A list of cipher suites that cannot be offered. The first words are those of upstream.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("failed to parse TLS cipher suites list {list:?}: {source}")]
pub struct CipherError {
    list: String,
    source: PolicyError,
}

/// Reads a list of names, separated by commas; an empty one offers all suites that are safe.
pub fn policy(minimum: Version, list: &str) -> Result<Policy, CipherError> {
    Policy::new(minimum, list.split(',')).map_err(|source| CipherError {
        list: list.to_owned(),
        source,
    })
}

/// A store that starts with `pair`, and a gauge that follows the certificate in it: when it ends,
/// in seconds since 1970.
pub fn store(pair: CertifiedKey) -> (Arc<CertificateStore>, Gauge) {
    let expiry = Gauge::default();
    let followed = expiry.clone();
    let store = CertificateStore::observed(pair, move |pair| {
        followed.set(end(pair));
    });
    (store, expiry)
}

/// When it ends, in seconds since 1970.
pub(crate) fn end(pair: &CertifiedKey) -> i64 {
    pair.end_entity_cert()
        .ok()
        .and_then(|der| Certificate::from_der(der.clone().into_owned()).ok())
        .map_or(0, |certificate| certificate.not_after().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_certificate_names_its_hosts_and_is_signed_by_its_authority() {
        let made = SelfSigned::new(&["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        assert_eq!(made.pair.cert.len(), 1);
        assert!(
            made.authority_pem
                .starts_with("-----BEGIN CERTIFICATE-----")
        );
        assert!(SelfSigned::new(&["no host\u{e9}".to_owned()]).is_err());
    }

    #[test]
    fn a_list_that_cannot_be_offered_is_refused_in_the_words_of_upstream() {
        let error = policy(Version::Tls12, "A,B").unwrap_err().to_string();
        let start = "failed to parse TLS cipher suites list \"A,B\": unsupported cipher \"A\"";
        assert!(error.starts_with(start), "{error}");
        let error = policy(Version::Tls12, "TLS_RSA_WITH_RC4_128_SHA").unwrap_err();
        assert_eq!(error.source, PolicyError::NoneLeft);
    }
}
