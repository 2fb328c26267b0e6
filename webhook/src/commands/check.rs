//! Checks the documents that were read: what `lint` reports, and what `inject` changes.
//!
//! ```text
//! Document ─► objects ─► quote ─► render ─► workload::review ─┬► problems
//!                                                             ├► plans for templates
//!                                                             └► what was not checked, or in part
//! ```

use contract::annotations;
use contract::diagnostics::{Code, manifests, secrets};
use injection::inject::{Decision, Operations};
use injection::settings::Settings;
use injection::workload::{self, Extent, Path};
use serde_json::value::to_raw_value;

use super::document::{Document, title};
use super::node::Node;
use super::report::{self, Problem, Severity, Told};
use super::values::{self, Remark};

/// What is found in one document.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// In the order of the lines.
    pub(super) problems: Vec<Problem>,
    pub(super) injections: Vec<Injection>,
    /// Objects with a template of a pod, whether it asks for an agent or not.
    pub(super) workloads: usize,
    /// Whether anything concerns the injector.
    pub(super) concerns: bool,
    /// What was checked in part, or not at all: hints.
    pub(super) notes: Vec<Problem>,
}

/// What to change in a template.
#[derive(Debug)]
pub(super) struct Injection {
    /// Place of the object in the document.
    pub(super) object: Path,
    /// Place of the template in the document.
    pub(super) template: Path,
    /// On the template.
    pub(super) operations: Operations,
}

/// Checks a document. Values that should be quoted are, in the document, too.
pub(super) fn check(document: &mut Document, namespace: &str, settings: &Settings) -> Checked {
    let mut checked = Checked {
        problems: std::mem::take(&mut document.problems),
        ..Checked::default()
    };
    if !document.is_broken {
        for place in document.objects() {
            check_object(document, &place, namespace, settings, &mut checked);
        }
    }
    checked.problems.sort_by_key(|problem| problem.line);
    checked
}

/// An object, and where it is.
struct Subject<'d> {
    document: &'d Document,
    object: &'d Node,
}

impl Subject<'_> {
    fn problem(&self, line: usize, key: Option<&str>, told: Told) -> Problem {
        Problem {
            file: self.document.file.clone(),
            line,
            severity: told.severity,
            object: title(self.object),
            annotation: key.map(ToOwned::to_owned),
            code: told.code,
            message: told.message,
            excerpt: told.excerpt,
        }
    }

    fn note(&self, line: usize, code: Code, message: &str) -> Problem {
        let told = Told {
            severity: Severity::Hint,
            key: None,
            code,
            message: message.to_owned(),
            excerpt: None,
        };
        self.problem(line, None, told)
    }
}

fn check_object(
    document: &mut Document,
    place: &Path,
    namespace: &str,
    settings: &Settings,
    checked: &mut Checked,
) {
    let Some(object) = document.object_mut(place) else {
        return;
    };
    let mut remarks = values::quote(object);
    let mut rendered = object.clone();
    let actions = values::render(&mut rendered);
    // What Helm makes of them is not known.
    let skipped: Vec<_> = actions.iter().map(|it| it.key.clone()).collect();
    let has_own_template = |key: &str| {
        let secret = annotations::split_prefix(key)
            .and_then(|(_, it)| it.strip_prefix("agent-inject-secret-"));
        let is_its = |it: &String| {
            it.strip_suffix(secret.unwrap_or_default())
                .is_some_and(|it| it.ends_with("/agent-inject-template-"))
        };
        secret.is_some() && skipped.iter().any(is_its)
    };
    remarks.extend(actions);
    let subject = Subject {
        document,
        object: document.object(place),
    };
    for Remark { line, key, told } in remarks {
        checked
            .problems
            .push(subject.problem(line, Some(&key), told));
    }
    checked.workloads += usize::from(has_template(subject.object));

    let metadata = subject.object.get("metadata");
    let namespace = match metadata.map_or("", |it| it.text("namespace")) {
        "" => namespace,
        own => own,
    };
    let raw = to_raw_value(&rendered).expect("a node must serialize: its keys are text");
    let mut partly = None;
    for finding in workload::review(&raw, namespace, settings) {
        let steps = place.0.iter().chain(&finding.path.0);
        let path = Path(steps.cloned().collect());
        checked.concerns |= concerns(&finding);
        for told in report::told(&finding.outcome, settings) {
            let key = told.key.clone();
            // A template that Helm makes is one all the same.
            let is_default = told.code == secrets::DEFAULT_TEMPLATE_ON_KV2
                && key.as_ref().is_some_and(|key| has_own_template(key));
            if !is_default && key.as_ref().is_none_or(|key| !skipped.contains(key)) {
                let line = document.line_of(&path, key.as_deref());
                let problem = subject.problem(line, key.as_deref(), told);
                checked.problems.push(problem);
            }
        }
        match (finding.extent, finding.outcome.decision) {
            (Extent::Template, Decision::Inject(plan)) if skipped.is_empty() => {
                checked.injections.push(Injection {
                    object: place.clone(),
                    template: path,
                    operations: plan.operations,
                });
            }
            (Extent::Annotations | Extent::Fragment, _) => {
                partly = partly.or_else(|| Some(document.line_of(&path, None)));
            }
            (Extent::Template | Extent::Misplaced, _) => {}
        }
    }
    if let Some(line) = partly {
        let message = "only keys and values are checked, because the pod is not in the file";
        let note = subject.note(line, manifests::KEYS_ONLY, message);
        checked.notes.push(note);
    }
    if let Some(line) = values::embedded(subject.object) {
        let message = "not checked: annotations stand in a text inside of the document";
        let note = subject.note(line, manifests::NOT_CHECKED, message);
        checked.notes.push(note);
    }
}

/// Whether a place holds more than a template without annotations of ours.
fn concerns(finding: &workload::Finding) -> bool {
    use injection::inject::Skip;
    let is_idle = matches!(finding.outcome.decision, Decision::Skip(Skip::NotAsked));
    finding.extent != Extent::Template || !is_idle || !finding.outcome.warnings.is_empty()
}

/// Whether pods are made of a part of this object.
fn has_template(node: &Node) -> bool {
    match node {
        Node::Map(entries) => {
            values::has_containers(node) || entries.iter().any(|it| has_template(&it.value))
        }
        Node::List(list) => list.iter().any(has_template),
        Node::Null | Node::Plain(_) | Node::Text(_) => false,
    }
}
