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

mod blocks;
mod check;
mod document;
mod explain;
mod files;
mod inject;
mod lint;
mod node;
mod report;
mod shown;
mod unrendered;
mod values;
mod yaml;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{
    Arg, ArgAction, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum,
};

use crate::cli::{self, Flags, Stop, Usage, Variables};
use contract::diagnostics::Code;
use injection::kubernetes::KubernetesVersion;
use injection::settings::Settings;

/// Address that is shown where none is given: files are looked at without a server.
const ADDRESS: &str = "https://vault.vault.svc:8200";

#[derive(Debug, Parser)]
#[command(
    name = "vault-injector",
    bin_name = "vault-injector",
    version,
    max_term_width = 100
)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print manifests as their pods will be injected
    #[command(
        args_override_self = true,
        after_help = "\
Examples:
  vault-injector inject deploy.yaml | kubectl diff -f -
  vault-injector inject --diff --kube-version 1.33 manifests/"
    )]
    Inject(InjectArguments),
    /// Print what is wrong with the annotations of manifests; exit code 1 if something is, 2 if nothing
    /// was read
    #[command(
        args_override_self = true,
        after_help = "\
Examples:
  vault-injector lint deploy.yaml
  vault-injector lint -o sarif manifests/
  helm template . | vault-injector lint -strict"
    )]
    Lint(LintArguments),
    /// Print the documentation of an annotation, of all, or of a message by its code
    #[command(after_help = "\
Examples:
  vault-injector explain agent-inject-secret
  vault-injector explain template
  vault-injector explain VI-1001")]
    Explain(ExplainArguments),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, clap::Args)]
struct InjectArguments {
    /// Show only what changes
    #[arg(long)]
    diff: bool,
    /// YAML, which text means, too, or JSON
    #[arg(short, long, value_enum, default_value = "yaml")]
    output: Manifest,
    // Last, because the heading in it goes for all that follows.
    #[command(flatten)]
    manifests: Manifests,
}

#[derive(Debug, clap::Args)]
struct LintArguments {
    /// Form of the report
    #[arg(short, long, value_enum, default_value = "text")]
    output: report::Format,
    // Last, because the heading in it goes for all that follows.
    #[command(flatten)]
    manifests: Manifests,
}

#[derive(Debug, clap::Args)]
struct ExplainArguments {
    /// An annotation's key, with or without prefix and NAME; the code of a message, such as VI-1001 or 1001; or
    /// a word, for all keys and messages with it
    word: Option<String>,
    /// Text, or JSON
    #[arg(short, long, value_enum, default_value = "text")]
    output: Output,
}

/// The files, and how a cluster would see them.
#[derive(Debug, clap::Args)]
struct Manifests {
    /// Files, directories of files, or - for standard input, which is read without any
    #[arg(value_name = "FILE")]
    files: Vec<OsString>,
    /// The same, as kubectl takes it; as often as needed
    #[arg(short = 'f', long = "filename", value_name = "FILE", action = ArgAction::Append)]
    filename: Vec<OsString>,
    /// Version of the cluster, such as 1.32, for what depends on it
    #[arg(long)]
    kube_version: Option<KubernetesVersion>,
    /// Namespace of objects that name none
    #[arg(long, short = 'n', default_value = "default")]
    namespace: String,
    #[command(flatten, next_help_heading = "The injector's flags")]
    flags: Flags,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
}

/// The form of a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Manifest {
    #[value(alias = "text")]
    Yaml,
    Json,
}

/// Why a command cannot go on.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error(transparent)]
    Stop(#[from] Stop),
    #[error("{key}: no such annotation: {}", .nearest.as_ref().map_or_else(
        || "vault-injector explain lists all".to_owned(),
        |it| format!("did you mean {it}?"),
    ))]
    UnknownAnnotation {
        key: String,
        nearest: Option<String>,
    },
    #[error("{0}: no message has this code")]
    UnknownCode(Code),
    #[error("cannot write: {0}")]
    Output(#[from] io::Error),
}

impl Manifests {
    /// The settings that the flags and variables make, and the files.
    fn open(self) -> Result<(Settings, Vec<OsString>, String), CommandError> {
        let files = self.filename.into_iter().chain(self.files);
        let mut settings = self.flags.settings(ADDRESS)?;
        if self.kube_version.is_some() {
            settings.kubernetes.server = self.kube_version;
        }
        Ok((settings, files.collect(), self.namespace))
    }
}

/// Commands that look at files, and know the injector's flags.
const OF_FILES: [&str; 2] = ["inject", "lint"];

/// Runs the command that the arguments name; `None` where they name none, and the injector is to
/// serve.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Option<ExitCode> {
    let mut arguments = cli::normalized(arguments);
    let program = program();
    if arguments.get(1).is_some_and(|first| first == "help") {
        arguments.remove(1);
        arguments.truncate(2);
        if arguments.get(1).is_none_or(|about| about == "agent-inject") {
            return Some(cli::help(&all()).report());
        }
        arguments.push("--help".into());
    }
    let first = arguments.get(1)?.to_str()?;
    // A flag, or what upstream's chart passes behind the command that is left out.
    if first.starts_with('-') || first == "2>&1" {
        return None;
    }
    let Some(command) = program.find_subcommand(first) else {
        return Some(Stop::Usage(Usage::command(first, &program)).report());
    };
    let name = command.get_name().to_owned();
    let code = match parsed(&name, arguments, &Variables::new(variables), &program) {
        Ok(command) => command.run().unwrap_or_else(CommandError::report),
        Err(stop) => stop.report(),
    };
    Some(code)
}

/// The command `name` as the arguments and variables say.
fn parsed(
    name: &str,
    mut arguments: Vec<OsString>,
    variables: &Variables,
    program: &clap::Command,
) -> Result<Command, Stop> {
    if OF_FILES.contains(&name) {
        arguments = cli::with_variables(name, arguments, variables, program)?;
        for unknown in variables.unknown() {
            cli::tell(&format_args!("warning: {unknown}"));
        }
    }
    let matches = program.clone().try_get_matches_from(arguments);
    matches
        .and_then(|matches| Program::from_arg_matches(&matches))
        .map(|program| program.command)
        .map_err(|error| cli::usage_stop(&error, program, name))
}

impl Command {
    fn run(self) -> Result<ExitCode, CommandError> {
        let out = &mut io::stdout().lock();
        match self {
            Self::Inject(arguments) => inject::run(arguments, out),
            Self::Lint(arguments) => lint::run(arguments, out),
            Self::Explain(arguments) => explain::run(&arguments, out),
            Self::Completions { shell } => completions(shell, out).map(|()| ExitCode::SUCCESS),
        }
    }
}

impl CommandError {
    /// Tells the user, and gives the exit code.
    fn report(self) -> ExitCode {
        match self {
            Self::Stop(stop) => stop.report(),
            // Who reads no further, as `head`, has read what was wanted.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            error => {
                cli::tell(&error);
                ExitCode::FAILURE
            }
        }
    }
}

/// The commands. Those that look at files show the injector's flags only if asked for all.
fn program() -> clap::Command {
    cli::tidy_all(Program::command()).mut_subcommands(|command| {
        if !OF_FILES.contains(&command.get_name()) {
            return command;
        }
        let help = |name: &'static str, action| Arg::new(name).long(name).action(action);
        command
            .disable_help_flag(true)
            // Not that of the injector's flags.
            .next_help_heading(None::<&'static str>)
            .mut_args(|argument| {
                let is_of_server = argument.get_long().is_some_and(cli::is_flag);
                argument.hide_short_help(is_of_server)
            })
            .arg(
                help("recursive", ArgAction::SetTrue).short('R').help(
                    "As kubectl takes it: directories are read with all below them in any case",
                ),
            )
            .arg(
                help("help", ArgAction::HelpShort)
                    .short('h')
                    .help("Print help"),
            )
            .arg(
                help("help-all", ArgAction::HelpLong)
                    .help("Print help, with the injector's flags, which count here too"),
            )
    })
}

/// The commands, as the injector's own help lists them.
pub fn all() -> cli::Commands {
    let mut overview = String::from("Commands, each with a --help of its own:");
    let mut names = Vec::new();
    for command in Program::command().get_subcommands() {
        let about = command.get_about().map(ToString::to_string);
        let (name, about) = (command.get_name(), about.unwrap_or_default());
        let _ = write!(overview, "\n  {name:<12} {about}");
        names.push(name.to_owned());
    }
    cli::Commands { names, overview }
}

fn completions(shell: clap_complete::Shell, out: &mut dyn Write) -> Result<(), CommandError> {
    let mut command = cli::server_command(&all()).subcommands(program().get_subcommands().cloned());
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "vault-injector", &mut script);
    out.write_all(&script)?;
    Ok(())
}
