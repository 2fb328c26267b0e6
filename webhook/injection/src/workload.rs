//! Workloads: objects that hold the template of a pod, as people write them.
//!
//! Whoever applies a Deployment never sees what the API server says about its pods, because a
//! controller makes those. So the template is checked where it is written, by the very function that
//! decides about the pods. Annotations that stand where no pod gets them are found, too.
//!
//! ```text
//! object ─► search ─┬► templates ──────────────► decide          ─┐
//!                   └► maps with our keys ─┬──► decide (fragment) ├► findings
//!                                          └──► placement         ─┘
//! ```

mod fragment;
mod path;
mod placement;
mod prefix;
mod search;

use contract::annotations::{self, Classification};
use contract::diagnostics::manifests;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::inject::{self, Decision, Outcome, Skip};
use crate::pod::Text;
use crate::settings::Settings;
use crate::vocabulary::denial::Denial;
use crate::vocabulary::origin::Origin;
use crate::vocabulary::warning::Warning;

pub use path::{Path, Step};
pub use search::TRACES;

use placement::{Kind, Place};
use search::{Carrier, Found, Template};

/// What is found in one place of an object.
#[derive(Debug)]
pub struct Finding {
    /// Of the template, or of the map of annotations.
    pub path: Path,
    pub extent: Extent,
    pub outcome: Outcome,
}

/// How much of a pod there was to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// The whole template.
    Template,
    /// All annotations of a pod, but not the pod.
    Annotations,
    /// Some annotations: a patch, or values of a chart.
    Fragment,
    /// Nothing: the annotations stand where no pod gets them.
    Misplaced,
}

/// Which object it is, as far as that decides what its annotations mean.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity<'a> {
    #[serde(borrow, default)]
    api_version: Text<'a>,
    #[serde(borrow, default)]
    kind: Text<'a>,
}

/// Checks all places of an object from a file that concern the injector. A finding without warnings
/// tells that a place was checked. A template without an image is taken for a patch.
pub fn review(object: &RawValue, namespace: &str, settings: &Settings) -> Vec<Finding> {
    find(object, namespace, settings, |template| template.has_image)
}

fn find(
    object: &RawValue,
    namespace: &str,
    settings: &Settings,
    is_whole: impl Fn(&Template<'_>) -> bool,
) -> Vec<Finding> {
    let Found {
        templates,
        carriers,
    } = search::search(object);
    if templates.is_empty() && carriers.is_empty() {
        return Vec::new();
    }
    // A list, such as a JSON patch, has no kind.
    let identity: Option<Identity<'_>> = serde_json::from_str(object.get()).ok();
    let (api_version, name) =
        identity.map_or_else(Default::default, |it| (it.api_version, it.kind));
    let kind = Kind::new(&api_version, &name, &templates, &carriers);
    let templates: Vec<_> = templates
        .into_iter()
        .filter(|template| kind.makes_pods_at(&template.path))
        .collect();

    let mut findings = Vec::new();
    for template in &templates {
        let job = template.path.is_of_job();
        let kind_of_pods = if job { "Job" } else { &*name };
        let own = template.path.join(&["metadata", "annotations"]);
        let carrier = carriers.iter().find(|carrier| carrier.path == own);
        if is_whole(template) && !kind.leaves_out_at(&template.path) {
            findings.push(of_template(
                template,
                carrier,
                kind_of_pods,
                namespace,
                settings,
            ));
        } else if let Some(carrier) = carrier {
            let extent = kind.extent_of_fragment(&template.path);
            findings.push(fragment::check(carrier, extent, namespace, settings));
        }
    }
    for carrier in &carriers {
        let of = |template: &Template<'_>| {
            carrier.path == template.path.join(&["metadata", "annotations"])
        };
        if templates.iter().any(of) {
            continue;
        }
        match kind.place(carrier, &templates) {
            Place::Pod(extent) => {
                findings.push(fragment::check(carrier, extent, namespace, settings));
            }
            Place::Wrong(warning) => {
                let warning = match warning {
                    Some(it) if is_copied(carrier, &templates, &carriers) => {
                        // Such as the anchor of what a template merges.
                        let is_spare = carrier.path.0.len() == 1;
                        (!is_spare).then(|| it.into_hint())
                    }
                    warning => warning,
                };
                findings.push(Finding {
                    path: carrier.path.clone(),
                    extent: Extent::Misplaced,
                    outcome: told(warning.into_iter().chain(wrong_prefixes(carrier)).collect()),
                });
            }
        }
    }
    findings
}

fn of_template(
    template: &Template<'_>,
    carrier: Option<&Carrier<'_>>,
    kind: &str,
    namespace: &str,
    settings: &Settings,
) -> Finding {
    let request = inject::Request {
        namespace,
        object: Some(inject::Object::Raw(template.raw)),
        origin: Origin::Template { kind },
    };
    let mut outcome = inject::decide(request, settings);
    let prefixes: Vec<_> = carrier.into_iter().flat_map(wrong_prefixes).collect();
    // A misspelt one is probably the one that asks.
    if prefixes.is_empty() && matches!(outcome.decision, Decision::Skip(Skip::NotAsked)) {
        outcome.warnings.extend(carrier.and_then(asks_for_nothing));
    }
    outcome.warnings.extend(prefixes);
    Finding {
        path: template.path.clone(),
        extent: Extent::Template,
        outcome,
    }
}

/// Whether a template has the same annotations in the right place, as `commonAnnotations` of Kustomize
/// make it.
fn is_copied(carrier: &Carrier<'_>, templates: &[Template<'_>], all: &[Carrier<'_>]) -> bool {
    templates.iter().any(|template| {
        let own = template.path.join(&["metadata", "annotations"]);
        let right = all.iter().find(|it| it.path == own);
        right.is_some_and(|right| {
            let has = |key: &str| right.entries.iter().any(|(it, _)| **it == *key);
            carrier.entries.iter().all(|(key, _)| has(key))
        })
    })
}

/// Annotations of ours without the one that asks for an agent.
fn asks_for_nothing(carrier: &Carrier<'_>) -> Option<Warning> {
    let (key, prefix, short) = carrier.entries.iter().find_map(|(key, _)| {
        let (prefix, short) = annotations::split_prefix(key)?;
        let is_known = matches!(
            annotations::classify_short(short),
            Classification::Known { .. }
        );
        (is_known && short != annotations::INJECT_STATUS.key).then_some((key, prefix, short))
    })?;
    let text = format!(
        "{short} does nothing, because agent-inject is missing: write {prefix}agent-inject: \"true\""
    );
    Some(Warning::new(manifests::NOT_ASKED, text).at(key.to_string()))
}

fn wrong_prefixes(carrier: &Carrier<'_>) -> Vec<Warning> {
    let keys = carrier.entries.iter().map(|(key, _)| key);
    keys.filter_map(|key| {
        let right = prefix::corrected(key)?;
        let text = format!("{key} is not read, because its prefix is wrong: write {right}");
        Some(Warning::new(manifests::WRONG_PREFIX, text).at(key.to_string()))
    })
    .collect()
}

/// An outcome that is nothing but warnings.
fn told(warnings: Vec<Warning>) -> Outcome {
    Outcome {
        decision: Decision::Skip(Skip::NotAsked),
        warnings,
        pod: String::new(),
    }
}

/// Decides about the pods of a workload that the API server has read, and gathers what there is to
/// say about its annotations. The decision is that about the first template that is not let through as
/// it is; refusals of others are warnings.
pub fn decide(object: &RawValue, namespace: &str, settings: &Settings) -> Outcome {
    let mut outcome = told(Vec::new());
    for finding in find(object, namespace, settings, |_| true) {
        let found = finding.outcome;
        let is_open = matches!(outcome.decision, Decision::Skip(_));
        match found.decision {
            decision if is_open && finding.extent == Extent::Template => {
                outcome.decision = decision;
                outcome.pod = found.pod;
            }
            // It is one of the warnings.
            Decision::Deny(Denial::Strict(_)) | Decision::Inject(_) | Decision::Skip(_) => {}
            Decision::Deny(denial) => outcome.warnings.push(denial.to_warning()),
        }
        outcome.warnings.extend(found.warnings);
    }
    outcome
}

/// All that there is to say to whoever applies a workload: why its pods would be refused, then the
/// warnings.
pub fn warnings(outcome: &Outcome) -> Vec<Warning> {
    let refusal = match &outcome.decision {
        // It is one of the warnings.
        Decision::Deny(Denial::Strict(_)) | Decision::Inject(_) | Decision::Skip(_) => None,
        Decision::Deny(denial) => Some(denial.to_warning()),
    };
    refusal
        .into_iter()
        .chain(outcome.warnings.iter().cloned())
        .collect()
}

#[cfg(test)]
mod tests;
