//! The characters of strings as Go reads them: a byte that is not UTF-8 is a replacement character.

use std::borrow::Cow;

/// The characters, each with the bytes that it was read from.
pub(super) fn characters(text: &[u8]) -> impl Iterator<Item = (char, &[u8])> + Clone {
    text.utf8_chunks().flat_map(|chunk| {
        let valid = chunk.valid();
        let characters = valid
            .char_indices()
            .map(move |(at, c)| (c, &valid.as_bytes()[at..at + c.len_utf8()]));
        let broken = chunk.invalid().chunks(1);
        characters.chain(broken.map(|byte| (char::REPLACEMENT_CHARACTER, byte)))
    })
}

/// The text as UTF-8. Where Rust replaces the beginning of a character as one, this replaces each of
/// its bytes.
pub(super) fn decoded(text: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(text) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => characters(text).map(|(c, _)| c).collect(),
    }
}
