//! `vault-injector lint`: everything that is wrong with the annotations of manifests, and what was not
//! checked.

use std::io::Write;
use std::process::ExitCode;

use contract::diagnostics::manifests;

use super::check::{self, Checked};
use super::files::{self, Files};
use super::report::{self, Format, Problem, Severity};
use super::{CommandError, LintArguments};
use crate::cli;

/// Exit code if there was nothing to check.
const NOTHING_READ: u8 = 2;

pub(super) fn run(arguments: LintArguments, out: &mut dyn Write) -> Result<ExitCode, CommandError> {
    let format = arguments.output;
    let (settings, names, namespace) = arguments.manifests.open()?;
    let mut files = files::read(&names);
    let mut all = Checked {
        problems: std::mem::take(&mut files.problems),
        ..Checked::default()
    };
    for document in &mut files.documents {
        let checked = check::check(document, &namespace, &settings);
        all.problems.extend(checked.problems);
        all.notes.extend(checked.notes);
        all.workloads += checked.workloads;
        all.concerns |= checked.concerns;
    }
    let code = exit_code(&files, all.problems.iter().any(is_problem));
    if format == Format::Text {
        report::print(&all.problems, format, out)?;
        summarize(&files, &all);
    } else {
        all.problems.append(&mut all.notes);
        report::print(&all.problems, format, out)?;
    }
    Ok(code)
}

/// 2 if nothing could be read, or a path has no manifest; 1 if something is wrong.
pub(super) fn exit_code(files: &Files, failed: bool) -> ExitCode {
    let is_readable = files.documents.iter().any(|document| !document.is_broken);
    if !is_readable || files.lacks_path {
        ExitCode::from(NOTHING_READ)
    } else if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn is_problem(problem: &Problem) -> bool {
    problem.severity != Severity::Hint
}

/// For people, beside the report.
fn summarize(files: &Files, all: &Checked) {
    let problems = all.problems.iter().filter(|it| is_problem(it)).count();
    let hints = match all.problems.len() - problems {
        0 => String::new(),
        hints => format!(", {}", counted(hints, "hint")),
    };
    cli::tell(&format_args!(
        "{} in {}: {}{hints}",
        counted(all.workloads, "workload"),
        counted(files.count, "file"),
        counted(problems, "problem"),
    ));
    for line in notes(&all.notes) {
        cli::tell(&line);
    }
    if !all.concerns && all.notes.is_empty() && all.problems.is_empty() {
        let documents = counted(files.documents.len(), "document");
        cli::tell(&format_args!(
            "nothing to check: no annotation of the injector in {documents}"
        ));
    }
}

/// A line for all that was checked in part, and one for all that was not.
fn notes(notes: &[Problem]) -> Vec<String> {
    let kinds = [
        (
            manifests::KEYS_ONLY,
            "only keys and values are checked, because the pods are not there",
        ),
        (manifests::NOT_CHECKED, "not checked"),
    ];
    let line = |(code, heading)| {
        let places = notes.iter().filter(|note| note.code == code);
        let places: Vec<_> = places.map(Problem::place).collect();
        (!places.is_empty()).then(|| format!("{heading}: {}", places.join(", ")))
    };
    kinds.into_iter().filter_map(line).collect()
}

fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}
