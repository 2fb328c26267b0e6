//! The order of the operations, which is that of the established injector:
//!
//! ```text
//! volumes ─► mounts of containers ─► init containers ─► shareProcessNamespace ─► sidecar ─► status
//! ```

pub(crate) mod patch;
pub(crate) mod placement;

use std::collections::BTreeSet;

use contract::annotations;
use contract::names::{ANNOTATION_PREFIX, OPENBAO_PREFIX};

use crate::ask::InjectRequest;
use crate::ask::arrangement::Sidecar;
use crate::pod::{AnnotationList, PodView};
use crate::settings::Settings;
use crate::shape::Additions;
use crate::vocabulary::denial::{MAX_PATCH, PatchError};
use crate::vocabulary::flavor::Flavor;
use crate::vocabulary::origin::Origin;
use crate::vocabulary::profile::Profile;

use patch::{Operations, annotation};
use placement::INIT_CONTAINERS;

/// Value of the status annotation on a pod that was injected.
pub(crate) const INJECTED: &str = "injected";

const VOLUMES: &str = "/spec/volumes";
const CONTAINERS: &str = "/spec/containers";

/// Room for most patches, in bytes.
const SIZE: usize = 8192;

/// The changes to a pod.
#[derive(Debug)]
pub struct Plan {
    pub operations: Operations,
    /// Which agent containers it gets; `None` where only volumes are added.
    pub injection: Option<Injection>,
    pub flavor: Flavor,
}

/// Which agent containers a pod gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Injection {
    InitAndSidecar,
    InitOnly,
    SidecarOnly,
    NativeSidecar,
}

impl Injection {
    /// The label of the metric.
    pub fn label(self) -> &'static str {
        match self {
            Self::InitAndSidecar => "init_and_sidecar",
            Self::InitOnly => "init_only",
            Self::SidecarOnly => "sidecar_only",
            Self::NativeSidecar => "native_sidecar",
        }
    }
}

/// The changes that put the additions in their places.
pub(crate) fn plan(
    asked: &InjectRequest<'_>,
    additions: &Additions<'_>,
    written: &AnnotationList<'_>,
    pod: &PodView<'_>,
    settings: &Settings,
) -> Result<Plan, PatchError> {
    let mut operations = Operations::with_capacity(SIZE);
    add_volumes(&mut operations, asked, additions, pod);
    for (index, container) in pod.containers.iter().enumerate() {
        if asked.reads_secrets(&container.name) {
            let is_empty = container.volume_mounts.list.is_empty();
            let mounts = additions.mounts_for(asked, container);
            operations.append(&mounts_of(CONTAINERS, index), is_empty, mounts);
        }
        check_size(&operations)?;
    }
    if !additions.init.is_empty() {
        add_init_containers(&mut operations, asked, additions, pod)?;
    }
    if let Some(share) = asked.share_process_namespace
        && (asked.agents.init || !asked.flavor.keeps_mistakes())
    {
        operations.add("/spec/shareProcessNamespace", share);
    }
    operations.append(CONTAINERS, false, &additions.sidecar);
    let status = format!(
        "{}{}",
        asked.profile.prefix(),
        annotations::INJECT_STATUS.key
    );
    operations.add(&annotation(&status), INJECTED);
    if asked.profile == Profile::OpenBao && settings.rewrite_vault_annotations {
        rewrite(&mut operations, written);
    }
    if operations.as_json().len() > MAX_PATCH {
        return Err(PatchError::Large);
    }
    Ok(Plan {
        operations,
        injection: match (asked.agents.init, asked.agents.sidecar) {
            (_, Some(Sidecar::Native { .. })) => Some(Injection::NativeSidecar),
            (true, Some(Sidecar::Regular)) => Some(Injection::InitAndSidecar),
            (true, None) => Some(Injection::InitOnly),
            (false, Some(Sidecar::Regular)) => Some(Injection::SidecarOnly),
            (false, None) => None,
        },
        flavor: asked.flavor,
    })
}

fn check_size(operations: &Operations) -> Result<(), PatchError> {
    if operations.as_json().len() > MAX_PATCH {
        return Err(PatchError::Large);
    }
    Ok(())
}

/// Writes what stands under Vault's prefix under OpenBao's, where it is not there yet.
fn rewrite(operations: &mut Operations, written: &AnnotationList<'_>) {
    let keys: BTreeSet<&str> = written.iter().map(|(key, _)| key).collect();
    for (key, value) in written.iter() {
        let Some(short) = key.strip_prefix(ANNOTATION_PREFIX) else {
            continue;
        };
        let new = format!("{OPENBAO_PREFIX}{short}");
        if !keys.contains(&*new) && short != annotations::INJECT_STATUS.key {
            operations.add(&annotation(&new), value);
        }
        operations.remove(&annotation(key));
    }
}

fn add_volumes(
    operations: &mut Operations,
    asked: &InjectRequest<'_>,
    additions: &Additions<'_>,
    pod: &PodView<'_>,
) {
    let is_empty = pod.volumes.is_empty();
    // Where the pod has no volumes, each group makes the list anew: the established pod keeps
    // only the last.
    if asked.flavor.keeps_mistakes() && asked.origin == Origin::Pod {
        for group in &additions.volumes {
            operations.append(VOLUMES, is_empty, group);
        }
    } else {
        operations.append(VOLUMES, is_empty, additions.volumes.iter().flatten());
    }
}

fn add_init_containers(
    operations: &mut Operations,
    asked: &InjectRequest<'_>,
    additions: &Additions<'_>,
    pod: &PodView<'_>,
) -> Result<(), PatchError> {
    let (others, agents) = (&pod.init_containers, &additions.init);
    let name = asked.profile.names().init;
    let goes_first = asked.init_first && !others.is_empty();
    let place = if !goes_first {
        operations.append(INIT_CONTAINERS, others.is_empty(), agents);
        others.len()
    } else if asked.flavor.keeps_mistakes() {
        rebuild_init_containers(operations, name, additions, pod);
        0
    } else {
        let place = placement::index(others, true);
        for (index, agent) in agents.iter().enumerate() {
            operations.add(&format!("{INIT_CONTAINERS}/{}", place + index), agent);
        }
        place
    };
    for (index, other) in others.iter().enumerate() {
        if &*other.container.name != name {
            let index = if index < place {
                index
            } else {
                index + agents.len()
            };
            let is_empty = other.container.volume_mounts.list.is_empty();
            let mounts = additions.mounts_for(asked, &other.container);
            operations.append(&mounts_of(INIT_CONTAINERS, index), is_empty, mounts);
            check_size(operations)?;
        }
    }
    Ok(())
}

/// Puts the agent in front as the established injector does: by making the list anew.
fn rebuild_init_containers(
    operations: &mut Operations,
    name: &str,
    additions: &Additions<'_>,
    pod: &PodView<'_>,
) {
    operations.remove(INIT_CONTAINERS);
    operations.append(INIT_CONTAINERS, true, &additions.init);
    let others = pod.init_containers.iter().map(|other| other.raw);
    operations.append(INIT_CONTAINERS, false, others);
    // Renamed by a JSON patch, the agent is not recognised here and gets its mounts twice.
    let first = additions.init.first();
    if let Some(renamed) = first.filter(|agent| agent.name() != name) {
        let is_empty = !renamed.has_mounts();
        operations.append(&mounts_of(INIT_CONTAINERS, 0), is_empty, &additions.mounts);
    }
}

fn mounts_of(list: &str, index: usize) -> String {
    format!("{list}/{index}/volumeMounts")
}
