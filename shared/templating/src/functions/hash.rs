//! Digests, in lower-case hexadecimal.

use md5::Md5;
use sha2::{Digest, Sha256};
use text_template::{Signature, Type, Value};
use zeroize::Zeroizing;

use super::{Function, bytes, function};

const ONE: &[Type] = &[Type::String];

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        Signature::new("sha256Hex", ONE),
        "sha256Hex STRING",
        "The SHA-256 digest of a string.",
        |_, arguments| Ok(hex(&Sha256::digest(bytes(&arguments[0])))),
    ),
    function(
        Signature::new("md5sum", ONE),
        "md5sum STRING",
        "The MD5 digest of a string.",
        |_, arguments| Ok(hex(&Md5::digest(bytes(&arguments[0])))),
    ),
    function(
        Signature::new("hmacSHA256Hex", &[Type::String, Type::String]),
        "hmacSHA256Hex MESSAGE KEY",
        "The HMAC-SHA-256 of a message.",
        |_, arguments| Ok(hex(&hmac(bytes(&arguments[0]), bytes(&arguments[1])))),
    ),
];

pub(super) fn hex(digest: &[u8]) -> Value {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = |byte: &u8| {
        [
            DIGITS[usize::from(byte >> 4)],
            DIGITS[usize::from(byte & 15)],
        ]
    };
    Value::string(digest.iter().flat_map(digits).collect::<Vec<u8>>())
}

/// HMAC (RFC 2104) with the hash's block of 64 bytes.
fn hmac(message: &[u8], key: &[u8]) -> Vec<u8> {
    let mut block = Zeroizing::new([0u8; 64]);
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let padded = |mask: u8| Zeroizing::new(block.map(|byte| byte ^ mask));
    let inner = Sha256::new()
        .chain_update(*padded(0x36))
        .chain_update(message)
        .finalize();
    Sha256::new()
        .chain_update(*padded(0x5c))
        .chain_update(inner)
        .finalize()
        .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &Value) -> String {
        value.as_text().unwrap().to_str_lossy().into_owned()
    }

    // RFC 4231, test cases 2 and 6.
    #[test]
    fn hmac_gives_the_digests_of_its_standard() {
        assert_eq!(
            text(&hex(&hmac(b"what do ya want for nothing?", b"Jefe"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            text(&hex(&hmac(
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                &[0xaa; 131]
            ))),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }
}
