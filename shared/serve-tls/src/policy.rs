//! Which versions of TLS and which cipher suites a listener offers.

use std::str::FromStr;

use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::default_provider;
use rustls::version::{TLS12, TLS13};
use rustls::{SupportedCipherSuite, SupportedProtocolVersion};
use thiserror::Error;

use crate::suites::Suite;

/// A version of TLS, the older first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// `tls12`
    #[default]
    Tls12,
    /// `tls13`
    Tls13,
}

/// A version that is not offered. Permanent until the text is changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VersionError {
    /// TLS 1.0 or 1.1.
    #[error(
        "invalid or unsupported TLS version {0:?}: TLS 1.0 and 1.1 are broken; use tls12 or tls13"
    )]
    Broken(String),
    /// Any other text.
    #[error("invalid or unsupported TLS version {0:?}: use tls12 or tls13")]
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

/// A list of cipher suites that cannot be offered. Permanent until the list is changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PolicyError {
    /// Not the name of a suite.
    #[error("unsupported cipher {0:?}: use IANA names, such as {EXAMPLE}")]
    Unsupported(String),
    /// Every suite of the list is left out.
    #[error(
        "none of them has forward secrecy and authenticated encryption; name an ECDHE suite with \
         GCM or CHACHA20_POLY1305, such as {EXAMPLE}"
    )]
    NoneLeft,
    /// Every suite of the list is of a version that is not offered.
    #[error(
        "none of them is of a TLS version that is offered; name a suite of TLS 1.2, such as {EXAMPLE}"
    )]
    NoVersion,
}

const EXAMPLE: &str = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";

static BOTH: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

/// What a listener offers. The default is TLS 1.2 and 1.3 with all safe suites.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    minimum: Version,
    /// The newest that there is where `None`.
    maximum: Option<Version>,
    /// Empty for all.
    suites: Vec<SupportedCipherSuite>,
    left_out: Vec<String>,
}

impl Policy {
    /// Versions from `minimum` on, and the suites of these names; without a name, all of them. A
    /// list without suites of TLS 1.3 leaves those of TLS 1.3 alone, as Go's library does.
    ///
    /// ```
    /// use serve_tls::{Policy, Version};
    ///
    /// let names = ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_RC4_128_SHA"];
    /// let policy = Policy::new(Version::Tls12, names)?;
    /// assert_eq!(policy.left_out(), ["TLS_RSA_WITH_RC4_128_SHA"]);
    /// # Ok::<(), serve_tls::PolicyError>(())
    /// ```
    pub fn new<'a>(
        minimum: Version,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, PolicyError> {
        let mut policy = Self {
            minimum,
            ..Self::default()
        };
        for name in names.into_iter().map(str::trim) {
            match Suite::of(name) {
                _ if name.is_empty() => {}
                Some(Suite::Offered(suite)) => policy.suites.push(suite),
                Some(Suite::LeftOut) => policy.left_out.push(name.to_owned()),
                None => return Err(PolicyError::Unsupported(name.to_owned())),
            }
        }
        if policy.suites.is_empty() && !policy.left_out.is_empty() {
            return Err(PolicyError::NoneLeft);
        }
        Ok(policy)
    }

    /// The same without the versions after `maximum`.
    ///
    /// # Errors
    ///
    /// No version is left: `maximum` is below the minimum, or all suites of the list are of later
    /// versions.
    pub fn up_to(mut self, maximum: Version) -> Result<Self, PolicyError> {
        self.maximum = Some(maximum);
        if self.versions().is_empty() {
            return Err(PolicyError::NoVersion);
        }
        Ok(self)
    }

    /// Names of the list that are known, but not offered.
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// The cryptography of these suites.
    pub(crate) fn provider(&self) -> CryptoProvider {
        let mut provider = default_provider();
        for version in BOTH {
            let of_version =
                |suite: &SupportedCipherSuite| suite.version().version == version.version;
            if self.suites.iter().any(of_version) {
                provider
                    .cipher_suites
                    .retain(|suite| !of_version(suite) || self.suites.contains(suite));
            }
        }
        provider
    }

    /// The versions that are left: a list that names suites of TLS 1.3 alone means TLS 1.3 alone.
    pub(crate) fn versions(&self) -> &'static [&'static SupportedProtocolVersion] {
        let mut suites = self.suites.iter();
        let only_13 =
            !self.suites.is_empty() && suites.all(|suite| suite.version().version == TLS13.version);
        let without_12 = only_13 || self.minimum > Version::Tls12;
        let without_13 = self.maximum == Some(Version::Tls12);
        match (without_12, without_13) {
            (false, false) => &BOTH,
            (false, true) => &BOTH[..1],
            (true, false) => &BOTH[1..],
            (true, true) => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(policy: &Policy) -> Vec<&'static str> {
        let suites = policy.provider().cipher_suites;
        let names = suites.iter().map(|suite| suite.suite().as_str().unwrap());
        names.collect()
    }

    #[test]
    fn broken_versions_are_refused_with_a_reason() {
        assert_eq!("tls12".parse(), Ok(Version::Tls12));
        assert_eq!("tls13".parse(), Ok(Version::Tls13));
        for (text, words) in [
            ("tls10", "are broken"),
            ("tls11", "are broken"),
            ("TLS12", "use tls12"),
        ] {
            let error = text.parse::<Version>().unwrap_err().to_string();
            let start = format!("invalid or unsupported TLS version {text:?}");
            assert!(
                error.starts_with(&start) && error.contains(words),
                "{error}"
            );
        }
    }

    #[test]
    fn a_list_for_tls_1_2_leaves_tls_1_3_alone() {
        let list = [
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            " TLS_RSA_WITH_AES_128_CBC_SHA ",
            "",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
        ];
        let policy = Policy::new(Version::Tls12, list).unwrap();
        assert_eq!(policy.left_out(), ["TLS_RSA_WITH_AES_128_CBC_SHA"]);
        let offered = names(&policy);
        assert_eq!(offered.len(), 2 + 3, "{offered:?}");
        assert!(offered.contains(&"TLS13_AES_256_GCM_SHA384"));
        assert_eq!(policy.versions().len(), 2);
    }

    #[test]
    fn a_list_for_tls_1_3_alone_means_tls_1_3_alone() {
        let policy = Policy::new(Version::Tls12, ["TLS_AES_256_GCM_SHA384"]).unwrap();
        assert_eq!(policy.versions(), [&TLS13]);
        assert!(!names(&policy).contains(&"TLS13_AES_128_GCM_SHA256"));
        let policy = Policy::new(Version::Tls13, []).unwrap();
        assert_eq!(policy.versions(), [&TLS13]);
    }

    #[test]
    fn a_maximum_takes_the_later_versions_away() {
        let of = |minimum, names: &[&'static str], maximum| {
            let policy = Policy::new(minimum, names.iter().copied()).unwrap();
            policy.up_to(maximum).map(|policy| policy.versions())
        };
        assert_eq!(of(Version::Tls12, &[], Version::Tls12), Ok(&[&TLS12][..]));
        assert_eq!(of(Version::Tls12, &[], Version::Tls13), Ok(&BOTH[..]));
        assert_eq!(of(Version::Tls13, &[], Version::Tls13), Ok(&[&TLS13][..]));
        let list = ["TLS_AES_256_GCM_SHA384"];
        let none = Err(PolicyError::NoVersion);
        assert_eq!(of(Version::Tls12, &list, Version::Tls12), none);
        assert_eq!(of(Version::Tls13, &[], Version::Tls12), none);
    }

    #[test]
    fn an_unknown_suite_and_a_list_of_broken_ones_are_refused() {
        let error = Policy::new(Version::Tls12, ["A", "B"]).unwrap_err();
        assert_eq!(error, PolicyError::Unsupported("A".to_owned()));
        let error = Policy::new(Version::Tls12, ["TLS_RSA_WITH_RC4_128_SHA"]).unwrap_err();
        assert_eq!(error, PolicyError::NoneLeft);
    }
}
