//! Where the files of secrets land.

use std::cell::LazyCell;
use std::collections::BTreeSet;

use contract::annotations::{self, Classification, Meant};
use contract::diagnostics::secrets as codes;

use super::keys::LOOKED_UP;
use super::mounts::Places;
use super::subject::Subject;
use crate::ask::secrets::Secret;
use crate::vocabulary::paths;
use crate::vocabulary::warning::Warning;

/// Files that the agent cannot write, or that nobody would find.
pub(super) fn faults(subject: Subject<'_, '_>) -> Vec<Warning> {
    let mut faults = Vec::new();
    let places = Places::new(subject);
    // A path that goes nowhere up stays in its volume, which the agent can write to.
    for (secret, file) in files(subject).filter(|(_, file)| file.contains('.')) {
        let directory = paths::normal(secret.volume_path);
        if *secret.destination == *directory {
            let what = "names the directory of the secrets: write a file's name";
            faults.push(fault(subject, secret, what));
        } else if file.contains("..") && !paths::covers(&directory, &secret.destination) {
            let nearest = places.nearest(&secret.destination);
            if subject.asked.has_agent() && !nearest.is_some_and(|place| place.is_writable) {
                let what = "leads out of the volumes that the agent can write to: write a path without \
                            .., and the directory in secret-volume-path-NAME";
                faults.push(fault(subject, secret, what));
            }
        }
    }
    faults
}

fn fault(subject: Subject<'_, '_>, secret: &Secret<'_>, what: &str) -> Warning {
    let name = secret.raw_name;
    let text = format!("agent-inject-file-{name} {what}");
    let key = subject.annotations.key_for(&annotations::FILE, name);
    Warning::sure(codes::FILE_OUTSIDE, text).at(key)
}

/// The secrets whose file is named, with that text.
fn files<'a, 'p>(
    subject: Subject<'a, 'p>,
) -> impl Iterator<Item = (&'a Secret<'p>, &'p str)> + use<'a, 'p> {
    let mut named = subject.annotations.with_suffix(&annotations::FILE);
    let any = subject.asked.configmap.is_empty() && named.next().is_some();
    let secrets = subject.asked.secrets.iter().filter(move |_| any);
    secrets.filter_map(move |secret| {
        let file = subject
            .annotations
            .get_for(&annotations::FILE, secret.raw_name)?;
        (!file.is_empty()).then_some((secret, file))
    })
}

pub(super) fn warnings(subject: Subject<'_, '_>, places: &Places<'_, '_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mounted = LazyCell::new(|| mounted(subject));
    // Whether a file is in a volume that no container of the pod mounts.
    let is_agents_alone = |secret: &Secret<'_>| {
        let place = places.nearest(&secret.destination);
        place.is_some_and(|place| place.is_writable && !mounted.contains(place.volume))
    };
    for (secret, file) in files(subject) {
        let name = secret.raw_name;
        let key = || subject.annotations.key_for(&annotations::FILE, name);
        if let Some(rest) = file.strip_prefix('/') {
            let text = format!(
                "agent-inject-file-{name} begins with a slash and is still a path under {}: write the \
                 directory in secret-volume-path-{name}, and the file's name here",
                secret.volume_path
            );
            // One without directories is most likely meant to be there.
            let warning = if rest.contains('/') {
                Warning::new(codes::FILE_ABSOLUTE, text)
            } else {
                Warning::hint(codes::FILE_ABSOLUTE, text)
            };
            warnings.push(warning.at(key()));
        }
        if file.contains("..") && is_agents_alone(secret) {
            let text = format!(
                "agent-inject-file-{name} leads into a volume that only the agent has: write a path \
                 without .."
            );
            warnings.push(Warning::new(codes::FILE_UNSEEN, text).at(key()));
        }
    }
    warnings.extend(nothing(subject));
    warnings
}

/// The volumes that containers of the pod mount, or will.
fn mounted<'a>(subject: Subject<'a, '_>) -> BTreeSet<&'a str> {
    let ours = subject.additions.mounts.iter().map(|mount| &*mount.name);
    let all = subject.pod.all_containers();
    let theirs = all.flat_map(|container| &container.volume_mounts.list);
    ours.chain(theirs.map(|mount| &*mount.name)).collect()
}

/// An agent that has nothing to do.
fn nothing(subject: Subject<'_, '_>) -> Option<Warning> {
    let asked = subject.asked;
    let has_work = !asked.secrets.is_empty()
        || asked.inject_token
        || !asked.configmap.is_empty()
        || asked.cache.enable;
    if has_work || !asked.has_agent() {
        return None;
    }
    let mut unknown = subject
        .annotations
        .iter()
        .filter(|(key, _)| annotations::classify_short(key) == Classification::Unknown)
        .take(LOOKED_UP);
    if unknown.any(|(key, _)| is_meant_to_write(key)) {
        return None;
    }
    let text = "the agent writes nothing: add agent-inject-secret-NAME with the path of a secret, or \
                remove agent-inject";
    Some(subject.about(codes::NOTHING_WRITTEN, &annotations::INJECT, text))
}

/// Whether an unknown key is probably a secret's: what is said of the key is enough.
fn is_meant_to_write(key: &str) -> bool {
    match annotations::meant(key) {
        Some(Meant::WithName(spec)) => {
            *spec == annotations::SECRET || *spec == annotations::TEMPLATE
        }
        Some(Meant::Key(key)) => [annotations::SECRET, annotations::TEMPLATE]
            .iter()
            .any(|spec| key.starts_with(spec.key)),
        Some(Meant::Instead(_)) | None => false,
    }
}
