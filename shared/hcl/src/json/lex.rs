//! The words of JSON.

use crate::cursor::Cursor;
use crate::error::{ParseError, Problem};
use crate::escape::{self, Escaped, TextBuffer};
use crate::lex::{continues_name, float, integer, refuse_null, starts_name};
use crate::{Position, Value, ValueKind};

pub(super) enum Token {
    End,
    Text(String),
    /// A number, `true`, `false` or `null`.
    Scalar(Value),
    Colon,
    Comma,
    OpenObject,
    CloseObject,
    OpenList,
    CloseList,
    Point,
}

impl Token {
    /// The token in words that tell nothing of its text.
    pub(super) fn describe(&self) -> &'static str {
        match self {
            Self::End => "the end",
            Self::Text(_) => "text",
            Self::Scalar(value) => value.kind.describe(),
            Self::Colon => "a colon",
            Self::Comma => "a comma",
            Self::OpenObject => "{",
            Self::CloseObject => "}",
            Self::OpenList => "[",
            Self::CloseList => "]",
            Self::Point => "a point that no digit follows",
        }
    }
}

pub(super) fn skip_blanks(cursor: &mut Cursor<'_>) {
    cursor.take_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
}

/// The next token and where it begins. A null character is read as the end, and what follows it as
/// what follows: whoever asks again gets it.
pub(super) fn next(cursor: &mut Cursor<'_>) -> Result<(Token, Position), ParseError> {
    skip_blanks(cursor);
    let position = cursor.position();
    let Some(first) = cursor.peek() else {
        return Ok((Token::End, position));
    };
    let second_is_digit = cursor.second().is_some_and(|c| c.is_ascii_digit());
    let token = match first {
        '\0' => sign(cursor, Token::End),
        '"' => Token::Text(text(cursor)?),
        '0'..='9' => Token::Scalar(number(cursor)?),
        '-' | '.' if second_is_digit => Token::Scalar(number(cursor)?),
        ':' => sign(cursor, Token::Colon),
        ',' => sign(cursor, Token::Comma),
        '{' => sign(cursor, Token::OpenObject),
        '}' => sign(cursor, Token::CloseObject),
        '[' => sign(cursor, Token::OpenList),
        ']' => sign(cursor, Token::CloseList),
        '.' => sign(cursor, Token::Point),
        first if starts_name(first) => {
            let kind = match cursor.take_while(continues_name) {
                "true" => ValueKind::Bool(true),
                "false" => ValueKind::Bool(false),
                "null" => ValueKind::Null,
                _ => return Err(ParseError::new(position, Problem::Character)),
            };
            refuse_null(cursor)?;
            Token::Scalar(Value::new(kind, position))
        }
        _ => return Err(ParseError::new(position, Problem::Character)),
    };
    Ok((token, position))
}

fn sign(cursor: &mut Cursor<'_>, token: Token) -> Token {
    cursor.bump();
    token
}

/// Text in quotes. Line breaks are errors, other control characters are not.
fn text(cursor: &mut Cursor<'_>) -> Result<String, ParseError> {
    let start = cursor.position();
    cursor.bump();
    let mut text = TextBuffer::default();
    loop {
        let position = cursor.position();
        match cursor.bump() {
            None | Some('\0' | '\n') => {
                return Err(ParseError::new(start, Problem::UnclosedText));
            }
            Some('"') => return Ok(text.finish()),
            Some('\\') => match escape::read(cursor, position)? {
                Escaped::Char(character) => text.push(character),
                Escaped::Byte(byte) => text.push_byte(byte),
                Escaped::Surrogate | Escaped::Nothing => {
                    return Err(ParseError::new(position, Problem::Escape));
                }
            },
            Some(other) => text.push(other),
        }
    }
}

fn number(cursor: &mut Cursor<'_>) -> Result<Value, ParseError> {
    let position = cursor.position();
    let start = cursor.rest();
    cursor.eat('-');
    let digits = cursor.take_while(|c| c.is_ascii_digit());
    let leading_zero = digits.len() > 1 && digits.starts_with('0');
    let mut is_float = cursor.eat('.');
    if is_float {
        cursor.take_while(|c| c.is_ascii_digit());
    }
    if matches!(cursor.peek(), Some('e' | 'E')) {
        is_float = true;
        cursor.bump();
        if matches!(cursor.peek(), Some('+' | '-')) {
            cursor.bump();
        }
        if cursor.take_while(|c| c.is_ascii_digit()).is_empty() {
            return Err(ParseError::new(position, Problem::Exponent));
        }
    }
    // To upstream's reader, it would be part of the number.
    refuse_null(cursor)?;
    let literal = &start[..start.len() - cursor.rest().len()];
    if is_float {
        return float(literal, position);
    }
    if leading_zero {
        return Err(ParseError::new(position, Problem::LeadingZero));
    }
    integer(literal, position)
}
