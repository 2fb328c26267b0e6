//! `vault-injector inject`: manifests as their pods will be injected.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write};
use std::process::ExitCode;

use json_patch::Patch;
use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use super::manifest::{self, Document, template, title, yaml};
use super::node::Node;
use super::report::{self, Severity};
use super::shown::shown;
use super::{CommandError, InjectArguments, Output};
use crate::cli;
use injection::inject::Decision;
use injection::settings::Settings;

/// The changes to one object, for machines.
#[derive(Serialize)]
struct Change {
    file: String,
    object: String,
    /// Of the pod, or of the template of one.
    operations: Patch,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List {
    api_version: &'static str,
    kind: &'static str,
    items: Vec<Node>,
}

pub(super) fn run(
    arguments: InjectArguments,
    out: &mut dyn Write,
) -> Result<ExitCode, CommandError> {
    let diff = arguments.diff;
    let (settings, files, namespace, output) = arguments.manifests.open()?;
    let mut documents = manifest::read(&files)?;
    let (mut changes, mut texts, mut failed) = (Vec::new(), Vec::new(), false);
    for document in &mut documents {
        let before = document.node.clone();
        let (here, errors) = inject(document, &namespace, &settings);
        failed |= errors;
        match (here.is_empty(), diff) {
            (true, true) => {}
            // What stays as it is keeps its comments, too.
            (true, false) => texts.push(document.text.clone()),
            (false, true) => {
                let (before, after) = (yaml(&shown(&before)), yaml(&shown(&document.node)));
                let heading = format!("{} {}", document.file, title(&document.node));
                let lines = changed_lines(&before, &after, std::io::stdout().is_terminal());
                texts.push(format!("--- {heading}\n+++ {heading}, injected\n{lines}"));
            }
            (false, false) => texts.push(yaml(&document.node)),
        }
        changes.extend(here);
    }
    match (output, diff) {
        (Output::Json, true) => json(out, &changes)?,
        (Output::Json, false) => {
            let nodes: Vec<Node> = documents.into_iter().map(|it| it.node).collect();
            match nodes.as_slice() {
                [only] => json(out, only)?,
                _ => json(out, &List::new(nodes))?,
            }
        }
        (Output::Text, _) => {
            let between = if diff { "" } else { "---\n" };
            let texts: Vec<_> = texts
                .iter()
                .map(|it| format!("{}\n", it.trim_end()))
                .collect();
            out.write_all(texts.join(between).as_bytes())?;
        }
    }
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

impl List {
    fn new(items: Vec<Node>) -> Self {
        Self {
            api_version: "v1",
            kind: "List",
            items,
        }
    }
}

fn json(out: &mut dyn Write, value: &impl Serialize) -> Result<(), CommandError> {
    let text = serde_json::to_string_pretty(value).expect("keys must be text");
    writeln!(out, "{text}")?;
    Ok(())
}

/// Changes the objects of a document, and tells what there is to say on standard error. Gives the
/// changes, and whether there were errors.
fn inject(document: &mut Document, namespace: &str, settings: &Settings) -> (Vec<Change>, bool) {
    let mut problems = Vec::new();
    let mut changes = Vec::new();
    let mut node = std::mem::replace(&mut document.node, Node::Null);
    for object in manifest::workloads(&mut node) {
        let outcome = report::decide(object, namespace, settings);
        problems.extend(report::problems(document, object, &outcome, settings));
        let Decision::Inject(plan) = outcome.decision else {
            continue;
        };
        let change = Change {
            file: document.file.clone(),
            object: title(object),
            operations: plan.operations.to_patch(),
        };
        let Some(pod) = template(object) else {
            continue;
        };
        let mut patched =
            serde_json::to_value(&*pod).expect("a node must serialise: its keys are text");
        json_patch::patch(&mut patched, &change.operations)
            .expect("the operations must fit the pod that they were made for");
        *pod = pod.reordered(patched);
        changes.push(change);
    }
    document.node = node;
    for problem in &problems {
        cli::tell(problem);
    }
    let failed = problems.iter().any(|it| it.severity == Severity::Error);
    (changes, failed)
}

/// The lines that change, with three around them.
fn changed_lines(before: &str, after: &str, color: bool) -> String {
    let diff = TextDiff::from_lines(before, after);
    let mut text = String::new();
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        let _ = writeln!(text, "{}", hunk.header());
        for change in hunk.iter_changes() {
            let (sign, start) = match change.tag() {
                ChangeTag::Delete => ('-', "\x1b[31m"),
                ChangeTag::Insert => ('+', "\x1b[32m"),
                ChangeTag::Equal => (' ', ""),
            };
            let (start, end) = if color && !start.is_empty() {
                (start, "\x1b[0m")
            } else {
                ("", "")
            };
            let line = change.value().trim_end_matches('\n');
            // Writing to a text cannot fail.
            let _ = writeln!(text, "{start}{sign}{line}{end}");
        }
    }
    text
}
