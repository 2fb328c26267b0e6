//! Where the agent stands among the pod's init containers, and how a pod that was injected already
//! is recognised.
//!
//! A native sidecar of a mesh carries the traffic of every container after it, so the agent never
//! stands in front of one. Where another webhook puts one in front of which the agent stands, or
//! something in front of an agent that was asked to be first, the agent moves; nothing else of an
//! injected pod is ever touched.

use contract::annotations::{self, Annotations};

use super::patch::Operations;
use crate::pod::{Container, InitContainer, PodView};
use crate::shape::volumes::HOMES;
use crate::vocabulary::profile::{Names, Profile};

pub(super) const INIT_CONTAINERS: &str = "/spec/initContainers";

/// Native sidecars through which the traffic of a pod goes.
const MESH_PROXIES: [&str; 2] = ["istio-proxy", "linkerd-proxy"];

/// No pod has more agents of ours: names occur once, and each of the two products has two.
const MOST_AGENTS: usize = 4;
/// Variables with an agent's configuration.
const CONFIGS: [&str; 2] = ["VAULT_CONFIG", "BAO_CONFIG"];

/// The index of the agent among the pod's init containers.
pub(crate) fn index(init: &[InitContainer<'_>], goes_first: bool) -> usize {
    if goes_first {
        after_mesh(init.iter().map(|init| &init.container))
    } else {
        init.len()
    }
}

fn after_mesh<'c, 'a: 'c>(containers: impl Iterator<Item = &'c Container<'a>>) -> usize {
    let mesh = containers
        .enumerate()
        .filter(|(_, container)| is_mesh_proxy(container))
        .last();
    mesh.map_or(0, |(at, _)| at + 1)
}

fn is_mesh_proxy(container: &Container<'_>) -> bool {
    container.is_native_sidecar() && MESH_PROXIES.contains(&&*container.name)
}

/// Whether the pod has an agent container of ours, whatever its status annotation says.
pub(crate) fn has_agent(pod: &PodView<'_>) -> bool {
    pod.all_containers().any(is_ours)
}

/// Whether a pod that says so was injected: by us or by another version, with agents renamed by a JSON
/// patch or not. A template whose annotation was copied has nothing of the kind.
pub(crate) fn was_injected(pod: &PodView<'_>) -> bool {
    let mut volumes = pod.volumes.iter();
    volumes.any(|volume| HOMES.contains(&&*volume.name))
        || pod.all_containers().any(|container| {
            let mut variables = container.env.iter();
            [Profile::Vault, Profile::OpenBao].iter().any(|profile| {
                let names = profile.names();
                [names.init, names.sidecar].contains(&&*container.name)
            }) || variables.any(|it| CONFIGS.contains(&&*it.name))
        })
}

/// Whether a container is an agent of ours: its name, our volume and the variables that we set tell
/// together. Each alone may be somebody else's.
fn is_ours(container: &Container<'_>) -> bool {
    [Profile::Vault, Profile::OpenBao]
        .into_iter()
        .any(|profile| is_agent_of(container, profile.names()))
}

fn is_agent_of(container: &Container<'_>, names: &Names) -> bool {
    let has = |variable: &str| container.env.iter().any(|it| &*it.name == variable);
    let skip_verify = ["VAULT_SKIP_VERIFY", "BAO_SKIP_VERIFY"];
    [names.init, names.sidecar].contains(&&*container.name)
        && container
            .volume_mounts
            .list
            .iter()
            .any(|mount| &*mount.name == names.secrets_volume)
        && has("HOST_IP")
        && CONFIGS.into_iter().chain(skip_verify).any(has)
}

/// The moves that bring the agents of an injected pod back to their place.
pub(crate) fn corrections(annotations: &Annotations<'_>, pod: &PodView<'_>) -> Operations {
    let init: Vec<_> = pod
        .init_containers
        .iter()
        .map(|init| &init.container)
        .collect();
    let (ours, others): (Vec<_>, Vec<_>) = (0..init.len()).partition(|at| is_ours(init[*at]));
    // What cannot be read was no reason for a place at the first pass either.
    let goes_first = annotations
        .bool(&annotations::INIT_FIRST, false)
        .unwrap_or(false);
    let after_mesh = after_mesh(others.iter().map(|at| init[*at]));
    let last_mesh = init.iter().rposition(|other| is_mesh_proxy(other));
    let in_front_of_mesh = ours.first().is_some_and(|first| Some(*first) < last_mesh);
    if !(1..=MOST_AGENTS).contains(&ours.len()) || !goes_first && !in_front_of_mesh {
        return Operations::default();
    }
    let (front, back) = others.split_at(after_mesh);
    let wanted = [front, &ours, back].concat();
    moves((0..init.len()).collect(), &wanted, &ours)
}

/// The moves of `ours` alone that turn the order `current` into `wanted`.
fn moves(mut current: Vec<usize>, wanted: &[usize], ours: &[usize]) -> Operations {
    let place = |order: &[usize], which| order.iter().position(|it| *it == which);
    let mut operations = Operations::default();
    // Moved to the back, the last has to go first; moved to the front, the first. What is in place
    // by then moves no more, so two passes are enough for both.
    for which in ours.iter().rev().chain(ours) {
        let (Some(from), Some(to)) = (place(&current, *which), place(wanted, *which)) else {
            continue;
        };
        if from == to || current == wanted {
            continue;
        }
        current.remove(from);
        current.insert(to, *which);
        let pointer = |at: usize| format!("{INIT_CONTAINERS}/{at}");
        operations.relocate(&pointer(from), &pointer(to));
    }
    operations
}
