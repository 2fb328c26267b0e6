//! The process's own log: one line an event on stderr. Values of secrets are never in it.

use tracing::level_filters::LevelFilter;
use tracing::subscriber::set_global_default;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;

/// A level as upstream's flag names it.
pub(crate) fn level(text: &str) -> anyhow::Result<LevelFilter> {
    Ok(match text.to_ascii_lowercase().as_str() {
        "debug" => LevelFilter::DEBUG,
        "info" => LevelFilter::INFO,
        "warn" => LevelFilter::WARN,
        "error" => LevelFilter::ERROR,
        other => anyhow::bail!("--loglevel {other}: use debug, info, warn or error"),
    })
}

/// Logs from here on.
pub(crate) fn init(level: LevelFilter, is_json: bool) {
    // Of the libraries only what is wrong.
    let targets = Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target("secrets_operator", level)
        .with_target("kube_support", level)
        .with_target("serve_tls", level);
    let registry = tracing_subscriber::registry().with(targets);
    let writer = fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    let set = if is_json {
        set_global_default(registry.with(writer.json()))
    } else {
        set_global_default(registry.with(writer))
    };
    // A test may have set another one.
    drop(set);
}
