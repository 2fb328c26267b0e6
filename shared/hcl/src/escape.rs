//! The escapes of Go's strings, which both languages have.

use crate::Position;
use crate::cursor::Cursor;
use crate::error::{ParseError, Problem};

/// What a backslash and what follows stand for.
pub(crate) enum Escaped {
    Char(char),
    /// `\xhh` and `\ooo` are bytes, not characters.
    Byte(u8),
    /// Half of a pair of UTF-16, which is no character.
    Surrogate,
    /// Well-formed, but of no character and no byte.
    Nothing,
}

/// Reads an escape whose backslash is already read; `start` is the backslash's place.
pub(crate) fn read(cursor: &mut Cursor<'_>, start: Position) -> Result<Escaped, ParseError> {
    let bad = || ParseError::new(start, Problem::Escape);
    let (digits, radix) = match cursor.peek() {
        Some('x') => (2, 16),
        Some('u') => (4, 16),
        Some('U') => (8, 16),
        Some('0'..='7') => (3, 8),
        other => {
            let simple = other.and_then(simple).ok_or_else(bad)?;
            cursor.bump();
            return Ok(Escaped::Char(simple));
        }
    };
    if radix == 16 {
        cursor.bump();
    }
    let mut number = 0;
    for _ in 0..digits {
        let digit = cursor.peek().and_then(|c| c.to_digit(radix));
        // Eight hexadecimal digits fit.
        number = number * radix + digit.ok_or_else(bad)?;
        cursor.bump();
    }
    Ok(if digits < 4 {
        u8::try_from(number).map_or(Escaped::Nothing, Escaped::Byte)
    } else if (0xd800..0xe000).contains(&number) {
        Escaped::Surrogate
    } else {
        char::from_u32(number).map_or(Escaped::Nothing, Escaped::Char)
    })
}

fn simple(letter: char) -> Option<char> {
    Some(match letter {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        '\\' => '\\',
        '"' => '"',
        _ => return None,
    })
}

/// Text that is made of characters and of bytes, which need not be UTF-8.
#[derive(Default)]
pub(crate) struct TextBuffer(Vec<u8>);

impl TextBuffer {
    pub(crate) fn push(&mut self, character: char) {
        let mut buffer = [0; 4];
        self.push_str(character.encode_utf8(&mut buffer));
    }

    pub(crate) fn push_str(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    pub(crate) fn push_byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// The text; each byte that is of no character becomes U+FFFD.
    pub(crate) fn finish(self) -> String {
        String::from_utf8(self.0).unwrap_or_else(|error| {
            let mut text = String::new();
            for chunk in error.as_bytes().utf8_chunks() {
                text.push_str(chunk.valid());
                text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
            }
            text
        })
    }
}
