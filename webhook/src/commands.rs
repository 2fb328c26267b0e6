//! What people run at a keyboard and in pipelines: the webhook's own function over files.
//!
//! ```text
//! inject ──► the manifests as their pods will be injected, or what changes
//! lint ────► every warning and error, with file and line
//! explain ─► the documentation of an annotation or a message
//! completions
//! ```
//!
//! The injector's flags and variables count here too, so that a pipeline sees what a cluster does.
//! Text is for terminals, `-o json` for machines.

mod explain;
mod inject;
mod lint;
mod manifest;
mod node;
mod report;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand, ValueEnum};

use crate::cli::{self, Flags, Stop};
use contract::diagnostics::Code;
use injection::kubernetes::KubernetesVersion;
use injection::settings::Settings;

/// Address that is shown where none is given: files are looked at without a server.
const ADDRESS: &str = "https://vault.vault.svc:8200";

#[derive(Debug, Parser)]
#[command(name = "vault-injector", version, max_term_width = 100)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print manifests as their pods will be injected
    #[command(args_override_self = true)]
    Inject(InjectArguments),
    /// Print what is wrong with the annotations of manifests; exits with 1 where something is
    #[command(args_override_self = true)]
    Lint(LintArguments),
    /// Print the documentation of an annotation, of all, or of a message by its code
    Explain(ExplainArguments),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, clap::Args)]
struct InjectArguments {
    #[command(flatten)]
    manifests: Manifests,
    /// Show only what changes
    #[arg(long)]
    diff: bool,
}

#[derive(Debug, clap::Args)]
struct LintArguments {
    #[command(flatten)]
    manifests: Manifests,
}

#[derive(Debug, clap::Args)]
struct ExplainArguments {
    /// The annotation's key, with or without prefix and NAME; or the code of a message, such as VI-1001
    annotation: Option<String>,
    /// Text, or JSON
    #[arg(short, long, value_enum, default_value = "text")]
    output: Output,
}

/// The files, and how a cluster would see them.
#[derive(Debug, clap::Args)]
struct Manifests {
    /// A file, a directory of files, or - for standard input; as often as needed
    #[arg(short = 'f', long = "filename", action = clap::ArgAction::Append)]
    filename: Vec<OsString>,
    /// Version of the cluster, such as 1.32, for what depends on it
    #[arg(long)]
    kube_version: Option<KubernetesVersion>,
    /// Namespace of objects that name none
    #[arg(long, short = 'n', default_value = "default")]
    namespace: String,
    /// Text, or JSON
    #[arg(short, long, value_enum, default_value = "text")]
    output: Output,
    #[command(flatten, next_help_heading = "The injector's flags")]
    flags: Flags,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    #[value(alias = "yaml")]
    Text,
    Json,
}

/// Why a command cannot go on.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error(transparent)]
    Stop(#[from] Stop),
    #[error("{0}")]
    Manifest(#[from] manifest::ManifestError),
    #[error("{key}: no such annotation{}", .nearest.map(|it| format!(": did you mean {it}?")).unwrap_or_default())]
    UnknownAnnotation {
        key: String,
        nearest: Option<&'static str>,
    },
    #[error("{0}: no message has this code")]
    UnknownCode(Code),
    #[error("cannot write: {0}")]
    Output(#[from] io::Error),
}

impl Manifests {
    /// The settings that the flags and variables make, and the files.
    fn open(self) -> Result<(Settings, Vec<OsString>, String, Output), CommandError> {
        let mut flags = self.flags;
        let named = self.filename.into_iter();
        let files = named.chain(flags.take_ignored().into_iter().map(OsString::from));
        let mut settings = flags.settings(ADDRESS)?;
        if self.kube_version.is_some() {
            settings.kubernetes.server = self.kube_version;
        }
        Ok((settings, files.collect(), self.namespace, self.output))
    }
}

/// Runs the command that the arguments name; `None` where they name none, and the injector is to
/// serve.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Option<ExitCode> {
    let mut arguments = cli::normalised(arguments);
    let first = arguments.get(1)?.to_str()?;
    let known = Program::command();
    known.get_subcommands().find(|it| it.get_name() == first)?;
    if matches!(first, "inject" | "lint") {
        match cli::as_flags(variables) {
            // In front, so that what is typed wins over what is set: there is somebody at the
            // keyboard.
            Ok(flags) => drop(arguments.splice(2..2, flags)),
            Err(stop) => return Some(stop.report()),
        }
    }
    let program = match Program::try_parse_from(arguments) {
        Ok(program) => program,
        Err(error) => return Some(Stop::Usage(error).report()),
    };
    let out = &mut io::stdout().lock();
    let result = match program.command {
        Command::Inject(arguments) => inject::run(arguments, out),
        Command::Lint(arguments) => lint::run(arguments, out),
        Command::Explain(arguments) => explain::run(&arguments, out),
        Command::Completions { shell } => completions(shell, out).map(|()| ExitCode::SUCCESS),
    };
    Some(result.unwrap_or_else(|error| match error {
        CommandError::Stop(stop) => stop.report(),
        error => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }))
}

fn completions(shell: clap_complete::Shell, out: &mut dyn Write) -> Result<(), CommandError> {
    let program = Program::command();
    let mut command = Flags::command().subcommands(program.get_subcommands().cloned());
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "vault-injector", &mut script);
    out.write_all(&script)?;
    Ok(())
}
