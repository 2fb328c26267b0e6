//! Cipher suites by their names.
//!
//! A suite goes by its IANA name. Two more names come from Go's library, which upstream's flags and
//! configuration files are written for: it shortens those of CHACHA20-POLY1305 for TLS 1.2.

use rustls::SupportedCipherSuite;
use rustls::crypto::ring::ALL_CIPHER_SUITES;

/// What a name of a cipher suite stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Suite {
    /// It has forward secrecy and authenticated encryption, and can be offered.
    Offered(SupportedCipherSuite),
    /// Go's library still has it. A list that names it works, and the suite is left out: it lacks
    /// forward secrecy or authenticated encryption, or is broken.
    LeftOut,
}

/// Suites that Go's library still has by name.
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

impl Suite {
    /// The suite of this name, if there is one.
    ///
    /// ```
    /// use serve_tls::Suite;
    ///
    /// let short = Suite::of("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305");
    /// assert!(matches!(short, Some(Suite::Offered(_))));
    /// assert_eq!(short, Suite::of("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"));
    /// assert_eq!(Suite::of("TLS_RSA_WITH_RC4_128_SHA"), Some(Suite::LeftOut));
    /// assert_eq!(Suite::of("ROT13"), None);
    /// ```
    pub fn of(name: &str) -> Option<Self> {
        let iana = match name {
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305" => "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305" => {
                "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
            }
            name => name,
        };
        let offered = ALL_CIPHER_SUITES.iter().find(|suite| {
            let known = suite.suite().as_str().unwrap_or_default();
            // The library's names of TLS 1.3 are its own.
            known == iana || known.replacen("TLS13_", "TLS_", 1) == iana
        });
        match offered {
            Some(suite) => Some(Self::Offered(*suite)),
            None => LEGACY.contains(&name).then_some(Self::LeftOut),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offered_suite_is_known_by_its_iana_name() {
        for suite in ALL_CIPHER_SUITES {
            let name = suite.suite().as_str().unwrap();
            let iana = name.replacen("TLS13_", "TLS_", 1);
            assert_eq!(Suite::of(&iana), Some(Suite::Offered(*suite)), "{iana}");
        }
    }

    #[test]
    fn chacha20_goes_by_gos_name_and_by_the_iana_name() {
        for (short, iana) in [
            (
                "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
                "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
            ),
            (
                "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
                "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            ),
        ] {
            assert!(Suite::of(short).is_some(), "{short}");
            assert_eq!(Suite::of(short), Suite::of(iana), "{short}");
        }
    }

    #[test]
    fn what_is_broken_is_known_and_left_out() {
        for name in LEGACY {
            assert_eq!(Suite::of(name), Some(Suite::LeftOut), "{name}");
        }
    }
}
