//! Where volumes are mounted: two at one place, or at a place where none can be.

use std::borrow::Cow;
use std::cell::{LazyCell, OnceCell};
use std::collections::{BTreeMap, BTreeSet};

use contract::annotations;
use contract::diagnostics::pods;
use contract::names::{AGENT_BINARY, SECRETS_PATH, STATE_VOLUME};

use super::subject::Subject;
use crate::ask::cloud;
use crate::shape::container::Agent;
use crate::shape::volumes::HOMES;
use crate::vocabulary::paths::{self, normal};
use crate::vocabulary::warning::{Certainty, Warning};

/// So many collisions are told.
const MOST: usize = 10;

pub(super) fn faults(subject: Subject<'_, '_>) -> Vec<Warning> {
    let mut faults = impossible(subject);
    faults.extend(in_readers(subject));
    faults.extend(in_agents(subject));
    faults
}

/// Paths of the secrets' volumes at which nothing can be mounted.
fn impossible(subject: Subject<'_, '_>) -> Vec<Warning> {
    let mounts = subject.additions.mounts.iter();
    let faults = mounts.filter_map(|mount| {
        let path = normal(mount.path);
        let problem = if path.is_empty() {
            "is empty: write an absolute path, or remove it"
        } else if path == "/" {
            "is the root of the file system: write a directory of its own"
        } else if path == AGENT_BINARY && !subject.asked.flavor.keeps_mistakes() {
            "hides the agent's own program: write another path"
        } else {
            return None;
        };
        let warning = about_path(subject, mount.path, problem);
        Some(warning.with_certainty(Certainty::Sure))
    });
    faults.take(MOST).collect()
}

/// Paths of the secrets' volumes that Kubernetes takes, and few container runtimes do.
fn doubtful(subject: Subject<'_, '_>) -> Vec<Warning> {
    let mounts = subject.additions.mounts.iter();
    let doubtful = mounts.filter_map(|mount| {
        let path = mount.path;
        let problem = if path.contains(':') {
            "has a colon, which a mount's path must not contain: write a path without"
        } else if path.starts_with('/') || path.is_empty() {
            return None;
        } else {
            "does not begin with a slash, and a container mounts nothing at a relative path: write \
             an absolute path"
        };
        Some(about_path(subject, path, problem))
    });
    doubtful.take(MOST).collect()
}

fn about_path(subject: Subject<'_, '_>, path: &str, problem: &str) -> Warning {
    let key = key_of(subject, path);
    let short = annotations::split_prefix(&key).map_or(&*key, |(_, short)| short);
    Warning::new(pods::MOUNT_PATH, format!("{short} {problem}")).at(key)
}

/// The annotation that asks for a volume of secrets at this path.
fn key_of(subject: Subject<'_, '_>, path: &str) -> String {
    let spec = &annotations::SECRET_VOLUME_PATH;
    let secrets = subject.asked.secrets.iter();
    let mut of_one = secrets.filter(|it| it.volume_path == path);
    match of_one.next() {
        Some(secret) if path != subject.asked.volume_path => {
            subject.annotations.key_for(spec, secret.raw_name)
        }
        _ => subject.annotations.key(spec),
    }
}

/// Containers that have something where their secrets go.
fn in_readers(subject: Subject<'_, '_>) -> Vec<Warning> {
    let (asked, pod) = (subject.asked, subject.pod);
    let mounts = subject.additions.mounts.iter();
    let ours: BTreeMap<Cow<'_, str>, _> = mounts.map(|it| (normal(it.path), it)).collect();
    let readers = pod.containers.iter();
    let readers = readers.filter(|container| asked.reads_secrets(&container.name));
    let init = pod.init_containers.iter().map(|it| &it.container);
    let init = init.filter(|container| {
        !subject.additions.init.is_empty() && *container.name != *asked.profile.names().init
    });
    let mut faults = Vec::new();
    for container in readers.chain(init) {
        let has = LazyCell::new(|| subject.additions.own_mounts(container));
        for own in &container.volume_mounts.list {
            if faults.len() == MOST {
                return faults;
            }
            let Some(ours) = ours.get(&normal(&own.mount_path)) else {
                continue;
            };
            if asked.flavor.keeps_mistakes() || !has.has(ours) {
                let text = format!(
                    "container {} mounts {} at {}, where {} has to be: mount it elsewhere, or write \
                     another secret-volume-path",
                    container.name, own.name, ours.path, ours.name
                );
                let key = key_of(subject, ours.path);
                faults.push(Warning::sure(pods::MOUNT_TAKEN, text).at(key));
            }
        }
    }
    faults
}

/// Two mounts of an agent at one place.
fn in_agents(subject: Subject<'_, '_>) -> Vec<Warning> {
    if has_only_its_own(subject) {
        return Vec::new();
    }
    let mut told = BTreeSet::new();
    let mut faults = Vec::new();
    for agent in subject.additions.agents() {
        let mut mounts = Vec::new();
        agent.each_mount(|volume, path, _| mounts.push((normal(path), volume)));
        mounts.sort();
        for pair in mounts.windows(2) {
            let [(path, one), (other_path, other)] = pair else {
                continue;
            };
            if path == other_path && told.len() < MOST && told.insert(path.clone()) {
                let text = if one == other {
                    format!("the agent would mount {one} twice at {path}")
                } else {
                    format!("the agent would mount {one} and {other} at {path}")
                };
                faults.push(collision(subject, &text, path, one, other));
            }
        }
    }
    faults
}

/// Whether the agents' mounts are at their usual places, which differ.
fn has_only_its_own(subject: Subject<'_, '_>) -> bool {
    let asked = subject.asked;
    asked.volume_path == SECRETS_PATH
        && subject.additions.mounts.len() == 1
        && asked.copy_mounts_from.is_empty()
        && !cloud::has_mounts(asked.login.kind)
        && !asked.token.mount_path.starts_with("/vault/")
        && !asked.token.mount_path.starts_with(asked.inside().home)
        && !subject.additions.agents().any(Agent::is_patched)
}

fn collision(subject: Subject<'_, '_>, text: &str, path: &str, one: &str, other: &str) -> Warning {
    let mut ours = subject.additions.mounts.iter();
    let ours = ours.find(|it| normal(it.path) == path && (it.name == one || it.name == other));
    if let Some(ours) = ours {
        let text = format!("{text}: write another secret-volume-path");
        return Warning::sure(pods::MOUNT_TAKEN, text).at(key_of(subject, ours.path));
    }
    let spec = &annotations::COPY_VOLUME_MOUNTS;
    if subject.has(spec) {
        let text = format!("{text}, one of them by agent-copy-volume-mounts: mount it elsewhere");
        return subject.mistake(pods::MOUNT_TAKEN, spec, &text);
    }
    let text = format!("{text}: mount one of them elsewhere, or use our agent image");
    Warning::sure(pods::MOUNT_TAKEN, text)
}

pub(super) fn warnings(subject: Subject<'_, '_>) -> Vec<Warning> {
    let mut warnings = doubtful(subject);
    if subject.asked.flavor.keeps_mistakes() {
        return warnings;
    }
    warnings.extend(left_out(subject));
    warnings.extend(on_disk(subject));
    warnings
}

/// Mounts that are not copied, because the agent has something of its own there.
fn left_out(subject: Subject<'_, '_>) -> Vec<Warning> {
    let (asked, spec) = (subject.asked, &annotations::COPY_VOLUME_MOUNTS);
    if asked.copy_mounts_from.is_empty() {
        return Vec::new();
    }
    let mut own = BTreeMap::from([(Cow::from(AGENT_BINARY), "its program")]);
    for agent in subject.additions.agents() {
        agent.each_mount(|volume, path, _| {
            own.insert(normal(path), volume);
        });
    }
    let mut containers = subject.pod.all_containers();
    let container = containers.find(|it| *it.name == *asked.copy_mounts_from);
    let mounts = container.into_iter().flat_map(|it| &it.volume_mounts.list);
    let left_out = mounts.filter_map(|mount| {
        let ours = own.get(&normal(&mount.mount_path))?;
        (*ours != &*mount.name).then_some((mount, ours))
    });
    let warnings = left_out.map(|(mount, ours)| {
        let text = format!(
            "agent-copy-volume-mounts leaves out {} at {}, where the agent has {ours}",
            mount.name, mount.mount_path
        );
        subject.about(pods::MOUNT_LEFT_OUT, spec, &text)
    });
    warnings.take(MOST).collect()
}

/// Volumes of the pod that are used for secrets and tokens, and are not in memory.
fn on_disk(subject: Subject<'_, '_>) -> Vec<Warning> {
    let names = subject.asked.profile.names();
    let is_ours = |name: &str| {
        let rest = name.strip_prefix(names.secrets_volume);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("-custom-"))
            || HOMES.contains(&name)
            || [STATE_VOLUME, names.cache_volume].contains(&name)
    };
    let volumes = subject.pod.volumes.iter();
    let on_disk = volumes.filter(|it| is_ours(&it.name) && it.is_empty_dir() && !it.is_in_memory());
    let warnings = on_disk.map(|volume| {
        let text = format!(
            "the pod's volume {} is used as declared, so secrets are stored on the node's disk: \
             write emptyDir: {{medium: Memory}}",
            volume.name
        );
        Warning::new(pods::NOT_IN_MEMORY, text)
    });
    warnings.take(MOST).collect()
}

/// Nothing is at a longer path.
const LONGEST_PATH: usize = 4096;

/// Where an agent has its volumes, put in order for the first question.
pub(super) struct Places<'a, 'p> {
    subject: Subject<'a, 'p>,
    mounts: OnceCell<BTreeMap<Cow<'a, str>, Place<'a>>>,
}

/// A mount of an agent.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) volume: &'a str,
    pub(super) is_writable: bool,
}

impl<'a, 'p> Places<'a, 'p> {
    pub(super) fn new(subject: Subject<'a, 'p>) -> Self {
        Self {
            subject,
            mounts: OnceCell::new(),
        }
    }

    /// What is mounted at a path or nearest above it.
    pub(super) fn nearest(&self, path: &str) -> Option<Place<'a>> {
        if path.len() > LONGEST_PATH {
            return None;
        }
        let mounts = self.mounts.get_or_init(|| {
            let mut mounts = BTreeMap::new();
            if let Some(agent) = self.subject.additions.agents().last() {
                agent.each_mount(|volume, path, is_writable| {
                    let place = Place {
                        volume,
                        is_writable,
                    };
                    mounts.insert(normal(path), place);
                });
            }
            mounts
        });
        let path = paths::normal(path);
        let mut path: &str = &path;
        loop {
            if let Some(found) = mounts.get(path) {
                return Some(*found);
            }
            path = &path[..path.rfind('/')?];
        }
    }
}
