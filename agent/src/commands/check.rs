//! Commands that show what a run would do, without being one: `validate` and `render --dry-run`.

use std::io::{self, Write};

use contract::AgentConfig;
use tokio::sync::mpsc;
use tracing::warn;
use tracing_subscriber::layer::SubscriberExt;

use super::{at_once, logging, overrides, read, settings_of};
use crate::cli::{Cli, ConfigFlags, RenderFlags};
use crate::config::{Environment, Loaded, Overrides, Source};
use crate::exit::Failure;
use crate::log::{self, LogLayer};
use crate::{dry_run, signals};

/// Says what a run would say of the configuration and its templates, and all that is wrong at once; on
/// stdout what is ignored, and what another machine may have.
pub(super) fn validate(files: &ConfigFlags, cli: &Cli) -> Result<(), Failure> {
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
    let log = logging::settings(cli, &environment, &loaded.config).map_err(|error| {
        let of_flags = logging::settings(cli, &environment, &AgentConfig::default());
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
pub(super) fn render(flags: &RenderFlags) -> Result<(), Failure> {
    let environment = Environment::of_process();
    let level = logging::pick(None, "LOG_LEVEL", "warn", &environment);
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
