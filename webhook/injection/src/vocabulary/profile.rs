//! The two products that a pod may be injected for: the names in which they differ.
//!
//! Annotations of both are read in both profiles. What Kubernetes and people see (containers,
//! volumes, the status annotation) carries the profile's names in both flavours. What a stock image
//! sees (home, variables, programs) does so in the compatible flavour; our own agent serves either
//! server under one set of names.

use contract::names;

use super::flavor::Flavor;

/// A profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    #[default]
    Vault,
    OpenBao,
}

/// Names that do not depend on the flavour.
#[derive(Debug)]
pub(crate) struct Names {
    pub(crate) init: &'static str,
    pub(crate) sidecar: &'static str,
    pub(crate) secrets_volume: &'static str,
    pub(crate) config_volume: &'static str,
    pub(crate) tls_volume: &'static str,
    pub(crate) cache_volume: &'static str,
    /// Where a token volume is mounted that no container mounts.
    pub(crate) token_path: &'static str,
}

/// Names inside the agent's container.
#[derive(Debug)]
pub(crate) struct Inside {
    pub(crate) home: &'static str,
    pub(crate) token_sink: &'static str,
    pub(crate) pid_file: &'static str,
    /// The program of a stock image.
    pub(crate) program: &'static str,
    /// The variable of the configuration.
    pub(crate) config_variable: &'static str,
    variables: &'static str,
}

static VAULT: Names = Names {
    init: names::INIT_CONTAINER,
    sidecar: names::SIDECAR_CONTAINER,
    secrets_volume: "vault-secrets",
    config_volume: "vault-config",
    tls_volume: "vault-tls-secrets",
    cache_volume: "vault-agent-cache",
    token_path: "/var/run/secrets/vault.hashicorp.com/serviceaccount",
};

static OPENBAO: Names = Names {
    init: "openbao-agent-init",
    sidecar: "openbao-agent",
    secrets_volume: "openbao-secrets",
    config_volume: "openbao-config",
    tls_volume: "openbao-tls-secrets",
    cache_volume: "openbao-agent-cache",
    token_path: "/var/run/secrets/openbao.openbao.org/serviceaccount",
};

static INSIDE_VAULT: Inside = Inside {
    home: names::AGENT_HOME,
    token_sink: names::TOKEN_SINK,
    pid_file: names::PID_FILE,
    program: "vault",
    config_variable: names::CONFIG_VARIABLE,
    variables: "VAULT",
};

static INSIDE_OPENBAO: Inside = Inside {
    home: "/home/openbao",
    token_sink: "/home/openbao/.openbao-token",
    pid_file: "/home/openbao/.pid",
    program: "bao",
    config_variable: "BAO_CONFIG",
    variables: "BAO",
};

impl Profile {
    /// The names that Kubernetes and people see.
    pub(crate) fn names(self) -> &'static Names {
        match self {
            Self::Vault => &VAULT,
            Self::OpenBao => &OPENBAO,
        }
    }

    /// The names that the agent sees.
    pub(crate) fn inside(self, flavor: Flavor) -> &'static Inside {
        match (self, flavor) {
            (Self::OpenBao, Flavor::Compatible) => &INSIDE_OPENBAO,
            (Self::Vault, _) | (Self::OpenBao, Flavor::Native) => &INSIDE_VAULT,
        }
    }

    /// The prefix of the annotations that are written.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Vault => names::ANNOTATION_PREFIX,
            Self::OpenBao => names::OPENBAO_PREFIX,
        }
    }
}

impl Inside {
    /// A variable of the agent's, such as `VAULT_ADDR`.
    pub(crate) fn variable(&self, name: &str) -> String {
        format!("{}_{name}", self.variables)
    }
}
