//! What the user should know although the pod is let through: admission warnings.
//!
//! A warning repeats no value but parts of a template, and ends with its code. Admission shows its
//! first 256 characters, the length up to which an API server passes one on whole, and leaves out hints;
//! `lint` shows everything. Warnings of what is surely a mistake refuse the pod if the injector is
//! strict.

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

use std::fmt;

use contract::annotations::{self, AnnotationSpec, Annotations, Classification, Meant};
use contract::diagnostics::{Code, keys, pods};

pub(super) use agent::OF_A_FLAG;

use super::additions::Additions;
use super::request::InjectRequest;
use crate::pod::{AnnotationList, PodView};

/// The longest warning that is passed on whole.
const MAX_CHARS: usize = 256;

/// For so many unknown keys the nearest known one is looked up. API servers pass on no more than
/// 4096 characters of warnings.
pub(super) const LOOKED_UP: usize = 40;

/// How sure it is that a warning is about a mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Worth a look at the keyboard: no problem, and nothing for admission.
    Hint,
    /// Most likely not what the author wants.
    Likely,
    /// Nobody can mean it. A strict injector refuses the pod.
    Sure,
}

/// One warning about a pod that is let through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    code: Code,
    certainty: Certainty,
    text: String,
    key: Option<String>,
    excerpt: Option<String>,
}

impl Warning {
    pub(crate) fn new(code: Code, text: impl Into<String>) -> Self {
        Self {
            code,
            certainty: Certainty::Likely,
            text: text.into(),
            key: None,
            excerpt: None,
        }
    }

    fn sure(code: Code, text: impl Into<String>) -> Self {
        Self {
            certainty: Certainty::Sure,
            ..Self::new(code, text)
        }
    }

    fn hint(code: Code, text: impl Into<String>) -> Self {
        Self {
            certainty: Certainty::Hint,
            ..Self::new(code, text)
        }
    }

    pub(crate) fn at(self, key: String) -> Self {
        Self {
            key: Some(key),
            ..self
        }
    }

    pub(crate) fn into_hint(self) -> Self {
        Self {
            certainty: Certainty::Hint,
            ..self
        }
    }

    fn showing(self, excerpt: Option<String>) -> Self {
        Self { excerpt, ..self }
    }

    /// What the author of a workload is told if its pods would be refused.
    pub(crate) fn of_refusal(denial: &super::Denial) -> Self {
        let text = format!("pods will be refused: {}", denial.text());
        Self {
            key: denial.key(),
            ..Self::sure(denial.code(), text)
        }
    }

    /// The stable code of the message.
    pub fn code(&self) -> Code {
        self.code
    }

    pub fn certainty(&self) -> Certainty {
        self.certainty
    }

    /// The message without its code.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The message as admission passes it on: cut so that the code fits in, and no hint.
    pub(crate) fn for_admission(&self) -> Option<String> {
        if self.certainty == Certainty::Hint {
            return None;
        }
        let code = format!(" [{}]", self.code);
        let room = MAX_CHARS - code.len();
        Some(if self.text.chars().count() <= room {
            format!("{}{code}", self.text)
        } else {
            let start: String = self.text.chars().take(room - 1).collect();
            format!("{}…{code}", start.trim_end())
        })
    }

    /// Whether nobody can mean what the warning is about.
    pub fn is_sure(&self) -> bool {
        self.certainty == Certainty::Sure
    }

    /// The whole key of the annotation that it is about, as the pod writes it.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Whether both say the same of one annotation.
    pub(super) fn is_about_the_same(&self, other: &Self) -> bool {
        self.code == other.code && self.key.is_some() && self.key == other.key
    }

    /// The line of a template that is wrong, and a second line that marks the place, for terminals.
    pub fn excerpt(&self) -> Option<&str> {
        self.excerpt.as_deref()
    }
}

/// The whole message, and its code.
impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.text, self.code)
    }
}

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
    warnings.sort_by(|left, right| left.text.cmp(&right.text));
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
