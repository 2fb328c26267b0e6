//! The text that an expression is searched in.

use std::borrow::Cow;
use std::ops::{Deref, Range};

use crate::functions::utf8::{characters, decoded};

/// A text as the engine takes it: UTF-8, with a replacement character for each byte that is not.
/// What is found there is taken from the text itself, as Go does.
pub(in crate::functions) struct Searched<'t> {
    bytes: &'t [u8],
    decoded: Cow<'t, str>,
    /// Where the replaced bytes are in the decoded text, in order.
    replaced: Vec<usize>,
}

impl<'t> Searched<'t> {
    pub(super) fn new(bytes: &'t [u8]) -> Self {
        let decoded = decoded(bytes);
        let replaced = match decoded {
            Cow::Borrowed(_) => Vec::new(),
            Cow::Owned(_) => replaced(bytes),
        };
        Self {
            bytes,
            decoded,
            replaced,
        }
    }

    /// What the text itself has at a range of the decoded one.
    pub(in crate::functions) fn bytes(&self, range: Range<usize>) -> &'t [u8] {
        &self.bytes[self.own(range.start)..self.own(range.end)]
    }

    fn own(&self, place: usize) -> usize {
        let before = self.replaced.partition_point(|replaced| *replaced < place);
        place - before * (char::REPLACEMENT_CHARACTER.len_utf8() - 1)
    }
}

impl Deref for Searched<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.decoded
    }
}

fn replaced(bytes: &[u8]) -> Vec<usize> {
    let mut at = 0;
    let mut replaced = Vec::new();
    for (c, own) in characters(bytes) {
        if c.len_utf8() != own.len() {
            replaced.push(at);
        }
        at += c.len_utf8();
    }
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_has_the_bytes_of_the_text_itself() {
        let text = Searched::new(b"a\xff\xe4\xb8\xc3\xa9b\xff");
        assert_eq!(&*text, "a\u{fffd}\u{fffd}\u{fffd}éb\u{fffd}");
        let found = |part: &str| {
            let start = text.find(part).unwrap();
            text.bytes(start..start + part.len())
        };
        assert_eq!(found("a"), b"a");
        assert_eq!(found("a\u{fffd}"), b"a\xff");
        assert_eq!(found("\u{fffd}\u{fffd}é"), b"\xe4\xb8\xc3\xa9");
        assert_eq!(found("b\u{fffd}"), b"b\xff");
        assert_eq!(text.bytes(text.len()..text.len()), b"");
    }
}
