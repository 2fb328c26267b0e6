//! What there is to say about a workload, with its place.

use std::fmt;

use contract::names::{ANNOTATION_PREFIX, OPENBAO_PREFIX};
use serde::Serialize;
use serde_json::value::to_raw_value;

use super::manifest::{Document, title};
use super::node::Node;
use injection::inject::{Decision, Denial, Outcome};
use injection::settings::Settings;
use injection::workload;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    Error,
    Warning,
}

/// One line of a report.
#[derive(Debug, Serialize)]
pub(super) struct Problem {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) severity: Severity,
    /// `Deployment/web`.
    pub(super) object: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) annotation: Option<String>,
    pub(super) message: String,
    /// The line of a template that is wrong, and a second line that marks the place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) excerpt: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let Self {
            file,
            line,
            object,
            message,
            excerpt,
            ..
        } = self;
        write!(f, "{file}:{line}: {severity}: {object}: {message}")?;
        for line in excerpt.iter().flat_map(|excerpt| excerpt.lines()) {
            write!(f, "\n    {line}")?;
        }
        Ok(())
    }
}

/// Decides about the pods of a workload.
pub(super) fn decide(object: &Node, namespace: &str, settings: &Settings) -> Outcome {
    let own = object.get("metadata").map_or("", |it| it.text("namespace"));
    let namespace = if own.is_empty() { namespace } else { own };
    let raw = to_raw_value(object).expect("a node must serialise: its keys are text");
    workload::decide(&raw, namespace, settings)
}

/// Every error and warning of an outcome. What is surely a mistake is an error to a strict injector.
pub(super) fn problems(
    document: &Document,
    object: &Node,
    outcome: &Outcome,
    settings: &Settings,
) -> Vec<Problem> {
    let problem = |severity, key: Option<&str>, message: String| Problem {
        file: document.file.clone(),
        line: document.line_of(key),
        severity,
        object: title(object),
        annotation: key.map(ToOwned::to_owned),
        message,
        excerpt: None,
    };
    let mut problems = Vec::new();
    match &outcome.decision {
        // Each of its causes is a warning.
        Decision::Deny(Denial::Strict(_)) | Decision::Inject(_) | Decision::Skip(_) => {}
        Decision::Deny(denial) => {
            let message = denial.to_string();
            let key = mentioned_key(&message);
            problems.push(problem(Severity::Error, key.as_deref(), message));
        }
    }
    for warning in &outcome.warnings {
        let severity = if settings.strict && warning.is_sure() {
            Severity::Error
        } else {
            Severity::Warning
        };
        problems.push(Problem {
            excerpt: warning.excerpt().map(ToOwned::to_owned),
            ..problem(severity, warning.key(), warning.to_string())
        });
    }
    problems
}

/// The annotation that a message names.
fn mentioned_key(message: &str) -> Option<String> {
    let start = [ANNOTATION_PREFIX, OPENBAO_PREFIX]
        .iter()
        .find_map(|prefix| message.find(prefix))?;
    let rest = &message[start..];
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    Some(rest[..end].to_owned())
}
