//! Text into tokens, each with its position.
//!
//! The whole source is read at once; a lexical error is the last token. Text outside of actions is
//! trimmed here, so that the parser never sees a trim marker. White space inside an action is a
//! token, because the grammar tells `$x .y` from `$x.y`.

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
#[derive(Clone, Debug)]
pub(crate) struct Token<'s> {
    pub(crate) kind: Kind,
    /// The text as written; of an error, its message.
    pub(crate) text: std::borrow::Cow<'s, str>,
    /// Byte offset.
    pub(crate) pos: usize,
    /// Line, from 1.
    pub(crate) line: usize,
}

const TRIM_MARKER_LEN: usize = 2;

/// Reads all tokens. `loop_words` says whether `break` and `continue` are keywords (they are not
/// where a function of that name exists).
pub(crate) fn tokens<'s>(
    source: &'s str,
    delimiters: (&'s str, &'s str),
    loop_words: (bool, bool),
) -> Vec<Token<'s>> {
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
        tokens: Vec::with_capacity(source.len() / 8 + 4),
    };
    let mut state = State::Text;
    while let Some(next) = lexer.step(state) {
        state = next;
    }
    lexer.tokens
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

/// `None` ends the lexing.
type Next = Option<State>;

impl<'s> Lexer<'s> {
    fn step(&mut self, state: State) -> Next {
        match state {
            State::Text => self.text(),
            State::LeftDelimiter => self.left_delimiter(),
            State::Action => self.action(),
            State::RightDelimiter => self.right_delimiter(),
        }
    }

    fn rest(&self) -> &'s str {
        &self.source[self.pos..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
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
        self.line += passed.matches('\n').count();
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
            text: self.source[self.start..self.pos].into(),
            pos: self.start,
            line: self.start_line,
        });
        self.ignore();
    }

    fn ignore(&mut self) {
        self.start = self.pos;
        self.start_line = self.line;
    }

    fn error(&mut self, message: impl Into<String>) -> Next {
        self.tokens.push(Token {
            kind: Kind::Error,
            text: message.into().into(),
            pos: self.start,
            line: self.start_line,
        });
        None
    }

    fn text(&mut self) -> Next {
        let Some(length) = self.rest().find(self.left) else {
            self.advance(self.rest().len());
            if self.pos > self.start {
                self.emit(Kind::Text);
            }
            self.emit(Kind::Eof);
            return None;
        };
        if length > 0 {
            let text = &self.rest()[..length];
            let after = &self.rest()[length + self.left.len()..];
            let kept = if has_left_trim(after) {
                text.trim_end_matches(is_space).len()
            } else {
                length
            };
            self.advance(kept);
            if self.pos > self.start {
                self.emit(Kind::Text);
            }
            self.advance(length - kept);
            self.ignore();
        }
        Some(State::LeftDelimiter)
    }

    fn left_delimiter(&mut self) -> Next {
        self.advance(self.left.len());
        let marker = if has_left_trim(self.rest()) {
            TRIM_MARKER_LEN
        } else {
            0
        };
        if self.rest()[marker..].starts_with("/*") {
            self.advance(marker);
            self.ignore();
            return self.comment();
        }
        self.emit(Kind::LeftDelimiter);
        self.advance(marker);
        self.ignore();
        self.parens = 0;
        Some(State::Action)
    }

    fn comment(&mut self) -> Next {
        let Some(end) = self.rest()[2..].find("*/") else {
            return self.error("unclosed comment");
        };
        self.advance(2 + end + 2);
        let Some(trim) = self.at_right_delimiter() else {
            return self.error("comment ends before closing delimiter");
        };
        self.close(trim);
        self.ignore();
        Some(State::Text)
    }

    /// At the closing delimiter? With whether it trims.
    fn at_right_delimiter(&self) -> Option<bool> {
        let rest = self.rest();
        if has_right_trim(rest) && rest[TRIM_MARKER_LEN..].starts_with(self.right) {
            return Some(true);
        }
        rest.starts_with(self.right).then_some(false)
    }

    fn close(&mut self, trim: bool) {
        if trim {
            self.advance(TRIM_MARKER_LEN);
        }
        self.advance(self.right.len());
        if trim {
            let rest = self.rest();
            self.advance(rest.len() - rest.trim_start_matches(is_space).len());
        }
    }

    fn right_delimiter(&mut self) -> Next {
        let trim = self.at_right_delimiter().unwrap_or(false);
        if trim {
            self.advance(TRIM_MARKER_LEN);
            self.ignore();
        }
        self.advance(self.right.len());
        self.emit(Kind::RightDelimiter);
        if trim {
            let rest = self.rest();
            self.advance(rest.len() - rest.trim_start_matches(is_space).len());
            self.ignore();
        }
        Some(State::Text)
    }

    fn action(&mut self) -> Next {
        if self.at_right_delimiter().is_some() {
            if self.parens > 0 {
                return self.error("unclosed left paren");
            }
            return Some(State::RightDelimiter);
        }
        let Some(c) = self.next() else {
            return self.error("unclosed action");
        };
        match c {
            c if is_space(c) => return self.space(),
            '=' => self.emit(Kind::Assign),
            ':' => {
                if self.next() != Some('=') {
                    return self.error("expected :=");
                }
                self.emit(Kind::Declare);
            }
            '|' => self.emit(Kind::Pipe),
            '"' => return self.quoted('"', Kind::String, "unterminated quoted string"),
            '\'' => {
                return self.quoted('\'', Kind::CharConstant, "unterminated character constant");
            }
            '`' => {
                let Some(end) = self.rest().find('`') else {
                    return self.error("unterminated raw quoted string");
                };
                self.advance(end + 1);
                self.emit(Kind::RawString);
            }
            '$' => return self.field_or_variable(Kind::Variable),
            '.' if !self.peek().is_some_and(|c| c.is_ascii_digit()) => {
                return self.field_or_variable(Kind::Field);
            }
            '.' | '+' | '-' | '0'..='9' => {
                self.pos = self.start;
                return self.number();
            }
            c if is_alphanumeric(c) => return self.identifier(),
            '(' => {
                self.parens += 1;
                self.emit(Kind::LeftParen);
            }
            ')' => {
                if self.parens == 0 {
                    return self.error("unexpected right paren");
                }
                self.parens -= 1;
                self.emit(Kind::RightParen);
            }
            c if c == ' ' || c.is_ascii_graphic() => self.emit(Kind::Char),
            c => {
                let shown = crate::fmt::unicode_name(c);
                return self.error(format!("unrecognized character in action: {shown}"));
            }
        }
        Some(State::Action)
    }

    /// A run of spaces; the first is already read. Its last space may belong to ` -}}`.
    fn space(&mut self) -> Next {
        let rest = self.rest();
        let end = self.pos + rest.len() - rest.trim_start_matches(is_space).len();
        let last = &self.source[end - 1..];
        if has_right_trim(last) && last[TRIM_MARKER_LEN..].starts_with(self.right) {
            // The marker's own space stays; a lone one leaves no token.
            let before = end - 1;
            self.pos = self.start;
            self.line = self.start_line;
            self.advance(before - self.start);
            if before == self.start {
                return Some(State::RightDelimiter);
            }
        } else {
            self.pos = self.start;
            self.line = self.start_line;
            self.advance(end - self.start);
        }
        self.emit(Kind::Space);
        Some(State::Action)
    }

    fn quoted(&mut self, quote: char, kind: Kind, unterminated: &str) -> Next {
        loop {
            match self.next() {
                Some('\\') if !matches!(self.peek(), None | Some('\n')) => {
                    self.next();
                }
                None | Some('\n') => return self.error(unterminated),
                Some('\\') => return self.error(unterminated),
                Some(c) if c == quote => {
                    self.emit(kind);
                    return Some(State::Action);
                }
                Some(_) => {}
            }
        }
    }

    fn field_or_variable(&mut self, kind: Kind) -> Next {
        if self.at_terminator() {
            self.emit(if kind == Kind::Variable {
                Kind::Variable
            } else {
                Kind::Dot
            });
            return Some(State::Action);
        }
        self.word();
        if !self.at_terminator() {
            return self.bad_character();
        }
        self.emit(kind);
        Some(State::Action)
    }

    fn identifier(&mut self) -> Next {
        self.word();
        if !self.at_terminator() {
            return self.bad_character();
        }
        let kind = match &self.source[self.start..self.pos] {
            "true" | "false" => Kind::Bool,
            "nil" => Kind::Nil,
            "block" => Kind::Block,
            "break" if self.loop_words.0 => Kind::Break,
            "continue" if self.loop_words.1 => Kind::Continue,
            "define" => Kind::Define,
            "else" => Kind::Else,
            "end" => Kind::End,
            "if" => Kind::If,
            "range" => Kind::Range,
            "template" => Kind::Template,
            "with" => Kind::With,
            _ => Kind::Identifier,
        };
        self.emit(kind);
        Some(State::Action)
    }

    fn word(&mut self) {
        while self.peek().is_some_and(is_alphanumeric) {
            self.next();
        }
    }

    fn bad_character(&mut self) -> Next {
        let shown = self
            .peek()
            .map_or_else(String::new, crate::fmt::unicode_name);
        self.error(format!("bad character {shown}"))
    }

    fn at_terminator(&self) -> bool {
        match self.peek() {
            None | Some('.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(c) if is_space(c) => true,
            Some(_) => self.rest().starts_with(self.right),
        }
    }

    fn number(&mut self) -> Next {
        if !self.scan_number() {
            return self.bad_number();
        }
        if matches!(self.peek(), Some('+' | '-')) {
            if !self.scan_number() || !self.source[self.start..self.pos].ends_with('i') {
                return self.bad_number();
            }
            self.emit(Kind::Complex);
        } else {
            self.emit(Kind::Number);
        }
        Some(State::Action)
    }

    fn bad_number(&mut self) -> Next {
        let text = crate::fmt::quote(self.source[self.start..self.pos].as_bytes());
        self.error(format!("bad number syntax: {text}"))
    }

    fn scan_number(&mut self) -> bool {
        self.accept("+-");
        let mut digits = "0123456789_";
        if self.accept("0") {
            if self.accept("xX") {
                digits = "0123456789abcdefABCDEF_";
            } else if self.accept("oO") {
                digits = "01234567_";
            } else if self.accept("bB") {
                digits = "01_";
            }
        }
        self.accept_run(digits);
        if self.accept(".") {
            self.accept_run(digits);
        }
        let exponent = match digits.len() {
            11 => "eE",
            23 => "pP",
            _ => "",
        };
        if self.accept(exponent) {
            self.accept("+-");
            self.accept_run("0123456789_");
        }
        self.accept("i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.next();
            return false;
        }
        true
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
    let mut chars = text.chars();
    chars.next() == Some('-') && chars.next().is_some_and(is_space)
}

/// White space and a minus, as before a closing delimiter.
fn has_right_trim(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(is_space) && chars.next() == Some('-')
}
