//! Why a text is not a configuration.

use thiserror::Error;

use crate::{MAX_DEPTH, Position};

/// A text that is not of the language: where, and what was expected. Values are not quoted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{position}: {problem}")]
pub struct ParseError {
    position: Position,
    problem: Problem,
}

impl ParseError {
    pub(crate) fn new(position: Position, problem: Problem) -> Self {
        Self { position, problem }
    }

    /// Where the problem is.
    pub fn position(&self) -> Position {
        self.position
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum Problem {
    #[error("expected {expected}, found {found}")]
    Expected {
        expected: &'static str,
        found: &'static str,
    },
    #[error("this character cannot stand here; text has to be in double quotes")]
    Character,
    #[error("the file begins with a byte order mark; save it without one")]
    ByteOrderMark,
    #[error("a null character cannot be part of a configuration")]
    NullCharacter,
    #[error("text in quotes has no closing quote on its line; write a line break as \\n")]
    UnclosedText,
    #[error(
        "not an escape; accepted: \\a \\b \\f \\n \\r \\t \\v \\\\ \\\" \\ooo \\xhh \\uhhhh \\Uhhhhhhhh"
    )]
    Escape,
    #[error("a comment begins with #, // or /*")]
    Slash,
    #[error("the comment has no closing */")]
    UnclosedComment,
    #[error("a number that begins with 0 is octal and has digits from 0 to 7")]
    Octal,
    #[error("0x needs hexadecimal digits after it")]
    Hexadecimal,
    #[error("an exponent needs digits after it")]
    Exponent,
    #[error("the number does not fit: at most 64 bits")]
    Range,
    #[error("a JSON number cannot begin with 0; in HCL 0640 is octal, in JSON write 416")]
    LeadingZero,
    #[error(
        "a heredoc begins with << or <<- and a word of letters, digits and _ to the line's end"
    )]
    Anchor,
    #[error(
        "the heredoc has no closing line: its word alone, followed by a line break (after <<- also indented)"
    )]
    UnclosedHeredoc,
    #[error("nested deeper than {MAX_DEPTH} levels")]
    Depth,
}
