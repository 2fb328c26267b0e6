//! Resources of the agent's containers that Kubernetes refuses, or that no agent can live on.

use std::collections::BTreeMap;

use contract::annotations::{self, AnnotationSpec};
use contract::diagnostics::pods;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::subject::Subject;
use crate::ask::resources::exceeds;
use crate::pod::Container;
use crate::shape::container::Agent;
use crate::vocabulary::quantity;
use crate::vocabulary::warning::Warning;

const LIMITS: &str = "limits";
const REQUESTS: &str = "requests";

/// Less memory than any agent can start with.
const SMALLEST_MEMORY: &str = "1Mi";

/// A resource with the annotations of its limit and its request.
struct Kind {
    name: &'static str,
    limit: &'static AnnotationSpec,
    request: &'static AnnotationSpec,
}

static KINDS: [Kind; 3] = [
    Kind {
        name: "cpu",
        limit: &annotations::LIMITS_CPU,
        request: &annotations::REQUESTS_CPU,
    },
    Kind {
        name: "memory",
        limit: &annotations::LIMITS_MEM,
        request: &annotations::REQUESTS_MEM,
    },
    Kind {
        name: "ephemeral-storage",
        limit: &annotations::LIMITS_EPHEMERAL,
        request: &annotations::REQUESTS_EPHEMERAL,
    },
];

/// What the API server refuses of a container by itself.
pub(super) fn faults(subject: Subject<'_, '_>) -> Vec<Warning> {
    let annotated = |kind: &Kind| subject.has(kind.limit) || subject.has(kind.request);
    let mut faults = Vec::new();
    for kind in &KINDS {
        for agent in subject.additions.agents() {
            // What is built in fits together in the native flavor, and what a flag says gives way.
            let may_not_fit = subject.asked.flavor.keeps_mistakes() || agent.is_patched();
            if (may_not_fit || annotated(kind))
                && let Some(fault) = fault(subject, kind, agent)
            {
                faults.push(fault);
                // The other agent mostly has the same.
                break;
            }
        }
    }
    faults
}

fn fault(subject: Subject<'_, '_>, kind: &Kind, agent: &Agent<'_>) -> Option<Warning> {
    let (limit, request) = (kind.limit.key, kind.request.key);
    for (spec, list) in [(kind.limit, LIMITS), (kind.request, REQUESTS)] {
        let quantity = agent.quantity(list, kind.name);
        if subject.has(spec) && quantity.is_some_and(|it| it.starts_with('-')) {
            let text = format!("{} is negative, and Kubernetes refuses that", spec.key);
            return Some(subject.mistake(pods::NEGATIVE_QUANTITY, spec, &text));
        }
    }
    let most = agent.quantity(LIMITS, kind.name)?;
    let wanted = agent.quantity(REQUESTS, kind.name)?;
    if !exceeds(wanted, most) {
        return None;
    }
    let (spec, text) = match (subject.has(kind.limit), subject.has(kind.request)) {
        (true, true) => (
            kind.request,
            format!("{request} is more than {limit}, and Kubernetes refuses that: raise the limit"),
        ),
        (false, true) => (
            kind.request,
            format!(
                "{request} is more than the injector's limit of {most}, and Kubernetes refuses that: \
                 write {limit}, too"
            ),
        ),
        (true, false) => (
            kind.limit,
            format!(
                "{limit} is less than the injector's request of {wanted}, and Kubernetes refuses that: \
                 write {request}, too"
            ),
        ),
        (false, false) => {
            let text = format!(
                "the agent's {} request of {wanted} is more than its limit of {most}, and Kubernetes \
                 refuses that: write {request} or {limit}",
                kind.name
            );
            return Some(Warning::sure(pods::REQUEST_ABOVE_LIMIT, text));
        }
    };
    Some(subject.mistake(pods::REQUEST_ABOVE_LIMIT, spec, &text))
}

pub(super) fn warnings(subject: Subject<'_, '_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let spec = &annotations::LIMITS_MEM;
    if subject.has(spec) {
        let mut agents = subject.additions.agents();
        let limit = agents.find_map(|agent| agent.quantity(LIMITS, "memory"));
        if limit.is_some_and(|it| exceeds(it, "0") && exceeds(SMALLEST_MEMORY, it)) {
            let text = "agent-limits-mem is too small for the agent to start (the suffix m means \
                        thousandths of a byte): write Mi or M for megabytes, as in 64Mi";
            warnings.push(subject.mistake(pods::LITTLE_MEMORY, spec, text));
        }
    }
    if let Some(of_pod) = subject.pod.resources {
        warnings.extend(in_pod(subject, of_pod));
    }
    warnings
}

/// Quantities as a pod or a container has them, texts or numbers.
#[derive(Default, Deserialize)]
struct Written {
    #[serde(default)]
    limits: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    requests: Option<BTreeMap<String, Value>>,
}

impl Written {
    fn read(raw: Option<&RawValue>) -> Self {
        let read = raw.and_then(|raw| serde_json::from_str(raw.get()).ok());
        read.unwrap_or_default()
    }

    /// In billionths.
    fn limit(&self, resource: &str) -> Option<i128> {
        value(self.limits.as_ref()?.get(resource)?)
    }

    /// In billionths; Kubernetes takes the limit for it where it is not written.
    fn request(&self, resource: &str) -> Option<i128> {
        let request = self.requests.as_ref().and_then(|all| all.get(resource));
        request.map_or_else(|| self.limit(resource), value)
    }
}

fn value(written: &Value) -> Option<i128> {
    match written {
        Value::String(text) => quantity::nanos(text).ok(),
        other => quantity::nanos(&other.to_string()).ok(),
    }
}

/// Where the agent does not fit into what the pod as a whole may take (Kubernetes 1.34). Older API
/// servers drop those fields, so this is no reason for a denial.
fn in_pod(subject: Subject<'_, '_>, of_pod: &RawValue) -> Vec<Warning> {
    let of_pod = Written::read(Some(of_pod));
    let mut warnings = Vec::new();
    for kind in &KINDS[..2] {
        let (name, limit, request) = (kind.name, kind.limit.key, kind.request.key);
        let own = |agent: &Agent<'_>, list| quantity::nanos(agent.quantity(list, name)?).ok();
        let most = of_pod.limit(name);
        let mut agents = subject.additions.agents();
        if agents.any(|agent| most.is_some() && own(agent, LIMITS) > most) {
            let text = format!(
                "the agent's {name} limit is more than the pod's resources.limits.{name}, and \
                 Kubernetes refuses that: write {limit}"
            );
            let key = subject.annotations.key(kind.limit);
            warnings.push(Warning::sure(pods::POD_RESOURCES, text).at(key));
        }
        let app = |container: &Container<'_>| Written::read(container.resources).request(name);
        let without = total(subject, app, |_| None);
        // Where the pod does not say, Kubernetes sums up the containers' requests, before ours are there.
        let written = of_pod.requests.as_ref().and_then(|all| all.get(name));
        let room = match written {
            Some(written) => value(written),
            None => most.map(|most| if without > 0 { without } else { most }),
        };
        let with = total(subject, app, |agent| {
            own(agent, REQUESTS).or_else(|| own(agent, LIMITS))
        });
        if room.is_some_and(|room| with > room) {
            let text = format!(
                "the requests of the pod's containers and the agent's are more than the pod's \
                 resources.requests.{name}, and Kubernetes refuses that: raise it, or lower {request}"
            );
            let key = subject.annotations.key(kind.request);
            warnings.push(Warning::sure(pods::POD_RESOURCES, text).at(key));
        }
    }
    warnings
}

/// The requests of a pod as Kubernetes sums them up: containers and native sidecars run together, an
/// init container only with the native sidecars in front of it.
fn total(
    subject: Subject<'_, '_>,
    app: impl Fn(&Container<'_>) -> Option<i128>,
    of_agent: impl Fn(&Agent<'_>) -> Option<i128>,
) -> i128 {
    let additions = subject.additions;
    let (mut sidecars, mut largest_init) = (0_i128, 0_i128);
    let mut add = |request: Option<i128>, stays: bool| {
        let together = sidecars.saturating_add(request.unwrap_or(0));
        if stays {
            sidecars = together;
        }
        largest_init = largest_init.max(together);
    };
    for init in &subject.pod.init_containers {
        add(app(&init.container), init.container.is_native_sidecar());
    }
    let native = subject.asked.agents.is_native();
    let last = additions.init.len().checked_sub(1);
    for (at, agent) in additions.init.iter().enumerate() {
        add(of_agent(agent), native && Some(at) == last);
    }
    let regular = subject.pod.containers.iter().filter_map(app);
    let regular = regular.chain(additions.sidecar.iter().filter_map(of_agent));
    let regular = regular.fold(sidecars, i128::saturating_add);
    regular.max(largest_init)
}
