//! Commands that work on files: no cluster, no Vault.

mod lint;
mod manifests;
mod policy;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use manifests::Manifests;

/// Exit code where something is wrong with a manifest.
const PROBLEMS: u8 = 1;
/// Exit code where the files cannot be read.
const UNREADABLE: u8 = 2;

/// The files of a command.
#[derive(Debug, Args)]
pub(crate) struct Files {
    /// Manifests, of one or several documents; - is standard input
    #[arg(short = 'f', long = "filename", required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Checks manifests as admission does.
pub(crate) fn lint(files: &Files) -> ExitCode {
    let manifests = match Manifests::read(&files.files) {
        Ok(manifests) => manifests,
        Err(error) => return refuse(&error),
    };
    let problems = lint::problems(&manifests);
    for problem in &problems {
        print_line(problem);
    }
    let checked = manifests.documents.len();
    print_line(&format!(
        "{checked} object{} checked, {} problem{}",
        plural(checked),
        problems.len(),
        plural(problems.len())
    ));
    if problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(PROBLEMS)
    }
}

/// Prints the policies that manifests need in Vault.
pub(crate) fn policy(files: &Files) -> ExitCode {
    let policies = Manifests::read(&files.files).and_then(|manifests| policy::policies(&manifests));
    match policies {
        Ok(text) => {
            print_line(text.trim_end());
            ExitCode::SUCCESS
        }
        Err(error) => refuse(&error),
    }
}

fn refuse(error: &anyhow::Error) -> ExitCode {
    eprintln!("secrets-operator: {error:#}");
    ExitCode::from(UNREADABLE)
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn print_line(line: &str) {
    // Nobody reads a stream that is closed.
    let _ = writeln!(std::io::stdout(), "{line}");
}
