//! Base64, with Go's rules: padded, line breaks skipped, and an error that says where.

use text_template::{Arguments, CallError, Signature, Type, Value};
use zeroize::Zeroizing;

use super::{Function, bytes, function};

const ONE: &[Type] = &[Type::String];

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        Signature::new("base64Decode", ONE),
        "base64Decode STRING",
        "The bytes of a base64 text.",
        |_, arguments| decoded("base64Decode", arguments, STANDARD),
    ),
    function(
        Signature::new("base64Encode", ONE),
        "base64Encode STRING",
        "A string in base64.",
        |_, arguments| Ok(encode(bytes(&arguments[0]), STANDARD)),
    ),
    function(
        Signature::new("base64URLDecode", ONE),
        "base64URLDecode STRING",
        "The bytes of a base64 text in the alphabet for URLs.",
        |_, arguments| decoded("base64URLDecode", arguments, URL),
    ),
    function(
        Signature::new("base64URLEncode", ONE),
        "base64URLEncode STRING",
        "A string in base64 in the alphabet for URLs.",
        |_, arguments| Ok(encode(bytes(&arguments[0]), URL)),
    ),
];

type Alphabet = &'static [u8; 64];

const STANDARD: Alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: Alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn decoded(name: &str, arguments: Arguments<'_>, alphabet: Alphabet) -> Result<Value, CallError> {
    match decode(bytes(&arguments[0]), alphabet) {
        Ok(bytes) => Ok(Value::string(bytes)),
        Err(at) => Err(CallError::new(format!(
            "{name}: illegal base64 data at input byte {at}"
        ))),
    }
}

/// The error is the offset of the byte that Go complains of.
fn decode(text: &[u8], alphabet: Alphabet) -> Result<Zeroizing<Vec<u8>>, usize> {
    let mut codes = [None; 256];
    for (code, byte) in (0u32..).zip(alphabet) {
        codes[usize::from(*byte)] = Some(code);
    }
    let mut out = Zeroizing::new(Vec::with_capacity(text.len() / 4 * 3 + 3));
    let (mut bits, mut count) = (0u32, 0);
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        at += 1;
        match (byte, codes[usize::from(*byte)]) {
            (b'\r' | b'\n', _) => {}
            (_, Some(code)) => {
                bits = bits << 6 | code;
                count += 1;
                if count == 4 {
                    out.extend_from_slice(&bits.to_be_bytes()[1..]);
                    (bits, count) = (0, 0);
                }
            }
            (b'=', None) => {
                finish(text, at, count)?;
                let length = count - 1;
                let padded = bits << (6 * (4 - count));
                out.extend_from_slice(&padded.to_be_bytes()[1..=length]);
                return Ok(out);
            }
            _ => return Err(at - 1),
        }
    }
    if count == 0 { Ok(out) } else { Err(at - count) }
}

/// Is the padding whole and the last of the text? `at` is behind its first sign.
fn finish(text: &[u8], mut at: usize, count: usize) -> Result<(), usize> {
    let skip = |mut at: usize| {
        while matches!(text.get(at), Some(b'\r' | b'\n')) {
            at += 1;
        }
        at
    };
    match count {
        2 => {
            at = skip(at);
            match text.get(at) {
                None => return Err(text.len()),
                Some(b'=') => at += 1,
                Some(_) => return Err(at - 1),
            }
        }
        3 => {}
        _ => return Err(at - 1),
    }
    at = skip(at);
    if at < text.len() { Err(at) } else { Ok(()) }
}

/// The standard alphabet, for YAML's binary scalars.
pub(crate) fn encode_base64(bytes: &[u8]) -> Value {
    encode(bytes, STANDARD)
}

/// As [`encode_base64`], the other way. The error is the offset of the byte that does not belong.
pub(crate) fn decode_base64(text: &[u8]) -> Result<Zeroizing<Vec<u8>>, usize> {
    decode(text, STANDARD)
}

fn encode(bytes: &[u8], alphabet: Alphabet) -> Value {
    let mut out = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group
            .iter()
            .fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - group.len()));
        for place in 0..4 {
            let code = usize::try_from(bits >> (18 - 6 * place) & 63).unwrap_or(0);
            out.push(if place <= group.len() {
                alphabet[code]
            } else {
                b'='
            });
        }
    }
    Value::string(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> Result<Vec<u8>, usize> {
        decode(text.as_bytes(), STANDARD).map(|bytes| bytes.to_vec())
    }

    #[test]
    fn decodes_what_it_encodes() {
        for text in ["", "a", "ab", "abc", "abcd", "\u{ff}\u{0}\n"] {
            let encoded = encode(text.as_bytes(), STANDARD);
            assert_eq!(
                decode(bytes(&encoded), STANDARD).unwrap().as_slice(),
                text.as_bytes()
            );
        }
    }

    #[test]
    fn line_breaks_are_skipped() {
        assert_eq!(decoded("aGVs\r\nbG8=\n"), Ok(b"hello".to_vec()));
    }

    #[test]
    fn the_error_names_the_byte_that_go_names() {
        assert_eq!(decoded("aGVsbG8"), Err(4));
        assert_eq!(decoded("aGVs*G8="), Err(4));
        assert_eq!(decoded("aGVsbG8=x"), Err(8));
        assert_eq!(decoded("a==="), Err(1));
        assert_eq!(decoded("ab=c"), Err(2));
        assert_eq!(decoded("ab="), Err(3));
        assert_eq!(decoded("="), Err(0));
    }
}
