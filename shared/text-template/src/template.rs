//! A parsed template, and what it may use up.

use std::collections::BTreeMap;
use std::fmt;

use crate::ast::List;
use crate::error::Error;
use crate::exec;
use crate::fmt::Printed;
use crate::function::{FunctionSet, Host};
use crate::parse::{self, Input};
use crate::value::Value;

/// What reading a key gives that a map does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingKey {
    /// No value at all (Go's `missingkey=invalid`).
    #[default]
    Invalid,
    /// The zero value of the map's element type (`missingkey=zero`).
    Zero,
    /// An error (`missingkey=error`).
    Error,
}

/// What one execution may use up. Beyond it ends with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of output, and of any one text on the way.
    pub output: usize,
    /// Bytes of all values together that functions make, kept or not.
    pub made: usize,
    /// Actions, calls and iterations; a call on large values counts as several.
    pub steps: u64,
    /// Templates, blocks and parentheses inside each other.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            output: 16 << 20,
            made: 256 << 20,
            steps: 10_000_000,
            depth: 350,
        }
    }
}

/// How a template's text is read and executed.
#[derive(Clone, Debug, Default)]
pub struct Options<'a> {
    /// The template's name in Go's error texts.
    pub name: &'a str,
    /// Opens an action; empty means `{{`.
    pub left_delimiter: &'a str,
    /// Closes an action; empty means `}}`.
    pub right_delimiter: &'a str,
    /// What a missing key gives.
    pub missing_key: MissingKey,
    /// What an execution may use up.
    pub limits: Limits,
}

/// A template that parsed: immutable, to be executed as often as needed.
pub struct Template {
    pub(crate) name: Box<str>,
    pub(crate) source: Box<str>,
    pub(crate) templates: BTreeMap<Box<str>, List>,
    pub(crate) functions: FunctionSet,
    pub(crate) missing_key: MissingKey,
    pub(crate) limits: Limits,
}

impl Template {
    /// Reads a template with the functions that it may call.
    pub fn parse(
        source: &str,
        functions: FunctionSet,
        options: &Options<'_>,
    ) -> Result<Self, Error> {
        let pick = |text, default| if str::is_empty(text) { default } else { text };
        let templates = parse::parse(&Input {
            name: options.name,
            source,
            delimiters: (
                pick(options.left_delimiter, "{{"),
                pick(options.right_delimiter, "}}"),
            ),
            functions: &functions,
        })?;
        Ok(Self {
            name: options.name.into(),
            source: source.into(),
            templates,
            functions,
            missing_key: options.missing_key,
            limits: options.limits,
        })
    }

    /// Executes the template with `dot` as its data.
    pub fn execute(&self, dot: Value, host: &mut dyn Host) -> Result<Printed, Error> {
        exec::run(self, dot, host, None)
    }

    /// The same, with `mask` in the output in place of each text that an action prints. What is
    /// computed is not masked, nor is `<no value>`.
    ///
    /// ```
    /// use text_template::{FunctionSet, NoHost, Options, Template, Value};
    ///
    /// let source = r#"user={{ "app" }} {{ if eq "app" "app" }}yes{{ end }}"#;
    /// let template = Template::parse(source, FunctionSet::default(), &Options::default())?;
    /// let shown = template.execute_masked(Value::Nil, &mut NoHost, "***")?;
    /// assert_eq!(*shown, b"user=*** yes");
    /// # Ok::<(), text_template::Error>(())
    /// ```
    pub fn execute_masked(
        &self,
        dot: Value,
        host: &mut dyn Host,
        mask: &str,
    ) -> Result<Printed, Error> {
        exec::run(self, dot, host, Some(mask))
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
