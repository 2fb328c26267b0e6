//! Key stores in PKCS#12, as Go's `go-pkcs12` reads and writes them in its modern form.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use p12_keystore::{
    Certificate, KeyStore, KeyStoreEntry, Pkcs12Archive, PrivateKey as StoredKey, PrivateKeyChain,
};
use text_template::CallError;
use zeroize::Zeroizing;

use super::certificate::{self, chain_pem};
use super::key::{Der, PrivateKey};
use super::pem;

/// Rounds of both derivations, as upstream writes them.
const ITERATIONS: u32 = 2048;

/// What a key store has: one key, its certificate and those above it.
struct Opened {
    key: Der,
    certificates: Vec<Vec<u8>>,
}

fn open(store: &[u8], password: &str) -> Result<Opened, CallError> {
    let archive = Pkcs12Archive::from_pkcs12(store, password)
        .map_err(|_| CallError::new("pkcs12: the file is damaged or the password is wrong"))?;
    let mut keys = archive.keys.into_iter();
    let key = match (keys.next(), keys.next()) {
        (Some(key), None) => key.key,
        (None, _) => return Err(CallError::new("pkcs12: private key missing")),
        (Some(_), Some(_)) => return Err(CallError::new("pkcs12: expected exactly one key bag")),
    };
    if archive.certs.is_empty() {
        return Err(CallError::new("pkcs12: certificate missing"));
    }
    let certificates = archive.certs.iter().map(|bag| bag.cert.as_der().to_vec());
    Ok(Opened {
        key: Zeroizing::new(key.as_der().to_vec()),
        certificates: certificates.collect(),
    })
}

/// The private key, in PKCS#8.
pub(super) fn key(store: &[u8], password: &str) -> Result<String, CallError> {
    let opened = open(store, password)
        .map_err(|error| error.within("unable to decode pkcs12 with password: "))?;
    let key = PrivateKey::of_pkcs8(&opened.key)?;
    Ok(pem::of_der("PRIVATE KEY", &key.to_pkcs8()?))
}

/// The certificates, from the leaf to the root if they are one chain.
pub(super) fn certificates(store: &[u8], password: &str) -> Result<String, CallError> {
    let opened = open(store, password)
        .map_err(|error| error.within("unable to decode pkcs12 certificate with password: "))?;
    let certificates: Vec<_> = opened.certificates.iter().map(Vec::as_slice).collect();
    Ok(chain_pem(&certificates))
}

/// How many of the certificates of a PEM text go into a key store.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Take {
    First,
    All,
}

/// A key store of certificates and their key, in base64.
pub(super) fn of_key(
    certificates: &[u8],
    take: Take,
    key: &[u8],
    password: &str,
) -> Result<String, CallError> {
    let certificates = match take {
        Take::First => vec![block(certificates)?.0],
        Take::All => all(certificates)?,
    };
    let (leaf, _) = certificates.split_first().ok_or_else(missing)?;
    let digest = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, leaf.as_der());
    let (key, _) = pem::decode(key).ok_or_else(missing)?;
    let key = PrivateKey::of_any_der(&key.bytes)?.to_pkcs8()?;
    let key = StoredKey::from_der(&key).map_err(|_| not_written())?;
    let chain = PrivateKeyChain::new(digest.as_ref(), key, certificates);
    let mut store = KeyStore::new();
    store.add_entry("1", KeyStoreEntry::PrivateKeyChain(chain));
    written(&store, password)
}

/// A key store of certificates that are trusted, in base64.
pub(super) fn of_trusted(certificates: &[u8], password: &str) -> Result<String, CallError> {
    let mut store = KeyStore::new();
    for certificate in all(certificates)? {
        let subject = certificate.subject().to_owned();
        let mut alias = subject.clone();
        let mut number = 1;
        while store.entry(&alias).is_some() {
            number += 1;
            alias = format!("{subject} ({number})");
        }
        store.add_entry(&alias, KeyStoreEntry::Certificate(certificate));
    }
    written(&store, password)
}

fn written(store: &KeyStore, password: &str) -> Result<String, CallError> {
    let writer = store.writer(password);
    let writer = writer
        .encryption_iterations(ITERATIONS)
        .mac_iterations(ITERATIONS);
    let bytes = writer.write().map_err(|_| not_written())?;
    Ok(BASE64_STANDARD.encode(Zeroizing::new(bytes)))
}

fn not_written() -> CallError {
    CallError::new("pkcs12: the key store cannot be written")
}

fn missing() -> CallError {
    CallError::new("the text has no PEM block where one is needed")
}

/// The certificate of the first block, and what follows it.
fn block(text: &[u8]) -> Result<(Certificate, &[u8]), CallError> {
    let (block, rest) = pem::decode(text).ok_or_else(missing)?;
    certificate::parse(&block.bytes)?;
    let certificate = Certificate::from_der(&block.bytes).map_err(|_| missing())?;
    Ok((certificate, rest))
}

/// The certificates of all blocks. There must be nothing behind the last, not even a line break: as
/// upstream has it.
fn all(mut text: &[u8]) -> Result<Vec<Certificate>, CallError> {
    let mut certificates = Vec::new();
    while !text.is_empty() {
        let (certificate, rest) = block(text)?;
        certificates.push(certificate);
        text = rest;
    }
    Ok(certificates)
}
