//! HCL: keys and labels before values, blocks and lists.

use crate::cursor::Cursor;
use crate::error::{ParseError, Problem};
use crate::lex::{self, Token};
use crate::tree::Syntax;
use crate::{Item, Key, MAX_DEPTH, Object, Position, Value, ValueKind};

/// Reads a whole text.
pub(crate) fn parse(text: &str) -> Result<Object, ParseError> {
    let mut cursor = Cursor::new(text);
    let (token, position) = lex::next(&mut cursor)?;
    let mut parser = Parser {
        cursor,
        token,
        position,
        depth: 0,
        unread: None,
    };
    let mut items = Vec::new();
    while !matches!(parser.token, Token::End) {
        match parser.item() {
            Ok(item) => items.push(item),
            Err(Failure { missing, .. }) if missing && matches!(parser.token, Token::End) => {
                parser.pass_over();
            }
            Err(failure) => return Err(failure.error),
        }
    }
    Ok(Object {
        items,
        syntax: Syntax::Native,
        unread: parser.unread,
    })
}

struct Parser<'a> {
    cursor: Cursor<'a>,
    /// The token that is looked at, and its place.
    token: Token,
    position: Position,
    depth: usize,
    unread: Option<Position>,
}

/// An error that an object around it may pass over.
struct Failure {
    error: ParseError,
    /// Nothing stands where a value is expected.
    missing: bool,
}

impl From<ParseError> for Failure {
    fn from(error: ParseError) -> Self {
        Self {
            error,
            missing: false,
        }
    }
}

impl Parser<'_> {
    fn advance(&mut self) -> Result<Token, ParseError> {
        let (token, position) = lex::next(&mut self.cursor)?;
        self.position = position;
        Ok(std::mem::replace(&mut self.token, token))
    }

    fn expected(&self, expected: &'static str) -> ParseError {
        let found = self.token.describe();
        ParseError::new(self.position, Problem::Expected { expected, found })
    }

    fn pass_over(&mut self) {
        self.unread.get_or_insert(self.position);
    }

    /// Counts a level; the same number is taken off when the level ends without an error.
    fn descend(&mut self, levels: usize) -> Result<(), ParseError> {
        self.depth += levels;
        if self.depth > MAX_DEPTH {
            return Err(ParseError::new(self.position, Problem::Depth));
        }
        Ok(())
    }

    /// An item and the comma that may follow it.
    fn item(&mut self) -> Result<Item, Failure> {
        let keys = self.keys()?;
        let assigned = matches!(self.token, Token::Equals);
        let value = if assigned {
            self.advance()?;
            self.value("a value")?
        } else {
            let labels = keys.len() - 1;
            self.descend(labels)?;
            let body = self.object()?;
            self.depth -= labels;
            body
        };
        if matches!(self.token, Token::Comma) {
            self.advance()?;
        }
        Ok(Item {
            keys,
            value,
            assigned,
        })
    }

    /// One or more keys, up to the `=` or `{`.
    fn keys(&mut self) -> Result<Vec<Key>, ParseError> {
        let mut keys = Vec::new();
        loop {
            match self.token {
                Token::Name(_) | Token::Text(_) => {
                    let position = self.position;
                    if let Token::Name(text) | Token::Text(text) = self.advance()? {
                        keys.push(Key { text, position });
                    }
                }
                Token::Equals if keys.len() == 1 => return Ok(keys),
                Token::OpenObject if !keys.is_empty() => return Ok(keys),
                _ => {
                    return Err(self.expected(match keys.len() {
                        0 => "a key",
                        1 => "= or { after the key",
                        _ => "{ after the labels",
                    }));
                }
            }
        }
    }

    fn value(&mut self, expected: &'static str) -> Result<Value, Failure> {
        let position = self.position;
        match self.token {
            Token::OpenObject => self.object(),
            Token::OpenList => self.list(),
            Token::Scalar(_) | Token::Text(_) => Ok(match self.advance()? {
                Token::Scalar(value) => value,
                Token::Text(text) => Value::new(ValueKind::Text(text), position),
                _ => Value::new(ValueKind::Null, position),
            }),
            _ => Err(Failure {
                error: self.expected(expected),
                missing: true,
            }),
        }
    }

    /// From `{` to `}`.
    fn object(&mut self) -> Result<Value, Failure> {
        let position = self.position;
        self.descend(1)?;
        self.advance()?;
        let mut items = Vec::new();
        while !matches!(self.token, Token::CloseObject) {
            if matches!(self.token, Token::End) {
                return Err(self.expected("} at the end of the object").into());
            }
            items.push(self.item().map_err(|failure| failure.error)?);
        }
        self.advance()?;
        self.depth -= 1;
        let object = Object {
            items,
            ..Object::default()
        };
        Ok(Value::new(ValueKind::Object(object), position))
    }

    /// From `[` to `]`. Commas may be too many, but not too few, except behind a list in the list.
    fn list(&mut self) -> Result<Value, Failure> {
        let position = self.position;
        self.descend(1)?;
        self.advance()?;
        let mut values = Vec::new();
        let mut after_value = false;
        while !matches!(self.token, Token::CloseList) {
            if matches!(self.token, Token::Comma) {
                self.advance()?;
                after_value = false;
            } else if after_value {
                return Err(Failure {
                    error: self.expected("a comma or ] in the list"),
                    missing: false,
                });
            } else {
                let value = self.value("a value or ] in the list").map_err(|failure| {
                    // A list that ends with the text is an error, unlike a key that does.
                    Failure {
                        missing: false,
                        ..failure
                    }
                })?;
                after_value = !matches!(value.kind, ValueKind::List(_));
                values.push(value);
            }
        }
        self.advance()?;
        self.depth -= 1;
        Ok(Value::new(ValueKind::List(values), position))
    }
}
