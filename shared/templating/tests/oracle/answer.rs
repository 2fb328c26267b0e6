//! What a side makes of a case, and when two answers are the same.

use std::collections::BTreeSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Deserialize;
use templating::Outcome;

use crate::case::{Case, dependency, render};

pub(crate) enum Answer {
    Output(Vec<u8>),
    /// The dependencies that are missing; nobody uses the output of such a pass.
    Waiting(BTreeSet<String>),
    Error(String),
    Panic,
}

/// An answer's kind, as the list of accepted differences writes it.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Output,
    Waiting,
    Error,
    Panic,
}

impl Answer {
    pub(crate) fn of_ours(case: &Case) -> Self {
        let Ok(result) = catch_unwind(AssertUnwindSafe(|| render(case))) else {
            return Self::Panic;
        };
        match result {
            Ok(Outcome::Complete(text)) => Self::Output(text.to_vec()),
            Ok(Outcome::Waiting { missing }) => {
                let destination = &case.options.destination;
                let missing = missing.iter().map(|it| dependency(it, destination));
                Self::Waiting(missing.collect())
            }
            Err(error) => Self::Error(error.go_text().to_owned()),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Output(_) => Kind::Output,
            Self::Waiting(_) => Kind::Waiting,
            Self::Error(_) => Kind::Error,
            Self::Panic => Kind::Panic,
        }
    }

    /// Two errors are the same whatever they say.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Output(one), Self::Output(other)) => one == other,
            (Self::Waiting(one), Self::Waiting(other)) => one == other,
            (Self::Error(_), Self::Error(_)) => true,
            _ => false,
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Output(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => write!(f, "{text:?}"),
                Err(_) => write!(f, "b\"{}\"", bytes.escape_ascii()),
            },
            Self::Waiting(missing) => write!(f, "waits for {missing:?}"),
            Self::Error(error) => write!(f, "error: {error}"),
            Self::Panic => f.write_str("panic"),
        }
    }
}
