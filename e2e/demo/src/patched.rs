//! The patched pod on this machine: its volumes as directories, its agent containers as processes.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use contract::names::{AGENT_BINARY, CONFIG_VARIABLE};
use e2e::process::Process;
use rustix::process::Signal;
use serde_json::Value;

use crate::pod::TOKEN_VOLUME;
use crate::programs::built;
use crate::sandbox::{Container, Isolation, Volume};

/// A patched pod and the directory that holds its volumes.
pub(crate) struct PatchedPod {
    name: String,
    pod: Value,
    directory: PathBuf,
    isolation: Isolation,
}

impl PatchedPod {
    /// Makes the volumes: empty directories, and the service-account token.
    pub(crate) fn create(
        name: &str,
        pod: Value,
        work: &Path,
        token: &str,
        isolation: Isolation,
    ) -> Result<Self> {
        let directory = work.join(name);
        let this = Self {
            name: name.to_owned(),
            pod,
            directory,
            isolation,
        };
        for volume in this.pod["spec"]["volumes"].as_array().into_iter().flatten() {
            let name = volume["name"].as_str().context("a volume has no name")?;
            fs::create_dir_all(this.volume(name))?;
        }
        crate::files::write(&this.volume(TOKEN_VOLUME).join("token"), token)?;
        Ok(this)
    }

    /// The directory behind a volume.
    pub(crate) fn volume(&self, name: &str) -> PathBuf {
        self.directory.join("volumes").join(name)
    }

    /// Starts the container `name` of the pod.
    pub(crate) fn start(&self, name: &str) -> Result<Process> {
        let container = self.container(name)?;
        let file = self.directory.join(format!("{name}.json"));
        let mut command = container.command(self.isolation, &file)?;
        Process::start(&format!("{} {name}", self.name), &mut command, Signal::TERM)
    }

    fn container(&self, name: &str) -> Result<Container> {
        let spec = &self.pod["spec"];
        let container = ["initContainers", "containers"]
            .iter()
            .flat_map(|list| spec[*list].as_array().into_iter().flatten())
            .find(|container| container["name"] == name)
            .with_context(|| format!("the patched pod has no container {name}"))?;
        let volumes = container["volumeMounts"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|mount| {
                let host = self.volume(mount["name"].as_str()?);
                Some(Volume {
                    host,
                    mount_path: mount["mountPath"].as_str()?.into(),
                })
            })
            .collect::<Vec<_>>();
        let words = |list: &str| {
            let words = container[list].as_array().into_iter().flatten();
            words
                .filter_map(|word| word.as_str().map(str::to_owned))
                .collect::<Vec<_>>()
        };
        let mut command = words("command");
        command.extend(words("args"));
        anyhow::ensure!(
            command
                .first()
                .is_some_and(|program| program == AGENT_BINARY),
            "the container {name} does not start {AGENT_BINARY}: {command:?}"
        );
        Ok(Container {
            root: self.directory.join(format!("{name}-root")),
            environment: self.environment(container, &volumes)?,
            volumes,
            binary: built("vault-agent")?,
            command,
        })
    }

    /// The container's variables; what kubelet would fill in is filled in.
    fn environment(&self, container: &Value, volumes: &[Volume]) -> Result<Vec<(String, String)>> {
        let mut environment = Vec::new();
        for variable in container["env"].as_array().into_iter().flatten() {
            let name = variable["name"]
                .as_str()
                .context("a variable has no name")?;
            let value = match variable.pointer("/valueFrom/fieldRef/fieldPath") {
                Some(field) if field == "metadata.namespace" => self.pod["metadata"]["namespace"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
                Some(_) => "127.0.0.1".to_owned(),
                None => variable["value"].as_str().unwrap_or_default().to_owned(),
            };
            let value = if name == CONFIG_VARIABLE && self.isolation == Isolation::RewrittenPaths {
                rewrite_paths(&value, volumes)?
            } else {
                value
            };
            environment.push((name.to_owned(), value));
        }
        Ok(environment)
    }
}

/// The agent's configuration with each mount path replaced by the volume's directory.
fn rewrite_paths(config: &str, volumes: &[Volume]) -> Result<String> {
    let mut config: Value = serde_json::from_slice(&STANDARD.decode(config)?)?;
    rewrite(&mut config, volumes);
    Ok(STANDARD.encode(config.to_string()))
}

fn rewrite(value: &mut Value, volumes: &[Volume]) {
    match value {
        Value::String(text) => {
            let below = |volume: &Volume| {
                let rest = Path::new(text.as_str())
                    .strip_prefix(&volume.mount_path)
                    .ok()?;
                Some(volume.host.join(rest).to_string_lossy().into_owned())
            };
            if let Some(path) = volumes.iter().find_map(below) {
                *text = path;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rewrite(item, volumes)),
        Value::Object(fields) => fields
            .values_mut()
            .for_each(|field| rewrite(field, volumes)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn without_namespaces_only_paths_below_a_mount_are_rewritten() {
        let config = STANDARD.encode(
            json!({"template": [{"destination": "/vault/secrets/a", "contents": "/vault/secretsx"}]})
                .to_string(),
        );
        let volumes = [Volume {
            host: "/tmp/v".into(),
            mount_path: "/vault/secrets".into(),
        }];
        let rewritten = STANDARD
            .decode(rewrite_paths(&config, &volumes).unwrap())
            .unwrap();
        assert_eq!(
            serde_json::from_slice::<Value>(&rewritten).unwrap(),
            json!({"template": [{"destination": "/tmp/v/a", "contents": "/vault/secretsx"}]})
        );
    }
}
