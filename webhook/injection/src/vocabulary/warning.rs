//! One admission warning: a code, a message, and how sure it is that it is about a mistake.
//!
//! A message repeats no value but parts of a template. Admission shows its first 256 characters, the
//! length up to which an API server passes one on whole, and leaves out hints; `lint` shows everything.

use std::fmt;

use contract::diagnostics::Code;

/// The longest warning that is passed on whole.
const MAX_CHARS: usize = 256;

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

    pub(crate) fn sure(code: Code, text: impl Into<String>) -> Self {
        Self {
            certainty: Certainty::Sure,
            ..Self::new(code, text)
        }
    }

    pub(crate) fn hint(code: Code, text: impl Into<String>) -> Self {
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

    pub(crate) fn with_certainty(self, certainty: Certainty) -> Self {
        Self { certainty, ..self }
    }

    pub(crate) fn into_hint(self) -> Self {
        Self {
            certainty: Certainty::Hint,
            ..self
        }
    }

    pub(crate) fn showing(self, excerpt: Option<String>) -> Self {
        Self { excerpt, ..self }
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
    pub(crate) fn is_about_the_same(&self, other: &Self) -> bool {
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
