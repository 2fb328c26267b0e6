//! What the user should know although the pod is let through: admission warnings.
//!
//! A warning has at most 120 characters, the length up to which API servers pass one on whole, and
//! repeats no value but parts of a template. Warnings of what is surely a mistake refuse the pod
//! where the injector is strict.

mod kept;
mod secrets;
mod shape;
mod values;

use std::fmt;

use contract::annotations::{self, AnnotationSpec, Annotations, Classification};

use super::additions::Additions;
use super::request::InjectRequest;
use crate::pod::{AnnotationList, PodView};

/// The longest warning that is passed on whole.
const MAX_CHARS: usize = 120;

/// For so many unknown keys the nearest known one is looked up. API servers pass on no more than
/// 4096 characters of warnings.
pub(super) const LOOKED_UP: usize = 40;

/// One admission warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    text: String,
    sure: bool,
    key: Option<String>,
    excerpt: Option<String>,
}

impl Warning {
    fn new(text: &str) -> Self {
        let text = if text.chars().count() <= MAX_CHARS {
            text.to_owned()
        } else {
            let start: String = text.chars().take(MAX_CHARS - 1).collect();
            format!("{start}…")
        };
        Self {
            text,
            sure: false,
            key: None,
            excerpt: None,
        }
    }

    fn sure(text: &str) -> Self {
        Self {
            sure: true,
            ..Self::new(text)
        }
    }

    fn at(self, key: String) -> Self {
        Self {
            key: Some(key),
            ..self
        }
    }

    fn showing(self, excerpt: Option<String>) -> Self {
        Self { excerpt, ..self }
    }

    /// What whoever writes a workload is told, where its pods would be refused.
    pub(crate) fn of_refusal(denial: &super::Denial) -> Self {
        Self::sure(&format!("pods will be refused: {denial}"))
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether nobody can have meant it.
    pub fn is_sure(&self) -> bool {
        self.sure
    }

    /// The whole key of the annotation that it is about, as the pod writes it.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// The line of a template that is wrong, and a second line that marks the place, for terminals.
    pub fn excerpt(&self) -> Option<&str> {
        self.excerpt.as_deref()
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
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

    fn about(&self, spec: &AnnotationSpec, text: &str) -> Warning {
        Warning::new(text).at(self.annotations.key(spec))
    }

    fn mistake(&self, spec: &AnnotationSpec, text: &str) -> Warning {
        Warning::sure(text).at(self.annotations.key(spec))
    }
}

/// Keys under our prefixes that mean nothing: most likely misspelt, so the pod does not get what
/// its author thinks.
pub(super) fn about_keys(all: &AnnotationList<'_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (key, _) in all.iter() {
        if annotations::classify(key) != Classification::Unknown {
            continue;
        }
        let short = annotations::split_prefix(key).map_or(key, |(_, short)| short);
        let is_looked_up = warnings.len() < LOOKED_UP;
        let text = match is_looked_up.then(|| annotations::nearest(short)).flatten() {
            Some(nearest) if nearest == short => {
                format!("annotation {short} needs a -NAME behind it and is ignored")
            }
            Some(nearest) => {
                format!("unknown annotation {short} is ignored: did you mean {nearest}?")
            }
            None => format!("unknown annotation {short} is ignored"),
        };
        warnings.push(Warning::sure(&text).at(key.to_owned()));
    }
    warnings.sort_by(|left, right| left.text.cmp(&right.text));
    warnings
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
    warnings.extend(shape::warnings(subject));
    if asked.flavor.keeps_mistakes() {
        warnings.extend(kept::warnings(subject));
    }
    warnings
}
