//! Encodings and digests.

use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use text_template::{Signature, Value};

use super::{Function, STRING, function};
use crate::functions::bytes;
use crate::functions::encode::{decode_base64, encode_base64};
use crate::functions::hash::hex;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        Signature::new("sprig_b64enc", STRING),
        "sprig_b64enc STRING",
        "A string in base64.",
        |_, arguments| Ok(encode_base64(bytes(&arguments[0]))),
    ),
    function(
        Signature::new("sprig_b64dec", STRING),
        "sprig_b64dec STRING",
        "The bytes of a base64 text; where it is none, a sentence that says so.",
        |_, arguments| {
            Ok(match decode_base64(bytes(&arguments[0])) {
                Ok(bytes) => Value::string(bytes),
                Err(at) => Value::string(format!("illegal base64 data at input byte {at}")),
            })
        },
    ),
    function(
        Signature::new("sprig_b32enc", STRING),
        "sprig_b32enc STRING",
        "A string in base32.",
        |_, arguments| Ok(Value::string(encode_base32(bytes(&arguments[0])))),
    ),
    function(
        Signature::new("sprig_b32dec", STRING),
        "sprig_b32dec STRING",
        "The bytes of a base32 text; where it is none, a sentence that says so.",
        |_, arguments| {
            Ok(match decode_base32(bytes(&arguments[0])) {
                Ok(bytes) => Value::string(bytes),
                Err(at) => Value::string(format!("illegal base32 data at input byte {at}")),
            })
        },
    ),
    function(
        Signature::new("sprig_sha1sum", STRING),
        "sprig_sha1sum STRING",
        "The SHA-1 digest of a string.",
        |_, arguments| Ok(hex(&Sha1::digest(bytes(&arguments[0])))),
    ),
    function(
        Signature::new("sprig_sha256sum", STRING),
        "sprig_sha256sum STRING",
        "The SHA-256 digest of a string.",
        |_, arguments| Ok(hex(&Sha256::digest(bytes(&arguments[0])))),
    ),
    function(
        Signature::new("sprig_sha512sum", STRING),
        "sprig_sha512sum STRING",
        "The SHA-512 digest of a string.",
        |_, arguments| Ok(hex(&Sha512::digest(bytes(&arguments[0])))),
    ),
    function(
        Signature::new("sprig_adler32sum", STRING),
        "sprig_adler32sum STRING",
        "The Adler-32 checksum of a string, as a decimal number.",
        |_, arguments| Ok(Value::string(adler32(bytes(&arguments[0])).to_string())),
    ),
];

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn encode_base32(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len().div_ceil(5) * 8);
    for group in bytes.chunks(5) {
        let bits = group
            .iter()
            .fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
        let bits = bits << (8 * (5 - group.len()));
        let digits = (group.len() * 8).div_ceil(5);
        for place in 0..8 {
            let code = usize::try_from(bits >> (35 - 5 * place) & 31).unwrap_or(0);
            out.push(if place < digits { BASE32[code] } else { b'=' });
        }
    }
    out
}

/// The error is the offset of the byte that does not belong.
fn decode_base32(text: &[u8]) -> Result<Vec<u8>, usize> {
    let body = text
        .iter()
        .position(|byte| *byte == b'=')
        .unwrap_or(text.len());
    let mut out = Vec::with_capacity(text.len() / 8 * 5 + 5);
    let (mut bits, mut count) = (0u64, 0);
    for (at, byte) in text[..body].iter().enumerate() {
        let code = BASE32.iter().position(|digit| digit == byte).ok_or(at)?;
        bits = bits << 5 | u64::try_from(code).unwrap_or(0);
        count += 5;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from(bits >> count & 0xff).unwrap_or(0));
        }
    }
    let padding = text.len() - body;
    if !text.len().is_multiple_of(8) || !matches!(padding, 0 | 1 | 3 | 4 | 6) {
        return Err(body);
    }
    Ok(out)
}

fn adler32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    let (low, high) = bytes.iter().fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % MODULUS;
        (low, (high + low) % MODULUS)
    });
    high << 16 | low
}
