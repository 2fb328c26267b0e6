//! Which server is imitated, where the two differ in what a client sees.

use crate::answer::Refusal;

/// The servers that speak this API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Product {
    /// Vault's community edition, 1.21: it has no namespaces and ignores the header that names one.
    #[default]
    Vault,
    /// `OpenBao` 2.6: it has namespaces, and other words for some refusals.
    OpenBao,
}

impl Product {
    /// How a token that is unknown or has ended is refused.
    pub(crate) fn invalid_token(self) -> Refusal {
        match self {
            Self::Vault => Refusal::invalid_token(),
            Self::OpenBao => Refusal::denied(),
        }
    }

    /// How a live token is refused that no policy lets do what it asks for.
    pub(crate) fn forbidden(self) -> Refusal {
        match self {
            Self::Vault => Refusal::denied(),
            Self::OpenBao => Refusal::new(403, "1 error occurred:\n\t* permission denied\n\n"),
        }
    }
}
