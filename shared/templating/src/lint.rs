//! What a template that parses will most likely not do as its author thinks, as far as its text
//! alone says so.
//!
//! ```text
//! tree ─► Walk: what each dot and variable holds ─► Reads: what is read, and which fields of it
//!                                               └─► Finding: what cannot be there
//! ```
//!
//! Only what the walk knows for sure counts: a value that comes from anywhere else is unknown, and
//! of what is unknown nothing is said.

mod path;
mod walk;

use std::collections::BTreeSet;

pub use path::{ApiPath, EngineKind};

use crate::template::{Parsed, Template};

/// What is wrong with a part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// On KV v2 the keys are in `.Data.data`.
    MissingData {
        /// The key that is read from `.Data`.
        key: String,
        /// The path that is read.
        path: String,
    },
    /// The engine has no `.Data.data`.
    NoData {
        /// The path that is read.
        path: String,
    },
    /// `range` over a secret, which is one value.
    RangeOverSecret,
    /// The template writes the text of a template: what Helm should have taken away is left.
    Escape,
    /// A path that begins with `v1`, as addresses do.
    Address {
        /// The path that is read.
        path: String,
    },
    /// The metadata of a KV v2 secret, which hold no values.
    Metadata {
        /// The path that is read.
        path: String,
    },
    /// A certificate is asked for without a name.
    CertificateRead {
        /// The path that is read.
        path: String,
    },
    /// A certificate is issued by `secret` each time.
    CertificateWrite {
        /// The path that is written.
        path: String,
    },
}

/// A problem and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The line in the template's text, from 1.
    pub line: usize,
    /// The column in bytes, from 1.
    pub column: usize,
    /// What is wrong.
    pub problem: Problem,
}

/// One secret that a template reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The path, without slashes around it and without a query.
    pub path: String,
    /// The further arguments, with which it is a write; none where they are not known.
    pub arguments: Option<Vec<String>>,
    /// Whether it is read by `pkiCert`.
    pub is_certificate: bool,
    /// The keys of its `.Data` that are read.
    pub keys: BTreeSet<String>,
}

/// What a template reads, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// In the order of the text.
    pub findings: Vec<Finding>,
    /// In the order of the text.
    pub reads: Vec<Read>,
    /// Whether `reads` are all: every path is written down.
    pub is_complete: bool,
}

impl Template {
    /// Looks for what is wrong with a Go template. Of a Handlebars template nothing is known.
    pub fn lint(&self) -> Option<Report> {
        match &self.parsed {
            Parsed::Go { parsed, .. } => Some(walk::report(parsed)),
            Parsed::Handlebars(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
