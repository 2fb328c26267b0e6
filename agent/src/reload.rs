//! A changed configuration and changed template files, taken in without a restart.
//!
//! ```text
//! SIGHUP ────────────────┬▶ certificates of the listeners
//! a file has changed ────┴▶ read it again ─┬─ templates ─▶ renderer
//!                                          ├─ other keys: named in the log, they need a restart
//!                                          └─ wrong: named in the log, the old one is kept
//! ```
//!
//! The files are looked at every ten seconds, without reading them: they often lie in volumes whose
//! changes no notification tells of. An agent whose configuration is a variable, and whose templates
//! stand in it, has no files and never wakes up for this.

use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use contract::AgentConfig;
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tracing::{error, info, warn};

use crate::config::{ConfigError, Settings, TemplateSettings, TemplateSource};
use crate::listener::Tls;
use crate::stamp::Stamp;

/// Time between looks.
const LOOK: Duration = Duration::from_secs(10);
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
    /// Where it stands; empty where it is not in files.
    pub files: Vec<PathBuf>,
    /// Each order reads it again, changed or not.
    pub orders: mpsc::Receiver<()>,
}

impl fmt::Debug for Reload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reload")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

/// Hands out the templates whenever they may have changed.
pub(crate) async fn run(
    reload: Option<Reload>,
    settings: Settings,
    templates: mpsc::Sender<Vec<TemplateSettings>>,
    certificates: Vec<Arc<Tls>>,
) -> Infallible {
    match reload {
        Some(reload) => reload.run(settings, templates, certificates).await,
        None => std::future::pending().await,
    }
}

impl Reload {
    async fn run(
        mut self,
        settings: Settings,
        templates: mpsc::Sender<Vec<TemplateSettings>>,
        certificates: Vec<Arc<Tls>>,
    ) -> Infallible {
        let mut sources = sources(&settings.templates);
        let mut current = settings.templates;
        let runs_program = settings.exec.is_some();
        let mut seen = (stamps(&self.files), stamps(&sources));
        loop {
            tokio::select! {
                Some(()) = self.orders.recv() => {
                    info!(target: "agent", "SIGHUP: reading the configuration again");
                    for tls in &certificates {
                        tls.reload();
                    }
                }
                () = changed(&self.files, &sources, &seen) => {}
            }
            // Looked at before they are read: what changes in between is seen at the next look.
            seen.0 = stamps(&self.files);
            match (self.load)() {
                Ok((config, next)) => {
                    for key in self.take_in(config) {
                        warn!(target: "agent", "configuration: {key:?} changed, which needs a restart of the agent");
                    }
                    // Files instead of a program, or the reverse, is another agent.
                    if next.exec.is_some() == runs_program {
                        current = next.templates;
                    }
                }
                Err(reason) => {
                    error!(target: "agent", error = %reason, "changed configuration cannot be used, the old one is kept");
                }
            }
            sources = self::sources(&current);
            seen.1 = stamps(&sources);
            if templates.send(current.clone()).await.is_err() {
                // The renderer has ended, and with it soon the agent.
                return std::future::pending().await;
            }
        }
    }

    /// The keys that have changed and have no effect before a restart, each said once.
    fn take_in(&mut self, next: AgentConfig) -> Vec<String> {
        let (old, new) = (keys(&self.config), keys(&next));
        self.config = next;
        let all = old
            .keys()
            .chain(new.keys().filter(|key| !old.contains_key(*key)));
        all.filter(|key| !CHANGEABLE.contains(&key.as_str()) && old.get(*key) != new.get(*key))
            .cloned()
            .collect()
    }
}

fn keys(config: &AgentConfig) -> Map<String, Value> {
    match serde_json::to_value(config) {
        Ok(Value::Object(keys)) => keys,
        _ => Map::new(),
    }
}

fn sources(templates: &[TemplateSettings]) -> Vec<PathBuf> {
    let files = templates
        .iter()
        .filter_map(|template| match &template.source {
            TemplateSource::File(path) => Some(path.clone()),
            TemplateSource::Contents(_) => None,
        });
    files.collect()
}

fn stamps(files: &[PathBuf]) -> Vec<Option<Stamp>> {
    files.iter().map(|path| Stamp::of(path).ok()).collect()
}

/// Waits until a file is not as it was seen.
async fn changed(
    files: &[PathBuf],
    sources: &[PathBuf],
    seen: &(Vec<Option<Stamp>>, Vec<Option<Stamp>>),
) {
    if files.is_empty() && sources.is_empty() {
        return std::future::pending().await;
    }
    loop {
        tokio::time::sleep(LOOK).await;
        if stamps(files) != seen.0 || stamps(sources) != seen.1 {
            return;
        }
    }
}
