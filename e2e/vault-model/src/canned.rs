//! Logins that are believed and certificates that cost nothing.

mod der;

use crate::crypto::{Authority, Crypto, Issued, Signed, Subject};
use crate::ids::Ids;
use crate::jwt::{JwtError, PublicKey};
use crate::pem;

/// Believes the claims of any token, signed or not, and makes up certificates.
///
/// The certificates are the same for the same seed. Their names and times are as asked, so that
/// a reader finds out when they end; their keys and signatures are made-up bytes, so no TLS
/// library accepts them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Canned;

impl Crypto for Canned {
    fn check(&self, _: &Signed<'_>, _: &[PublicKey]) -> Result<(), JwtError> {
        Ok(())
    }

    fn authority(&self, subject: &Subject) -> Result<Box<dyn Authority>, String> {
        let (certificate, _) = der::certificate(subject, &subject.common_name, &mut ids(subject));
        Ok(Box::new(CannedAuthority {
            name: subject.common_name.clone(),
            certificate: pem::write(&certificate, "CERTIFICATE"),
        }))
    }
}

#[derive(Debug)]
struct CannedAuthority {
    name: String,
    certificate: String,
}

impl Authority for CannedAuthority {
    fn certificate(&self) -> &str {
        &self.certificate
    }

    fn issue(&self, subject: &Subject) -> Result<Issued, String> {
        let (certificate, private_key) = der::certificate(subject, &self.name, &mut ids(subject));
        Ok(Issued {
            certificate: pem::write(&certificate, "CERTIFICATE"),
            private_key: pem::write(&private_key, "PRIVATE KEY"),
        })
    }
}

fn ids(subject: &Subject) -> Ids {
    Ids::new(subject.seed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn subject(seed: u64) -> Subject {
        Subject {
            common_name: "app.example.com".into(),
            alternative_names: vec!["app.example.com".into(), "10.0.0.1".into()],
            not_before: "2024-02-29T12:30:05Z".parse().unwrap(),
            not_after: "2051-01-01T00:00:00Z".parse().unwrap(),
            seed,
        }
    }

    #[test]
    fn a_canned_certificate_contains_what_was_asked() {
        let authority = Canned.authority(&subject(1)).unwrap();
        let issued = authority.issue(&subject(2)).unwrap();
        let der = &pem::read(&issued.certificate, "CERTIFICATE").unwrap()[0];
        let (rest, certificate) = x509_parser::parse_x509_certificate(der).unwrap();
        assert!(rest.is_empty());
        let validity = certificate.validity();
        let time = |text: &str| text.parse::<Timestamp>().unwrap().as_second();
        assert_eq!(
            validity.not_before.timestamp(),
            time("2024-02-29T12:30:05Z")
        );
        assert_eq!(validity.not_after.timestamp(), time("2051-01-01T00:00:00Z"));
        assert_eq!(certificate.subject().to_string(), "CN=app.example.com");
        let names = certificate.subject_alternative_name().unwrap().unwrap();
        assert_eq!(
            format!("{:?}", names.value.general_names),
            "[DNSName(\"app.example.com\"), IPAddress([10, 0, 0, 1])]"
        );
        assert!(
            issued
                .private_key
                .starts_with("-----BEGIN PRIVATE KEY-----")
        );
    }

    #[test]
    fn the_same_seed_gives_the_same_certificate() {
        let made = |seed| {
            let authority = Canned.authority(&subject(1)).unwrap();
            authority.issue(&subject(seed)).unwrap().certificate
        };
        assert_eq!(made(2), made(2));
        assert_ne!(made(2), made(3));
    }
}
