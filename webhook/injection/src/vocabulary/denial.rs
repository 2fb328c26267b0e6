//! Why a pod is refused. The text in front of each cause is part of the contract, because alerts and
//! tests of users match on it. What to write instead and the code follow it.

mod guidance;

use contract::annotations::AnnotationError;
use contract::diagnostics::Code;
use contract::duration::DurationError;
use thiserror::Error;

use super::container_patch::{ApplyError, SyntaxError};
use super::quantity::QuantityError;
use super::schema::SchemaError;
use super::warning::Warning;

/// The largest patch, in bytes: an API server takes no object that is larger. A pod may ask for so
/// many mounts in each of so many containers that no memory would be enough.
pub(crate) const MAX_PATCH: usize = 3 << 20;

/// Why a pod is refused, by the step that refuses it.
#[derive(Debug, Error)]
pub enum Denial {
    /// The object is no pod; the text is the decoder's.
    #[error("{0}")]
    Object(String),
    #[error("error checking if should inject agent: {0}")]
    ShouldInject(#[source] AnnotationError),
    #[error("error with request namespace: cannot inject into system namespaces: {0}")]
    SystemNamespace(String),
    #[error("error adding default annotations: {0}")]
    Defaults(#[from] DefaultsError),
    #[error("error creating new agent sidecar: {0}")]
    Request(#[from] RequestError),
    #[error("error validating agent configuration: {0}")]
    Validation(#[from] ValidationError),
    #[error("error creating patch for agent: {0}")]
    Patch(#[from] PatchError),
    /// The agent would refuse its configuration at the start.
    #[error("error validating agent configuration: {}", agent_refuses(.0))]
    Agent(Vec<Warning>),
    /// More than the API server takes, in its own words.
    #[error(
        "metadata.annotations: Too long: may not be more than {most} bytes: keys and values have \
         {bytes}"
    )]
    Annotations { bytes: usize, most: usize },
    /// What the API server would refuse, or what cannot work. It is a warning in the compatible
    /// flavor, whose pods are those of upstream.
    #[error("{}", .0.text())]
    Fault(Box<Warning>),
    /// What would be a warning, had the injector not been told to refuse mistakes.
    #[error("refused, because this injector is strict: {}", .0.text())]
    Strict(Box<Warning>),
}

impl Denial {
    /// The word for logs and metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Object(_) => "object",
            Self::ShouldInject(_) => "should_inject",
            Self::SystemNamespace(_) => "system_namespace",
            Self::Defaults(_) => "defaults",
            Self::Request(_) => "request",
            Self::Validation(_) | Self::Agent(_) => "validation",
            Self::Patch(_) => "patch",
            Self::Annotations { .. } => "annotations",
            Self::Fault(_) => "fault",
            Self::Strict(_) => "strict",
        }
    }

    /// What the author of a workload is told if its pods would be refused.
    pub(crate) fn to_warning(&self) -> Warning {
        let text = format!("pods will be refused: {}", self.text());
        let warning = Warning::sure(self.code(), text);
        match self.key() {
            Some(key) => warning.at(key),
            None => warning,
        }
    }

    /// The stable code of the message.
    pub fn code(&self) -> Code {
        guidance::of(self).code
    }

    /// The whole key of the annotation that it is about; the pod may lack it.
    pub fn key(&self) -> Option<String> {
        guidance::of(self).key
    }

    /// Upstream's text, and what to write instead.
    pub fn text(&self) -> String {
        match guidance::of(self).advice {
            Some(advice) => format!("{self}; {advice}"),
            None => self.to_string(),
        }
    }

    /// The whole message, as a user reads it: upstream's text, what to write instead, and the code.
    pub fn message(&self) -> String {
        format!("{} [{}]", self.text(), self.code())
    }
}

/// So many of the agent's complaints stand in one message.
const MOST_COMPLAINTS: usize = 5;

fn agent_refuses(complaints: &[Warning]) -> String {
    let shown = complaints.iter().take(MOST_COMPLAINTS);
    let shown = shown.map(|complaint| match complaint.key() {
        Some(key) => format!("{} (annotation {key})", complaint.text()),
        None => complaint.text().to_owned(),
    });
    let text = shown.collect::<Vec<_>>().join("; ");
    match complaints.len().saturating_sub(MOST_COMPLAINTS) {
        0 => text,
        more => format!("{text}; and {more} more"),
    }
}

/// A default that is missing, or a value that is checked together with the defaults.
#[derive(Debug, Error)]
pub enum DefaultsError {
    #[error("address for Vault required")]
    Address,
    #[error("Vault Auth Path required")]
    AuthPath,
    #[error("error parsing {limit} backoff as duration: {source} (annotation {key})")]
    Backoff {
        limit: &'static str,
        key: String,
        source: DurationError,
    },
    #[error("error parsing JSON patch for annotation {key}: {source}")]
    JsonPatch { key: String, source: SyntaxError },
}

/// An annotation that cannot be read, or does not fit the pod.
#[derive(Debug, Error)]
pub enum RequestError {
    #[error(transparent)]
    Annotation(#[from] AnnotationError),
    #[error("the pod asks for {found} secrets, but gets {most} at most")]
    Secrets { found: usize, most: usize },
    #[error("invalid default template type: {0}")]
    DefaultTemplate(String),
    #[error("invalid value {value:?} for annotation {key:?}: give one of {accepted}")]
    Word {
        key: String,
        value: String,
        accepted: String,
    },
    #[error("annotation {0:?} takes an octal mode such as 0640")]
    Mode(String),
    #[error("{source} (annotation {key})")]
    Quantity {
        key: String,
        value: String,
        source: QuantityError,
    },
    #[error("{source} (annotation {key})")]
    Duration { key: String, source: DurationError },
    #[error("annotation {0:?} takes a duration of a second or more")]
    StartupTimeout(String),
    #[error(
        "annotation {0:?} takes a port from 1 to 65535, other than that of agent-cache-listener-port"
    )]
    MetricsPort(String),
    #[error("annotation {0:?} needs the native flavor: use our agent image, or set it to \"auto\"")]
    NativeSidecarFlavor(String),
    #[error("annotation {0:?} needs Kubernetes 1.29 or newer: set it to \"auto\"")]
    NativeSidecarServer(String),
    #[error("annotation {0:?}: handlebars needs the native flavor, that is, our agent image")]
    Handlebars(String),
    #[error("annotation {0:?} names a volume, but the pod asks for a token of the agent's own too")]
    TwoTokens(String),
    #[error("annotation {0:?} takes 600 seconds or more, up to 4294967296")]
    TokenExpiration(String),
    #[error("failed to find volume {volume:?} in Pod {pod:?} volumes")]
    TokenVolumeUndefined { volume: String, pod: String },
    #[error("failed to find tokenPath for projected volume {0:?}")]
    TokenPath(String),
    #[error("failed to find service account volume {0:?}")]
    TokenVolume(String),
    #[error("failed to find service account volume mount")]
    TokenMount { unmounted: Option<Box<Unmounted>> },
    #[error("No containers found in Pod Spec")]
    NoContainers,
    #[error("No SecurityContext found for Container 0")]
    NoSecurityContext,
    #[error("RunAsUser is nil for Container 0's SecurityContext")]
    NoUser,
    #[error("container not allowed to run as root")]
    Root,
    #[error("invalid value {value} for annotation {key:?}, err={source}")]
    ShareProcessNamespace {
        key: String,
        value: String,
        source: contract::values::ValueError,
    },
    #[error("shareProcessNamespace explicitly disabled on the pod, refusing to enable it")]
    ShareProcessNamespaceDisabled,
}

/// Something that the agent cannot do without, or cannot do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ValidationError {
    #[error("namespace missing from request")]
    Namespace,
    #[error("no Vault image found")]
    Image,
    #[error("no Vault Auth Type found")]
    AuthType,
    #[error("no Vault role found")]
    Role,
    #[error("no Vault Auth Path found")]
    AuthPath,
    #[error("no Vault address found")]
    Address,
}

/// A container that cannot be made.
#[derive(Debug, Error)]
pub enum PatchError {
    #[error("{source} (annotation {key})")]
    Quantity {
        key: String,
        value: String,
        source: QuantityError,
    },
    /// The words are those of Go's encoder.
    #[error("json: unsupported value: {value} (annotation {key})")]
    Number { value: &'static str, key: String },
    #[error("failed to apply JSON patch: {source}")]
    JsonPatch { key: String, source: ApplyError },
    #[error("{source}")]
    Container { key: String, source: SchemaError },
    #[error("the patch would be larger than {} MiB: the agent's mounts in each container are too many", MAX_PATCH >> 20)]
    Large,
}

/// A token that the pod has in a volume, and no container mounts.
#[derive(Debug)]
pub struct Unmounted {
    pub(crate) volume: String,
    pub(crate) audience: String,
}
