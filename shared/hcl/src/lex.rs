//! The words of HCL: names, numbers, text, heredocs, signs.

mod heredoc;
mod number;
mod text;

use crate::cursor::Cursor;
use crate::error::{ParseError, Problem};
use crate::{Position, Value, ValueKind};

pub(crate) use number::{float, integer};

pub(crate) enum Token {
    End,
    Name(String),
    Text(String),
    /// A number, a heredoc, `true` or `false`.
    Scalar(Value),
    Equals,
    Comma,
    OpenObject,
    CloseObject,
    OpenList,
    CloseList,
    /// `+`, `-` or `.`, which nothing begins with.
    Sign,
}

impl Token {
    /// The token in words that tell nothing of its text.
    pub(crate) fn describe(&self) -> &'static str {
        match self {
            Self::End => "the end",
            Self::Name(_) => "a word without quotes",
            Self::Text(_) => "text in quotes",
            Self::Scalar(value) => match value.kind {
                ValueKind::Text(_) => "a heredoc",
                ref kind => kind.describe(),
            },
            Self::Equals => "=",
            Self::Comma => "a comma",
            Self::OpenObject => "{",
            Self::CloseObject => "}",
            Self::OpenList => "[",
            Self::CloseList => "]",
            Self::Sign => "a sign that no number follows",
        }
    }
}

/// The next token and where it begins, past blanks and comments.
pub(crate) fn next(cursor: &mut Cursor<'_>) -> Result<(Token, Position), ParseError> {
    skip_blanks(cursor)?;
    let position = cursor.position();
    let Some(first) = cursor.peek() else {
        return Ok((Token::End, position));
    };
    let token = match first {
        '"' => Token::Text(text::read(cursor)?),
        '<' => Token::Scalar(Value::new(
            ValueKind::Text(heredoc::read(cursor)?),
            position,
        )),
        '=' => sign(cursor, Token::Equals),
        ',' => sign(cursor, Token::Comma),
        '{' => sign(cursor, Token::OpenObject),
        '}' => sign(cursor, Token::CloseObject),
        '[' => sign(cursor, Token::OpenList),
        ']' => sign(cursor, Token::CloseList),
        '0'..='9' | '-' | '.' => match number::read(cursor)? {
            Some(number) => Token::Scalar(number),
            None => sign(cursor, Token::Sign),
        },
        '+' => sign(cursor, Token::Sign),
        first if starts_name(first) => {
            let name = cursor.take_while(continues_name);
            match name {
                "true" | "false" => {
                    Token::Scalar(Value::new(ValueKind::Bool(name == "true"), position))
                }
                _ => Token::Name(name.to_owned()),
            }
        }
        '\u{feff}' => return Err(ParseError::new(position, Problem::ByteOrderMark)),
        '\0' => return Err(ParseError::new(position, Problem::NullCharacter)),
        _ => return Err(ParseError::new(position, Problem::Character)),
    };
    Ok((token, position))
}

fn sign(cursor: &mut Cursor<'_>, token: Token) -> Token {
    cursor.bump();
    token
}

/// Letters of any script begin a name. (`is_alphabetic` knows a few more than Go's `IsLetter`.)
pub(crate) fn starts_name(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

pub(crate) fn continues_name(c: char) -> bool {
    c == '_' || c == '-' || c == '.' || c.is_alphanumeric()
}

fn skip_blanks(cursor: &mut Cursor<'_>) -> Result<(), ParseError> {
    loop {
        cursor.take_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
        let start = cursor.position();
        match cursor.peek() {
            Some('#') => skip_line(cursor)?,
            Some('/') => match cursor.second() {
                Some('/') => skip_line(cursor)?,
                Some('*') => skip_block(cursor, start)?,
                _ => return Err(ParseError::new(start, Problem::Slash)),
            },
            _ => return Ok(()),
        }
    }
}

fn skip_line(cursor: &mut Cursor<'_>) -> Result<(), ParseError> {
    cursor.take_while(|c| c != '\n' && c != '\0');
    refuse_null(cursor)
}

fn skip_block(cursor: &mut Cursor<'_>, start: Position) -> Result<(), ParseError> {
    cursor.bump();
    cursor.bump();
    loop {
        cursor.take_while(|c| c != '*' && c != '\0');
        refuse_null(cursor)?;
        if !cursor.eat('*') {
            return Err(ParseError::new(start, Problem::UnclosedComment));
        }
        if cursor.eat('/') {
            return Ok(());
        }
    }
}

/// Refuses a null character that comes next.
pub(crate) fn refuse_null(cursor: &Cursor<'_>) -> Result<(), ParseError> {
    match cursor.peek() {
        Some('\0') => Err(ParseError::new(cursor.position(), Problem::NullCharacter)),
        _ => Ok(()),
    }
}
