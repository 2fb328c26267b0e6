//! Errors with their position, as data. How they read is for the caller: Go's own text is
//! [`Error::go_text`].

use std::fmt;

use crate::function::CallError;

/// When an error came up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// While the text was read: the template is wrong.
    Parse,
    /// While it was executed with values.
    Execute,
}

/// A template that cannot be parsed or executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(pub(crate) Box<Details>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Details {
    pub(crate) phase: Phase,
    pub(crate) template: String,
    pub(crate) line: usize,
    pub(crate) column: usize,
    /// The defined template and the node that were being executed.
    pub(crate) node: Option<(String, String)>,
    pub(crate) message: CallError,
    pub(crate) unknown_function: Option<String>,
    pub(crate) open_block: Option<(String, usize)>,
}

impl Error {
    /// Parse or execute.
    pub fn phase(&self) -> Phase {
        self.0.phase
    }

    /// The line, from 1.
    pub fn line(&self) -> usize {
        self.0.line
    }

    /// The column in bytes, from 1.
    pub fn column(&self) -> usize {
        self.0.column
    }

    /// What is wrong, without a position. It keeps values apart from words.
    pub fn message(&self) -> &CallError {
        &self.0.message
    }

    /// The node that was being executed, as Go prints it.
    pub fn node(&self) -> Option<&str> {
        self.0.node.as_ref().map(|(_, node)| node.as_str())
    }

    /// The name that is no function, where that is what is wrong.
    pub fn unknown_function(&self) -> Option<&str> {
        self.0.unknown_function.as_deref()
    }

    /// The word and the line of the block that the end of the text leaves open, where that is what is
    /// wrong.
    pub fn open_block(&self) -> Option<(&str, usize)> {
        let (word, line) = self.0.open_block.as_ref()?;
        Some((word, *line))
    }

    /// Go's text, with every value put through `show`.
    pub fn go_text(&self, show: impl FnMut(&str) -> String) -> String {
        format!("{}{}", self.go_prefix(), self.0.message.show(show))
    }

    /// The message with everything that Go puts in front of it, for an error around this one.
    pub(crate) fn into_call_error(self) -> CallError {
        let prefix = self.go_prefix();
        self.0.message.within(prefix)
    }

    fn go_prefix(&self) -> String {
        let Details {
            template,
            line,
            column,
            node,
            ..
        } = &*self.0;
        let Some((name, node)) = node else {
            return format!("template: {template}:{line}: ");
        };
        // Go counts the columns of an execution from 0.
        let column = column - 1;
        let name = crate::fmt::quote(name.as_bytes());
        format!("template: {template}:{line}:{column}: executing {name} at <{node}>: ")
    }
}

/// Go's text without the values.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.go_text(|_| String::from("[redacted]")))
    }
}

impl std::error::Error for Error {}

/// Line and column of a byte offset, both from 1.
pub(crate) fn position(source: &str, pos: usize) -> (usize, usize) {
    let before = source.get(..pos).unwrap_or(source);
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (line, before.len() - start + 1)
}
