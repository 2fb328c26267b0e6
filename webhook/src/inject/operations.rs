//! The list of JSON patch operations, in the order of the established injector:
//!
//! ```text
//! volumes ─► mounts of containers ─► init containers ─► shareProcessNamespace ─► sidecar ─► status
//! ```

use contract::annotations::{self, Annotations};
use contract::names;
use json_patch::jsonptr::{PointerBuf, Token};
use json_patch::{AddOperation, PatchOperation, RemoveOperation};
use serde_json::Value;
use serde_json::value::RawValue;

use super::config::Role;
use super::container::container;
use super::denial::PatchError;
use super::request::InjectRequest;
use super::{INJECTED, Injection, Plan, volumes};
use crate::pod::PodView;
use crate::settings::Settings;

/// The changes to a pod.
pub(super) fn plan(
    asked: &InjectRequest<'_>,
    annotations: &Annotations<'_>,
    pod: &PodView<'_>,
    settings: &Settings,
) -> Result<Plan, PatchError> {
    let mut operations = Operations::default();
    add_volumes(&mut operations, asked, pod);
    let mounts = volumes::secret_mounts(asked);
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
    if asked.init {
        let agent = container(asked, annotations, pod, settings, Role::Init)?;
        add_init_containers(&mut operations, asked, pod, agent, &mounts);
    }
    if let Some(share) = asked.share_process_namespace
        && (asked.init || !asked.flavor.keeps_mistakes())
    {
        operations.add(
            pointer(["spec", "shareProcessNamespace"]),
            Value::Bool(share),
        );
    }
    if asked.sidecar {
        let agent = container(asked, annotations, pod, settings, Role::Sidecar)?;
        operations.append(&pointer(["spec", "containers"]), false, vec![agent]);
    }
    let status = annotations::INJECT_STATUS.full_key();
    operations.add(
        pointer(["metadata", "annotations", &status]),
        Value::from(INJECTED),
    );
    Ok(Plan {
        operations: operations.0,
        injection: match (asked.init, asked.sidecar) {
            (true, true) => Some(Injection::InitAndSidecar),
            (true, false) => Some(Injection::InitOnly),
            (false, true) => Some(Injection::SidecarOnly),
            (false, false) => None,
        },
        flavor: asked.flavor,
    })
}

fn add_volumes(operations: &mut Operations, asked: &InjectRequest<'_>, pod: &PodView<'_>) {
    let list = pointer(["spec", "volumes"]);
    let mut groups = volumes::groups(asked);
    // Where the pod has no volumes, each group makes the list anew: the established pod keeps
    // only the last.
    if !asked.flavor.keeps_mistakes() {
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
    agent: Value,
    mounts: &[Value],
) {
    let list = pointer(["spec", "initContainers"]);
    let others = &pod.init_containers;
    let goes_first = asked.init_first && !others.is_empty();
    if goes_first {
        // Renamed by a JSON patch, the agent is not recognised here and gets its mounts twice.
        let mistaken = asked.flavor.keeps_mistakes() && agent["name"] != names::INIT_CONTAINER;
        let has_mounts = agent["volumeMounts"]
            .as_array()
            .is_some_and(|mounts| !mounts.is_empty());
        operations.remove(list.clone());
        operations.append(&list, true, vec![agent]);
        let others = others.iter().map(|other| value(other.raw)).collect();
        operations.append(&list, false, others);
        if mistaken {
            operations.append(
                &mounts_of("initContainers", 0),
                !has_mounts,
                mounts.to_vec(),
            );
        }
    } else {
        operations.append(&list, others.is_empty(), vec![agent]);
    }
    let first = usize::from(goes_first);
    for (index, other) in others.iter().enumerate() {
        if &*other.container.name != names::INIT_CONTAINER {
            let list = mounts_of("initContainers", first + index);
            let is_empty = other.container.volume_mounts.list.is_empty();
            operations.append(&list, is_empty, mounts.to_vec());
        }
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
