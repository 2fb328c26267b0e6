//! Commands that run after a file was replaced.
//!
//! A line is for the shell where there is one; an image made from scratch has none, so there it is
//! split into words and started directly, and what only a shell could do is refused with the ways out.
//! Each command is a process group of its own with a time limit; output goes where the agent's goes.

mod environment;
mod queue;

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use contract::agent_config::Command as Written;
use rustix::process::{Pid, Signal};
use thiserror::Error;

pub(crate) use environment::{NoVariable, Variables, parse_custom};
pub(crate) use queue::Commands;

const SHELL: &str = "/bin/sh";

/// A command, its time limit and its environment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CommandSpec {
    form: Form,
    /// `None` where it may run for ever.
    timeout: Option<Duration>,
    variables: Variables,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Form {
    /// One text: a program without blanks, else a line for a shell.
    Line(String),
    /// A program and its arguments.
    Words(Vec<String>),
}

/// Whether lines can be given to a shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// `/bin/sh` is there.
    Present,
    /// The image has no shell.
    Absent,
}

impl Shell {
    /// Looks for `/bin/sh`.
    pub fn find() -> Self {
        if Path::new(SHELL).exists() {
            Self::Present
        } else {
            Self::Absent
        }
    }
}

/// A command cannot be run, or failed.
#[derive(Debug, Error)]
pub enum CommandError {
    /// Nothing but quotes.
    #[error("the command is empty")]
    Empty,
    /// Quotes that do not close.
    #[error("{0:?} is not a command line: a quote is not closed")]
    Unclosed(String),
    /// A line that only a shell understands, and no shell.
    #[error(
        "{line:?} needs a shell for {character:?}, and this image has none: use the -busybox variant \
         of the agent's image, or agent-flavor \"compatible\" with a stock agent-image"
    )]
    NeedsShell {
        /// The line.
        line: String,
        /// The first character that shows it.
        character: char,
    },
    /// The program cannot be started.
    #[error("cannot start {program:?}: {source}")]
    Start {
        /// The program.
        program: String,
        /// Why.
        source: std::io::Error,
    },
    /// It ended with a failure.
    #[error("{program:?} failed: {status}")]
    Failed {
        /// The program.
        program: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// It ran too long and was killed with all its children.
    #[error("{program:?} was killed: it ran longer than {limit:?}")]
    TimedOut {
        /// The program.
        program: String,
        /// The limit.
        limit: Duration,
    },
}

impl CommandSpec {
    /// A command as the configuration writes it; `None` where it is empty. A limit of zero is none.
    pub fn new(written: &Written, timeout: Duration) -> Result<Option<Self>, CommandError> {
        let form = match written {
            // Where a list is expected, commas part a text. In a line for a shell they are the shell's.
            Written::Line(line) if line.contains(',') && !line.contains(char::is_whitespace) => {
                let words = line.split(',').filter(|word| !word.is_empty());
                Form::Words(words.map(str::to_owned).collect())
            }
            Written::Line(line) => Form::Line(line.trim().to_owned()),
            Written::Words(words) => match words.as_slice() {
                // One word is a line: that is how lists have always been read.
                [line] => Form::Line(line.trim().to_owned()),
                words => Form::Words(words.to_vec()),
            },
        };
        let spec = match &form {
            Form::Line(line) if line.is_empty() => None,
            Form::Words(words) if words.first().is_none_or(String::is_empty) => None,
            _ => Some(Self {
                form,
                timeout: (!timeout.is_zero()).then_some(timeout),
                variables: Variables::default(),
            }),
        };
        if let Some(spec) = &spec {
            spec.prepare(Shell::Present)?;
        }
        Ok(spec)
    }

    /// The same command with other variables.
    #[must_use]
    pub fn with_variables(self, variables: Variables) -> Self {
        Self { variables, ..self }
    }

    /// Whether it is a line that is given to a shell where there is one.
    pub fn is_shell_line(&self) -> bool {
        matches!(&self.form, Form::Line(line) if line.contains(char::is_whitespace))
    }

    /// The program and its arguments.
    pub fn prepare(&self, shell: Shell) -> Result<Vec<String>, CommandError> {
        match &self.form {
            Form::Words(words) => Ok(words.clone()),
            Form::Line(line) if !line.contains(char::is_whitespace) => Ok(vec![line.clone()]),
            Form::Line(line) if shell == Shell::Present => {
                Ok(vec![SHELL.to_owned(), "-c".to_owned(), line.clone()])
            }
            Form::Line(line) => {
                if let Some(character) = shell_character(line) {
                    return Err(CommandError::NeedsShell {
                        line: line.clone(),
                        character,
                    });
                }
                shell_words::split(line).map_err(|_| CommandError::Unclosed(line.clone()))
            }
        }
    }

    /// What log lines call it: the program or the line, as the configuration has it.
    pub fn name(&self) -> String {
        match &self.form {
            Form::Line(line) => line.clone(),
            Form::Words(words) => words.join(" "),
        }
    }

    /// Runs it to the end. Dropping the future kills the process group.
    pub async fn run(&self, environment: &[(String, String)]) -> Result<(), CommandError> {
        let words = self.prepare(Shell::find())?;
        let (program, arguments) = words.split_first().ok_or(CommandError::Empty)?;
        let mut command = tokio::process::Command::new(program);
        self.variables.apply(&mut command, environment);
        let mut child = command
            .args(arguments)
            .stdin(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| CommandError::Start {
                program: program.clone(),
                source,
            })?;
        let group = Group::of(&child);
        let ended = match self.timeout {
            Some(limit) => tokio::time::timeout(limit, child.wait())
                .await
                .map_err(|_| limit),
            None => Ok(child.wait().await),
        };
        match ended {
            Ok(Ok(status)) => {
                group.disarm();
                if status.success() {
                    Ok(())
                } else {
                    Err(CommandError::Failed {
                        program: program.clone(),
                        status,
                    })
                }
            }
            Ok(Err(source)) => Err(CommandError::Start {
                program: program.clone(),
                source,
            }),
            Err(limit) => {
                drop(group);
                // Reaps it; SIGKILL cannot be refused.
                let _ = child.wait().await;
                Err(CommandError::TimedOut {
                    program: program.clone(),
                    limit,
                })
            }
        }
    }
}

/// The first character outside of quotes that a shell would act on.
fn shell_character(line: &str) -> Option<char> {
    let mut quote = None;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            (None | Some('"'), '\\') => {
                characters.next();
            }
            (None, '$' | '`' | '|' | '&' | ';' | '<' | '>' | '*' | '?' | '(' | ')')
            | (Some('"'), '$' | '`') => return Some(character),
            _ => {}
        }
    }
    None
}

/// A process group that is killed when this is dropped before [`Group::disarm`].
struct Group(Option<Pid>);

impl Group {
    fn of(child: &tokio::process::Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }

    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // A group that is gone already is what we want.
            let _ = rustix::process::kill_process_group(group, Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests;
