//! A certificate that an earlier agent left in files, as if Vault had just sent it again.
//!
//! It counts only if it is certainly the answer to the same question: it is valid now, for all names
//! that are asked for, and its key lies beside it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use rustls::client::verify_server_name;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use serde::Serialize;
use zeroize::Zeroizing;

use super::certificate::{Block, blocks};
use crate::state::Kept;

/// In place of an authority that is not there: no file has it, so that a template which wants one is
/// known by what it gives.
const NO_AUTHORITY: &str = "no authority";

/// A certificate that was left.
pub(super) struct Left {
    /// As an earlier agent would have kept it.
    pub(super) kept: Kept,
    /// The body of the same answer, for finding out what templates make of it.
    pub(super) trial: Zeroizing<String>,
}

/// A certificate in PEM and DER.
struct Pem<'a> {
    text: &'a str,
    der: CertificateDer<'static>,
}

/// The answer of the PKI engine.
#[derive(Serialize)]
struct Body<'a> {
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    certificate: &'a str,
    private_key: &'a str,
    expiration: u64,
    issuing_ca: &'a str,
    ca_chain: &'a [&'a str],
}

/// The certificate for a request with these arguments among PEM texts.
pub(super) fn find(
    texts: &[Zeroizing<String>],
    path: &str,
    arguments: &BTreeMap<String, String>,
    now: SystemTime,
) -> Option<Left> {
    let names = names(arguments)?;
    let all = || texts.iter().flat_map(|text| blocks(text));
    let certificates = all().filter(|block| block.label == "CERTIFICATE");
    let certificates: Vec<Pem<'_>> = certificates.filter_map(|block| Pem::of(&block)).collect();
    let keys = || all().filter(|block| block.label.ends_with("PRIVATE KEY"));
    let (leaf, life, key) = certificates.iter().find_map(|leaf| {
        let life = leaf.facts()?.life;
        let is_right = life.contains(&now) && leaf.is_for(&names);
        let key = keys().find(|key| is_right && leaf.fits(key))?;
        Some((leaf, life, key))
    })?;
    let chain = leaf.chain(&certificates);
    let expiration = life.end.duration_since(UNIX_EPOCH).ok()?.as_secs();
    let body = |authority: &str| {
        let data = Data {
            certificate: leaf.text,
            private_key: key.text,
            expiration,
            issuing_ca: authority,
            ca_chain: &chain,
        };
        let text = serde_json::to_string(&Body { data });
        Zeroizing::new(text.expect("texts and a number must serialise to JSON"))
    };
    let authority = chain.first().copied();
    Some(Left {
        trial: body(authority.unwrap_or(NO_AUTHORITY)),
        kept: Kept {
            body: body(authority.unwrap_or_default()),
            since: life.start,
            path: path.to_owned(),
            mount: None,
            is_leased: false,
        },
    })
}

impl<'a> Pem<'a> {
    fn of(block: &Block<'a>) -> Option<Self> {
        let der = CertificateDer::from_pem_slice(block.text.as_bytes()).ok()?;
        let text = block.text;
        Some(Self { text, der })
    }

    fn facts(&self) -> Option<Facts<'_>> {
        facts(&self.der)
    }

    fn is_for(&self, names: &[ServerName<'_>]) -> bool {
        ParsedCertificate::try_from(&self.der).is_ok_and(|parsed| {
            let mut names = names.iter();
            names.all(|name| verify_server_name(&parsed, name).is_ok())
        })
    }

    fn fits(&self, key: &Block<'_>) -> bool {
        PrivateKeyDer::from_pem_slice(key.text.as_bytes()).is_ok_and(|key| {
            CertifiedKey::from_der(vec![self.der.clone()], key, &default_provider()).is_ok()
        })
    }

    /// Its authorities, the one that issued it first, as far as they are there.
    fn chain(&self, certificates: &[Pem<'a>]) -> Vec<&'a str> {
        let mut chain = Vec::new();
        let mut last = self.facts();
        // One that signed itself is the end.
        while let Some(facts) = last.take().filter(|facts| facts.issuer != facts.subject) {
            let issuer = certificates.iter().find(|other| {
                let is_issuer = other.facts().is_some_and(|it| it.subject == facts.issuer);
                is_issuer && !chain.contains(&other.text)
            });
            if let Some(issuer) = issuer {
                chain.push(issuer.text);
                last = issuer.facts();
            }
        }
        chain
    }
}

/// All names that are asked for; `None` if one of them is of a kind that cannot be compared.
fn names(arguments: &BTreeMap<String, String>) -> Option<Vec<ServerName<'static>>> {
    let of = |key: &str| arguments.get(key).map_or("", String::as_str);
    let common = of("common_name");
    let others = [of("alt_names"), of("ip_sans")].into_iter();
    let others = others.flat_map(|list| list.split(','));
    let others = others.map(str::trim).filter(|name| !name.is_empty());
    let all = std::iter::once(common).chain(others);
    all.map(|name| ServerName::try_from(name.to_owned()).ok())
        .collect()
}

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// What a certificate says of itself.
struct Facts<'a> {
    issuer: &'a [u8],
    subject: &'a [u8],
    life: Range<SystemTime>,
}

/// Reads a certificate (RFC 5280, 4.1), as far as it is of use here.
fn facts(certificate: &[u8]) -> Option<Facts<'_>> {
    let (certificate, _) = element(certificate, SEQUENCE)?;
    let (mut rest, _) = element(certificate, SEQUENCE)?;
    if rest.first() == Some(&VERSION) {
        rest = any(rest)?.2;
    }
    // Serial number and algorithm.
    for _ in 0..2 {
        rest = any(rest)?.2;
    }
    let (issuer, rest) = element(rest, SEQUENCE)?;
    let (times, rest) = element(rest, SEQUENCE)?;
    let (subject, _) = element(rest, SEQUENCE)?;
    let (tag, start, times) = any(times)?;
    let (other_tag, end, _) = any(times)?;
    Some(Facts {
        issuer,
        subject,
        life: time(tag, start)?..time(other_tag, end)?,
    })
}

fn element(input: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, value, rest) = any(input)?;
    (found == tag).then_some((value, rest))
}

/// The tag and value of the next element of DER, and what follows it.
fn any(input: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, length], mut rest) = input.split_first_chunk::<2>()?;
    let mut size = usize::from(length);
    if length & 0x80 != 0 {
        let (bytes, behind) = rest.split_at_checked(usize::from(length & 0x7f))?;
        let bytes = bytes.iter().copied();
        size = bytes.fold(0_usize, |size, byte| size << 8 | usize::from(byte));
        rest = behind;
    }
    let (value, rest) = rest.split_at_checked(size)?;
    Some((tag, value, rest))
}

/// Two digits of the year mean 1950 to 2049.
fn time(tag: u8, text: &[u8]) -> Option<SystemTime> {
    let text = std::str::from_utf8(text).ok()?;
    let (year, rest) = match tag {
        UTC_TIME => {
            let (year, rest) = text.split_at_checked(2)?;
            let century = if year < "50" { "20" } else { "19" };
            (format!("{century}{year}"), rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = text.split_at_checked(4)?;
            (year.to_owned(), rest)
        }
        _ => return None,
    };
    let [month, day, hour, minute] = [0, 2, 4, 6].map(|at| rest.get(at..at + 2));
    let (month, day, hour, minute) = (month?, day?, hour?, minute?);
    let text = format!("{year}-{month}-{day}T{hour}:{minute}:{}", rest.get(8..)?);
    let at: Timestamp = text.parse().ok()?;
    let seconds = u64::try_from(at.as_second()).ok()?;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use rcgen::{
        BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
    };

    use serde_json::json;

    use super::*;

    fn mk_pair(names: &[&str], years: Range<i32>) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = date_time_ymd(years.start, 3, 4);
        params.not_after = date_time_ymd(years.end, 5, 6);
        let certificate = params.self_signed(&key).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    fn at(text: &str) -> SystemTime {
        text.parse::<Timestamp>().unwrap().into()
    }

    fn found(texts: &[&str], arguments: &[(&str, &str)], now: &str) -> Option<Kept> {
        let texts: Vec<_> = texts
            .iter()
            .map(|&text| Zeroizing::new(text.to_owned()))
            .collect();
        let arguments = arguments
            .iter()
            .map(|&(key, value)| (key.to_owned(), value.to_owned()));
        find(&texts, "pki/issue/web", &arguments.collect(), at(now)).map(|left| left.kept)
    }

    #[test]
    fn both_forms_of_time_are_read() {
        for (years, wanted) in [
            (2020..2049, "2049-05-06T00:00:00Z"),
            (2020..2050, "2050-05-06T00:00:00Z"),
        ] {
            let (pem, _) = mk_pair(&["a.example"], years);
            let der = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
            let life = facts(&der).unwrap().life;
            assert_eq!(
                (life.start, life.end),
                (at("2020-03-04T00:00:00Z"), at(wanted))
            );
            for length in 0..der.len() {
                // Never a panic, however short.
                let _ = facts(&der[..length]);
            }
        }
    }

    #[test]
    fn a_certificate_is_found_by_its_names_with_its_key_and_chain() {
        let issuer = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "authority");
        let issuer = CertifiedIssuer::self_signed(params, issuer).unwrap();
        let key = KeyPair::generate().unwrap();
        let names = ["a.example", "b.example", "127.0.0.1"].map(str::to_owned);
        let leaf = CertificateParams::new(names).unwrap();
        let leaf = leaf.signed_by(&key, &issuer).unwrap();
        let (other, other_key) = mk_pair(&["c.example"], 2020..2030);
        let own = format!("{}\n{}{}", key.serialize_pem(), leaf.pem(), issuer.pem());
        let texts = [&*format!("{other_key}{other}"), &own];
        let now = "2026-01-01T00:00:00Z";
        let asked = [
            ("common_name", "a.example"),
            ("alt_names", "b.example, a.example"),
            ("ip_sans", "127.0.0.1"),
            ("ttl", "24h"),
        ];
        let body = |arguments: &[_]| -> serde_json::Value {
            serde_json::from_str(&found(&texts, arguments, now).unwrap().body).unwrap()
        };
        let found = body(&asked);
        assert_eq!(found["data"]["certificate"], leaf.pem().trim());
        assert_eq!(found["data"]["private_key"], key.serialize_pem().trim());
        assert_eq!(found["data"]["ca_chain"], json!([issuer.pem().trim()]));
        let found = body(&[("common_name", "c.example")]);
        assert_eq!(found["data"]["private_key"], other_key.trim());
        assert_eq!(found["data"]["issuing_ca"], "");
    }

    #[test]
    fn what_is_not_the_answer_to_the_same_question_is_not_taken() {
        let (pem, key) = mk_pair(&["a.example"], 2020..2030);
        let (_, other_key) = mk_pair(&["a.example"], 2020..2030);
        let both = format!("{pem}{key}");
        let now = "2026-01-01T00:00:00Z";
        let asked = ("common_name", "a.example");
        assert!(found(&[&both], &[asked], now).is_some());
        for (text, arguments, now) in [
            (&*both, vec![asked], "2030-05-06T00:00:00Z"),
            (&both, vec![asked], "2020-03-03T00:00:00Z"),
            (&both, vec![("common_name", "b.example")], now),
            (&both, vec![asked, ("alt_names", "b.example")], now),
            (&both, vec![asked, ("alt_names", "me@a.example")], now),
            (&both, vec![], now),
            (&pem, vec![asked], now),
            (&format!("{pem}{other_key}"), vec![asked], now),
            ("", vec![asked], now),
        ] {
            assert!(
                found(&[text], &arguments, now).is_none(),
                "{arguments:?} {now}"
            );
        }
    }
}
