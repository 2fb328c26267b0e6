//! `vault-injector lint`: everything that is wrong with the annotations of manifests.

use std::io::Write;
use std::process::ExitCode;

use super::{CommandError, LintArguments, Output, manifest, report};

pub(super) fn run(arguments: LintArguments, out: &mut dyn Write) -> Result<ExitCode, CommandError> {
    let (settings, files, namespace, output) = arguments.manifests.open()?;
    let mut documents = manifest::read(&files)?;
    let (mut problems, mut count) = (Vec::new(), 0);
    for document in &mut documents {
        let objects: Vec<_> = manifest::workloads(&mut document.node)
            .into_iter()
            .map(|it| it.clone())
            .collect();
        count += objects.len();
        for object in objects {
            let outcome = report::decide(&object, &namespace, &settings);
            problems.extend(report::problems(document, &object, &outcome, &settings));
        }
    }
    match output {
        Output::Json => {
            let text = serde_json::to_string_pretty(&problems).expect("keys must be text");
            writeln!(out, "{text}")?;
        }
        Output::Text => {
            for problem in &problems {
                writeln!(out, "{problem}")?;
            }
            eprintln!("{count} workloads, {} problems", problems.len());
        }
    }
    let wrong = |it: &report::Problem| it.severity != report::Severity::Hint;
    Ok(if problems.iter().any(wrong) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}
