//! The agent's containers.

use std::num::NonZeroU16;

use contract::annotations::{Annotations, INIT_JSON_PATCH, JSON_PATCH};
use contract::names;
use serde::Serialize;
use serde_json::Value;

use super::configuration::AgentConfigs;
use super::volumes::CONFIG_PATH;
use super::{environment, volumes};
use crate::ask::arrangement::{Role, Sidecar};
use crate::ask::{InjectRequest, resources};
use crate::pod::PodView;
use crate::settings::Settings;
use crate::vocabulary::denial::PatchError;
use crate::vocabulary::objects::{Container, Exec, Handler, Lifecycle, Port, Probe};
use crate::vocabulary::{paths, schema};

/// An agent's container.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Agent<'a> {
    Made(Box<Container<'a>>),
    /// With the user's JSON patch applied.
    Patched(Value),
}

impl Agent<'_> {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Made(container) => container.name,
            Self::Patched(value) => value["name"].as_str().unwrap_or_default(),
        }
    }

    pub(crate) fn has_mounts(&self) -> bool {
        match self {
            Self::Made(container) => !container.volume_mounts.is_empty(),
            Self::Patched(value) => value["volumeMounts"]
                .as_array()
                .is_some_and(|mounts| !mounts.is_empty()),
        }
    }

    /// Calls `each` with the names and values of its variables, but for those that the cluster fills in.
    pub(crate) fn each_variable<'s>(&'s self, mut each: impl FnMut(&'s str, &'s str)) {
        match self {
            Self::Made(container) => {
                for variable in &container.env {
                    if let Some(value) = variable.value() {
                        each(&variable.name, value);
                    }
                }
            }
            Self::Patched(value) => {
                for variable in value["env"].as_array().into_iter().flatten() {
                    if let (Some(name), Some(value)) =
                        (variable["name"].as_str(), variable["value"].as_str())
                    {
                        each(name, value);
                    }
                }
            }
        }
    }

    /// Calls `each` with the volume and the path of its mounts, and whether it can write there.
    pub(crate) fn each_mount<'s>(&'s self, mut each: impl FnMut(&'s str, &'s str, bool)) {
        match self {
            Self::Made(container) => {
                for mount in &container.volume_mounts {
                    each(mount.volume(), mount.path(), !mount.is_read_only());
                }
            }
            Self::Patched(value) => {
                for mount in value["volumeMounts"].as_array().into_iter().flatten() {
                    let text = |key: &str| mount[key].as_str().unwrap_or_default();
                    each(text("name"), text("mountPath"), mount["readOnly"] != true);
                }
            }
        }
    }

    /// Whether something is mounted at a path or above it.
    pub(crate) fn mounts(&self, path: &str) -> bool {
        let mut is_there = false;
        self.each_mount(|_, mount, _| is_there |= paths::covers(mount, path));
        is_there
    }

    /// A quantity of its resources, such as the memory of its `limits`.
    pub(crate) fn quantity(&self, list: &str, resource: &str) -> Option<&str> {
        match self {
            Self::Made(container) => {
                let resources = &container.resources;
                let quantities = match list {
                    "limits" => &resources.limits,
                    _ => &resources.requests,
                };
                let quantity = match resource {
                    "cpu" => &quantities.cpu,
                    "memory" => &quantities.memory,
                    _ => &quantities.ephemeral_storage,
                };
                quantity.as_deref()
            }
            Self::Patched(value) => value["resources"][list][resource].as_str(),
        }
    }

    /// Whether the user's JSON patch changed it.
    pub(crate) fn is_patched(&self) -> bool {
        matches!(self, Self::Patched(_))
    }

    /// Whether it starts our binary with something that only a shell understands. Only a user's patch
    /// can ask for that.
    pub(crate) fn has_shell_line_without_shell(&self) -> bool {
        let Self::Patched(value) = self else {
            return false;
        };
        let argument = value["args"][0].as_str().unwrap_or_default();
        value["command"][0] == names::AGENT_BINARY && !argument.starts_with('-')
    }
}

/// One agent container, with the user's JSON patch applied.
pub(crate) fn agent<'a>(
    asked: &'a InjectRequest<'_>,
    annotations: &Annotations<'_>,
    pod: &'a PodView<'_>,
    settings: &Settings,
    configs: Option<&mut AgentConfigs<'_>>,
    role: Role,
) -> Result<Agent<'a>, PatchError> {
    let (flavor, profile) = (asked.flavor, asked.profile);
    let names = profile.names();
    let (name, file, patch, patched_by) = match role {
        Role::Init => (
            names.init,
            "config-init.hcl",
            &asked.init_patch,
            &INIT_JSON_PATCH,
        ),
        Role::Sidecar => (
            names.sidecar,
            "config.hcl",
            &asked.sidecar_patch,
            &JSON_PATCH,
        ),
    };
    let argument = if asked.configmap.is_empty() {
        flavor.argument(profile)
    } else {
        flavor.file_argument(profile, &format!("{CONFIG_PATH}/{file}"))
    };
    let native = match (role, asked.agents.sidecar) {
        (Role::Sidecar, Some(Sidecar::Native { startup })) => Some(startup),
        _ => None,
    };
    let seccomp_profile = asked.extras.seccomp_profile;
    let container = Container {
        name,
        image: asked.image,
        command: flavor.command(),
        args: [argument],
        ports: asked.metrics_port_of(role).map(metrics_port),
        env: environment::environment(asked, pod, configs, role),
        resources: resources::resources(annotations, flavor, settings)?,
        volume_mounts: volumes::agent_mounts(asked, pod, role),
        security_context: asked.identity.map(|it| it.context(seccomp_profile)),
        termination_message_policy: flavor.termination_message_policy(),
        image_pull_policy: asked.extras.image_pull_policy,
        restart_policy: native.map(|_| "Always"),
        startup_probe: native.flatten().map(startup_probe),
        // Hooks need a shell, and the established sidecar carries the field even where it is empty.
        lifecycle: (role == Role::Sidecar && flavor.has_shell()).then(|| lifecycle(asked)),
    };
    if patch.is_empty() {
        return Ok(Agent::Made(Box::new(container)));
    }
    let mut container =
        serde_json::to_value(container).expect("a container must serialise: its keys are text");
    let key = || annotations.key(patched_by);
    patch
        .apply(&mut container)
        .map_err(|source| PatchError::JsonPatch { key: key(), source })?;
    schema::conform(container, &schema::CONTAINER)
        .map(Agent::Patched)
        .map_err(|source| PatchError::Container { key: key(), source })
}

fn metrics_port(number: NonZeroU16) -> [Port; 1] {
    [Port {
        name: names::METRICS_PORT,
        number,
        protocol: "TCP",
    }]
}

/// Seconds from one startup probe to the next. Each one that fails is an event of the pod, of which
/// kubelet reports 25 and then one in five minutes.
const STARTUP_PERIOD: u32 = 5;

/// The application starts when the agent says that the first render is complete. The probe waits for
/// that by itself, so the application starts at once however long the period is.
fn startup_probe(seconds: u64) -> Probe {
    let wait = format!("--wait={}s", STARTUP_PERIOD - 1);
    Probe {
        exec: Exec {
            command: vec![
                names::AGENT_BINARY.into(),
                names::READY_COMMAND.into(),
                wait.into(),
            ],
        },
        period_seconds: STARTUP_PERIOD,
        // The wait, and as much again for a node that is short of CPU.
        timeout_seconds: 2 * STARTUP_PERIOD,
        failure_threshold: seconds.div_ceil(STARTUP_PERIOD.into()),
    }
}

fn lifecycle(asked: &InjectRequest<'_>) -> Lifecycle {
    let Some(grace) = asked.revoke_after else {
        return Lifecycle { pre_stop: None };
    };
    let vault = &asked.vault;
    let mut line = format!(
        "/bin/sleep {grace} && /bin/{} token revoke -address={}",
        asked.inside().program,
        vault.address
    );
    for (flag, value) in [
        (" -ca-cert=", vault.ca_cert),
        (" -client-cert=", vault.client_cert),
        (" -client-key=", vault.client_key),
    ] {
        if !value.is_empty() {
            line.push_str(flag);
            line.push_str(value);
        }
    }
    line.push_str(" -self");
    let command = vec!["/bin/sh".into(), "-c".into(), line.into()];
    let exec = Exec { command };
    Lifecycle {
        pre_stop: Some(Handler { exec }),
    }
}
