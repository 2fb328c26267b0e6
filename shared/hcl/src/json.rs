//! JSON, as loosely as the established reader takes it.
//!
//! Commas may be too many, in lists also too few; a document may end early. Where an object goes
//! on with anything but a comma it ends, and what follows is passed over without an error, as is
//! a key without a value. [`Object::unread`] tells where that happened first.

mod lex;

use crate::cursor::Cursor;
use crate::error::{ParseError, Problem};
use crate::tree::Syntax;
use crate::{Item, Key, MAX_DEPTH, Object, Position, Value, ValueKind};
use lex::Token;

/// Reads a whole text that begins with `{`.
pub(crate) fn parse(text: &str) -> Result<Object, ParseError> {
    let mut parser = Parser {
        cursor: Cursor::new(text),
        position: Cursor::new(text).position(),
        depth: 0,
        unread: None,
    };
    if !matches!(parser.next()?, Token::OpenObject) {
        return Err(parser.expected("{", "another character"));
    }
    let mut object = parser.object().map_err(|failure| failure.error)?;
    lex::skip_blanks(&mut parser.cursor);
    if !parser.cursor.rest().is_empty() {
        parser.position = parser.cursor.position();
        parser.pass_over();
    }
    object.unread = parser.unread;
    Ok(object)
}

struct Parser<'a> {
    cursor: Cursor<'a>,
    /// Where the last token began.
    position: Position,
    depth: usize,
    unread: Option<Position>,
}

/// An error, and what it was found at: objects pass some over.
struct Failure {
    error: ParseError,
    at: At,
}

#[derive(PartialEq)]
enum At {
    /// A `}`.
    Brace,
    /// The end of the text, where a list is not open.
    End,
    Other,
}

impl From<ParseError> for Failure {
    fn from(error: ParseError) -> Self {
        Self {
            error,
            at: At::Other,
        }
    }
}

impl Parser<'_> {
    fn next(&mut self) -> Result<Token, ParseError> {
        let (token, position) = lex::next(&mut self.cursor)?;
        self.position = position;
        Ok(token)
    }

    fn expected(&self, expected: &'static str, found: &'static str) -> ParseError {
        ParseError::new(self.position, Problem::Expected { expected, found })
    }

    fn failure(&self, expected: &'static str, token: &Token) -> Failure {
        Failure {
            error: self.expected(expected, token.describe()),
            at: match token {
                Token::CloseObject => At::Brace,
                Token::End => At::End,
                _ => At::Other,
            },
        }
    }

    fn pass_over(&mut self) {
        self.unread.get_or_insert(self.position);
    }

    fn descend(&mut self, levels: usize) -> Result<(), ParseError> {
        self.depth += levels;
        if self.depth > MAX_DEPTH {
            return Err(ParseError::new(self.position, Problem::Depth));
        }
        Ok(())
    }

    /// From after `{` to the end of the object.
    fn object(&mut self) -> Result<Object, Failure> {
        self.descend(1)?;
        let depth = self.depth;
        let mut items = Vec::new();
        loop {
            let (token, position) = {
                let mut ahead = self.cursor;
                lex::next(&mut ahead)?
            };
            if matches!(token, Token::CloseObject) {
                self.next()?;
                break;
            }
            match self.item() {
                Ok(item) => items.push(item),
                Err(failure) if failure.at == At::Other => return Err(failure),
                Err(_) => {
                    self.position = position;
                    self.pass_over();
                    break;
                }
            }
            match self.next()? {
                Token::Comma => {}
                Token::CloseObject => break,
                _ => {
                    self.pass_over();
                    break;
                }
            }
        }
        self.depth = depth - 1;
        Ok(Object {
            items,
            syntax: Syntax::Json,
            unread: None,
        })
    }

    fn item(&mut self) -> Result<Item, Failure> {
        let mut keys = Vec::new();
        loop {
            match self.next()? {
                Token::Text(text) => keys.push(Key {
                    text,
                    position: self.position,
                }),
                Token::Colon if !keys.is_empty() => break,
                token if keys.is_empty() => return Err(self.failure("a key in quotes", &token)),
                token => return Err(self.failure("a colon after the key", &token)),
            }
        }
        let levels = keys.len() - 1;
        self.descend(levels)?;
        let value = self.value()?;
        self.depth -= levels;
        Ok(Item {
            keys,
            value,
            assigned: true,
        })
    }

    fn value(&mut self) -> Result<Value, Failure> {
        let token = self.next()?;
        let position = self.position;
        Ok(match token {
            Token::Scalar(value) => value,
            Token::Text(text) => Value::new(ValueKind::Text(text), position),
            Token::OpenObject => Value::new(ValueKind::Object(self.object()?), position),
            Token::OpenList => Value::new(ValueKind::List(self.list()?), position),
            token => return Err(self.failure("a value", &token)),
        })
    }

    /// From after `[` to `]`.
    fn list(&mut self) -> Result<Vec<Value>, Failure> {
        let mut values = Vec::new();
        loop {
            let token = self.next()?;
            let position = self.position;
            match token {
                Token::Comma => {}
                Token::CloseList => return Ok(values),
                Token::Scalar(Value {
                    kind: ValueKind::Null,
                    ..
                }) => return Err(self.expected("a value or ] in the list", "null").into()),
                Token::Scalar(value) => values.push(value),
                Token::Text(text) => values.push(Value::new(ValueKind::Text(text), position)),
                Token::OpenObject => {
                    let object = ValueKind::Object(self.object()?);
                    values.push(Value::new(object, position));
                }
                // The established reader knows no list in a list: the first ] ends both.
                Token::OpenList => self.pass_over(),
                token => {
                    let failure = self.failure("a value or ] in the list", &token);
                    let at = match failure.at {
                        At::Brace => At::Brace,
                        _ => At::Other,
                    };
                    return Err(Failure { at, ..failure });
                }
            }
        }
    }
}
