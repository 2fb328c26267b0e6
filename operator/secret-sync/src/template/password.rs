//! Hashes of passwords, passwords made of others, and texts encrypted with them.

use aes::Aes256;
use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use bcrypt::Version;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::Rng as _;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use rsa::sha2::Sha256;
use text_template::CallError;
use zeroize::Zeroizing;

use operator_api::DecodingStrategy;

use crate::decode;

/// The cost that upstream takes.
const BCRYPT_COST: u32 = 10;

/// The hash, or a text that says why there is none.
pub(super) fn bcrypt(password: &[u8]) -> String {
    if password.len() > 72 {
        return String::from(
            "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes",
        );
    }
    match bcrypt::hash_with_result(password, BCRYPT_COST) {
        Ok(hash) => hash.format_for_version(Version::TwoA),
        Err(_) => String::from("failed to encrypt string with bcrypt"),
    }
}

/// A line of a file of Apache's `htpasswd`.
pub(super) fn htpasswd(user: &str, password: &[u8], algorithm: &[u8]) -> String {
    if user.contains(':') {
        return format!("invalid username: {user}");
    }
    if algorithm == b"sha" {
        let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, password);
        return format!("{user}:{{SHA}}{}", BASE64_STANDARD.encode(digest));
    }
    format!("{user}:{}", bcrypt(password))
}

const SEED: &[u8] = b"com.lyndir.masterpassword";

/// What passwords of each kind look like: a letter for each character's class.
const SHAPES: &[(&str, &[&str])] = &[
    ("maximum", &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"]),
    (
        "long",
        &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
    ),
    ("medium", &["CvcnoCvc", "CvcCvcno"]),
    ("short", &["Cvcn"]),
    ("basic", &["aaanaaan", "aannaaan", "aaannaaa"]),
    ("pin", &["nnnn"]),
];

fn class(letter: u8) -> &'static [u8] {
    match letter {
        b'V' => b"AEIOU",
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'A' => b"AEIOUBCDFGHJKLMNPQRSTVWXYZ",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

/// The password of a site by the Master Password algorithm.
pub(super) fn derived(
    counter: u32,
    kind: &str,
    password: &[u8],
    user: &[u8],
    site: &[u8],
) -> Result<String, CallError> {
    let Some((_, shapes)) = SHAPES.iter().find(|(name, _)| *name == kind) else {
        return Ok(format!("cannot find password template {kind}"));
    };
    let failed = || CallError::new("failed to derive password");
    let length = |text: &[u8]| u32::try_from(text.len()).map(u32::to_be_bytes);
    let salt = [SEED, &length(user).map_err(|_| failed())?, user].concat();
    let mut key = Zeroizing::new([0u8; 64]);
    let parameters = scrypt::Params::new(15, 8, 2).map_err(|_| failed())?;
    scrypt::scrypt(password, &salt, &parameters, &mut *key).map_err(|_| failed())?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&*key).map_err(|_| failed())?;
    for part in [SEED, &length(site).map_err(|_| failed())?, site] {
        mac.update(part);
    }
    mac.update(&counter.to_be_bytes());
    let seed = mac.finalize().into_bytes();
    let shape = shapes[usize::from(seed[0]) % shapes.len()];
    let characters = shape
        .bytes()
        .zip(seed.iter().skip(1))
        .map(|(letter, byte)| {
            let class = class(letter);
            char::from(class[usize::from(*byte) % class.len()])
        });
    Ok(characters.collect())
}

const BLOCK: usize = 16;

/// A password as a key: cut, or with zeros behind it.
fn key_of(password: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    let length = password.len().min(key.len());
    key[..length].copy_from_slice(&password[..length]);
    key
}

/// AES-256 in CBC with a random first block, in base64.
pub(super) fn encrypted(password: &[u8], text: &[u8]) -> String {
    if text.is_empty() {
        return String::new();
    }
    let mut first = [0; BLOCK];
    rand::rng().fill_bytes(&mut first);
    let padding = BLOCK - text.len() % BLOCK;
    let mut padded = Zeroizing::new(text.to_vec());
    padded.extend(std::iter::repeat_n(
        u8::try_from(padding).unwrap_or(0),
        padding,
    ));
    let cipher = cbc::Encryptor::<Aes256>::new(&(*key_of(password)).into(), &first.into());
    let body = cipher.encrypt_padded_vec::<NoPadding>(&padded);
    BASE64_STANDARD.encode([&first[..], &body].concat())
}

/// The text that was encrypted so.
pub(super) fn decrypted(password: &[u8], text: &[u8]) -> Result<Vec<u8>, CallError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let bytes = decode(DecodingStrategy::Base64, text)
        .map_err(|error| CallError::new(error.to_string()))?;
    let Some((first, body)) = bytes.split_first_chunk::<BLOCK>() else {
        return Err(CallError::new("runtime error: slice bounds out of range"));
    };
    let cipher = cbc::Decryptor::<Aes256>::new(&(*key_of(password)).into(), &(*first).into());
    let mut plain = cipher
        .decrypt_padded_vec::<NoPadding>(body)
        .map_err(|_| CallError::new("crypto/cipher: input not full blocks"))?;
    let padding = plain.last().map_or(0, |byte| usize::from(*byte));
    let length = plain
        .len()
        .checked_sub(padding)
        .ok_or_else(|| CallError::new("runtime error: slice bounds out of range"))?;
    plain.truncate(length);
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encrypted_is_read_with_the_same_password_alone() {
        let secret = encrypted(b"pw", b"sixteen bytes ok");
        assert_eq!(
            decrypted(b"pw", secret.as_bytes()).unwrap(),
            b"sixteen bytes ok"
        );
        assert_ne!(
            decrypted(b"px", secret.as_bytes()).unwrap_or_default(),
            b"sixteen bytes ok"
        );
        for odd in ["AA==", "!!", "AAAAAAAAAAAAAAAAAAAAAAA="] {
            assert!(decrypted(b"pw", odd.as_bytes()).is_err(), "{odd}");
        }
    }

    #[test]
    fn a_password_that_is_too_long_has_no_hash() {
        assert!(bcrypt(&[b'a'; 73]).starts_with("failed to encrypt"));
    }
}
