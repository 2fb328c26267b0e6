//! The authorities that all replicas share, and which of them signs. No input or output.
//!
//! A new authority is published long before it signs: it has to be in every `caBundle`, and every
//! API server has to have heard of that, before anyone may meet a leaf of it. Until then the one
//! before goes on signing, so its key is kept with it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::ByteString;

use crate::tls::{Authority, AuthorityError, Certificate, LEAF_RESERVE};

/// How old an authority is before it takes over from another one.
pub const SETTLE: Duration = Duration::from_secs(10 * 60);

const CURRENT: (&str, &str) = ("ca.crt", "ca.key");
const PREVIOUS: (&str, &str) = ("previous-ca.crt", "previous-ca.key");

/// The newest authority, and the one before it while that is valid.
#[derive(Clone, Debug)]
pub struct Authorities {
    current: Arc<Authority>,
    previous: Option<Arc<Authority>>,
}

/// The data of a Secret.
pub type Data = BTreeMap<String, ByteString>;

impl Authorities {
    /// The first authority.
    pub fn first(now: Timestamp) -> Result<Self, AuthorityError> {
        Ok(Self {
            current: Arc::new(Authority::generate(now)?),
            previous: None,
        })
    }

    /// A new authority; the current one becomes the previous one.
    pub fn next(&self, now: Timestamp) -> Result<Self, AuthorityError> {
        Ok(Self {
            current: Arc::new(Authority::generate(now)?),
            previous: Some(Arc::clone(&self.current)),
        })
    }

    /// Reads what a Secret holds; nothing where it holds no authority.
    pub fn from_data(data: &Data) -> Result<Option<Self>, AuthorityError> {
        let read = |(certificate, key): (&str, &str)| match (data.get(certificate), data.get(key)) {
            (Some(certificate), Some(key)) if !certificate.0.is_empty() => {
                Authority::from_pem(&certificate.0, &key.0).map(|it| Some(Arc::new(it)))
            }
            _ => Ok(None),
        };
        let Some(current) = read(CURRENT)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            current,
            // It only helps through a change; one that is broken does not stand in the way.
            previous: read(PREVIOUS).unwrap_or_default(),
        }))
    }

    /// Writes the authorities into what a Secret holds; all else in it stays.
    pub fn write_to(&self, data: &mut Data, now: Timestamp) {
        let previous = self.previous.as_ref().filter(|it| is_valid(it, now));
        for ((certificate, key), authority) in
            [(CURRENT, Some(&self.current)), (PREVIOUS, previous)]
        {
            let Some(authority) = authority else {
                data.remove(certificate);
                data.remove(key);
                continue;
            };
            let pem = authority.certificate().to_pem();
            data.insert(certificate.to_owned(), ByteString(pem.into_bytes()));
            let pem = authority.key_pem();
            data.insert(key.to_owned(), ByteString(pem.as_bytes().to_vec()));
        }
    }

    /// Whether it is time for the next authority.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.current.is_due(now)
    }

    /// Whether there is nothing that could sign, so that nobody may wait for the leader.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        !is_valid(&self.current, now)
    }

    /// Takes `authority` for the previous one where the Secret does not know it: it has signed
    /// what is served, and the Secret was lost or replaced since.
    pub fn remember(&mut self, authority: &Arc<Authority>) {
        let known = [Some(&self.current), self.previous.as_ref()]
            .into_iter()
            .flatten()
            .any(|it| it.certificate() == authority.certificate());
        if !known && self.previous.is_none() {
            self.previous = Some(Arc::clone(authority));
        }
    }

    /// What clients have to trust, newest first.
    pub fn certificates(&self, now: Timestamp) -> Vec<&Certificate> {
        [Some(&self.current), self.previous.as_ref()]
            .into_iter()
            .flatten()
            .map(|authority| authority.certificate())
            .filter(|certificate| certificate.is_valid(now))
            .collect()
    }

    /// Who signs: the newest that every one of the `bundles` has had for long enough.
    pub fn signer(&self, bundles: &[Vec<Certificate>], now: Timestamp) -> &Arc<Authority> {
        let trusted = |authority: &Authority| is_trusted(authority.certificate(), bundles);
        let Some(previous) = self
            .previous
            .as_ref()
            .filter(|it| is_valid(it, now + LEAF_RESERVE))
        else {
            return &self.current;
        };
        let settled = now >= self.current.made() + SETTLE;
        if trusted(&self.current) && (settled || !trusted(previous)) {
            &self.current
        } else {
            previous
        }
    }
}

/// Whether all bundles, of which there is one at least, have the certificate.
pub fn is_trusted(certificate: &Certificate, bundles: &[Vec<Certificate>]) -> bool {
    !bundles.is_empty() && bundles.iter().all(|bundle| bundle.contains(certificate))
}

fn is_valid(authority: &Authority, now: Timestamp) -> bool {
    authority.certificate().is_valid(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn now() -> Timestamp {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    fn mk_bundle(authorities: &[&Arc<Authority>]) -> Vec<Vec<Certificate>> {
        vec![
            authorities
                .iter()
                .map(|it| it.certificate().clone())
                .collect(),
        ]
    }

    #[test]
    fn a_secret_gives_back_what_was_kept_and_keeps_what_is_not_ours() {
        let first = Authorities::first(now()).unwrap();
        let second = first.next(now() + DAY).unwrap();
        let mut data = Data::from([("cert".to_owned(), ByteString(b"theirs".to_vec()))]);
        second.write_to(&mut data, now() + DAY);
        assert_eq!(data.len(), 5);
        let read = Authorities::from_data(&data).unwrap().unwrap();
        assert_eq!(
            read.certificates(now() + DAY),
            second.certificates(now() + DAY)
        );
        second.write_to(&mut data, now() + DAY * 366);
        assert_eq!(
            data.keys().collect::<Vec<_>>(),
            ["ca.crt", "ca.key", "cert"]
        );
    }

    #[test]
    fn an_empty_secret_holds_no_authority_and_a_broken_one_is_an_error() {
        assert!(Authorities::from_data(&Data::new()).unwrap().is_none());
        let mut data = Data::new();
        Authorities::first(now())
            .unwrap()
            .write_to(&mut data, now());
        data.insert("ca.key".to_owned(), ByteString(b"x".to_vec()));
        assert!(Authorities::from_data(&data).is_err());
    }

    #[test]
    fn a_new_authority_signs_only_when_every_bundle_has_had_it_for_a_while() {
        let first = Authorities::first(now()).unwrap();
        let made = now() + DAY * 275;
        assert!(!first.is_due(made - DAY) && first.is_due(made));
        let both = first.next(made).unwrap();
        let (new, old) = (&both.current, both.previous.as_ref().unwrap());
        let later = made + SETTLE;
        let only_old = mk_bundle(&[old]);
        let with_new = mk_bundle(&[new, old]);
        for (bundles, at, signer) in [
            (&only_old, later, old),
            (&with_new, made, old),
            (&with_new, later, new),
            (&mk_bundle(&[new]), made, new),
            (&[only_old.clone(), with_new.clone()].concat(), later, old),
            // Nothing is registered: nobody is worse off with the one before.
            (&Vec::new(), later, old),
            // The old one ends: there is no choice.
            (&only_old, now() + DAY * 365, new),
        ] {
            let chosen = both.signer(bundles, at).certificate();
            assert_eq!(chosen, signer.certificate(), "{bundles:?} {at}");
        }
        assert_eq!(both.certificates(now() + DAY * 366), [new.certificate()]);
    }

    #[test]
    fn an_authority_that_the_secret_forgot_goes_on_until_the_new_one_is_trusted() {
        let served = Authorities::first(now()).unwrap().current;
        let mut fresh = Authorities::first(now()).unwrap();
        fresh.remember(&served);
        let bundles = mk_bundle(&[&served]);
        assert_eq!(
            fresh.signer(&bundles, now()).certificate(),
            served.certificate()
        );
        assert_eq!(fresh.certificates(now()).len(), 2);
        let current = Arc::clone(&fresh.current);
        fresh.remember(&current);
        assert_eq!(fresh.certificates(now()).len(), 2);
    }
}
