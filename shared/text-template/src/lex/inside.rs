//! Inside of actions: words, operators, literals.

use super::{Kind, Lexer, State, Stop, TRIM_MARKER_LEN, has_right_trim, is_alphanumeric, is_space};

impl Lexer<'_> {
    pub(super) fn action(&mut self) -> Result<State, Stop> {
        if self.at_right_delimiter().is_some() {
            if self.parens > 0 {
                return Stop::error("unclosed left paren");
            }
            return Ok(State::RightDelimiter);
        }
        let Some(c) = self.next() else {
            return Stop::error("unclosed action");
        };
        match c {
            c if is_space(c) => return Ok(self.space()),
            '=' => self.emit(Kind::Assign),
            ':' => {
                if self.next() != Some('=') {
                    return Stop::error("expected :=");
                }
                self.emit(Kind::Declare);
            }
            '|' => self.emit(Kind::Pipe),
            '"' => self.quoted('"', Kind::String, "unterminated quoted string")?,
            '\'' => {
                self.quoted('\'', Kind::CharConstant, "unterminated character constant")?;
            }
            '`' => {
                let Some(end) = self.rest().find('`') else {
                    return Stop::error("unterminated raw quoted string");
                };
                self.advance(end + 1);
                self.emit(Kind::RawString);
            }
            '$' => self.field_or_variable(Kind::Variable)?,
            // At the end of the text it is a number to Go.
            '.' if self.peek().is_some_and(|c| !c.is_ascii_digit()) => {
                self.field_or_variable(Kind::Field)?;
            }
            '.' | '+' | '-' | '0'..='9' => {
                self.pos = self.start;
                self.number()?;
            }
            c if is_alphanumeric(c) => self.identifier()?,
            '(' => {
                self.parens += 1;
                self.emit(Kind::LeftParen);
            }
            ')' => {
                if self.parens == 0 {
                    return Stop::error("unexpected right paren");
                }
                self.parens -= 1;
                self.emit(Kind::RightParen);
            }
            c if c == ' ' || c.is_ascii_graphic() => self.emit(Kind::Char),
            c => {
                let shown = crate::fmt::unicode_name(c);
                return Stop::error(format!("unrecognized character in action: {shown}"));
            }
        }
        Ok(State::Action)
    }

    /// A run of spaces; the first is already read. Its last space may belong to ` -}}`.
    fn space(&mut self) -> State {
        let rest = self.rest();
        let end = self.pos + rest.len() - rest.trim_start_matches(is_space).len();
        let last = &self.source[end - 1..];
        let trims = has_right_trim(last) && last[TRIM_MARKER_LEN..].starts_with(self.right);
        let end = if trims { end - 1 } else { end };
        (self.pos, self.line) = (self.start, self.start_line);
        if end == self.start {
            return State::RightDelimiter;
        }
        self.advance(end - self.start);
        self.emit(Kind::Space);
        State::Action
    }

    fn quoted(&mut self, quote: char, kind: Kind, unterminated: &'static str) -> Result<(), Stop> {
        loop {
            match self.next() {
                Some('\\') if !matches!(self.peek(), None | Some('\n')) => {
                    self.next();
                }
                None | Some('\n' | '\\') => return Stop::error(unterminated),
                Some(c) if c == quote => {
                    self.emit(kind);
                    return Ok(());
                }
                Some(_) => {}
            }
        }
    }

    fn field_or_variable(&mut self, kind: Kind) -> Result<(), Stop> {
        if self.at_terminator() {
            self.emit(if kind == Kind::Variable {
                Kind::Variable
            } else {
                Kind::Dot
            });
            return Ok(());
        }
        self.word();
        if !self.at_terminator() {
            return self.bad_character();
        }
        self.emit(kind);
        Ok(())
    }

    fn identifier(&mut self) -> Result<(), Stop> {
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
        Ok(())
    }

    fn word(&mut self) {
        let ascii = self.rest().bytes();
        self.pos += ascii
            .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
            .count();
        while self.peek().is_some_and(is_alphanumeric) {
            self.next();
        }
    }

    fn bad_character(&mut self) -> Result<(), Stop> {
        let shown = self
            .peek()
            .map_or_else(String::new, crate::fmt::unicode_name);
        Stop::error(format!("bad character {shown}"))
    }

    fn at_terminator(&self) -> bool {
        match self.peek_byte() {
            None | Some(b'.' | b',' | b'|' | b':' | b')' | b'(') => true,
            Some(byte) if is_space(byte.into()) => true,
            Some(_) => self.rest().starts_with(self.right),
        }
    }

    fn number(&mut self) -> Result<(), Stop> {
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
        Ok(())
    }

    fn bad_number(&mut self) -> Result<(), Stop> {
        let text = crate::fmt::quote(&self.source.as_bytes()[self.start..self.pos]);
        Stop::error(format!("bad number syntax: {text}"))
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
