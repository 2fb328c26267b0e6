//! What the user should know although the pod is let through: admission warnings.
//!
//! Warnings of what is surely a mistake refuse the pod if the injector is strict.

mod agent;
mod commands;
mod connection;
mod containers;
mod faults;
mod files;
mod identity;
mod kept;
pub(crate) mod keys;
mod mounts;
mod platform;
mod resources;
mod secrets;
mod shape;
mod subject;
mod templates;
mod values;

use contract::annotations::{self, Annotations, Classification};
use contract::diagnostics::pods;

use crate::ask::InjectRequest;
use crate::pod::PodView;
use crate::shape::Additions;
use crate::vocabulary::warning::Warning;

use subject::Subject;

pub(crate) use agent::OF_A_FLAG;
pub(crate) use keys::about_keys;

/// What the agent would refuse at its start, so that the pod would never run.
pub(crate) fn about_agent(
    asked: &InjectRequest<'_>,
    annotations: &Annotations<'_>,
    pod: &PodView<'_>,
    additions: &Additions<'_>,
) -> Vec<Warning> {
    agent::warnings(Subject {
        asked,
        annotations,
        pod,
        additions,
    })
}

/// A status of `injected` on a pod without an agent. `keeps` the flavor upstream's mistakes, it is
/// believed.
pub(crate) fn about_status(annotations: &Annotations<'_>, keeps: bool) -> Warning {
    let key = annotations.key(&annotations::INJECT_STATUS);
    let text = "agent-inject-status says injected, but the pod has no agent: the annotation was \
                copied from another pod";
    if keeps {
        let text = format!("{text}; nothing is injected until it is removed");
        Warning::sure(pods::COPIED_STATUS, text).at(key)
    } else {
        let text = format!("{text}, and the pod is injected all the same: remove it");
        Warning::new(pods::COPIED_STATUS, text).at(key)
    }
}

/// An empty `agent-inject` beside annotations that only an agent needs.
pub(crate) fn about_empty_inject(annotations: &Annotations<'_>) -> Option<Warning> {
    let spec = &annotations::INJECT;
    if annotations.get(spec) != Some("") {
        return None;
    }
    let is_of_an_agent = |short: &str| match annotations::classify_short(short) {
        Classification::Known { spec: other, .. } => {
            ![spec.key, annotations::INJECT_STATUS.key].contains(&other.key)
        }
        _ => false,
    };
    let (other, _) = annotations
        .iter()
        .find(|(short, _)| is_of_an_agent(short))?;
    let text = format!(
        "agent-inject is empty, which means false, and {other} does nothing: write agent-inject: \
         \"true\""
    );
    Some(Warning::new(pods::TURNED_OFF, text).at(annotations.key(spec)))
}

/// What Kubernetes would refuse, or what cannot work at all. The native flavor denies it.
pub(crate) fn faults(
    asked: &InjectRequest<'_>,
    annotations: &Annotations<'_>,
    pod: &PodView<'_>,
    additions: &Additions<'_>,
) -> Vec<Warning> {
    faults::faults(Subject {
        asked,
        annotations,
        pod,
        additions,
    })
}

/// What will most likely not do what the author thinks, although it is done as asked.
pub(crate) fn about_request(
    asked: &InjectRequest<'_>,
    annotations: &Annotations<'_>,
    pod: &PodView<'_>,
    additions: &Additions<'_>,
) -> Vec<Warning> {
    let subject = Subject {
        asked,
        annotations,
        pod,
        additions,
    };
    let mut warnings = secrets::warnings(subject);
    warnings.extend(values::warnings(subject));
    warnings.extend(containers::warnings(subject));
    warnings.extend(shape::warnings(subject));
    warnings.extend(agent::old_image(subject));
    warnings.extend(connection::warnings(subject));
    warnings.extend(mounts::warnings(subject));
    warnings.extend(resources::warnings(subject));
    if asked.flavor.keeps_mistakes() {
        warnings.extend(kept::warnings(subject));
    }
    warnings
}
