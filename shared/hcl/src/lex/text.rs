//! Text in quotes. Inside of `${…}` everything is kept as written, quotes included.

use crate::cursor::Cursor;
use crate::error::{ParseError, Problem};
use crate::escape::{self, Escaped, TextBuffer};

/// Reads text from its opening to its closing quote.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<String, ParseError> {
    let start = cursor.position();
    let unclosed = || ParseError::new(start, Problem::UnclosedText);
    cursor.bump();
    let mut text = TextBuffer::default();
    // How many braces are open, beginning with the one of `${`.
    let mut braces = 0_usize;
    loop {
        let position = cursor.position();
        let before = cursor.rest();
        match cursor.bump() {
            None | Some('\0') => return Err(unclosed()),
            Some('\n') if braces == 0 => return Err(unclosed()),
            Some('"') if braces == 0 => return Ok(text.finish()),
            Some('\\') => {
                let escaped = escape::read(cursor, position)?;
                if braces > 0 {
                    text.push_str(&before[..before.len() - cursor.rest().len()]);
                    continue;
                }
                match escaped {
                    Escaped::Char(character) => text.push(character),
                    Escaped::Byte(byte) => text.push_byte(byte),
                    Escaped::Surrogate => text.push(char::REPLACEMENT_CHARACTER),
                    Escaped::Nothing => return Err(ParseError::new(position, Problem::Escape)),
                }
            }
            Some('$') if braces == 0 && cursor.eat('{') => {
                braces = 1;
                text.push_str("${");
            }
            Some(other) => {
                match other {
                    '{' if braces > 0 => braces += 1,
                    '}' if braces > 0 => braces -= 1,
                    _ => {}
                }
                text.push(other);
            }
        }
    }
}
