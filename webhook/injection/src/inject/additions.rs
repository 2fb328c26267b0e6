//! What a pod gets: volumes, mounts and agents, not yet put in their places.

use std::collections::BTreeSet;

use contract::AgentConfig;
use contract::annotations::{self, Annotations};

use super::arrangement::Sidecar;
use super::config::{AgentConfigs, Role};
use super::container::{Agent, agent};
use super::denial::PatchError;
use super::objects::{Mount, Volume};
use super::request::InjectRequest;
use super::volumes;
use crate::pod::{self, Container, PodView};
use crate::settings::Settings;

/// So many volumes of secrets are looked for one by one.
const FEW: usize = 4;

/// Everything that is added to a pod.
#[derive(Debug)]
pub(super) struct Additions<'a> {
    /// In the groups in which the established injector adds them.
    pub(super) volumes: Vec<Vec<Volume<'a>>>,
    /// The mounts of every container that reads secrets, other than the agents.
    pub(super) mounts: Vec<Mount<'a>>,
    /// The agents among the init containers.
    pub(super) init: Vec<Agent<'a>>,
    /// The agent among the containers.
    pub(super) sidecar: Option<Agent<'a>>,
    /// The configuration of the agent that was made last, which has all that those of the others have;
    /// `None` where it is the user's.
    pub(super) config: Option<AgentConfig>,
}

impl<'a> Additions<'a> {
    /// All agents, the one that stays last.
    pub(super) fn agents(&self) -> impl Iterator<Item = &Agent<'a>> {
        self.init.iter().chain(&self.sidecar)
    }

    /// The mounts that a container of the pod gets. Where it mounts a volume of ours already, which
    /// the pod declares then, the native flavor leaves it at that.
    pub(super) fn mounts_for(
        &self,
        asked: &InjectRequest<'_>,
        container: &Container<'_>,
    ) -> impl Iterator<Item = &Mount<'a>> {
        let list = &container.volume_mounts.list;
        // Most pods have one volume of secrets, for which a set is not worth its while.
        let own: BTreeSet<&str> = if self.mounts.len() > FEW {
            list.iter().map(|mount| &*mount.name).collect()
        } else {
            BTreeSet::new()
        };
        let keeps = asked.flavor.keeps_mistakes();
        self.mounts.iter().filter(move |ours| {
            let is_own = |mount: &pod::Mount<'_>| *mount.name == *ours.name;
            keeps
                || if self.mounts.len() > FEW {
                    !own.contains(&*ours.name)
                } else {
                    !list.iter().any(is_own)
                }
        })
    }

    pub(super) fn new(
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
        Ok(Self {
            volumes: volumes::groups(asked, pod),
            mounts: volumes::readers_mounts(asked),
            init,
            sidecar,
            config: configs.map(AgentConfigs::into_config),
        })
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
