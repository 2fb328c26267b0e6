//! What there is to say about a workload, with its place.

use std::fmt;

use contract::diagnostics::Code;
use serde::Serialize;
use serde_json::value::to_raw_value;

use super::manifest::{Document, title};
use super::node::Node;
use injection::inject::{Certainty, Decision, Denial, Outcome};
use injection::settings::Settings;
use injection::workload;

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
    /// `Deployment/web`.
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

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Hint => "hint",
        };
        let Self {
            file,
            line,
            object,
            code,
            message,
            excerpt,
            ..
        } = self;
        write!(f, "{file}:{line}: {severity}: {object}: {message} [{code}]")?;
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
    let problem = |severity, code, key: Option<&str>, message: String| Problem {
        file: document.file.clone(),
        line: document.line_of(key),
        severity,
        object: title(object),
        annotation: key.map(ToOwned::to_owned),
        code,
        message,
        excerpt: None,
    };
    let mut problems = Vec::new();
    match &outcome.decision {
        // Each of its causes is a warning.
        Decision::Deny(Denial::Strict(_)) | Decision::Inject(_) | Decision::Skip(_) => {}
        Decision::Deny(denial) => {
            let key = denial.key();
            problems.push(problem(
                Severity::Error,
                denial.code(),
                key.as_deref(),
                denial.text(),
            ));
        }
    }
    for warning in &outcome.warnings {
        let severity = match warning.certainty() {
            Certainty::Sure if settings.strict => Severity::Error,
            Certainty::Sure | Certainty::Likely => Severity::Warning,
            Certainty::Hint => Severity::Hint,
        };
        problems.push(Problem {
            excerpt: warning.excerpt().map(ToOwned::to_owned),
            ..problem(
                severity,
                warning.code(),
                warning.key(),
                warning.text().to_owned(),
            )
        });
    }
    problems
}
