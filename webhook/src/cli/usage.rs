//! Arguments that cannot be read, in our words: which, and what to write.

use std::fmt;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, Error};
use contract::annotations::nearest_of;
use contract::diagnostics::{Code, startup};

use super::Stop;

/// What cannot be read on a command line, and where its help is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Usage {
    problem: String,
    code: Code,
    help: String,
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]\n{}", self.problem, self.code, self.help)
    }
}

impl Usage {
    /// A word in the place of a command.
    pub(crate) fn command(word: &str, commands: &Command) -> Self {
        let known = commands.get_subcommands().map(Command::get_name);
        let known = known.chain(["help", "version"]);
        let nearest = nearest_of(&word.to_lowercase(), known);
        Self {
            problem: format!("unknown command {word:?}{}", did_you_mean(nearest)),
            code: startup::UNKNOWN_COMMAND,
            help: "vault-injector help lists the commands".to_owned(),
        }
    }

    /// A word that belongs to nothing.
    pub(super) fn word(word: &str, commands: &[String]) -> Self {
        let advice = match word {
            "true" | "false" => format!(": a switch is written with =, as in -strict={word}"),
            _ if commands.iter().any(|it| it == word) => {
                format!(": a command comes first, as in vault-injector {word}")
            }
            _ => did_you_mean(nearest_of(word, commands.iter().map(String::as_str))),
        };
        Self {
            problem: format!("unexpected argument {word:?}{advice}"),
            code: startup::UNKNOWN_COMMAND,
            help: "vault-injector help lists commands and flags".to_owned(),
        }
    }
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| format!(": did you mean {nearest}?"))
}

/// What the parser of `program` says about the arguments of its command `name`, or of the server
/// where that is empty.
pub(crate) fn stop(error: &Error, program: &Command, name: &str) -> Stop {
    if !error.use_stderr() {
        return Stop::Asked(error.to_string());
    }
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.as_str(),
        _ => "",
    };
    let command = program.find_subcommand(name).unwrap_or(program);
    let called = format!("vault-injector {name}");
    // Such as `--output <OUTPUT>`.
    let argument = text(ContextKind::InvalidArg);
    let flag = argument.split([' ', '=', '[']).next().unwrap_or_default();
    let (problem, code) = match error.kind() {
        ErrorKind::UnknownArgument if flag.starts_with('-') => (
            format!("unknown flag {flag}{}", did_you_mean_flag(flag, command)),
            startup::UNKNOWN_FLAG,
        ),
        ErrorKind::UnknownArgument => (
            format!("unexpected argument {argument:?}"),
            startup::UNKNOWN_COMMAND,
        ),
        ErrorKind::InvalidSubcommand => {
            let word = text(ContextKind::InvalidSubcommand);
            return Stop::Usage(Usage::command(word, command));
        }
        _ => (
            of_value(error, flag, text(ContextKind::InvalidValue)),
            startup::WORD,
        ),
    };
    Stop::Usage(Usage {
        problem,
        code,
        help: format!("{} --help lists the flags", called.trim_end()),
    })
}

/// A value that is missing or wrong.
fn of_value(error: &Error, name: &str, value: &str) -> String {
    let words = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(words)) => words.join(", "),
        _ => String::new(),
    };
    let source = std::error::Error::source(error).map(ToString::to_string);
    match error.kind() {
        ErrorKind::InvalidValue if value.is_empty() => match words.as_str() {
            "" => format!("{name} needs a value"),
            words => format!("{name} needs one of {words}"),
        },
        ErrorKind::InvalidValue => format!("{name}: {value:?} is not one of {words}"),
        ErrorKind::ValueValidation => match source {
            Some(reason) => format!("{name}: {value:?}: {reason}"),
            None => format!("{name}: {value:?} cannot be read"),
        },
        ErrorKind::InvalidUtf8 => "an argument is not UTF-8".to_owned(),
        ErrorKind::MissingRequiredArgument | ErrorKind::TooFewValues => {
            let missing = match error.get(ContextKind::InvalidArg) {
                Some(ContextValue::Strings(missing)) => missing.join(", "),
                _ => name.to_owned(),
            };
            format!("{missing} is missing")
        }
        ErrorKind::NoEquals => format!("{name}: write its value with ="),
        _ => format!("{name} cannot be read"),
    }
}

fn did_you_mean_flag(name: &str, command: &Command) -> String {
    let known = command.get_arguments().filter(|it| !it.is_hide_set());
    let known: Vec<&str> = known.filter_map(clap::Arg::get_long).collect();
    let written = name.trim_start_matches('-');
    nearest_of(written, known).map_or_else(String::new, |it| format!(": did you mean --{it}?"))
}
