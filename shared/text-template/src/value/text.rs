//! Go's string: bytes that are usually UTF-8.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use zeroize::{Zeroizing, zeroize_bytes};

/// A shared, immutable byte string. Wiped when its last owner goes.
#[derive(Clone)]
pub struct Text(Arc<Bytes>);

/// How many bytes stand beside the count of owners: most keys of secrets do, so that looking for
/// one follows one pointer for each that it compares.
const SHORT: usize = 22;

enum Bytes {
    Short { length: u8, bytes: [u8; SHORT] },
    Long(Box<[u8]>),
}

impl Bytes {
    fn as_slice(&self) -> &[u8] {
        match self {
            // Never longer than the array; a slice without a check that can fail.
            Self::Short { length, bytes } => bytes.get(..usize::from(*length)).unwrap_or(bytes),
            Self::Long(bytes) => bytes,
        }
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        match self {
            Self::Short { bytes, .. } => zeroize_bytes(bytes),
            Self::Long(bytes) => zeroize_bytes(bytes),
        }
    }
}

impl Text {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// The length in bytes.
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// No bytes at all?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// As UTF-8, with replacement characters where it is none.
    pub fn to_str_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.as_bytes())
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::from(&[][..])
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Text {}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl From<&[u8]> for Text {
    fn from(bytes: &[u8]) -> Self {
        if bytes.len() > SHORT {
            return Self(Arc::new(Bytes::Long(bytes.into())));
        }
        // Filled where it stays: a copy on the way would not be wiped.
        let mut shared = Arc::new(Bytes::Short {
            length: 0,
            bytes: [0; SHORT],
        });
        if let Some(Bytes::Short { length, bytes: own }) = Arc::get_mut(&mut shared) {
            own[..bytes.len()].copy_from_slice(bytes);
            *length = u8::try_from(bytes.len()).unwrap_or_default();
        }
        Self(shared)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::from(text.as_bytes())
    }
}

/// Takes the bytes over. Where the vector has room to spare, or is short, it is copied and wiped, so that no
/// second copy stays behind.
impl From<Vec<u8>> for Text {
    fn from(bytes: Vec<u8>) -> Self {
        if bytes.len() == bytes.capacity() && bytes.len() > SHORT {
            return Self(Arc::new(Bytes::Long(bytes.into_boxed_slice())));
        }
        Self::from(Zeroizing::new(bytes).as_slice())
    }
}

impl From<Zeroizing<Vec<u8>>> for Text {
    fn from(mut bytes: Zeroizing<Vec<u8>>) -> Self {
        Self::from(std::mem::take(&mut *bytes))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::from(text.into_bytes())
    }
}

/// Never the content: it may be a secret.
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Text(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_bytes_whatever_its_length() {
        for length in [0, 1, SHORT - 1, SHORT, SHORT + 1, 1000] {
            let bytes: Vec<u8> = (0..=255).cycle().take(length).collect();
            for text in [Text::from(&bytes[..]), Text::from(bytes.clone())] {
                assert_eq!((text.as_bytes(), text.len()), (&bytes[..], length));
            }
        }
    }
}
