//! Running as an agent.

use std::io::{self, Write};

use tokio::sync::mpsc;
use tracing::{info, warn};

use super::{logging, overrides, read, settings_of};
use crate::cli::Cli;
use crate::config::{ConfigError, Environment, Loaded, Settings, Source};
use crate::exit::Failure;
use crate::reload::{Load, Reload, Watched};
use crate::{log, signals};

/// `format` is that of the log, from when it is known.
pub(super) fn start(cli: &Cli, format: &mut log::Format) -> Result<(), Failure> {
    let environment = Environment::of_process();
    // What flags and variables say of the log holds for errors of the configuration too.
    logging::level(cli, &environment, "")?;
    *format = logging::format(cli, &environment, "")?;
    let sources = Source::choose(&cli.files.config, &environment)?;
    let strict = cli.files.strict.unwrap_or_default();
    let watched = Watched::new(sources.clone());
    let loaded = Loaded::of(&sources, &environment, strict);
    // A form that can be read holds for what is wrong with the rest, too.
    let written = logging::format(cli, &environment, &loaded.config.log_format);
    if let Ok(written) = &written {
        *format = *written;
    }
    let loaded = loaded.whole().map_err(ConfigError::from)?;
    written?;
    let level = logging::start(cli, &environment, &loaded.config)?;
    for error in process::protect_memory() {
        warn!(target: "agent", "{error}");
    }
    let overrides = overrides(cli);
    let (config, settings) = settings_of(loaded, &overrides, &environment)?;
    let flags = cli.clone();
    let load: Load = Box::new(move || {
        let loaded = read(&sources, strict, &environment)?;
        let written = logging::level(&flags, &environment, &loaded.config.log_level)
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
        let work = |stop| crate::run_with_reload(settings, Some(reload), stop);
        signals::stopping(order, work).await
    })
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
