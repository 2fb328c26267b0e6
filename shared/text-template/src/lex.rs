//! Text into tokens, each with its position.
//!
//! The whole source is read at once; a lexical error is the last token. Text outside of actions is
//! trimmed here, so that the parser never sees a trim marker. White space inside an action is a
//! token, because the grammar tells `$x .y` from `$x.y`.

mod inside;
mod outside;

use std::borrow::Cow;

use crate::ast::Span;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Error,
    Eof,
    Text,
    LeftDelimiter,
    RightDelimiter,
    Space,
    Assign,
    Declare,
    Pipe,
    LeftParen,
    RightParen,
    /// Any other ASCII character, the comma above all.
    Char,
    Bool,
    CharConstant,
    Number,
    Complex,
    String,
    RawString,
    Dot,
    Field,
    Identifier,
    Variable,
    Nil,
    // Keywords.
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Range,
    Template,
    With,
}

impl Kind {
    /// A keyword, or the dot, which errors show as one.
    pub(crate) fn is_keyword(self) -> bool {
        matches!(
            self,
            Self::Dot
                | Self::Nil
                | Self::Block
                | Self::Break
                | Self::Continue
                | Self::Define
                | Self::Else
                | Self::End
                | Self::If
                | Self::Range
                | Self::Template
                | Self::With
        )
    }
}

/// A piece of the source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'s> {
    pub(crate) kind: Kind,
    /// The text as written.
    pub(crate) text: &'s str,
    /// Byte offset.
    pub(crate) pos: usize,
    /// Line, from 1.
    pub(crate) line: usize,
}

impl Token<'_> {
    /// Where it stands.
    pub(crate) fn span(&self) -> Span {
        Span {
            start: self.pos,
            end: self.pos + self.text.len(),
        }
    }
}

/// All tokens of a source.
pub(crate) struct Tokens<'s> {
    /// The last one is the end or an error.
    pub(crate) list: Vec<Token<'s>>,
    /// What is wrong, where the last token is an error.
    pub(crate) error: Cow<'static, str>,
}

const TRIM_MARKER_LEN: usize = 2;

/// Reads all tokens. `loop_words` says whether `break` and `continue` are keywords (they are not
/// where a function of that name exists).
pub(crate) fn tokens<'s>(
    source: &'s str,
    delimiters: (&'s str, &'s str),
    loop_words: (bool, bool),
) -> Tokens<'s> {
    let mut lexer = Lexer {
        source,
        left: delimiters.0,
        right: delimiters.1,
        loop_words,
        pos: 0,
        start: 0,
        line: 1,
        start_line: 1,
        parens: 0,
        tokens: Vec::with_capacity(source.len() / 4 + 4),
    };
    let mut state = State::Text;
    loop {
        match lexer.step(state) {
            Ok(next) => state = next,
            Err(stop) => {
                let error = lexer.stop(stop);
                let list = lexer.tokens;
                return Tokens { list, error };
            }
        }
    }
}

#[derive(Clone, Copy)]
enum State {
    Text,
    LeftDelimiter,
    Action,
    RightDelimiter,
}

struct Lexer<'s> {
    source: &'s str,
    left: &'s str,
    right: &'s str,
    loop_words: (bool, bool),
    pos: usize,
    start: usize,
    line: usize,
    start_line: usize,
    parens: usize,
    tokens: Vec<Token<'s>>,
}

/// The end of the lexing: of the text, or an error.
enum Stop {
    End,
    Error(Cow<'static, str>),
}

impl Stop {
    fn error<T>(message: impl Into<Cow<'static, str>>) -> Result<T, Self> {
        Err(Self::Error(message.into()))
    }
}

impl<'s> Lexer<'s> {
    fn step(&mut self, state: State) -> Result<State, Stop> {
        match state {
            State::Text => self.text(),
            State::LeftDelimiter => self.left_delimiter(),
            State::Action => self.action(),
            State::RightDelimiter => Ok(self.right_delimiter()),
        }
    }

    fn rest(&self) -> &'s str {
        &self.source[self.pos..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn peek_byte(&self) -> Option<u8> {
        self.source.as_bytes().get(self.pos).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.pos += c.len_utf8();
        if c == '\n' {
            self.line += 1;
        }
        Some(c)
    }

    /// Moves over `len` bytes.
    fn advance(&mut self, len: usize) {
        let passed = &self.source[self.pos..self.pos + len];
        self.line += passed.bytes().filter(|byte| *byte == b'\n').count();
        self.pos += len;
    }

    fn accept(&mut self, set: &str) -> bool {
        let found = self.peek().is_some_and(|c| set.contains(c));
        if found {
            self.next();
        }
        found
    }

    fn accept_run(&mut self, set: &str) {
        while self.accept(set) {}
    }

    fn emit(&mut self, kind: Kind) {
        self.tokens.push(Token {
            kind,
            text: &self.source[self.start..self.pos],
            pos: self.start,
            line: self.start_line,
        });
        self.ignore();
    }

    fn ignore(&mut self) {
        self.start = self.pos;
        self.start_line = self.line;
    }

    /// Ends the tokens: a last one says how. Gives the message of an error.
    fn stop(&mut self, stop: Stop) -> Cow<'static, str> {
        let (kind, error) = match stop {
            Stop::End => (Kind::Eof, "".into()),
            Stop::Error(message) => (Kind::Error, message),
        };
        self.tokens.push(Token {
            kind,
            text: "",
            pos: self.start,
            line: self.start_line,
        });
        error
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn is_alphanumeric(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// A minus and white space, as after an opening delimiter.
fn has_left_trim(text: &str) -> bool {
    matches!(text.as_bytes(), [b'-', space, ..] if is_space((*space).into()))
}

/// White space and a minus, as before a closing delimiter.
fn has_right_trim(text: &str) -> bool {
    matches!(text.as_bytes(), [space, b'-', ..] if is_space((*space).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lexed(source: &str) -> Vec<(Kind, String)> {
        let tokens = tokens(source, ("{{", "}}"), (true, true)).list;
        tokens
            .into_iter()
            .map(|token| (token.kind, token.text.to_owned()))
            .collect()
    }

    fn kinds(source: &str) -> Vec<Kind> {
        lexed(source).into_iter().map(|(kind, _)| kind).collect()
    }

    #[test]
    fn a_trim_marker_needs_white_space() {
        assert_eq!(lexed("a {{- 1 -}} b")[0].1, "a");
        assert_eq!(lexed("a {{-1}} b")[2], (Kind::Number, "-1".into()));
    }

    #[test]
    fn a_comment_leaves_nothing() {
        assert_eq!(kinds("a{{/* x */}}b"), [Kind::Text, Kind::Text, Kind::Eof]);
        assert_eq!(lexed("a {{- /* x */ -}} b")[1].1, "b");
        assert_eq!(kinds("{{/* x }}"), [Kind::Error]);
    }

    #[test]
    fn tokens_know_their_place() {
        let tokens = tokens("x\n{{ .a\n.b }}", ("{{", "}}"), (true, true)).list;
        let places: Vec<_> = tokens
            .iter()
            .filter(|token| token.kind == Kind::Field)
            .map(|token| (token.text, token.pos, token.line))
            .collect();
        assert_eq!(places, [(".a", 5, 2), (".b", 8, 3)]);
    }

    #[test]
    fn a_loop_word_is_a_name_where_a_function_has_it() {
        let tokens = tokens("{{break}}", ("{{", "}}"), (false, true)).list;
        assert_eq!(tokens[1].kind, Kind::Identifier);
        assert_eq!(kinds("{{break}}")[1], Kind::Break);
    }

    #[test]
    fn other_delimiters_trim_too() {
        let tokens = tokens("a <<- 1 ->> b {{", ("<<", ">>"), (true, true)).list;
        let texts: Vec<_> = tokens.iter().map(|token| token.text).collect();
        assert_eq!(texts, ["a", "<<", "1", ">>", "b {{", ""]);
    }
}
