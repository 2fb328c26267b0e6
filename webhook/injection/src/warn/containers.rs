//! Annotations that name containers of the pod.

use std::collections::BTreeSet;

use contract::annotations::{self, AnnotationSpec};
use contract::diagnostics::pods;

use super::faults;
use super::subject::Subject;
use crate::vocabulary::warning::Warning;

/// So many names are listed, or warned of.
const MOST: usize = 10;

/// The longest name of a container.
const LONGEST_NAME: usize = 63;

pub(super) fn warnings(subject: Subject<'_, '_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if let Some(named) = &subject.asked.containers {
        warnings.extend(readers(subject, named));
        warnings.extend(faults::no_regular_reader(subject));
    }
    let copied = subject.asked.copy_mounts_from;
    let all = || subject.pod.all_containers().map(|it| &*it.name);
    if !copied.is_empty() && !all().any(|name| name == copied) {
        let text = unknown(&annotations::COPY_VOLUME_MOUNTS, copied, all());
        let spec = &annotations::COPY_VOLUME_MOUNTS;
        warnings.push(subject.mistake(pods::UNKNOWN_CONTAINER, spec, &text));
    }
    warnings
}

fn readers(subject: Subject<'_, '_>, named: &BTreeSet<&str>) -> Vec<Warning> {
    let (pod, spec) = (subject.pod, &annotations::INJECT_CONTAINERS);
    let regular: BTreeSet<&str> = pod.containers.iter().map(|it| &*it.name).collect();
    let init = pod.init_containers.iter();
    let init: BTreeSet<&str> = init.map(|it| &*it.container.name).collect();
    let named = named.iter().map(|name| name.trim());
    let others = named.filter(|name| !name.is_empty() && !regular.contains(name));
    let warnings = others.take(MOST).map(|name| {
        if init.contains(name) {
            let text = format!(
                "{} names the init container {name:?}, which gets the secrets in any case: remove the \
                 name",
                spec.key
            );
            subject.about(pods::INIT_CONTAINER_NAMED, spec, &text)
        } else {
            let text = unknown(spec, name, regular.iter().copied());
            subject.mistake(pods::UNKNOWN_CONTAINER, spec, &text)
        }
    });
    warnings.collect()
}

/// That there is no such container, which there are, and which one is meant.
fn unknown<'a>(
    spec: &AnnotationSpec,
    name: &str,
    all: impl Iterator<Item = &'a str> + Clone,
) -> String {
    let meant = annotations::nearest_of(name, all.clone().take(100));
    let listed: Vec<&str> = all.clone().take(MOST).collect();
    let more = if all.count() > MOST { ", …" } else { "" };
    let name: String = name.chars().take(LONGEST_NAME).collect();
    let meant = meant.map(|meant| format!("; did you mean {meant}?"));
    format!(
        "{} names a container that the pod does not have, {name:?}: it has {}{more}{}",
        spec.key,
        listed.join(", "),
        meant.unwrap_or_default()
    )
}
