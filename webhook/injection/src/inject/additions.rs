//! What a pod gets: volumes, mounts and agents, not yet put in their places.

use contract::AgentConfig;
use contract::annotations::{self, Annotations};

use super::arrangement::Sidecar;
use super::config::{AgentConfigs, Role};
use super::container::{Agent, agent};
use super::denial::PatchError;
use super::objects::{Mount, Volume};
use super::request::InjectRequest;
use super::volumes;
use crate::pod::PodView;
use crate::settings::Settings;

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
            volumes: volumes::groups(asked),
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
