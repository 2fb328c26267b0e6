//! What Kubernetes would refuse, or what cannot work at all: the native flavor denies it, the compatible
//! one warns, because its pods are those of upstream.

use std::collections::BTreeSet;

use contract::annotations;
use contract::diagnostics::pods;

use super::subject::Subject;
use super::{files, identity, mounts, platform, resources};
use crate::shape::container::Agent;
use crate::vocabulary::objects::VolumeSource;
use crate::vocabulary::warning::Warning;

pub(super) fn faults(subject: Subject<'_, '_>) -> Vec<Warning> {
    let mut faults = Vec::new();
    faults.extend(windows(subject));
    faults.extend(nobody(subject));
    faults.extend(volumes(subject));
    faults.extend(containers(subject));
    faults.extend(mounts::faults(subject));
    faults.extend(resources::faults(subject));
    faults.extend(files::faults(subject));
    faults.extend(identity::faults(subject));
    faults
}

fn windows(subject: Subject<'_, '_>) -> Option<Warning> {
    let place = platform::says_windows(subject.pod)?;
    let text = format!(
        "the pod runs on Windows (spec.{place}), and the agent is a Linux container: remove \
         agent-inject"
    );
    Some(subject.mistake(pods::WINDOWS, &annotations::INJECT, &text))
}

/// No agent, or an agent that writes for no container.
fn nobody(subject: Subject<'_, '_>) -> Option<Warning> {
    let asked = subject.asked;
    if !asked.has_agent() {
        let text = "agent-pre-populate-only leaves the sidecar out and agent-pre-populate the init \
                    container: there is no agent, and no secret is written; remove one of the two";
        return Some(subject.mistake(pods::NO_AGENT, &annotations::PRE_POPULATE_ONLY, text));
    }
    if !names_nobody(subject) || has_another_use(subject) {
        return None;
    }
    let text = "agent-inject-containers is empty, so no container gets the secrets: name one, or \
                remove the annotation";
    Some(subject.mistake(pods::NO_READER, &annotations::INJECT_CONTAINERS, text))
}

/// Whether the list of the regular containers that get the secrets is empty.
fn names_nobody(subject: Subject<'_, '_>) -> bool {
    let named = subject.asked.containers.as_ref();
    named.is_some_and(|named| named.iter().all(|name| name.trim().is_empty()))
}

/// Whether the agent is useful although no regular container is to get the secrets: init containers
/// get them, a container mounts the volume itself, or the agent listens or keeps a token.
fn has_another_use(subject: Subject<'_, '_>) -> bool {
    let (asked, additions) = (subject.asked, subject.additions);
    let serves = asked.cache.enable || asked.inject_token || !asked.configmap.is_empty();
    let reads_first = !additions.init.is_empty() && !subject.pod.init_containers.is_empty();
    serves || reads_first || {
        let ours: BTreeSet<&str> = additions.mounts.iter().map(|it| &*it.name).collect();
        let mut theirs = subject.pod.mounts();
        theirs.any(|mount| ours.contains(&*mount.name))
    }
}

/// That no regular container gets the secrets, which is meant most likely.
pub(super) fn no_regular_reader(subject: Subject<'_, '_>) -> Option<Warning> {
    if !subject.asked.has_agent() || !names_nobody(subject) || !has_another_use(subject) {
        return None;
    }
    let text = "agent-inject-containers is empty, so no regular container gets the secrets: name \
                one, if it is to read them";
    let key = subject.annotations.key(&annotations::INJECT_CONTAINERS);
    Some(Warning::hint(pods::NO_READER, text).at(key))
}

/// Volumes of the pod with the names of those that are added.
fn volumes(subject: Subject<'_, '_>) -> Vec<Warning> {
    let taken: BTreeSet<&str> = subject.pod.volumes.iter().map(|it| &*it.name).collect();
    let added = subject.additions.volumes.iter().flatten();
    let added = added.filter(|volume| taken.contains(&*volume.name));
    let faults = added.map(|volume| {
        let could_be_used = matches!(volume.source, VolumeSource::EmptyDir(_));
        let advice = match (subject.asked.flavor.keeps_mistakes(), could_be_used) {
            (false, true) => ", which is not an emptyDir: rename it, or make it one",
            (true, true) => ": rename it, or use our agent image, with which an emptyDir is used",
            (_, false) => ": rename it",
        };
        let text = format!("the pod has a volume named {} already{advice}", volume.name);
        Warning::sure(pods::NAME_TAKEN, text)
    });
    faults.collect()
}

/// Containers of the pod with the names of the agents.
fn containers(subject: Subject<'_, '_>) -> Vec<Warning> {
    let agents: BTreeSet<&str> = subject.additions.agents().map(Agent::name).collect();
    let containers = subject.pod.all_containers();
    let taken = containers.filter(|container| agents.contains(&*container.name));
    let faults = taken.map(|container| {
        let name = &container.name;
        let text = format!("the pod has a container named {name} already: rename it");
        Warning::sure(pods::NAME_TAKEN, text)
    });
    faults.collect()
}
