//! Where something stands in an object, from its top.

use std::fmt;

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Key(String),
    Element(usize),
}

/// A place in an object; the object itself if there is no step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(pub Vec<Step>);

impl Path {
    /// The last key, unless an element of a list comes after it.
    pub(super) fn last(&self) -> Option<&str> {
        match self.0.last()? {
            Step::Key(key) => Some(key),
            Step::Element(_) => None,
        }
    }

    /// Whether the last steps are these keys.
    pub(super) fn ends_with(&self, keys: &[&str]) -> bool {
        let Some(start) = self.0.len().checked_sub(keys.len()) else {
            return false;
        };
        let is_key = |(step, key): (&Step, &&str)| matches!(step, Step::Key(it) if it == key);
        self.0[start..].iter().zip(keys).all(is_key)
    }

    /// Whether these keys are all the steps.
    pub(super) fn is(&self, keys: &[&str]) -> bool {
        self.0.len() == keys.len() && self.ends_with(keys)
    }

    /// Whether the first steps are these keys.
    pub(super) fn starts_with(&self, keys: &[&str]) -> bool {
        let is_key = |(step, key): (&Step, &&str)| matches!(step, Step::Key(it) if it == key);
        self.0.len() >= keys.len() && self.0.iter().zip(keys).all(is_key)
    }

    /// Whether the pods that are made there are those of a job.
    pub(super) fn is_of_job(&self) -> bool {
        let is = |step: &Step| matches!(step, Step::Key(key) if key == "jobTemplate" || key == "jobTargetRef");
        self.0.iter().any(is)
    }

    /// Whether it is in values of a chart or in a patch, which add to what is elsewhere.
    pub(super) fn is_within_patch(&self) -> bool {
        let is = |step: &Step| {
            matches!(step, Step::Key(key)
            if key.starts_with("values") || key.starts_with("patch") || key.ends_with("Values"))
        };
        self.0.iter().any(is)
    }

    /// The place of `keys` below this one.
    pub(super) fn join(&self, keys: &[&str]) -> Self {
        let below = keys.iter().map(|key| Step::Key((*key).to_owned()));
        Self(self.0.iter().cloned().chain(below).collect())
    }
}

/// `spec.templates[0].metadata`, as `kubectl explain` writes it.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if at == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Element(element) => write!(f, "[{element}]")?,
            }
        }
        Ok(())
    }
}
