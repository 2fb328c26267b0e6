//! Outside of actions: text, delimiters with their trim markers, comments.

use super::{Kind, Lexer, State, Stop, TRIM_MARKER_LEN, has_left_trim, has_right_trim, is_space};

impl Lexer<'_> {
    pub(super) fn text(&mut self) -> Result<State, Stop> {
        let Some(length) = find(self.rest().as_bytes(), self.left.as_bytes()) else {
            self.advance(self.rest().len());
            if self.pos > self.start {
                self.emit(Kind::Text);
            }
            return Err(Stop::End);
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
        Ok(State::LeftDelimiter)
    }

    pub(super) fn left_delimiter(&mut self) -> Result<State, Stop> {
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
        Ok(State::Action)
    }

    fn comment(&mut self) -> Result<State, Stop> {
        let Some(end) = self.rest()[2..].find("*/") else {
            return Stop::error("unclosed comment");
        };
        self.advance(2 + end + 2);
        let Some(trim) = self.at_right_delimiter() else {
            return Stop::error("comment ends before closing delimiter");
        };
        self.close(trim);
        self.ignore();
        Ok(State::Text)
    }

    /// At the closing delimiter? With whether it trims.
    pub(super) fn at_right_delimiter(&self) -> Option<bool> {
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

    pub(super) fn right_delimiter(&mut self) -> State {
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
        State::Text
    }
}

/// Where a delimiter stands. The texts between delimiters are too short for what a search of
/// longer words has to prepare.
fn find(text: &[u8], delimiter: &[u8]) -> Option<usize> {
    let first = *delimiter.first()?;
    memchr::memchr_iter(first, text).find(|start| text[*start..].starts_with(delimiter))
}
