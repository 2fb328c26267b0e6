//! From a pod and the injector's settings to a decision. Pure: no input or output, no clock, and
//! the same pod gives the same operations, byte for byte.
//!
//! ```text
//! Request ─► asks? ─► namespace ─► InjectRequest ─► Validation ─► Additions ─► Plan
//!              │          │             │               │             │
//!            Skip        Deny          Deny            Deny          Deny
//! ```
//!
//! The order of the checks and the first words of each denial are those of the established
//! injector, because alerts and tests match on them.

mod flags;

use contract::annotations::{self, Annotations};
use serde_json::value::RawValue;

use crate::ask::{self, InjectRequest};
use crate::pod::{Glance, PodView};
use crate::settings::Settings;
use crate::shape::Additions;
use crate::vocabulary::schema;
use crate::warn;
use crate::write::{self, INJECTED, placement};

pub use crate::shape::environment::decoded as certificate_bytes;
pub use crate::vocabulary::denial::Denial;
pub use crate::vocabulary::flavor::Flavor;
pub use crate::vocabulary::origin::Origin;
pub use crate::vocabulary::warning::{Certainty, Warning};
pub use crate::write::patch::Operations;
pub use crate::write::{Injection, Plan};
pub use flags::flag_problems;

/// Namespaces whose pods are the cluster's own.
const SYSTEM_NAMESPACES: [&str; 2] = ["kube-system", "kube-public"];

/// One request, as far as the decision depends on it.
#[derive(Debug)]
pub struct Request<'a> {
    /// Namespace of the request.
    pub namespace: &'a str,
    /// The pod.
    pub object: Option<Object<'a>>,
    pub origin: Origin<'a>,
}

/// A pod.
#[derive(Debug)]
pub enum Object<'a> {
    /// As it came.
    Raw(&'a RawValue),
    /// Read together with what is around it.
    Read(Glance<'a>),
}

/// What is decided, and what the user should know about it.
#[derive(Debug)]
pub struct Outcome {
    pub decision: Decision,
    pub warnings: Vec<Warning>,
    /// Name of the pod, or the prefix from which it will get one.
    pub pod: String,
}

/// What happens to a pod.
#[derive(Debug)]
pub enum Decision {
    /// It is changed.
    Inject(Plan),
    /// It is let through as it is.
    Skip(Skip),
    /// It is refused.
    Deny(Denial),
}

/// Why a pod is let through as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// It has no `agent-inject` annotation.
    NotAsked,
    /// Its `agent-inject` annotation is false.
    TurnedOff,
    /// It runs already, or has ended.
    NotPending,
    /// Its status annotation says that it was injected, or it has an agent of ours.
    AlreadyInjected,
}

impl Skip {
    /// The word for logs and metrics.
    pub fn reason(self) -> &'static str {
        match self {
            Self::NotAsked => "not_asked",
            Self::TurnedOff => "turned_off",
            Self::NotPending => "not_pending",
            Self::AlreadyInjected => "already_injected",
        }
    }
}

/// Decides about one request.
pub fn decide(request: Request<'_>, settings: &Settings) -> Outcome {
    let mut outcome = Outcome {
        decision: Decision::Skip(Skip::NotAsked),
        warnings: Vec::new(),
        pod: String::new(),
    };
    outcome.decision = match evaluate(request, settings, &mut outcome) {
        Ok(decision) => decision,
        Err(denial) => Decision::Deny(denial),
    };
    outcome
}

fn evaluate(
    request: Request<'_>,
    settings: &Settings,
    outcome: &mut Outcome,
) -> Result<Decision, Denial> {
    let glance = match request.object {
        // The words are those of the established decoder, which meets an empty text here.
        None => return Err(Denial::Object("unexpected end of JSON input".to_owned())),
        Some(Object::Read(glance)) => glance,
        Some(Object::Raw(object)) => {
            Glance::read(object).map_err(|_| Denial::Object(schema::explain_pod(object.get())))?
        }
    };
    outcome.pod = [&glance.metadata.name, &glance.metadata.generate_name]
        .into_iter()
        .find(|name| !name.is_empty())
        .map_or_else(String::new, ToString::to_string);

    let annotations = Annotations::new(glance.metadata.annotations.iter());
    outcome.warnings = warn::about_keys(&glance.metadata.annotations);
    if let Some(decision) = left_alone(&glance, &annotations, settings, outcome)? {
        return Ok(decision);
    }
    if SYSTEM_NAMESPACES.contains(&request.namespace) {
        return Err(Denial::SystemNamespace(request.namespace.to_owned()));
    }
    ask::limits::check_annotations(&glance.metadata.annotations)?;
    let pod = glance
        .spec()
        .map_err(|_| Denial::Object(schema::explain_spec(glance.raw_spec())))?;
    if placement::has_agent(&pod) {
        return Ok(again(&annotations, &pod, settings));
    }
    let asked = InjectRequest::new(
        request.origin,
        request.namespace,
        &glance.metadata,
        &annotations,
        &pod,
        settings,
    )?;
    asked.validate()?;
    let written = &glance.metadata.annotations;
    let additions = Additions::new(&asked, &annotations, &pod, settings)?;
    let plan = write::plan(&asked, &additions, written, &pod, settings)?;
    let refused = warn::about_agent(&asked, &annotations, &pod, &additions);
    let denies = asked.flavor.is_our_agent() && refused.iter().any(Warning::is_sure);
    let more = warn::about_request(&asked, &annotations, &pod, &additions);
    let faults = warn::faults(&asked, &annotations, &pod, &additions);
    // The agent's own words are the better ones.
    let is_new = |warning: &Warning| {
        refused
            .iter()
            .all(|other| !other.is_about_the_same(warning))
    };
    outcome.warnings.extend(more.into_iter().filter(is_new));
    if denies {
        outcome.warnings.extend(faults);
        return Err(Denial::Agent(refused));
    }
    outcome.warnings.extend(refused);
    let mut faults = faults.into_iter();
    let first = faults.next();
    if let Some(fault) = first.clone()
        && !asked.flavor.keeps_mistakes()
    {
        outcome.warnings.extend(faults);
        return Err(Denial::Fault(Box::new(fault)));
    }
    outcome.warnings.extend(first.into_iter().chain(faults));
    refuse_mistakes(outcome, settings)?;
    Ok(Decision::Inject(plan))
}

/// The decision about a pod that is left as it is, by its annotations; none for one to go on with.
fn left_alone(
    glance: &Glance<'_>,
    annotations: &Annotations<'_>,
    settings: &Settings,
    outcome: &mut Outcome,
) -> Result<Option<Decision>, Denial> {
    match skip(annotations, &glance.status.phase)? {
        Some(Skip::AlreadyInjected) => {
            let Ok(pod) = glance.spec() else {
                return Ok(Some(ALREADY));
            };
            if placement::was_injected(&pod) {
                return Ok(Some(again(annotations, &pod, settings)));
            }
            let flavor = ask::flavor_and_image(annotations, settings);
            let keeps = flavor.is_ok_and(|(flavor, _)| flavor.keeps_mistakes());
            outcome
                .warnings
                .push(warn::about_status(annotations, keeps));
            if keeps {
                refuse_mistakes(outcome, settings)?;
                return Ok(Some(ALREADY));
            }
            Ok(None)
        }
        Some(skip) => {
            // Without the annotation that asks, a misspelt one is probably just that one.
            if skip == Skip::NotAsked {
                refuse_mistakes(outcome, settings)?;
            }
            if skip == Skip::TurnedOff {
                let warning = warn::about_empty_inject(annotations);
                outcome.warnings.extend(warning);
            }
            Ok(Some(Decision::Skip(skip)))
        }
        None => Ok(None),
    }
}

/// Refuses a pod with what is surely a mistake, where the injector is strict.
fn refuse_mistakes(outcome: &Outcome, settings: &Settings) -> Result<(), Denial> {
    let mut sure = outcome.warnings.iter().filter(|warning| warning.is_sure());
    match sure.next() {
        Some(mistake) if settings.strict => Err(Denial::Strict(Box::new(mistake.clone()))),
        _ => Ok(()),
    }
}

const ALREADY: Decision = Decision::Skip(Skip::AlreadyInjected);

/// A pod that was injected: only the place of the agent among the init containers is mended, which
/// another webhook may have taken meanwhile.
fn again(annotations: &Annotations<'_>, pod: &PodView<'_>, settings: &Settings) -> Decision {
    let operations = placement::corrections(annotations, pod);
    if operations.is_empty() {
        return ALREADY;
    }
    Decision::Inject(Plan {
        operations,
        injection: None,
        flavor: settings.flavor.resolve(&settings.image),
    })
}

fn skip(annotations: &Annotations<'_>, phase: &str) -> Result<Option<Skip>, Denial> {
    if annotations.get(&annotations::INJECT).is_none() {
        return Ok(Some(Skip::NotAsked));
    }
    let asks = annotations
        .bool(&annotations::INJECT, false)
        .map_err(Denial::ShouldInject)?;
    let status = annotations.get(&annotations::INJECT_STATUS);
    Ok(if !asks {
        Some(Skip::TurnedOff)
    } else if !phase.is_empty() && phase != "Pending" {
        Some(Skip::NotPending)
    } else if status == Some(INJECTED) {
        Some(Skip::AlreadyInjected)
    } else {
        None
    })
}

#[cfg(test)]
mod tests;
