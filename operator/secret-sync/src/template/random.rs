//! What is different at each render.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use rand::seq::SliceRandom as _;
use rand::{Rng as _, RngExt as _};
use text_template::CallError;

/// So many characters of an alphabet; none where the number is negative.
pub(super) fn text(alphabet: &[u8], count: i64, limit: usize) -> Result<Vec<u8>, CallError> {
    let count = usize::try_from(count).unwrap_or(0);
    within(count, limit)?;
    let mut rng = rand::rng();
    let mut pick = || alphabet[rng.random_range(0..alphabet.len())];
    Ok((0..count).map(|_| pick()).collect())
}

/// So many bytes, in base64.
pub(super) fn bytes(count: i64, limit: usize) -> Result<String, CallError> {
    let count = usize::try_from(count)
        .map_err(|_| CallError::new("runtime error: makeslice: len out of range"))?;
    within(count, limit / 2)?;
    let mut bytes = vec![0; count];
    rand::rng().fill_bytes(&mut bytes);
    Ok(BASE64_STANDARD.encode(bytes))
}

fn within(count: usize, limit: usize) -> Result<(), CallError> {
    if count <= limit {
        return Ok(());
    }
    Err(CallError::new(format!(
        "the value takes more than {limit} bytes"
    )))
}

/// From the least number up to, and without, another.
pub(super) fn number(least: i64, end: i64) -> Result<i64, CallError> {
    if least >= end {
        return Err(CallError::new("invalid argument to Intn"));
    }
    Ok(rand::rng().random_range(least..end))
}

/// The same characters in another order.
pub(super) fn shuffled(text: &str) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    characters.shuffle(&mut rand::rng());
    characters.into_iter().collect()
}

/// A random UUID (RFC 9562, version 4).
pub(super) fn uuid() -> String {
    let mut bytes = [0u8; 16];
    rand::rng().fill_bytes(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let number = u128::from_be_bytes(bytes);
    let hex = format!("{number:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}
