//! JSON as text: what Vault sent, byte for byte, in memory that is wiped.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

/// A JSON text that may hold secrets.
///
/// It keeps the literal text, so that a reader can show numbers as Vault wrote them. Clones and
/// parts share one buffer, which is wiped when the last of them is dropped. Two texts are equal
/// when they are the same byte for byte.
#[derive(Clone)]
pub struct JsonText {
    buffer: Arc<Zeroizing<String>>,
    range: Range<usize>,
}

/// A JSON text does not have the expected form. Says where, never what: the text may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unexpected JSON at line {line} column {column}")]
pub struct JsonError {
    line: usize,
    column: usize,
}

impl JsonText {
    /// Takes a text as it is; whether it is JSON shows when it is parsed.
    pub fn new(text: String) -> Self {
        Self::from_buffer(Zeroizing::new(text))
    }

    /// The same for a text in memory that is wiped.
    pub fn from_buffer(text: Zeroizing<String>) -> Self {
        let range = 0..text.len();
        Self {
            buffer: Arc::new(text),
            range,
        }
    }

    /// The text. The caller keeps it out of logs and errors.
    pub fn as_str(&self) -> &str {
        &self.buffer[self.range.clone()]
    }

    /// Parses the text; borrowed fields (`&str`, `&RawValue`) point into it.
    pub fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T, JsonError> {
        serde_json::from_str(self.as_str()).map_err(|error| JsonError::from(&error))
    }

    /// Whether it has more values in it than this, keys of objects not counted, should it be JSON.
    pub fn has_more_values_than(&self, limit: usize) -> bool {
        let (mut values, mut is_text, mut is_escaped) = (0, false, false);
        for byte in self.as_str().bytes() {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = is_text,
                b'"' => is_text = !is_text,
                b',' | b'[' | b'{' if !is_text => values += 1,
                _ => {}
            }
        }
        values > limit
    }

    /// A part of this text that shares its buffer. `part` was parsed out of this very text.
    pub(crate) fn part(&self, part: &RawValue) -> Self {
        let offset = part.get().as_ptr().addr() - self.buffer.as_ptr().addr();
        Self {
            buffer: Arc::clone(&self.buffer),
            range: offset..offset + part.get().len(),
        }
    }
}

impl From<&serde_json::Error> for JsonError {
    fn from(error: &serde_json::Error) -> Self {
        Self {
            line: error.line(),
            column: error.column(),
        }
    }
}

impl PartialEq for JsonText {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for JsonText {}

impl fmt::Debug for JsonText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JsonText([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Envelope<'a> {
        #[serde(borrow)]
        data: &'a RawValue,
    }

    #[test]
    fn a_part_keeps_its_literal_text() {
        let whole =
            JsonText::new(r#"{"a": 1, "data": {"n": 1.10, "m": 12345678901234567890}}"#.into());
        let envelope: Envelope<'_> = whole.parse().unwrap();
        let part = whole.part(envelope.data);
        drop(whole.clone());
        assert_eq!(part.as_str(), r#"{"n": 1.10, "m": 12345678901234567890}"#);
    }

    #[test]
    fn values_are_counted_outside_of_texts() {
        let values = |text: &str| {
            let text = JsonText::new(text.to_owned());
            (0..9).find(|limit| !text.has_more_values_than(*limit))
        };
        assert_eq!(values(r#"{"a":1,"b":[2,3],"c":{"d":"e"}}"#), Some(6));
        assert_eq!(values(r#"{"a,[{\",{":"\\","b,":1}"#), Some(2));
    }

    #[test]
    fn texts_are_equal_byte_for_byte() {
        let text = |text: &str| JsonText::new(text.to_owned());
        assert_eq!(text("{}"), text("{}"));
        assert_ne!(text("{}"), text("{ }"));
        assert_eq!(format!("{:?}", text("1")), "JsonText([REDACTED])");
    }

    #[test]
    fn neither_debug_nor_errors_show_the_text() {
        let text = JsonText::new(r#"{"data": "canary"}"#.into());
        let error = text
            .parse::<std::collections::BTreeMap<String, u32>>()
            .unwrap_err();
        let shown = format!("{text:?} {error} {error:?}");
        assert!(!shown.contains("canary"), "{shown}");
        assert_eq!(error.to_string(), "unexpected JSON at line 1 column 17");
    }
}
