//! `vault-agent`: from the command line to [`vault_agent::run`], and back to an exit code.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use contract::AgentConfig;
use contract::agent_config::DurationText;
use tokio::sync::mpsc;
use tracing::{Level, error, info, warn};
use tracing_subscriber::layer::SubscriberExt;
use vault_agent::cli::generate::generate;
use vault_agent::cli::signal;
use vault_agent::cli::token::revoke_self;
use vault_agent::cli::{self, Cli, ConfigFlags, LogFlags, Output, Query, RenderFlags, TokenAction};
use vault_agent::config::{ConfigError, Environment, Loaded, Overrides, Settings, Source};
use vault_agent::exit::{self, Failure, USAGE};
use vault_agent::log::{self, LogError, LogFile, LogLayer, LogLevel, Rotation, Tee};
use vault_agent::reload::{Load, Reload, Watched};
use vault_agent::{dry_run, ready, signals, status};

fn main() -> ExitCode {
    let cli = match cli::parse(std::env::args_os()) {
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
            install(LogLayer::new(Level::ERROR, format, io::stderr()));
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
                text.expect("a status must serialise") + "\n"
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
            // Whoever asked may have gone.
            let _ = io::stdout().write_all(text.as_ref().as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "vault-agent: {error}");
            ExitCode::FAILURE
        }
    }
}

/// `format` is that of the log, from when it is known.
fn start(cli: &Cli, format: &mut log::Format) -> Result<(), Failure> {
    let environment = Environment::of_process();
    // What flags and variables say of the log holds for errors of the configuration too.
    log_level(cli, &environment, "")?;
    *format = log_format(cli, &environment, "")?;
    let sources = Source::choose(&cli.files.config, &environment)?;
    let strict = cli.files.strict.unwrap_or_default();
    let watched = Watched::new(sources.clone());
    let loaded = Loaded::of(&sources, &environment, strict);
    // A form that can be read holds for what is wrong with the rest, too.
    let written = log_format(cli, &environment, &loaded.config.log_format);
    if let Ok(written) = &written {
        *format = *written;
    }
    let loaded = loaded.whole().map_err(ConfigError::from)?;
    written?;
    let level = start_log(cli, &environment, &loaded.config)?;
    for error in process::protect_memory() {
        warn!(target: "agent", "{error}");
    }
    let overrides = overrides(cli);
    let (config, settings) = settings_of(loaded, &overrides, &environment)?;
    let flags = cli.clone();
    let load: Load = Box::new(move || {
        let loaded = read(&sources, strict, &environment)?;
        let written = log_level(&flags, &environment, &loaded.config.log_level)
            .map_err(|error| ConfigError::value("log_level", error))?;
        let settled = settings_of(loaded, &overrides, &environment)?;
        level.set(written);
        Ok(settled)
    });
    print_banner(&settings, *format);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let (order, orders) = mpsc::channel(1);
        let reload = Reload {
            load,
            config,
            sources: watched,
            orders,
        };
        let work = |stop| vault_agent::run_with_reload(settings, Some(reload), stop);
        signals::stopping(order, work).await
    })
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

/// Says what a run would say of the configuration and its templates, and all that is wrong at once; on
/// stdout what is ignored, and what another machine may have.
fn validate(files: &ConfigFlags, cli: &Cli) -> Result<(), Failure> {
    let environment = Environment::of_process();
    let sources = Source::choose(&files.config, &environment)?;
    let loaded = Loaded::of(&sources, &environment, files.strict.unwrap_or_default());
    let mut out = io::stdout();
    for key in &loaded.unknown_keys {
        writeln!(out, "{key}")?;
    }
    for warning in loaded.warnings() {
        writeln!(out, "{warning}")?;
    }
    let log = log_settings(cli, &environment, &loaded.config).map_err(|error| {
        let of_flags = log_settings(cli, &environment, &AgentConfig::default());
        let key = of_flags.is_ok().then(|| error.key());
        loaded.problem(key, error)
    });
    let (of_machine, checked) = loaded.validate(overrides(cli), &environment);
    for problem in of_machine {
        writeln!(out, "on this machine: {problem}")?;
    }
    match (checked, log) {
        (Err(problems), Err(error)) => return Err(problems.and(error).into()),
        (checked, log) => (checked?, log?),
    };
    Ok(writeln!(out, "The configuration is valid.")?)
}

/// Shows what a run would write.
fn render(flags: &RenderFlags) -> Result<(), Failure> {
    let environment = Environment::of_process();
    let level = pick(None, "LOG_LEVEL", "warn", &environment);
    let log = LogLayer::new(
        log::parse_level(&level)?,
        log::Format::default(),
        io::stderr(),
    );
    let subscriber = tracing_subscriber::registry().with(log);
    tracing::subscriber::set_global_default(subscriber).expect("the log must be started once");
    for error in process::protect_memory() {
        warn!(target: "agent", "{error}");
    }
    let sources = Source::choose(&flags.files.config, &environment)?;
    let loaded = read(
        &sources,
        flags.files.strict.unwrap_or_default(),
        &environment,
    )?;
    let overrides = Overrides {
        client: flags.client.clone(),
        ..Overrides::default()
    };
    let (_, settings) = settings_of(loaded, &overrides, &environment)?;
    let shows_secrets = flags.show_secrets.unwrap_or_default();
    let mut out = io::stdout();
    let work = |stop| dry_run(settings, shows_secrets, &mut out, stop);
    at_once(signals::stopping(mpsc::channel(1).0, work))
}

/// Waits for the one thing that a command does.
fn at_once<T>(command: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime must start");
    runtime.block_on(command)
}

/// On stdout, apart from the log on stderr; a line of the log where each line has to be JSON.
fn print_banner(settings: &Settings, format: log::Format) {
    if format == log::Format::Json {
        info!(
            target: "agent",
            address = settings.vault.address,
            templates = settings.templates.len(),
            exit_after_auth = settings.exit_after_auth,
            version = env!("CARGO_PKG_VERSION"),
            "Vault Agent started"
        );
        return;
    }
    let _ = writeln!(
        io::stdout(),
        "==> Vault Agent started! Log data will stream in below:\n\n\
         ==> Vault Agent configuration:\n\n\
         {:>20}: {}\n{:>20}: {}\n{:>20}: {}\n{:>20}: vault-agent {}\n",
        "Vault Address",
        settings.vault.address,
        "Templates",
        settings.templates.len(),
        "Exit After Auth",
        settings.exit_after_auth,
        "Version",
        env!("CARGO_PKG_VERSION"),
    );
}

/// Flag before environment before file.
fn pick(flag: Option<&str>, variable: &str, file: &str, environment: &Environment) -> String {
    let variable = environment.vault(variable).map(|variable| variable.value);
    flag.or(variable).unwrap_or(file).to_owned()
}

fn log_level(cli: &Cli, environment: &Environment, file: &str) -> Result<Level, LogError> {
    let flag = cli.log.log_level.as_deref();
    log::parse_level(&pick(flag, "LOG_LEVEL", file, environment))
}

fn log_format(cli: &Cli, environment: &Environment, file: &str) -> Result<log::Format, LogError> {
    let flag = cli.log.log_format.as_deref();
    let format = pick(flag, "LOG_FORMAT", file, environment);
    format.parse().map_err(LogError::Format)
}

fn log_settings(
    cli: &Cli,
    environment: &Environment,
    file: &AgentConfig,
) -> Result<(Level, log::Format, Rotation), LogError> {
    Ok((
        log_level(cli, environment, &file.log_level)?,
        log_format(cli, environment, &file.log_format)?,
        rotation(&cli.log, file)?,
    ))
}

fn start_log(
    cli: &Cli,
    environment: &Environment,
    file: &AgentConfig,
) -> Result<LogLevel, Failure> {
    let flags = &cli.log;
    let (level, format, rotation) = log_settings(cli, environment, file)?;
    let console: Box<dyn Write + Send> = if flags.combine_logs.unwrap_or_default() {
        Box::new(io::stdout())
    } else {
        Box::new(io::stderr())
    };
    let path = flags.log_file.as_deref().unwrap_or(&file.log_file);
    let log = (!path.is_empty()).then(|| LogFile::open(path, rotation));
    let (layer, planted) = match log {
        None => (LogLayer::new(level, format, console), None),
        Some(Ok(log)) => (LogLayer::new(level, format, Tee(console, log)), None),
        Some(Err(error)) if error.is_of_others() => {
            (LogLayer::new(level, format, console), Some(error))
        }
        Some(Err(error)) => return Err(LogError::File(error.to_string()).into()),
    };
    let level = layer.level();
    install(layer);
    if let Some(error) = planted {
        warn!(target: "agent", %error, "the log is not written to its file");
    }
    Ok(level)
}

/// Has all events go to this log, unless they go to another one already.
fn install(layer: LogLayer) {
    let subscriber = tracing_subscriber::registry().with(layer);
    let _ = tracing::subscriber::set_global_default(subscriber);
}

fn rotation(flags: &LogFlags, file: &AgentConfig) -> Result<Rotation, LogError> {
    let age = match &flags.log_rotate_duration {
        Some(text) => DurationText::new(text),
        None => file.log_rotate_duration.clone(),
    };
    let default = Rotation::default();
    let age = age.duration().map_err(|error| LogError::Rotation {
        key: "log_rotate_duration",
        reason: error.to_string(),
    })?;
    let bytes = flags.log_rotate_bytes.or(file.log_rotate_bytes);
    let max_files = flags.log_rotate_max_files.or(file.log_rotate_max_files);
    Ok(Rotation {
        // Zero and less mean no limit.
        bytes: bytes.map_or(0, |bytes| u64::try_from(bytes).unwrap_or(0)),
        age: age.filter(|age| !age.is_zero()).unwrap_or(default.age),
        max_files: max_files.unwrap_or(default.max_files),
    })
}
