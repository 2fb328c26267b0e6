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
mod mounts;
mod resources;
mod secrets;
mod shape;
mod templates;
mod values;

use contract::annotations::{self, AnnotationSpec, Annotations, Classification, Meant};
use contract::diagnostics::{Code, keys, pods};

pub(super) use agent::OF_A_FLAG;

use crate::ask::InjectRequest;
use crate::pod::{AnnotationList, PodView};
use crate::shape::Additions;
use crate::vocabulary::warning::Warning;

/// For so many unknown keys the nearest known one is looked up. API servers pass on no more than
/// 4096 characters of warnings.
pub(super) const LOOKED_UP: usize = 40;

/// What all checks look at.
#[derive(Clone, Copy)]
struct Subject<'a, 'p> {
    asked: &'a InjectRequest<'p>,
    annotations: &'a Annotations<'p>,
    pod: &'a PodView<'p>,
    additions: &'a Additions<'a>,
}

impl Subject<'_, '_> {
    /// Whether the pod itself says so, and not only the injector's flag.
    fn has(&self, spec: &AnnotationSpec) -> bool {
        self.annotations.get(spec).is_some()
    }

    fn about(&self, code: Code, spec: &AnnotationSpec, text: &str) -> Warning {
        Warning::new(code, text).at(self.annotations.key(spec))
    }

    fn mistake(&self, code: Code, spec: &AnnotationSpec, text: &str) -> Warning {
        Warning::sure(code, text).at(self.annotations.key(spec))
    }
}

/// Keys under our prefixes that mean nothing: most likely misspelt, so the pod does not get what
/// its author thinks.
pub(super) fn about_keys(all: &AnnotationList<'_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (key, _) in all.iter() {
        let short = annotations::split_prefix(key).map_or(key, |(_, short)| short);
        match annotations::classify(key) {
            Classification::Foreign => continue,
            Classification::Known { name, .. } => {
                warnings.extend(name.and_then(|name| not_a_key(key, short, name)));
                continue;
            }
            Classification::Unknown => {}
        }
        let is_looked_up = warnings.len() < LOOKED_UP;
        let unknown = format!("unknown annotation {short} is ignored");
        let (code, text) = match is_looked_up.then(|| annotations::meant(short)).flatten() {
            Some(Meant::WithName(spec)) if short == spec.key => (
                keys::NO_NAME,
                format!("annotation {short} needs a -NAME behind it and is ignored"),
            ),
            Some(Meant::WithName(spec)) => (
                keys::NO_NAME,
                format!(
                    "annotation {short} has no name behind the dash and is ignored: write {}",
                    spec.written_key()
                ),
            ),
            Some(Meant::Key(key)) => (keys::UNKNOWN, format!("{unknown}: did you mean {key}?")),
            Some(Meant::Instead(advice)) => (keys::NOT_HERE, format!("{unknown}: {advice}")),
            None => (keys::UNKNOWN, unknown),
        };
        warnings.push(Warning::sure(code, text).at(key.to_owned()));
    }
    warnings.sort_by(|left, right| left.text().cmp(right.text()));
    warnings
}

/// What the agent would refuse at its start, so that the pod would never run.
pub(super) fn about_agent(
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

/// The longest name of a key, behind its prefix.
const LONGEST_NAME: usize = 63;

/// A key that Kubernetes refuses, because of the name that is part of it.
fn not_a_key(key: &str, short: &str, name: &str) -> Option<Warning> {
    let is_of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let ends_well = name.ends_with(|last: char| last.is_ascii_alphanumeric());
    let problem = if short.len() > LONGEST_NAME {
        "is longer than 63 characters"
    } else if !name.bytes().all(is_of_a_name) || !ends_well {
        "has more than letters, digits, dashes, dots and underscores"
    } else {
        return None;
    };
    let text = format!(
        "{short} {problem}, and Kubernetes refuses the key: write a short NAME, and the path of the \
         file in agent-inject-file-NAME"
    );
    Some(Warning::sure(keys::NOT_A_KEY, text).at(key.to_owned()))
}

/// A status of `injected` on a pod without an agent. `keeps` the flavor upstream's mistakes, it is
/// believed.
pub(super) fn about_status(annotations: &Annotations<'_>, keeps: bool) -> Warning {
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
pub(super) fn about_empty_inject(annotations: &Annotations<'_>) -> Option<Warning> {
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
pub(super) fn faults(
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
pub(super) fn about_request(
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
