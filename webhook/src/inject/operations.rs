//! The list of JSON patch operations, in the order of the established injector:
//!
//! ```text
//! volumes ─► mounts of containers ─► init containers ─► shareProcessNamespace ─► sidecar ─► status
//! ```

use contract::annotations::{self, Annotations};
use contract::names::{ANNOTATION_PREFIX, OPENBAO_PREFIX};
use json_patch::jsonptr::{PointerBuf, Token};
use json_patch::{AddOperation, PatchOperation, RemoveOperation};
use serde_json::Value;
use serde_json::value::RawValue;

use super::arrangement::Sidecar;
use super::config::Role;
use super::container::container;
use super::denial::PatchError;
use super::request::InjectRequest;
use super::{INJECTED, Injection, Origin, Plan, Profile, placement, volumes};
use crate::pod::{AnnotationList, InitContainer, PodView};
use crate::settings::Settings;

/// The changes to a pod.
pub(super) fn plan(
    asked: &InjectRequest<'_>,
    annotations: &Annotations<'_>,
    written: &AnnotationList<'_>,
    pod: &PodView<'_>,
    settings: &Settings,
) -> Result<Plan, PatchError> {
    let mut operations = Operations::default();
    add_volumes(&mut operations, asked, pod);
    let mounts = volumes::readers_mounts(asked);
    for (index, container) in pod.containers.iter().enumerate() {
        let takes = asked
            .containers
            .as_ref()
            .is_none_or(|names| names.contains(&&*container.name));
        if takes {
            let list = mounts_of("containers", index);
            operations.append(
                &list,
                container.volume_mounts.list.is_empty(),
                mounts.clone(),
            );
        }
    }
    let agents = asked.agents;
    let mut first = Vec::new();
    if agents.init {
        first.push(container(asked, annotations, pod, settings, Role::Init)?);
    }
    if agents.is_native() {
        first.push(container(asked, annotations, pod, settings, Role::Sidecar)?);
    }
    if !first.is_empty() {
        add_init_containers(&mut operations, asked, pod, first, &mounts);
    }
    if let Some(share) = asked.share_process_namespace
        && (asked.agents.init || !asked.flavor.keeps_mistakes())
    {
        operations.add(
            pointer(["spec", "shareProcessNamespace"]),
            Value::Bool(share),
        );
    }
    if agents.sidecar == Some(Sidecar::Regular) {
        let agent = container(asked, annotations, pod, settings, Role::Sidecar)?;
        operations.append(&pointer(["spec", "containers"]), false, vec![agent]);
    }
    let status = format!(
        "{}{}",
        asked.profile.prefix(),
        annotations::INJECT_STATUS.key
    );
    operations.add(annotation(&status), Value::from(INJECTED));
    if asked.profile == Profile::OpenBao && settings.rewrite_vault_annotations {
        rewrite(&mut operations, written);
    }
    Ok(Plan {
        operations: operations.0,
        injection: match (agents.init, agents.sidecar) {
            (_, Some(Sidecar::Native { .. })) => Some(Injection::NativeSidecar),
            (true, Some(Sidecar::Regular)) => Some(Injection::InitAndSidecar),
            (true, None) => Some(Injection::InitOnly),
            (false, Some(Sidecar::Regular)) => Some(Injection::SidecarOnly),
            (false, None) => None,
        },
        flavor: asked.flavor,
    })
}

/// Writes what stands under Vault's prefix under OpenBao's, where it is not there yet.
fn rewrite(operations: &mut Operations, written: &AnnotationList<'_>) {
    for (key, value) in written.iter() {
        let Some(short) = key.strip_prefix(ANNOTATION_PREFIX) else {
            continue;
        };
        let new = format!("{OPENBAO_PREFIX}{short}");
        let is_there = written.iter().any(|(other, _)| other == new);
        if !is_there && short != annotations::INJECT_STATUS.key {
            operations.add(annotation(&new), Value::from(value));
        }
        operations.remove(annotation(key));
    }
}

fn annotation(key: &str) -> PointerBuf {
    pointer(["metadata", "annotations", key])
}

fn add_volumes(operations: &mut Operations, asked: &InjectRequest<'_>, pod: &PodView<'_>) {
    let list = pointer(["spec", "volumes"]);
    let mut groups = volumes::groups(asked);
    // Where the pod has no volumes, each group makes the list anew: the established pod keeps
    // only the last.
    if !asked.flavor.keeps_mistakes() || asked.origin != Origin::Pod {
        groups = vec![groups.into_iter().flatten().collect()];
    }
    for group in groups {
        operations.append(&list, pod.volumes.is_empty(), group);
    }
}

fn add_init_containers(
    operations: &mut Operations,
    asked: &InjectRequest<'_>,
    pod: &PodView<'_>,
    agents: Vec<Value>,
    mounts: &[Value],
) {
    let list = pointer(["spec", "initContainers"]);
    let others = &pod.init_containers;
    let names = asked.profile.names();
    let goes_first = asked.init_first && !others.is_empty();
    let count = agents.len();
    let place = if !goes_first {
        operations.append(&list, others.is_empty(), agents);
        others.len()
    } else if asked.flavor.keeps_mistakes() {
        rebuild_init_containers(operations, &list, others, agents, names.init, mounts);
        0
    } else {
        let place = placement::index(others, true);
        for (index, agent) in agents.into_iter().enumerate() {
            let index = (place + index).to_string();
            operations.add(pointer(["spec", "initContainers", &index]), agent);
        }
        place
    };
    for (index, other) in others.iter().enumerate() {
        if &*other.container.name != names.init {
            let index = if index < place { index } else { index + count };
            let is_empty = other.container.volume_mounts.list.is_empty();
            operations.append(
                &mounts_of("initContainers", index),
                is_empty,
                mounts.to_vec(),
            );
        }
    }
}

/// Puts the agent in front as the established injector does: by making the list anew.
fn rebuild_init_containers(
    operations: &mut Operations,
    list: &PointerBuf,
    others: &[InitContainer<'_>],
    agents: Vec<Value>,
    name: &str,
    mounts: &[Value],
) {
    // Renamed by a JSON patch, the agent is not recognised here and gets its mounts twice.
    let renamed = agents.first().filter(|agent| agent["name"] != name);
    let has_mounts = renamed.map(|agent| {
        agent["volumeMounts"]
            .as_array()
            .is_some_and(|mounts| !mounts.is_empty())
    });
    operations.remove(list.clone());
    operations.append(list, true, agents);
    let others = others.iter().map(|other| value(other.raw)).collect();
    operations.append(list, false, others);
    if let Some(has_mounts) = has_mounts {
        operations.append(
            &mounts_of("initContainers", 0),
            !has_mounts,
            mounts.to_vec(),
        );
    }
}

/// A container's JSON as a value; it was read once already.
fn value(raw: &RawValue) -> Value {
    serde_json::from_str(raw.get()).unwrap_or_default()
}

fn pointer<'t>(tokens: impl IntoIterator<Item: Into<Token<'t>>>) -> PointerBuf {
    PointerBuf::from_tokens(tokens)
}

fn mounts_of(kind: &str, index: usize) -> PointerBuf {
    pointer(["spec", kind, &index.to_string(), "volumeMounts"])
}

#[derive(Default)]
struct Operations(Vec<PatchOperation>);

impl Operations {
    fn add(&mut self, path: PointerBuf, value: Value) {
        self.0
            .push(PatchOperation::Add(AddOperation { path, value }));
    }

    fn remove(&mut self, path: PointerBuf) {
        self.0
            .push(PatchOperation::Remove(RemoveOperation { path }));
    }

    /// Appends to a list, which the first element makes where it `is_empty`: an absent list has no
    /// end to append to.
    fn append(&mut self, list: &PointerBuf, is_empty: bool, elements: Vec<Value>) {
        for (index, element) in elements.into_iter().enumerate() {
            if is_empty && index == 0 {
                self.add(list.clone(), Value::Array(vec![element]));
            } else {
                self.add(list.with_trailing_token("-"), element);
            }
        }
    }
}
