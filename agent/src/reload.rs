//! A changed configuration and changed template files, taken in without a restart.
//!
//! ```text
//! SIGHUP ────────────────┬▶ certificates of the listeners
//! a file has changed ────┴▶ read it again ─┬─ templates ─▶ renderer
//!                                          ├─ other keys: named in the log, they need a restart
//!                                          └─ wrong: named in the log, the old one is kept
//! ```
//!
//! A change in a directory of theirs is a hint to compare the files with what they held, and they are
//! compared every ten seconds, too: not every volume gives hints. An agent whose configuration is a
//! variable, and whose templates stand in it, has no files and never wakes up for this.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use contract::AgentConfig;
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tracing::{debug, error, info, warn};
use watched_files::{Contents, Watch};

use crate::config::{ConfigError, Settings, Source, TemplateSettings, TemplateSource};
use crate::listener::Tls;

/// What can change while the agent runs. The level of the log is up to whoever loads.
const CHANGEABLE: [&str; 3] = ["template", "env_template", "log_level"];

/// Reads the configuration, as at the start.
pub type Load = Box<dyn FnMut() -> Result<(AgentConfig, Settings), ConfigError> + Send>;

/// How to notice that the configuration has changed, and how to read it.
pub struct Reload {
    /// Reads it.
    pub load: Load,
    /// The configuration that the agent runs with.
    pub config: AgentConfig,
    /// Where it stands.
    pub sources: Watched,
    /// Each order reads it again, changed or not.
    pub orders: mpsc::Receiver<()>,
}

/// Where a configuration stands, and what it held before it was read: what changes while an agent
/// starts is a change, too.
pub struct Watched {
    sources: Vec<Source>,
    seen: Contents,
}

impl Watched {
    /// To be made before the configuration is read.
    pub fn new(sources: Vec<Source>) -> Self {
        Self {
            seen: configuration(&sources),
            sources,
        }
    }
}

impl fmt::Debug for Reload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reload")
            .field("sources", &self.sources.sources)
            .finish_non_exhaustive()
    }
}

/// Hands out the templates whenever they may have changed. Their files are looked at before the
/// answer is awaited: before they are rendered.
pub(crate) fn run(
    reload: Option<Reload>,
    settings: Settings,
    templates: mpsc::Sender<Vec<TemplateSettings>>,
    certificates: Vec<Arc<Tls>>,
) -> impl Future<Output = Infallible> {
    let reload = reload.map(|reload| (reload, Contents::of(template_files(&settings.templates))));
    async {
        match reload {
            Some((reload, seen)) => reload.run(seen, settings, templates, certificates).await,
            None => std::future::pending().await,
        }
    }
}

impl Reload {
    async fn run(
        self,
        template_files_seen: Contents,
        settings: Settings,
        templates: mpsc::Sender<Vec<TemplateSettings>>,
        certificates: Vec<Arc<Tls>>,
    ) -> Infallible {
        let mut current = settings.templates;
        let runs_program = settings.exec.is_some();
        let Self {
            mut load,
            mut config,
            sources: Watched { sources, seen },
            mut orders,
        } = self;
        let mut seen = (seen, template_files_seen);
        loop {
            tokio::select! {
                Some(()) = orders.recv() => {
                    info!(target: "agent", "SIGHUP: reading the configuration again");
                    for tls in &certificates {
                        tls.reload();
                    }
                }
                () = changed(&sources, &seen) => {}
            }
            // Before they are read: what changes in between is seen at the next look.
            seen.0 = configuration(&sources);
            match load() {
                Ok((new, next)) => {
                    for key in need_a_restart(&config, &new) {
                        warn!(target: "agent", "configuration: {key:?} changed, which needs a restart of the agent");
                    }
                    config = new;
                    // Files instead of a program, or the reverse, is another agent.
                    if next.exec.is_some() == runs_program {
                        current = next.templates;
                    }
                }
                Err(reason) => {
                    error!(target: "agent", error = %reason, "changed configuration cannot be used, the old one is kept");
                }
            }
            seen.1 = Contents::of(template_files(&current));
            if templates.send(current.clone()).await.is_err() {
                // The renderer has ended, and with it soon the agent.
                return std::future::pending().await;
            }
        }
    }
}

/// The keys that have changed and have no effect before a restart.
fn need_a_restart(old: &AgentConfig, new: &AgentConfig) -> Vec<String> {
    let (old, new) = (keys(old), keys(new));
    let all = old
        .keys()
        .chain(new.keys().filter(|key| !old.contains_key(*key)));
    all.filter(|key| !CHANGEABLE.contains(&key.as_str()) && old.get(*key) != new.get(*key))
        .cloned()
        .collect()
}

fn keys(config: &AgentConfig) -> Map<String, Value> {
    match serde_json::to_value(config) {
        Ok(Value::Object(keys)) => keys,
        _ => Map::new(),
    }
}

fn configuration(sources: &[Source]) -> Contents {
    Contents::of(sources.iter().flat_map(Source::files))
}

/// Waits until a file is not as it was seen.
async fn changed(sources: &[Source], (files, templates): &(Contents, Contents)) {
    let all = files.files().chain(templates.files());
    let directories = all.map(watched_files::directory);
    let directories = directories.chain(sources.iter().filter_map(Source::directory));
    let directories: BTreeSet<PathBuf> = directories.collect();
    if directories.is_empty() {
        return std::future::pending().await;
    }
    let watch = Watch::over(&directories);
    if let Some(error) = watch.problem() {
        debug!(target: "agent", %error, "cannot watch all files: comparing them now and then");
    }
    // Which files there are in a directory is a part of the configuration.
    let is_changed = || configuration(sources) != *files || !templates.are_still_so();
    watch.until(is_changed).await;
}

fn template_files(templates: &[TemplateSettings]) -> Vec<PathBuf> {
    let files = templates
        .iter()
        .filter_map(|template| match &template.source {
            TemplateSource::File(path) => Some(path.clone()),
            TemplateSource::Contents(_) => None,
        });
    files.collect()
}

#[cfg(test)]
mod tests;
