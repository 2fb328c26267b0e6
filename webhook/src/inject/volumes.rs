//! The volumes that a pod gets, and where its containers and the agent's mount them.

use contract::names::{STATE_PATH, STATE_VOLUME};
use serde_json::{Map, Value, json};

use super::config::Role;
use super::request::InjectRequest;
use crate::pod::{Mounts, PodView};

/// Where the init container hands its cache to the sidecar.
pub(super) const CACHE_PATH: &str = "/vault/agent-cache";
/// Directory of the user's own configuration.
pub(super) const CONFIG_PATH: &str = "/vault/configs";

const HOME_INIT: &str = "home-init";
const HOME_SIDECAR: &str = "home-sidecar";
const EXTRA_SECRETS: &str = "extra-secrets";

/// The volumes, in the groups in which the established injector adds them.
pub(super) fn groups(asked: &InjectRequest<'_>) -> Vec<Vec<Value>> {
    let names = asked.profile.names();
    let memory = |name: &str| {
        let mut volume = json!({"name": name, "emptyDir": {"medium": "Memory"}});
        if let Some(limit) = &asked.extras.size_limit {
            volume["emptyDir"]["sizeLimit"] = json!(limit);
        }
        volume
    };
    let mut homes = Vec::new();
    if asked.agents.init {
        homes.push(memory(HOME_INIT));
    }
    if asked.agents.has_sidecar() {
        homes.push(memory(HOME_SIDECAR));
    }
    let customs = 0..asked.custom_volume_paths().len();
    let secrets = [memory(names.secrets_volume)]
        .into_iter()
        .chain(customs.map(|index| memory(&custom(asked, index))))
        .collect();
    let mut groups = vec![homes, secrets];
    // A token that no container uses needs no volume.
    if asked.agents.init || asked.agents.has_sidecar() {
        groups.extend(asked.token.own_volume().map(|volume| vec![volume]));
    }
    if !asked.configmap.is_empty() {
        groups.push(vec![
            json!({"name": names.config_volume, "configMap": {"name": asked.configmap}}),
        ]);
    }
    for (name, secret) in [
        (EXTRA_SECRETS, asked.extra_secret),
        (names.tls_volume, asked.vault.tls_secret),
    ] {
        if !secret.is_empty() {
            groups.push(vec![
                json!({"name": name, "secret": {"secretName": secret}}),
            ]);
        }
    }
    if asked.persists_cache() {
        groups.push(vec![memory(names.cache_volume)]);
    }
    if hands_over(asked) {
        groups.push(vec![memory(STATE_VOLUME)]);
    }
    groups
}

/// Whether our init container leaves token and secrets to our sidecar, so that it neither logs in nor
/// reads again. The established agent does so only through its cache.
fn hands_over(asked: &InjectRequest<'_>) -> bool {
    asked.flavor.is_our_agent()
        && asked.agents.init
        && asked.agents.has_sidecar()
        && !asked.persists_cache()
}

fn custom(asked: &InjectRequest<'_>, index: usize) -> String {
    format!("{}-custom-{index}", asked.profile.names().secrets_volume)
}

fn mount(name: &str, path: &str) -> Value {
    json!({"name": name, "mountPath": path})
}

fn read_only(name: &str, path: &str) -> Value {
    json!({"name": name, "mountPath": path, "readOnly": true})
}

/// The mounts of every container that reads secrets, other than the agent's.
pub(super) fn readers_mounts(asked: &InjectRequest<'_>) -> Vec<Value> {
    let mut mounts = secret_mounts(asked);
    if asked.extras.secrets_read_only {
        for mount in &mut mounts {
            mount["readOnly"] = Value::Bool(true);
        }
    }
    mounts
}

fn secret_mounts(asked: &InjectRequest<'_>) -> Vec<Value> {
    let customs = asked.custom_volume_paths();
    let customs = customs
        .iter()
        .enumerate()
        .map(|(index, path)| mount(&custom(asked, index), path));
    [mount(
        asked.profile.names().secrets_volume,
        asked.volume_path,
    )]
    .into_iter()
    .chain(customs)
    .collect()
}

/// The mounts of an agent container.
pub(super) fn agent_mounts(asked: &InjectRequest<'_>, pod: &PodView<'_>, role: Role) -> Vec<Value> {
    let (names, home) = (asked.profile.names(), asked.inside().home);
    let token = asked.token.volume;
    let token = token.map(|volume| read_only(volume, asked.token.mount_path));
    let mut mounts: Vec<Value> = match role {
        Role::Init => [mount(HOME_INIT, home)].into_iter().chain(token).collect(),
        Role::Sidecar => token
            .into_iter()
            .chain([mount(HOME_SIDECAR, home)])
            .collect(),
    };
    mounts.extend(aws_token(asked, pod));
    mounts.extend(secret_mounts(asked));
    if !asked.extra_secret.is_empty() {
        mounts.push(read_only(EXTRA_SECRETS, "/vault/custom"));
    }
    mounts.extend(copied_mounts(asked, pod));
    if !asked.configmap.is_empty() {
        mounts.push(read_only(names.config_volume, CONFIG_PATH));
    }
    if !asked.vault.tls_secret.is_empty() {
        mounts.push(read_only(names.tls_volume, "/vault/tls"));
    }
    if asked.persists_cache() {
        mounts.push(mount(names.cache_volume, CACHE_PATH));
    }
    if hands_over(asked) {
        mounts.push(mount(STATE_VOLUME, STATE_PATH));
    }
    mounts
}

/// The projected token with which AWS knows the pod.
fn aws_token(asked: &InjectRequest<'_>, pod: &PodView<'_>) -> Option<Value> {
    if asked.login.kind != "aws" {
        return None;
    }
    let found = pod
        .mounts()
        .find(|mount| mount.mount_path.contains("eks.amazonaws.com"))?;
    Some(read_only(&found.name, &found.mount_path))
}

/// The mounts of the container that the user names, without service-account tokens.
fn copied_mounts(asked: &InjectRequest<'_>, pod: &PodView<'_>) -> Vec<Value> {
    let name = asked.copy_mounts_from;
    if name.is_empty() {
        return Vec::new();
    }
    let init = pod.init_containers.iter().map(|init| &init.container);
    let container = pod
        .containers
        .iter()
        .chain(init)
        .find(|container| &*container.name == name);
    container.map_or_else(Vec::new, |container| copies(&container.volume_mounts))
}

fn copies(mounts: &Mounts<'_>) -> Vec<Value> {
    let raw = mounts.raw.map_or("[]", |raw| raw.get());
    // It was read as mounts before, so it is a list of objects.
    let all: Vec<Map<String, Value>> = serde_json::from_str(raw).unwrap_or_default();
    all.into_iter()
        .zip(&mounts.list)
        .filter(|(_, mount)| !mount.mount_path.to_lowercase().contains("serviceaccount"))
        .map(|(copy, _)| Value::Object(copy))
        .collect()
}
