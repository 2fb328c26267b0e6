//! The two template languages.

use std::fmt;
use std::str::FromStr;

/// In which language a template is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Engine {
    /// Go's `text/template` with consul-template's functions.
    #[default]
    Go,
    /// Handlebars, with the same functions as helpers.
    Handlebars,
}

impl Engine {
    /// As annotations and configuration write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Go => "go",
            Self::Handlebars => "handlebars",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no template language.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is no template engine: go or handlebars")]
pub struct UnknownEngine {
    given: String,
}

impl FromStr for Engine {
    type Err = UnknownEngine;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        [Self::Go, Self::Handlebars]
            .into_iter()
            .find(|engine| engine.name() == name)
            .ok_or_else(|| UnknownEngine {
                given: name.to_owned(),
            })
    }
}
