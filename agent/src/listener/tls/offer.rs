//! Which versions of TLS and which cipher suites a listener offers.
//!
//! Suites go by their IANA names. Those that no modern library has (CBC, RSA without forward secrecy,
//! 3DES, RC4) are left out of a list, so that a list written for the established agent still works.

use std::str::FromStr;

use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::{ALL_CIPHER_SUITES, default_provider};
use rustls::version::{TLS12, TLS13};
use rustls::{CipherSuite, SupportedProtocolVersion};
use serve_tls::Suite;
use thiserror::Error;

/// A version of TLS, the older first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// `tls12`
    Tls12,
    /// `tls13`
    Tls13,
}

/// A version that is not offered.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VersionError {
    /// Too old.
    #[error("{0:?} is broken and not offered any more: give tls12 or tls13")]
    Broken(String),
    /// Something else.
    #[error("{0:?} is no version of TLS: give tls12 or tls13")]
    Unknown(String),
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "tls12" => Ok(Self::Tls12),
            "tls13" => Ok(Self::Tls13),
            "tls10" | "tls11" => Err(VersionError::Broken(text.to_owned())),
            _ => Err(VersionError::Unknown(text.to_owned())),
        }
    }
}

/// Nothing can be offered.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OfferError {
    /// The name of no suite.
    #[error("unsupported cipher suite {0:?}: give IANA names, such as {EXAMPLE}")]
    Unsupported(String),
    /// All are left out, or none is of a version that is allowed.
    #[error("none of these cipher suites can be offered with the versions allowed; {EXAMPLE} can")]
    NoneLeft,
}

const EXAMPLE: &str = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";

/// Versions and suites that can be offered: at least one of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    minimum: Version,
    maximum: Version,
    /// Empty for all.
    suites: Vec<CipherSuite>,
    left_out: Vec<String>,
}

impl Offer {
    /// Versions from `minimum` to `maximum`, and the suites of these names or all. A list without
    /// suites of one version leaves those of TLS 1.3 alone, and one without suites of TLS 1.2 leaves
    /// TLS 1.2 out.
    pub fn new(minimum: Version, maximum: Version, names: &[String]) -> Result<Self, OfferError> {
        let mut offer = Self {
            minimum,
            maximum,
            suites: Vec::new(),
            left_out: Vec::new(),
        };
        for name in names.iter().map(|name| name.trim()) {
            match Suite::of(name) {
                Some(Suite::Offered(suite)) => offer.suites.push(suite.suite()),
                Some(Suite::LeftOut) => offer.left_out.push(name.to_owned()),
                None => return Err(OfferError::Unsupported(name.to_owned())),
            }
        }
        let all_left_out = offer.suites.is_empty() && !offer.left_out.is_empty();
        if all_left_out || offer.versions().is_empty() {
            return Err(OfferError::NoneLeft);
        }
        Ok(offer)
    }

    /// Names that are known, but not offered.
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    pub(super) fn provider(&self) -> CryptoProvider {
        let mut provider = default_provider();
        for version in [&TLS12, &TLS13] {
            if self.names_any(version) {
                provider.cipher_suites.retain(|suite| {
                    suite.version() != version || self.suites.contains(&suite.suite())
                });
            }
        }
        provider
    }

    pub(super) fn versions(&self) -> Vec<&'static SupportedProtocolVersion> {
        let allowed = self.minimum..=self.maximum;
        let mut versions = Vec::new();
        let without_12 = !self.suites.is_empty() && !self.names_any(&TLS12);
        if allowed.contains(&Version::Tls12) && !without_12 {
            versions.push(&TLS12);
        }
        if allowed.contains(&Version::Tls13) {
            versions.push(&TLS13);
        }
        versions
    }

    fn names_any(&self, version: &SupportedProtocolVersion) -> bool {
        let known = ALL_CIPHER_SUITES.iter();
        let mut of_version = known.filter(|suite| suite.version() == version);
        of_version.any(|suite| self.suites.contains(&suite.suite()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk_offer(minimum: Version, maximum: Version, names: &[&str]) -> Result<Offer, OfferError> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        Offer::new(minimum, maximum, &names)
    }

    fn offered(offer: &Offer) -> Vec<&'static str> {
        let suites = offer.provider().cipher_suites;
        let names = suites.iter().map(|suite| suite.suite().as_str().unwrap());
        names.collect()
    }

    #[test]
    fn broken_versions_are_refused_with_a_sentence() {
        assert_eq!("tls12".parse(), Ok(Version::Tls12));
        let error = "tls11".parse::<Version>().unwrap_err().to_string();
        assert!(error.contains("\"tls11\" is broken"), "{error}");
        let error = "1.2".parse::<Version>().unwrap_err().to_string();
        assert!(error.contains("give tls12 or tls13"), "{error}");
    }

    #[test]
    fn a_list_of_suites_leaves_out_what_is_broken() {
        let list = [EXAMPLE, "TLS_RSA_WITH_AES_128_CBC_SHA"];
        let offer = mk_offer(Version::Tls12, Version::Tls13, &list).unwrap();
        assert_eq!(offer.left_out(), ["TLS_RSA_WITH_AES_128_CBC_SHA"]);
        let names = offered(&offer);
        assert_eq!(names.len(), 1 + 3, "one, and TLS 1.3: {names:?}");
        assert_eq!(offer.versions().len(), 2);
    }

    #[test]
    fn a_list_of_gos_short_names_is_taken() {
        let list = ["TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305"];
        let offer = mk_offer(Version::Tls12, Version::Tls12, &list).unwrap();
        assert!(offered(&offer).contains(&"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"));
    }

    #[test]
    fn what_cannot_be_offered_is_no_listener() {
        for (maximum, list, wanted) in [
            (
                Version::Tls13,
                "TLS_RSA_WITH_RC4_128_SHA",
                OfferError::NoneLeft,
            ),
            (
                Version::Tls12,
                "TLS_AES_256_GCM_SHA384",
                OfferError::NoneLeft,
            ),
            (
                Version::Tls13,
                "ROT13",
                OfferError::Unsupported("ROT13".to_owned()),
            ),
        ] {
            assert_eq!(mk_offer(Version::Tls12, maximum, &[list]), Err(wanted));
        }
        let offer = mk_offer(Version::Tls12, Version::Tls13, &["TLS_AES_256_GCM_SHA384"]).unwrap();
        assert_eq!(offer.versions(), [&TLS13]);
        assert!(!offered(&offer).contains(&"TLS13_AES_128_GCM_SHA256"));
        assert_eq!(
            mk_offer(Version::Tls12, Version::Tls12, &[])
                .unwrap()
                .versions(),
            [&TLS12]
        );
    }
}
