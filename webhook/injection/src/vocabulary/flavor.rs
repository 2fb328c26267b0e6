//! The two flavours of agent container: everything in which they differ.
//!
//! `compatible` writes what the established injector writes, its mistakes included, for a stock
//! image with a shell. `native` starts our agent directly and mends the mistakes. Code elsewhere
//! asks one of the questions below and never compares flavours for a reason that has no name.

use contract::names;

use super::profile::Profile;

/// A flavour of agent container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavor {
    Compatible,
    Native,
}

/// Resources of an agent container where neither flag nor annotation says.
#[derive(Debug)]
pub(crate) struct BuiltInResources {
    pub(crate) limits_cpu: &'static str,
    pub(crate) limits_memory: &'static str,
    pub(crate) requests_cpu: &'static str,
    pub(crate) requests_memory: &'static str,
}

impl Flavor {
    /// The word of the annotation and of logs.
    pub fn label(self) -> &'static str {
        match self {
            Self::Compatible => "compatible",
            Self::Native => "native",
        }
    }

    /// Whether known mistakes of the established injector are kept, and warned of, or mended.
    pub(crate) fn keeps_mistakes(self) -> bool {
        self == Self::Compatible
    }

    /// Whether the image has a shell, so that commands and hooks may be shell lines.
    pub(crate) fn has_shell(self) -> bool {
        self == Self::Compatible
    }

    /// The container's command.
    pub(crate) fn command(self) -> &'static [&'static str] {
        match self {
            Self::Compatible => &["/bin/sh", "-ec"],
            Self::Native => &[names::AGENT_BINARY],
        }
    }

    /// The container's one argument, for a configuration in the environment.
    pub(crate) fn argument(self, profile: Profile) -> String {
        let inside = profile.inside(self);
        let (home, variable) = (inside.home, inside.config_variable);
        match self {
            Self::Compatible => format!(
                "echo ${{{variable}?}} | base64 -d > {home}/config.json && \
                 {} agent -config={home}/config.json",
                inside.program
            ),
            Self::Native => format!("-config=env:{variable}"),
        }
    }

    /// The container's one argument, for a configuration `file` from the user's ConfigMap.
    pub(crate) fn file_argument(self, profile: Profile, file: &str) -> String {
        let inside = profile.inside(self);
        match self {
            Self::Compatible => format!(
                "touch {} && {} agent -config={file}",
                inside.token_sink, inside.program
            ),
            Self::Native => format!("-config={file}"),
        }
    }

    /// Whether the agent can be a native sidecar: a probe has to ask it whether it is ready.
    pub(crate) fn has_native_sidecar(self) -> bool {
        self == Self::Native
    }

    /// Whether the agent knows Handlebars and revokes its own token.
    pub(crate) fn is_our_agent(self) -> bool {
        self == Self::Native
    }

    /// Whether the agent's listener refuses requests without `X-Vault-Request: true` unless the
    /// annotation says otherwise. Upstream's listener does not, and its pods are compared.
    pub(crate) fn requires_request_header(self) -> bool {
        self == Self::Native
    }

    /// The seccomp profile of the security context. Established pods have none, and policies
    /// compare them.
    pub(crate) fn seccomp_profile(self) -> Option<&'static str> {
        match self {
            Self::Compatible => None,
            Self::Native => Some("RuntimeDefault"),
        }
    }

    /// Where Kubernetes takes the reason of a container's end from, if not from what the cluster does
    /// anyway. Our agent's last line says why it ended, so the log of one that failed is the reason.
    pub(crate) fn termination_message_policy(self) -> Option<&'static str> {
        match self {
            Self::Compatible => None,
            Self::Native => Some("FallbackToLogsOnError"),
        }
    }

    pub(crate) fn resources(self) -> &'static BuiltInResources {
        match self {
            Self::Compatible => &BuiltInResources {
                limits_cpu: "500m",
                limits_memory: "128Mi",
                requests_cpu: "250m",
                requests_memory: "64Mi",
            },
            Self::Native => &BuiltInResources {
                limits_cpu: "500m",
                limits_memory: "64Mi",
                requests_cpu: "10m",
                requests_memory: "16Mi",
            },
        }
    }
}
