//! A walk over the characters of a text that knows its line and column.

use crate::Position;

/// Where the reader stands. A carriage return with its line feed is one line feed.
#[derive(Clone, Copy)]
pub(crate) struct Cursor<'a> {
    rest: &'a str,
    position: Position,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let position = Position { line: 1, column: 1 };
        Self {
            rest: text,
            position,
        }
    }

    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// What is still to be read.
    pub(crate) fn rest(&self) -> &'a str {
        self.rest
    }

    /// The next character.
    pub(crate) fn peek(&self) -> Option<char> {
        if self.rest.starts_with("\r\n") {
            return Some('\n');
        }
        self.rest.chars().next()
    }

    /// The character after the next.
    pub(crate) fn second(&self) -> Option<char> {
        let mut ahead = *self;
        ahead.bump();
        ahead.peek()
    }

    /// Goes past the next character.
    pub(crate) fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        if next == '\n' {
            let width = if self.rest.starts_with('\r') { 2 } else { 1 };
            self.rest = &self.rest[width..];
            self.position.line = self.position.line.saturating_add(1);
            self.position.column = 1;
        } else {
            self.rest = &self.rest[next.len_utf8()..];
            self.position.column = self.position.column.saturating_add(1);
        }
        Some(next)
    }

    /// Goes past the next character if it is the expected one.
    pub(crate) fn eat(&mut self, expected: char) -> bool {
        let found = self.peek() == Some(expected);
        if found {
            self.bump();
        }
        found
    }

    /// Goes past all characters that fit, and gives them as they were written.
    pub(crate) fn take_while(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        let before = self.rest;
        while self.peek().is_some_and(&fits) {
            self.bump();
        }
        &before[..before.len() - self.rest.len()]
    }
}
