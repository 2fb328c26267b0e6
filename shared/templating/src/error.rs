//! The error of a template, for people. It says where and what, and never shows a secret's value.

use std::fmt;

use text_template::FunctionSet;

use crate::functions::hint;

/// Whether a template is wrong by itself or failed with the values that it met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The text is no template: permanent until the template is changed.
    Parse,
    /// The template failed on what it found; another value of a secret may mend it.
    Execute,
}

/// Why a template cannot be parsed or rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct TemplateError {
    pub(crate) kind: ErrorKind,
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    pub(crate) go_text: String,
}

/// What stands in place of a value that may be secret.
pub(crate) const REDACTED: &str = "[redacted]";

impl TemplateError {
    pub(crate) fn parse(
        name: String,
        error: &text_template::Error,
        functions: &FunctionSet,
    ) -> Self {
        let (message, hint) = match error.unknown_function() {
            Some(function) => (
                format!("function \"{function}\" is not defined"),
                hint(function, functions),
            ),
            None => (error.message().reveal(), None),
        };
        Self {
            kind: ErrorKind::Parse,
            name,
            line: error.line(),
            column: error.column(),
            message,
            hint,
            go_text: format!("parse: {}", error.go_text(str::to_owned)),
        }
    }

    /// Where the pass read anything `confidential`, no value is shown.
    pub(crate) fn execute(name: &str, error: &text_template::Error, confidential: bool) -> Self {
        let show = |value: &str| {
            if confidential {
                REDACTED.to_owned()
            } else {
                value.to_owned()
            }
        };
        Self {
            kind: ErrorKind::Execute,
            name: name.to_owned(),
            line: error.line(),
            column: error.column(),
            message: error.message().show(show),
            hint: error.node().map(|node| format!("at {node}")),
            go_text: format!("execute: {}", error.go_text(show)),
        }
    }

    /// Parse or execution.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The line in the template's text, counted from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column in bytes, counted from 1.
    pub fn column(&self) -> usize {
        self.column
    }

    /// What is wrong, without the position.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What Go's `text/template` says in the same place (`template: :1:3: executing "" at <…>: …`).
    pub fn go_text(&self) -> &str {
        &self.go_text
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            line,
            column,
            message,
            ..
        } = self;
        write!(
            f,
            "template \"{name}\": line {line}, column {column}: {message}"
        )?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}
