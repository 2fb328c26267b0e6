//! What a pod gets: volumes, mounts and agents, not yet put in their places.

pub(crate) mod configuration;
pub(crate) mod container;
pub(crate) mod environment;
pub(crate) mod volumes;

use std::borrow::Cow;
use std::collections::BTreeSet;

use contract::AgentConfig;
use contract::annotations::{self, Annotations};

use crate::ask::InjectRequest;
use crate::ask::arrangement::{Role, Sidecar};
use crate::pod::{self, Container, PodView};
use crate::settings::Settings;
use crate::vocabulary::denial::PatchError;
use crate::vocabulary::objects::{Mount, Volume};
use crate::vocabulary::paths;

use configuration::AgentConfigs;
use container::{Agent, agent};

/// So many mounts are searched one by one.
const FEW: usize = 4;

/// Everything that is added to a pod.
#[derive(Debug)]
pub(crate) struct Additions<'a> {
    /// In the groups in which the established injector adds them.
    pub(crate) volumes: Vec<Vec<Volume<'a>>>,
    /// The mounts of every container that reads secrets, other than the agents.
    pub(crate) mounts: Vec<Mount<'a>>,
    /// The agents among the init containers.
    pub(crate) init: Vec<Agent<'a>>,
    /// The agent among the containers.
    pub(crate) sidecar: Option<Agent<'a>>,
    /// The configuration of the agent that was made last, which has all that those of the others have;
    /// `None` where it is the user's.
    pub(crate) config: Option<AgentConfig>,
    /// The names of the pod's own emptyDirs, which may be used in place of ours; empty in the compatible
    /// flavor.
    declared: BTreeSet<&'a str>,
}

impl<'a> Additions<'a> {
    /// All agents, the one that stays last.
    pub(crate) fn agents(&self) -> impl Iterator<Item = &Agent<'a>> {
        self.init.iter().chain(&self.sidecar)
    }

    /// The mounts that a container of the pod gets. The native flavor leaves out those that the
    /// container has itself.
    pub(crate) fn mounts_for<'c>(
        &'c self,
        asked: &InjectRequest<'_>,
        container: &'c Container<'_>,
    ) -> impl Iterator<Item = &'c Mount<'a>> {
        let own = (!asked.flavor.keeps_mistakes()).then(|| self.own_mounts(container));
        let has = move |ours: &Mount<'_>| own.as_ref().is_some_and(|own| own.has(ours));
        self.mounts.iter().filter(move |ours| !has(ours))
    }

    /// What a container mounts itself.
    pub(crate) fn own_mounts<'c>(&'c self, container: &'c Container<'_>) -> OwnMounts<'c> {
        let list = &container.volume_mounts.list;
        // Most pods have few of both, for which sets are not worth their while.
        let are_many = self.mounts.len() > FEW || list.len() > 4 * FEW;
        let whole = list.iter().filter(|mount| are_many && mount.is_whole());
        let place = |mount: &'c pod::Mount<'_>| (&*mount.name, paths::normal(&mount.mount_path));
        OwnMounts {
            declared: &self.declared,
            names: whole.clone().map(|mount| &*mount.name).collect(),
            places: whole.map(place).collect(),
            few: if are_many { &[] } else { list },
        }
    }

    pub(crate) fn new(
        asked: &'a InjectRequest<'_>,
        annotations: &Annotations<'_>,
        pod: &'a PodView<'_>,
        settings: &Settings,
    ) -> Result<Self, PatchError> {
        let of_ours = asked.configmap.is_empty();
        let has_config = of_ours && (asked.agents.init || asked.agents.has_sidecar());
        if has_config {
            check_numbers(asked, annotations)?;
        }
        let mut configs = of_ours.then(|| AgentConfigs::new(asked));
        let mut agent = |role| agent(asked, annotations, pod, settings, configs.as_mut(), role);
        let agents = asked.agents;
        let mut init = Vec::new();
        if agents.init {
            init.push(agent(Role::Init)?);
        }
        if agents.is_native() {
            init.push(agent(Role::Sidecar)?);
        }
        let sidecar = match agents.sidecar {
            Some(Sidecar::Regular) => Some(agent(Role::Sidecar)?),
            Some(Sidecar::Native { .. }) | None => None,
        };
        let declared = if asked.flavor.keeps_mistakes() {
            BTreeSet::new()
        } else {
            volumes::empty_dirs(pod)
        };
        Ok(Self {
            volumes: volumes::groups(asked, &declared),
            mounts: volumes::readers_mounts(asked),
            init,
            sidecar,
            config: configs.map(AgentConfigs::into_config),
            declared,
        })
    }
}

/// What a container mounts itself, apart from parts of volumes.
pub(crate) struct OwnMounts<'c> {
    declared: &'c BTreeSet<&'c str>,
    names: BTreeSet<&'c str>,
    places: BTreeSet<(&'c str, Cow<'c, str>)>,
    few: &'c [pod::Mount<'c>],
}

impl OwnMounts<'_> {
    /// Whether the container has that volume where ours would be, or anywhere if the pod declares the
    /// volume.
    pub(crate) fn has(&self, ours: &Mount<'_>) -> bool {
        let name = &*ours.name;
        let is_own = |own: &pod::Mount<'_>| {
            *own.name == *name
                && own.is_whole()
                && (self.declared.contains(name)
                    || paths::normal(&own.mount_path) == paths::normal(ours.path))
        };
        self.few.iter().any(is_own)
            || self.names.contains(name)
                && (self.declared.contains(name)
                    || self.places.contains(&(name, paths::normal(ours.path))))
    }
}

/// JSON has no word for some numbers that Go reads.
fn check_numbers(
    asked: &InjectRequest<'_>,
    annotations: &Annotations<'_>,
) -> Result<(), PatchError> {
    let number = asked.tuning.lease_renewal_threshold;
    let value = if number.is_nan() {
        "NaN"
    } else if number == f64::INFINITY {
        "+Inf"
    } else if number == f64::NEG_INFINITY {
        "-Inf"
    } else {
        return Ok(());
    };
    Err(PatchError::Number {
        value,
        key: annotations.key(&annotations::LEASE_RENEWAL_THRESHOLD),
    })
}
