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

pub use crate::functions::vault::path::PathFault;
pub use path::{ApiPath, EngineKind};

use std::borrow::Cow;

use crate::functions::vault::path::{Use, accepted};
use crate::template::{Parsed, Template};

/// What is wrong with a part of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem<'t> {
    /// On KV v2 the keys are in `.Data.data`.
    MissingData {
        /// The key that is read from `.Data`.
        key: &'t str,
        /// The path that is read.
        path: &'t str,
        /// Whether the path leaves no doubt that it is KV v2.
        is_clear: bool,
    },
    /// `range` over the `.Data` of KV v2 goes through `data` and `metadata`.
    RangeOverData {
        /// The path that is read.
        path: &'t str,
    },
    /// The engine has no `.Data.data`.
    NoData {
        /// The path that is read.
        path: &'t str,
    },
    /// A field that secrets do not have.
    NoField {
        /// The field.
        name: &'t str,
    },
    /// A key of a certificate's `.Data`, in the spelling of the API.
    CertificateField {
        /// The key.
        key: &'t str,
        /// The field that `pkiCert` gives.
        field: &'static str,
    },
    /// A field of the dot of the template itself, which holds nothing.
    NothingInDot {
        /// The field.
        name: &'t str,
    },
    /// A call without a path.
    NoPath {
        /// The function.
        function: &'t str,
    },
    /// A path that the call refuses.
    Path {
        /// The function.
        function: &'t str,
        /// The path, as written.
        path: &'t str,
        /// Why it is refused.
        fault: PathFault<'t>,
    },
    /// An argument that is not `KEY=VALUE`.
    NoPair {
        /// The argument.
        argument: &'t str,
    },
    /// `range` over a secret, which is a single value.
    RangeOverSecret,
    /// The template writes the text of a template: what Helm should have taken away is left.
    Escape,
    /// A path that begins with `v1`, as addresses do.
    Address {
        /// The path that is read.
        path: &'t str,
    },
    /// The metadata of a KV v2 secret, which hold no values.
    Metadata {
        /// The path that is read.
        path: &'t str,
    },
    /// A value that metadata do not have is read from them.
    MetadataKey {
        /// The path that is read.
        path: &'t str,
    },
    /// A certificate is asked for without a name.
    CertificateRead {
        /// The path that is read.
        path: &'t str,
    },
    /// A certificate is issued by `secret` each time.
    CertificateWrite {
        /// The path that is written.
        path: &'t str,
        /// The number of the read in the report.
        read: usize,
    },
}

impl Problem<'_> {
    /// The message of a call that fails whatever the server answers, and what to write instead.
    pub fn refusal(&self) -> Option<String> {
        match self {
            Self::Path {
                function,
                path,
                fault,
            } => Some(format!(
                "{function} refuses the path {:?}: {fault}",
                shown(path)
            )),
            Self::NoPair { argument } => {
                let argument = shown(argument);
                Some(format!(
                    "the argument \"{argument}\" has no value: write \"{argument}=VALUE\""
                ))
            }
            _ => None,
        }
    }
}

/// The most characters of a text of the template that a message shows.
const SHOWN: usize = 80;

/// The start of a text that may be of any length.
pub fn shown(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

/// Why `secret` refuses to read this path, whatever the server has.
pub fn refused_read(written: &str) -> Option<PathFault<'_>> {
    accepted(written, Use::Relative).err()
}

/// A problem and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding<'t> {
    /// The line in the template's text, from 1.
    pub line: usize,
    /// The column in bytes, from 1.
    pub column: usize,
    /// What is wrong.
    pub problem: Problem<'t>,
}

/// One secret that a template reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read<'t> {
    /// The path, without slashes around it and without a query.
    pub path: &'t str,
    /// The further arguments, with which it is a write; none where they are not known.
    pub arguments: Option<Vec<&'t str>>,
    /// Whether it is read by `pkiCert`.
    pub is_certificate: bool,
    /// The keys of its `.Data` that are read, or the fields of a certificate; each may be there
    /// more than once.
    pub keys: Vec<&'t str>,
}

/// What a template reads, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report<'t> {
    /// The problems, those of the whole template last.
    pub findings: Vec<Finding<'t>>,
    /// In the order of the text.
    pub reads: Vec<Read<'t>>,
    /// Whether `reads` are all: every path is written down.
    pub is_complete: bool,
}

impl Template {
    /// Looks for what is wrong with a Go template. Of a Handlebars template nothing is known.
    pub fn lint(&self) -> Option<Report<'_>> {
        match &self.parsed {
            Parsed::Go { parsed, .. } => Some(walk::report(parsed)),
            Parsed::Handlebars(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
