//! `vault-injector inject`: manifests as their pods will be injected.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write};
use std::process::ExitCode;

use json_patch::Patch;
use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use super::check;
use super::document::{Document, title};
use super::files;
use super::lint;
use super::node::Node;
use super::report::{Problem, Severity, json};
use super::shown::shown;
use super::yaml;
use super::{CommandError, InjectArguments, Manifest};
use crate::cli;
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
    let output = arguments.output;
    let (settings, names, namespace) = arguments.manifests.open()?;
    let mut files = files::read(&names);
    let (mut changes, mut texts, mut left) = (Vec::new(), Vec::new(), Vec::new());
    let mut problems = std::mem::take(&mut files.problems);
    for document in &mut files.documents {
        let before = document.node.clone();
        let here = inject(document, &namespace, &settings);
        match (here.changes.is_empty(), diff) {
            (true, true) => {}
            // What stays as it is keeps its comments, too.
            (true, false) => texts.push(document.text.clone()),
            (false, true) => {
                let before = yaml::print(&shown(&before));
                let after = yaml::print(&shown(&document.node));
                let heading = format!("{} {}", document.file, title(&document.node));
                let lines = changed_lines(&before, &after, std::io::stdout().is_terminal());
                texts.push(format!("--- {heading}\n+++ {heading}, injected\n{lines}"));
            }
            (false, false) => texts.push(yaml::print(&document.node)),
        }
        changes.extend(here.changes);
        problems.extend(here.problems);
        left.extend(here.left);
    }
    for problem in &problems {
        cli::tell(problem);
    }
    if !left.is_empty() {
        cli::tell(&format_args!("left as they are: {}", left.join(", ")));
    }
    let failed = problems.iter().any(|it| it.severity == Severity::Error);
    let code = lint::exit_code(&files, failed);
    match (output, diff) {
        (Manifest::Json, true) => json(out, &changes)?,
        (Manifest::Json, false) => {
            let readable = files.documents.into_iter().filter(|it| !it.is_broken);
            let nodes: Vec<Node> = readable.map(|it| it.node).collect();
            match nodes.as_slice() {
                [only] => json(out, only)?,
                _ => json(out, &List::new(nodes))?,
            }
        }
        (Manifest::Yaml, _) => {
            let between = if diff { "" } else { "---\n" };
            let texts: Vec<_> = texts
                .iter()
                .map(|it| format!("{}\n", it.trim_end()))
                .collect();
            out.write_all(texts.join(between).as_bytes())?;
        }
    }
    Ok(code)
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

/// What happened to a document.
struct Injected {
    changes: Vec<Change>,
    problems: Vec<Problem>,
    /// Places with annotations whose pods are not there, and documents that cannot be read.
    left: Vec<String>,
}

/// Changes the pods of a document.
fn inject(document: &mut Document, namespace: &str, settings: &Settings) -> Injected {
    let checked = check::check(document, namespace, settings);
    let mut left: Vec<_> = checked.notes.iter().map(Problem::place).collect();
    if document.is_broken {
        left.push(format!("{}:{}", document.file, document.line));
    }
    let mut changes = Vec::new();
    for injection in checked.injections {
        let change = Change {
            file: document.file.clone(),
            object: title(document.object(&injection.object)),
            operations: injection.operations.to_patch(),
        };
        let Some(pod) = document.object_mut(&injection.template) else {
            continue;
        };
        let mut patched =
            serde_json::to_value(&*pod).expect("a node must serialize: its keys are text");
        json_patch::patch(&mut patched, &change.operations)
            .expect("the operations must fit the pod that they were made for");
        *pod = pod.reordered(patched);
        changes.push(change);
    }
    Injected {
        changes,
        problems: checked.problems,
        left,
    }
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
