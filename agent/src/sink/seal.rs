//! A sink that one reader can read: the token encrypted for the holder of an X25519 key.
//!
//! ```text
//! reader's public key ─┐
//! fresh key pair ──────┴▶ X25519 ─▶ [HKDF-SHA256 over both public keys] ─▶ AES-256-GCM ─▶ JSON
//! ```
//!
//! The key pair is another for each token: an old file says nothing about the next one.

use std::io;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::agreement::{EphemeralPrivateKey, UnparsedPublicKey, X25519, agree_ephemeral};
use ring::error::Unspecified;
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::rand::{SecureRandom, SystemRandom};
use secret_files::{limit, read_text};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::Zeroizing;

const KEY_LENGTH: usize = 32;

/// How to encrypt for a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealing {
    /// File with the reader's public key.
    pub public_key_path: PathBuf,
    /// Derive the key from the shared secret instead of using it as it is.
    pub derive_key: bool,
    /// Text that the reader has to know, too.
    pub aad: String,
    reader: Option<[u8; KEY_LENGTH]>,
}

/// A token could not be encrypted. May pass when the file with the key changes.
#[derive(Debug, Error)]
pub(crate) enum SealError {
    /// The key's file cannot be read.
    #[error("cannot read the public key {path} (dh_path): {source}")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The file holds no key.
    #[error(
        "{path} (dh_path) is not a JSON object with the base64 of {KEY_LENGTH} bytes in \
         \"curve25519_public_key\""
    )]
    NotAKey {
        /// The file.
        path: String,
    },
    /// No secret can be agreed on with this key.
    #[error("cannot encrypt for the public key in {path} (dh_path): it is not one of Curve25519")]
    Agreement {
        /// The file.
        path: String,
    },
}

/// What the reader leaves.
#[derive(Deserialize)]
struct PublicKey {
    curve25519_public_key: String,
}

/// What the reader gets.
#[derive(Serialize)]
struct Envelope {
    curve25519_public_key: String,
    nonce: String,
    encrypted_payload: String,
}

impl Sealing {
    /// Encryption with a key from this file.
    pub fn new(public_key_path: PathBuf, derive_key: bool, aad: String) -> Self {
        Self {
            public_key_path,
            derive_key,
            aad,
            reader: None,
        }
    }

    /// Encrypts for the reader. The first use reads the reader's key, which is kept.
    pub(super) fn seal(&mut self, content: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let reader = match self.reader {
            Some(reader) => reader,
            None => *self.reader.insert(self.read_key()?),
        };
        let envelope = self.encrypt(&reader, content);
        let envelope =
            envelope.map_err(|Unspecified| SealError::Agreement { path: self.path() })?;
        let json = serde_json::to_vec(&envelope).expect("text must serialise to JSON");
        Ok(Zeroizing::new(json))
    }

    fn read_key(&self) -> Result<[u8; KEY_LENGTH], SealError> {
        let text = read_text(&self.public_key_path, limit::CREDENTIAL).map_err(|source| {
            SealError::File {
                path: self.path(),
                source: source.into(),
            }
        })?;
        serde_json::from_str::<PublicKey>(&text)
            .ok()
            .and_then(|key| STANDARD.decode(key.curve25519_public_key).ok())
            .and_then(|key| key.try_into().ok())
            .ok_or_else(|| SealError::NotAKey { path: self.path() })
    }

    fn encrypt(&self, reader: &[u8; KEY_LENGTH], content: &[u8]) -> Result<Envelope, Unspecified> {
        let random = SystemRandom::new();
        let pair = EphemeralPrivateKey::generate(&X25519, &random)?;
        let own = pair.compute_public_key()?;
        let peer = UnparsedPublicKey::new(&X25519, reader);
        let key = agree_ephemeral(pair, &peer, |shared| self.key(shared, own.as_ref(), reader))??;
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_slice())?);
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce)?;
        let aad = Aad::from(self.aad.as_bytes());
        // Room for the tag, so that growing leaves no copy behind.
        let mut sealed = Zeroizing::new(Vec::with_capacity(content.len() + AES_256_GCM.tag_len()));
        sealed.extend_from_slice(content);
        let unique = Nonce::assume_unique_for_key(nonce);
        key.seal_in_place_append_tag(unique, aad, &mut *sealed)?;
        Ok(Envelope {
            curve25519_public_key: STANDARD.encode(own.as_ref()),
            nonce: STANDARD.encode(nonce),
            encrypted_payload: STANDARD.encode(sealed.as_slice()),
        })
    }

    fn key(
        &self,
        shared: &[u8],
        own: &[u8],
        reader: &[u8],
    ) -> Result<Zeroizing<[u8; KEY_LENGTH]>, Unspecified> {
        let mut key = Zeroizing::new([0; KEY_LENGTH]);
        if self.derive_key {
            let (smaller, larger) = if own < reader {
                (own, reader)
            } else {
                (reader, own)
            };
            let info = [larger];
            let derived = Salt::new(HKDF_SHA256, smaller).extract(shared);
            derived
                .expand(&info, HKDF_SHA256)?
                .fill(key.as_mut_slice())?;
        } else {
            key.copy_from_slice(shared);
        }
        Ok(key)
    }

    fn path(&self) -> String {
        self.public_key_path.display().to_string()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
    use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
    use serde_json::Value;

    use super::{Engine as _, STANDARD};
    use super::{KEY_LENGTH, PathBuf, Sealing};

    /// A reader with a key pair of its own, who knows nothing but the documented format.
    struct Reader {
        pair: PrivateKey,
        dir: tempfile::TempDir,
    }

    impl Reader {
        fn new() -> Self {
            let reader = Self {
                pair: PrivateKey::generate(&X25519).unwrap(),
                dir: tempfile::tempdir().unwrap(),
            };
            let public = STANDARD.encode(reader.public());
            reader.put(&serde_json::json!({ "curve25519_public_key": public }).to_string());
            reader
        }

        fn public(&self) -> Vec<u8> {
            self.pair.compute_public_key().unwrap().as_ref().to_vec()
        }

        fn path(&self) -> PathBuf {
            self.dir.path().join("key")
        }

        fn put(&self, text: &str) {
            let mut file = std::fs::File::create(self.path()).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        }

        fn open(&self, sealed: &[u8], derive: bool, aad: &str) -> Option<Vec<u8>> {
            let envelope: Value = serde_json::from_slice(sealed).unwrap();
            let part = |name: &str| STANDARD.decode(envelope[name].as_str().unwrap()).unwrap();
            let (theirs, ours) = (part("curve25519_public_key"), self.public());
            let peer = UnparsedPublicKey::new(&X25519, &theirs);
            let shared = agree(&self.pair, peer, (), |shared| Ok(shared.to_vec())).unwrap();
            let key = if derive {
                let (salt, info) = if ours < theirs {
                    (&ours, &theirs)
                } else {
                    (&theirs, &ours)
                };
                // HKDF as RFC 5869 has it: extract, then one block.
                let sign = |key: &[u8], text: &[u8]| {
                    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, key);
                    aws_lc_rs::hmac::sign(&key, text).as_ref().to_vec()
                };
                sign(&sign(salt, &shared), &[info.as_slice(), &[1]].concat())
            } else {
                shared
            };
            let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).unwrap());
            let nonce = Nonce::try_assume_unique_for_key(&part("nonce")).unwrap();
            let mut payload = part("encrypted_payload");
            let opened = key.open_in_place(nonce, Aad::from(aad.as_bytes()), &mut payload);
            opened.ok().map(|text| text.to_vec())
        }
    }

    #[test]
    fn the_reader_and_nobody_else_opens_what_is_sealed() {
        let (reader, stranger) = (Reader::new(), Reader::new());
        for derive in [false, true] {
            let mut sealing = Sealing::new(reader.path(), derive, "known".into());
            let sealed = sealing.seal(b"hvs.canary").unwrap();
            let opened = reader.open(&sealed, derive, "known");
            assert_eq!(opened.as_deref(), Some(b"hvs.canary".as_slice()));
            assert_eq!(reader.open(&sealed, derive, ""), None, "without the text");
            assert_eq!(reader.open(&sealed, !derive, "known"), None);
            assert_eq!(stranger.open(&sealed, derive, "known"), None);
            assert_ne!(*sealing.seal(b"hvs.canary").unwrap(), *sealed);
        }
    }

    #[test]
    fn a_key_that_is_none_is_refused_with_its_file_and_may_come_later() {
        let reader = Reader::new();
        let good = std::fs::read_to_string(reader.path()).unwrap();
        let zeros = STANDARD.encode([0; KEY_LENGTH]);
        let mut sealing = Sealing::new(reader.path(), true, String::new());
        let cases = [
            ("{}", "is not a JSON object with the base64 of 32 bytes"),
            (r#"{"curve25519_public_key": "AAAA"}"#, "is not a JSON"),
        ];
        for (text, words) in cases {
            reader.put(text);
            let error = sealing.seal(b"token").unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        std::fs::remove_file(reader.path()).unwrap();
        let error = sealing.seal(b"token").unwrap_err().to_string();
        assert!(error.starts_with("cannot read the public key"), "{error}");
        reader.put(&good);
        assert!(sealing.seal(b"token").is_ok());

        reader.put(&format!(r#"{{"curve25519_public_key": "{zeros}"}}"#));
        let mut sealing = Sealing::new(reader.path(), true, String::new());
        let error = sealing.seal(b"token").unwrap_err().to_string();
        assert!(error.contains("not one of Curve25519"), "{error}");
    }
}
