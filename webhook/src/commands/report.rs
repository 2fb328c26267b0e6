//! What there is to say about documents, with its place, and the forms in which it is printed.

mod github;
mod sarif;

use std::fmt;
use std::io::{self, Write};

use clap::ValueEnum;
use contract::diagnostics::Code;
use injection::inject::{Certainty, Decision, Denial, Outcome};
use injection::settings::Settings;
use serde::Serialize;

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Lines for people
    Text,
    /// A list of objects
    Json,
    /// SARIF 2.1.0, which code scanning takes
    Sarif,
    /// Commands that GitHub Actions shows beside the lines
    Github,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    Error,
    Warning,
    /// Worth a look, and no problem.
    Hint,
}

/// One line of a report.
#[derive(Debug, Serialize)]
pub(super) struct Problem {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) severity: Severity,
    /// `Deployment/web`; empty if the file cannot be read.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) object: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) annotation: Option<String>,
    /// Stable: `vault-injector explain VI-1001` tells more.
    pub(super) code: Code,
    pub(super) message: String,
    /// The line of a template that is wrong, and a second line that marks the place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) excerpt: Option<String>,
}

impl Problem {
    /// The message with what it is about in front.
    fn text(&self) -> String {
        match self.object.as_str() {
            "" => self.message.clone(),
            object => format!("{object}: {}", self.message),
        }
    }

    /// The object and its place, for a list of such.
    pub(super) fn place(&self) -> String {
        format!("{} ({}:{})", self.object, self.file, self.line)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Hint => "hint",
        };
        let Self {
            file, line, code, ..
        } = self;
        write!(f, "{file}:{line}: {severity}: {} [{code}]", self.text())?;
        for line in self.excerpt.iter().flat_map(|excerpt| excerpt.lines()) {
            write!(f, "\n    {line}")?;
        }
        Ok(())
    }
}

/// What there is to say about an outcome, without its place.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) severity: Severity,
    pub(super) key: Option<String>,
    pub(super) code: Code,
    pub(super) message: String,
    pub(super) excerpt: Option<String>,
}

/// Every error and warning of an outcome. What is surely a mistake is an error to a strict injector.
pub(super) fn told(outcome: &Outcome, settings: &Settings) -> Vec<Told> {
    let refusal = match &outcome.decision {
        // Each of its causes is a warning.
        Decision::Deny(Denial::Strict(_)) | Decision::Inject(_) | Decision::Skip(_) => None,
        Decision::Deny(denial) => Some(Told {
            severity: Severity::Error,
            key: denial.key(),
            code: denial.code(),
            message: denial.text(),
            excerpt: None,
        }),
    };
    let warnings = outcome.warnings.iter().map(|warning| Told {
        severity: match warning.certainty() {
            Certainty::Sure if settings.strict => Severity::Error,
            Certainty::Sure | Certainty::Likely => Severity::Warning,
            Certainty::Hint => Severity::Hint,
        },
        key: warning.key().map(ToOwned::to_owned),
        code: warning.code(),
        message: warning.text().to_owned(),
        excerpt: warning.excerpt().map(ToOwned::to_owned),
    });
    refusal.into_iter().chain(warnings).collect()
}

/// Prints problems for machines, or one on each line.
pub(super) fn print(problems: &[Problem], format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Text => problems.iter().try_for_each(|it| writeln!(out, "{it}")),
        Format::Json => json(out, &problems),
        Format::Sarif => json(out, &sarif::log(problems)),
        Format::Github => problems
            .iter()
            .try_for_each(|it| writeln!(out, "{}", github::command(it))),
    }
}

pub(super) fn json(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string_pretty(value).expect("keys must be text");
    writeln!(out, "{text}")
}
