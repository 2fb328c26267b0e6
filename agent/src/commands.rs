//! From the command line to what it asks for, and back to an exit code.

mod check;
mod logging;
mod start;

use std::ffi::OsString;
use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use contract::AgentConfig;
use tracing::{Level, error, warn};

use crate::cli::generate::generate;
use crate::cli::token::revoke_self;
use crate::cli::{self, Cli, Output, Query, TokenAction, signal};
use crate::config::{ConfigError, Environment, Loaded, Overrides, Settings, Source};
use crate::exit::{self, Failure, USAGE};
use crate::log::{self, LogLayer};
use crate::{ready, status};
use check::{render, validate};
use start::start;

/// Does what the command line asks for, the program's name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match cli::parse(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no failures, and go to stdout.
            let code = if error.use_stderr() { USAGE } else { 0 };
            let _ = error.print();
            return code.into();
        }
    };
    let verify_only = cli.test_verify_only.unwrap_or_default();
    let mut format = log::Format::Standard;
    let result = match &cli.query {
        None if verify_only => validate(&cli.files, &cli),
        None => start(&cli, &mut format),
        Some(Query::Validate(files)) => validate(files, &cli),
        Some(Query::Render(flags)) => render(flags),
        Some(Query::Ready {
            wait,
            marker,
            socket,
        }) => return told(at_once(ready::wait(marker, socket, *wait)).map(|()| "")),
        Some(Query::Status { socket, output }) => return status_of(socket, *output),
        Some(Query::Token {
            action: TokenAction::Revoke { own, client },
        }) => {
            let environment = Environment::of_process();
            let revoked = at_once(revoke_self(own.unwrap_or_default(), client, &environment));
            return told(revoked.map(|()| "Success! Revoked token (if it existed)\n"));
        }
        Some(Query::GenerateConfig(flags)) => {
            return told(at_once(generate(flags, &Environment::of_process())));
        }
        Some(Query::Signal {
            if_running,
            signal,
            process,
        }) => return told(signal::send(*signal, process, *if_running).map(|()| "")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            report(&failure, format);
            failure.exit_code().into()
        }
    }
}

/// The last line of the log, and what `kubectl describe` shows.
fn report(failure: &Failure, format: log::Format) {
    let lines = failure.lines();
    let text: String = lines
        .iter()
        .flat_map(|line| ["vault-agent: ", line, "\n"])
        .collect();
    match format {
        log::Format::Standard => {
            let _ = io::stderr().write_all(text.as_bytes());
        }
        log::Format::Json => {
            // The end may come before the log is started.
            logging::install(LogLayer::new(Level::ERROR, format, io::stderr()));
            for line in &lines {
                error!(target: "agent", "{line}");
            }
        }
    }
    exit::leave_message(&text);
}

/// The status, and whether the agent is ready.
fn status_of(socket: &Path, output: Output) -> ExitCode {
    let mut is_ready = false;
    let asked = status::client::ask(socket, status::client::PATIENCE);
    let answer = at_once(asked).map(|snapshot| {
        is_ready = snapshot.ready;
        match output {
            Output::Table => status::table(&snapshot),
            Output::Json => {
                let text = serde_json::to_string_pretty(&snapshot);
                text.expect("a status must serialize") + "\n"
            }
        }
    });
    let code = told(answer);
    if is_ready { code } else { ExitCode::FAILURE }
}

/// The end of a command that has no log.
fn told(answer: Result<impl AsRef<str>, impl fmt::Display>) -> ExitCode {
    match answer {
        Ok(text) => {
            // The reader may have gone.
            let _ = io::stdout().write_all(text.as_ref().as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "vault-agent: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A start says the first problem alone.
fn read(
    sources: &[Source],
    strict: bool,
    environment: &Environment,
) -> Result<Loaded, ConfigError> {
    Ok(Loaded::of(sources, environment, strict).whole()?)
}

/// Reports what is ignored or hardly meant, and checks the rest.
fn settings_of(
    loaded: Loaded,
    overrides: &Overrides,
    environment: &Environment,
) -> Result<(AgentConfig, Settings), ConfigError> {
    for key in &loaded.unknown_keys {
        warn!(target: "agent", "configuration: {key}: ignored");
    }
    for warning in loaded.warnings() {
        warn!(target: "agent", "configuration: {warning}");
    }
    let config = loaded.config.clone();
    let settings = loaded.settings(overrides.clone(), environment)?;
    Ok((config, settings))
}

fn overrides(cli: &Cli) -> Overrides {
    Overrides {
        exit_after_auth: cli.exit_after_auth.unwrap_or_default(),
        client: cli.client.clone(),
    }
}

/// Waits for the one thing that a command does.
fn at_once<T>(command: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime must start");
    runtime.block_on(command)
}
