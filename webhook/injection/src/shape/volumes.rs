//! The volumes that a pod gets, and where its containers and the agent's mount them.

use std::borrow::Cow;
use std::collections::BTreeSet;

use contract::names::{AGENT_BINARY, STATE_PATH, STATE_VOLUME};

use crate::ask::arrangement::Role;
use crate::ask::{InjectRequest, cloud};
use crate::pod::PodView;
use crate::vocabulary::objects::{
    AgentMount, EmptyDir, Mount, Named, SecretName, Volume, VolumeSource,
};
use crate::vocabulary::paths;

/// Where the init container hands its cache to the sidecar.
pub(crate) const CACHE_PATH: &str = "/vault/agent-cache";
/// Directory of the user's own configuration.
pub(crate) const CONFIG_PATH: &str = "/vault/configs";

const HOME_INIT: &str = "home-init";
const HOME_SIDECAR: &str = "home-sidecar";
/// The agents' own volumes: every pod with an agent has one of them.
pub(crate) const HOMES: [&str; 2] = [HOME_INIT, HOME_SIDECAR];
const EXTRA_SECRETS: &str = "extra-secrets";

/// The volumes, in the groups in which upstream adds them, without emptyDirs that the
/// pod declares.
pub(crate) fn groups<'a>(
    asked: &'a InjectRequest<'_>,
    declared: &BTreeSet<&str>,
) -> Vec<Vec<Volume<'a>>> {
    let mut groups = all_groups(asked);
    if !declared.is_empty() {
        for group in &mut groups {
            group.retain(|volume| {
                !matches!(volume.source, VolumeSource::EmptyDir(_))
                    || !declared.contains(&*volume.name)
            });
        }
    }
    groups
}

/// The names of the pod's own emptyDirs: one with the name of ours is used in its place.
pub(crate) fn empty_dirs<'a>(pod: &'a PodView<'_>) -> BTreeSet<&'a str> {
    let volumes = pod.volumes.iter().filter(|volume| volume.is_empty_dir());
    volumes.map(|volume| &*volume.name).collect()
}

fn all_groups<'a>(asked: &'a InjectRequest<'_>) -> Vec<Vec<Volume<'a>>> {
    let names = asked.profile.names();
    let memory = |name: Cow<'a, str>| Volume {
        name,
        source: VolumeSource::EmptyDir(EmptyDir {
            medium: "Memory",
            size_limit: asked.extras.size_limit.as_deref(),
        }),
    };
    let mut homes = Vec::new();
    if asked.agents.init {
        homes.push(memory(HOME_INIT.into()));
    }
    if asked.agents.has_sidecar() {
        homes.push(memory(HOME_SIDECAR.into()));
    }
    let customs = 0..asked.custom_volume_paths().len();
    let secrets = [memory(names.secrets_volume.into())]
        .into_iter()
        .chain(customs.map(|index| memory(custom(asked, index).into())))
        .collect();
    let mut groups = vec![homes, secrets];
    // A token that no container uses needs no volume.
    if asked.agents.init || asked.agents.has_sidecar() {
        groups.extend(asked.token.own_volume().map(|volume| vec![volume]));
    }
    if !asked.configmap.is_empty() {
        groups.push(vec![Volume {
            name: names.config_volume.into(),
            source: VolumeSource::ConfigMap(Named {
                name: asked.configmap,
            }),
        }]);
    }
    for (name, secret_name) in [
        (EXTRA_SECRETS, asked.extra_secret),
        (names.tls_volume, asked.vault.tls_secret),
    ] {
        if !secret_name.is_empty() {
            groups.push(vec![Volume {
                name: name.into(),
                source: VolumeSource::Secret(SecretName { secret_name }),
            }]);
        }
    }
    if asked.persists_cache() {
        groups.push(vec![memory(names.cache_volume.into())]);
    }
    if hands_over(asked) {
        groups.push(vec![memory(STATE_VOLUME.into())]);
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

/// The mounts of every container that reads secrets, other than the agent's.
pub(crate) fn readers_mounts<'a>(asked: &'a InjectRequest<'_>) -> Vec<Mount<'a>> {
    let read_only = asked.extras.secrets_read_only;
    secret_mounts(asked)
        .map(|mount| Mount { read_only, ..mount })
        .collect()
}

fn secret_mounts<'a>(asked: &'a InjectRequest<'_>) -> impl Iterator<Item = Mount<'a>> {
    let customs = asked.custom_volume_paths();
    let customs = customs
        .into_iter()
        .enumerate()
        .map(|(index, path)| Mount::new(custom(asked, index), path));
    let common = Mount::new(asked.profile.names().secrets_volume, asked.volume_path);
    [common].into_iter().chain(customs)
}

/// The mounts of an agent container.
pub(crate) fn agent_mounts<'a>(
    asked: &'a InjectRequest<'_>,
    pod: &'a PodView<'_>,
    role: Role,
) -> Vec<AgentMount<'a>> {
    let (names, home) = (asked.profile.names(), asked.inside().home);
    let token = asked.token.volume;
    let token = token.map(|volume| Mount::read_only(volume, asked.token.mount_path));
    let mut mounts = match role {
        Role::Init => vec![Mount::new(HOME_INIT, home)],
        Role::Sidecar => Vec::new(),
    };
    mounts.extend(token);
    if role == Role::Sidecar {
        mounts.push(Mount::new(HOME_SIDECAR, home));
    }
    if asked.flavor.keeps_mistakes() {
        mounts.extend(aws_token(asked, pod));
    }
    mounts.extend(secret_mounts(asked));
    if !asked.extra_secret.is_empty() {
        mounts.push(Mount::read_only(EXTRA_SECRETS, "/vault/custom"));
    }
    let mut mounts: Vec<_> = mounts.into_iter().map(AgentMount::Own).collect();
    mounts.extend(copied_mounts(asked, pod));
    let mut add = |mount| mounts.push(AgentMount::Own(mount));
    if !asked.configmap.is_empty() {
        add(Mount::read_only(names.config_volume, CONFIG_PATH));
    }
    if !asked.vault.tls_secret.is_empty() {
        add(Mount::read_only(names.tls_volume, "/vault/tls"));
    }
    if asked.persists_cache() {
        add(Mount::new(names.cache_volume, CACHE_PATH));
    }
    if hands_over(asked) {
        add(Mount::new(STATE_VOLUME, STATE_PATH));
    }
    if !asked.flavor.keeps_mistakes() {
        let cloud = cloud::of_method(asked.login.kind);
        let cloud = cloud.map_or_else(Vec::new, |cloud| cloud.mounts(pod));
        mounts.extend(cloud.into_iter().map(AgentMount::Copied));
        if mounts.iter().any(AgentMount::is_copied) {
            leave_out_doubles(&mut mounts);
        }
    }
    mounts
}

/// Leaves out copied mounts at the places of the agent's own, and of copies in front of them.
fn leave_out_doubles(mounts: &mut Vec<AgentMount<'_>>) {
    let own = mounts.iter().filter(|mount| !mount.is_copied());
    let own = own.map(|mount| paths::normal(mount.path()).into_owned());
    let mut taken: BTreeSet<String> = own.chain([AGENT_BINARY.to_owned()]).collect();
    mounts.retain(|mount| {
        !mount.is_copied() || taken.insert(paths::normal(mount.path()).into_owned())
    });
}

/// The projected token with which AWS knows the pod, as upstream finds it.
fn aws_token<'a>(asked: &InjectRequest<'_>, pod: &'a PodView<'_>) -> Option<Mount<'a>> {
    if asked.login.kind != "aws" {
        return None;
    }
    let found = pod
        .mounts()
        .find(|mount| mount.mount_path.contains("eks.amazonaws.com"))?;
    Some(Mount::read_only(&*found.name, &found.mount_path))
}

/// The mounts of the container that the user names, without service-account tokens.
fn copied_mounts<'a>(asked: &InjectRequest<'_>, pod: &PodView<'_>) -> Vec<AgentMount<'a>> {
    let name = asked.copy_mounts_from;
    if name.is_empty() {
        return Vec::new();
    }
    let container = pod.all_containers().find(|it| &*it.name == name);
    let copies = container.map_or_else(Vec::new, |container| {
        let mounts = &container.volume_mounts;
        mounts.copies(|mount| !mount.mount_path.to_lowercase().contains("serviceaccount"))
    });
    copies.into_iter().map(AgentMount::Copied).collect()
}
