//! Values that are written in base64.

use base64::Engine;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use operator_api::DecodingStrategy;
use thiserror::Error;

/// A value that is not base64. It names the place and nothing of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("illegal base64 data at input byte {0}")]
pub struct DecodeError(usize);

/// The value itself. `Auto` takes a text that is neither of the two encodings as it is.
///
/// # Errors
/// The first byte that is wrong, counted as Go counts: line breaks are passed over.
pub fn decode(strategy: DecodingStrategy, text: &[u8]) -> Result<Vec<u8>, DecodeError> {
    match strategy {
        DecodingStrategy::None => Ok(text.to_vec()),
        DecodingStrategy::Base64 => decoded(Alphabet::Standard, text),
        DecodingStrategy::Base64URL => decoded(Alphabet::Url, text),
        DecodingStrategy::Auto => Ok(decoded(Alphabet::Standard, text)
            .or_else(|_| decoded(Alphabet::Url, text))
            .unwrap_or_else(|_| text.to_vec())),
    }
}

#[derive(Clone, Copy)]
enum Alphabet {
    Standard,
    Url,
}

impl Alphabet {
    /// Go ignores what the last character has beyond the last byte.
    fn engine(self) -> GeneralPurpose {
        const CONFIG: GeneralPurposeConfig =
            GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
        let alphabet = match self {
            Self::Standard => &base64::alphabet::STANDARD,
            Self::Url => &base64::alphabet::URL_SAFE,
        };
        GeneralPurpose::new(alphabet, CONFIG)
    }

    fn has(self, byte: u8) -> bool {
        byte.is_ascii_alphanumeric()
            || match self {
                Self::Standard => matches!(byte, b'+' | b'/'),
                Self::Url => matches!(byte, b'-' | b'_'),
            }
    }
}

fn decoded(alphabet: Alphabet, text: &[u8]) -> Result<Vec<u8>, DecodeError> {
    if let Some(at) = first_wrong(alphabet, text) {
        return Err(DecodeError(at));
    }
    let plain: Vec<u8> = text
        .iter()
        .copied()
        .filter(|byte| !matches!(byte, b'\n' | b'\r'))
        .collect();
    alphabet
        .engine()
        .decode(&plain)
        .map_err(|_| DecodeError(text.len()))
}

/// Where Go stops: at a byte that is no digit, at padding in the wrong place, or, where digits are
/// missing, at the beginning of the last group of four.
fn first_wrong(alphabet: Alphabet, text: &[u8]) -> Option<usize> {
    let mut digits = 0;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\n' | b'\r' => {}
            b'=' => return wrong_padding(text, at, digits % 4),
            byte if alphabet.has(byte) => digits += 1,
            _ => return Some(at),
        }
        at += 1;
    }
    let missing = digits % 4;
    (missing != 0).then(|| text.len() - missing)
}

/// Padding begins at `at`, behind `digits` of a group.
fn wrong_padding(text: &[u8], at: usize, digits: usize) -> Option<usize> {
    if digits < 2 {
        return Some(at);
    }
    let is_break = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let mut rest = (at + 1..)
        .zip(&text[at + 1..])
        .filter(|(_, byte)| !is_break(byte));
    if digits == 2 {
        match rest.next() {
            Some((_, b'=')) => {}
            Some((at, _)) => return Some(at),
            None => return Some(text.len()),
        }
    }
    rest.next().map(|(at, _)| at)
}
