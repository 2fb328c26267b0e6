//! Which versions of TLS and which cipher suites are offered.
//!
//! Suites go by their IANA names, and by the shorter ones of Go's library that the established
//! injector knows. What that one offers and no modern library does (CBC, RSA without forward
//! secrecy, 3DES) is left out of a list with a warning, so that a list written for it still works.

use std::str::FromStr;

use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::{ALL_CIPHER_SUITES, default_provider};
use rustls::version::{TLS12, TLS13};
use rustls::{SupportedCipherSuite, SupportedProtocolVersion};
use thiserror::Error;

/// The lowest version of TLS that clients may speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    #[default]
    Tls12,
    Tls13,
}

/// A version that is not offered. The first words are those of the established injector.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VersionError {
    #[error(
        "invalid or unsupported TLS version {0:?}: TLS 1.0 and 1.1 are broken and no API server \
         needs them; give tls12 or tls13"
    )]
    Broken(String),
    #[error("invalid or unsupported TLS version {0:?}: give tls12 or tls13")]
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

/// A list of cipher suites that cannot be offered. The first words are those of the established
/// injector.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CipherError {
    #[error("failed to parse TLS cipher suites list {list:?}: unsupported cipher {name:?}")]
    Unsupported { list: String, name: String },
    #[error(
        "failed to parse TLS cipher suites list {0:?}: none of them has forward secrecy and \
         authenticated encryption; name an ECDHE suite with GCM or CHACHA20_POLY1305"
    )]
    NoneLeft(String),
}

/// What the server offers. The default is TLS 1.2 and 1.3 with all suites.
#[derive(Clone, Debug, Default)]
pub struct Options {
    minimum: Version,
    /// Empty for all.
    suites: Vec<SupportedCipherSuite>,
    left_out: Vec<String>,
}

static BOTH: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];
static NEWEST: [&SupportedProtocolVersion; 1] = [&TLS13];

/// Suites that Go's library still has by name. They are left out, not refused.
const LEGACY: [&str; 14] = [
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_RSA_WITH_RC4_128_SHA",
];

impl Options {
    /// Reads a list of names, separated by commas; an empty one takes all suites. A list without
    /// suites of TLS 1.3 leaves those of TLS 1.3 alone, as Go does.
    pub fn new(minimum: Version, list: &str) -> Result<Self, CipherError> {
        let mut options = Self {
            minimum,
            ..Self::default()
        };
        for name in list.split(',').map(str::trim) {
            match (suite(name), name) {
                (_, "") => {}
                (Some(suite), _) => options.suites.push(suite),
                (None, name) if LEGACY.contains(&name) => options.left_out.push(name.to_owned()),
                (None, name) => {
                    return Err(CipherError::Unsupported {
                        list: list.to_owned(),
                        name: name.to_owned(),
                    });
                }
            }
        }
        if options.suites.is_empty() && !options.left_out.is_empty() {
            return Err(CipherError::NoneLeft(list.to_owned()));
        }
        Ok(options)
    }

    /// Names of the list that are known, but not offered.
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    pub(super) fn provider(&self) -> CryptoProvider {
        let mut provider = default_provider();
        for version in [&TLS12, &TLS13] {
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
    pub(super) fn versions(&self) -> &'static [&'static SupportedProtocolVersion] {
        let only_13 = !self.suites.is_empty()
            && self
                .suites
                .iter()
                .all(|suite| suite.version().version == TLS13.version);
        match self.minimum {
            Version::Tls12 if !only_13 => &BOTH,
            Version::Tls12 | Version::Tls13 => &NEWEST,
        }
    }
}

fn suite(name: &str) -> Option<SupportedCipherSuite> {
    let name = match name {
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305" => "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305" => "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        name => name,
    };
    ALL_CIPHER_SUITES.iter().copied().find(|suite| {
        let known = suite.suite().as_str().unwrap_or_default();
        known == name || known.replacen("TLS13_", "TLS_", 1) == name
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(options: &Options) -> Vec<&'static str> {
        options
            .provider()
            .cipher_suites
            .iter()
            .map(|suite| suite.suite().as_str().unwrap())
            .collect()
    }

    #[test]
    fn broken_versions_are_refused_with_a_reason() {
        assert_eq!("tls12".parse(), Ok(Version::Tls12));
        assert_eq!("tls13".parse(), Ok(Version::Tls13));
        for (text, words) in [
            ("tls10", "are broken"),
            ("tls11", "are broken"),
            ("TLS12", "give tls12"),
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
        let all = names(&Options::default()).len();
        let list = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,TLS_RSA_WITH_AES_128_CBC_SHA, \
                    TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305";
        let options = Options::new(Version::Tls12, list).unwrap();
        assert_eq!(options.left_out(), ["TLS_RSA_WITH_AES_128_CBC_SHA"]);
        let offered = names(&options);
        assert_eq!(offered.len(), 3 + 2, "{offered:?} of {all}");
        assert!(offered.contains(&"TLS13_AES_256_GCM_SHA384"));
        assert_eq!(options.versions().len(), 2);
    }

    #[test]
    fn a_list_for_tls_1_3_alone_means_tls_1_3_alone() {
        let options = Options::new(Version::Tls12, "TLS_AES_256_GCM_SHA384").unwrap();
        assert_eq!(options.versions(), [&TLS13]);
        assert!(!names(&options).contains(&"TLS13_AES_128_GCM_SHA256"));
        let options = Options::new(Version::Tls13, "").unwrap();
        assert_eq!(options.versions(), [&TLS13]);
    }

    #[test]
    fn a_suite_nobody_knows_and_a_list_of_broken_ones_are_refused() {
        let error = Options::new(Version::Tls12, "A,B").unwrap_err().to_string();
        assert_eq!(
            error,
            "failed to parse TLS cipher suites list \"A,B\": unsupported cipher \"A\""
        );
        let error = Options::new(Version::Tls12, "TLS_RSA_WITH_RC4_128_SHA").unwrap_err();
        assert!(matches!(error, CipherError::NoneLeft(_)), "{error}");
    }
}
