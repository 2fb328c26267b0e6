//! Whether an object makes sense, before anything is done for it. Admission, the reconciler and the
//! command line ask the same functions. The texts are External Secrets Operator's where it has any.

mod external_secret;
mod store;

pub use external_secret::external_secret;
pub use store::{Scope, store};

use contract::GoDuration;
use thiserror::Error;

/// Types of Secrets that would let the author of an `ExternalSecret` make tokens.
pub(crate) const BOOTSTRAP_TOKEN: &str = "bootstrap.kubernetes.io/token";
pub(crate) const ACCOUNT_TOKEN: &str = "kubernetes.io/service-account-token";
pub(crate) const ACCOUNT_NAME: &str = "kubernetes.io/service-account.name";

/// What is wrong with an object, in the order in which it is found.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", .0.join("\n"))]
pub struct Problems(Vec<String>);

impl Problems {
    /// One text a problem.
    pub fn texts(&self) -> &[String] {
        &self.0
    }

    fn of(texts: Vec<String>) -> Result<(), Self> {
        if texts.is_empty() {
            return Ok(());
        }
        Err(Self(texts))
    }
}

/// A Go duration, or Go's text for what is wrong with it.
pub(crate) fn duration(text: &str) -> Result<GoDuration, String> {
    text.parse()
        .map_err(|error: contract::duration::DurationError| error.to_string())
}
