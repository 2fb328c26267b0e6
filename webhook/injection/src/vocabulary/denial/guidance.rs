//! What goes with a denial besides upstream's text: its code, the annotation that it is about, and
//! what to write instead.

use contract::annotations::{self, AnnotationError, AnnotationSpec};
use contract::diagnostics::{Code, keys, login, pods, refusals, secrets};
use contract::names::ANNOTATION_PREFIX;
use contract::values::{self, Reason, ValueError};
use contract::{GoDuration, duration};

use super::{DefaultsError, Denial, PatchError, RequestError, ValidationError, Warning};
use crate::vocabulary::quantity;

/// A denial as the user reads it.
pub(super) struct Guidance {
    pub(super) code: Code,
    /// The whole key.
    pub(super) key: Option<String>,
    /// What to write, where upstream's text does not say it.
    pub(super) advice: Option<String>,
}

impl Guidance {
    fn new(code: Code) -> Self {
        Self {
            code,
            key: None,
            advice: None,
        }
    }

    fn at(self, key: &str) -> Self {
        Self {
            key: Some(key.to_owned()),
            ..self
        }
    }

    /// Under the prefix of Vault, as the pod may not have the annotation at all.
    fn about(self, spec: &AnnotationSpec) -> Self {
        self.at(&format!("{ANNOTATION_PREFIX}{}", spec.key))
    }

    fn write(self, advice: impl Into<String>) -> Self {
        Self {
            advice: Some(advice.into()),
            ..self
        }
    }
}

pub(super) fn of(denial: &Denial) -> Guidance {
    match denial {
        Denial::Object(_) => Guidance::new(pods::UNREADABLE),
        Denial::ShouldInject(error) => of_value(&error.source, &error.key),
        Denial::SystemNamespace(_) => {
            Guidance::new(refusals::SYSTEM_NAMESPACE).write("run the pod in another namespace")
        }
        Denial::Defaults(error) => of_defaults(error),
        Denial::Request(error) => of_request(error),
        Denial::Validation(error) => of_validation(*error),
        Denial::Patch(error) => of_patch(error),
        Denial::Agent(complaints) => {
            let first = complaints.first();
            Guidance {
                key: first.and_then(Warning::key).map(ToOwned::to_owned),
                ..Guidance::new(first.map_or(login::CONFIGURATION, Warning::code))
            }
        }
        Denial::Annotations { .. } => Guidance::new(refusals::ANNOTATIONS_TOO_LONG).write(
            "move templates into files (vault.hashicorp.com/agent-inject-template-file-NAME), or \
             the agent's configuration into a ConfigMap (vault.hashicorp.com/agent-configmap)",
        ),
        Denial::Fault(warning) | Denial::Strict(warning) => Guidance {
            key: warning.key().map(ToOwned::to_owned),
            ..Guidance::new(warning.code())
        },
    }
}

/// `agent-inject: "yes" is not a boolean (write "true" or "false")`.
fn of_value(error: &ValueError, key: &str) -> Guidance {
    let (code, value, problem) = match error {
        ValueError::Bool(value) => (
            keys::NOT_A_BOOLEAN,
            value,
            "is not a boolean (write \"true\" or \"false\")",
        ),
        ValueError::Int(value, Reason::Range) | ValueError::Uint(value, Reason::Range) => (
            keys::NOT_A_NUMBER,
            value,
            "is outside of what 64 bits hold (write a smaller number)",
        ),
        ValueError::Int(value, Reason::Syntax) => (
            keys::NOT_A_NUMBER,
            value,
            "is not a whole number (write 1000)",
        ),
        ValueError::Uint(value, Reason::Syntax) => (
            keys::NOT_A_NUMBER,
            value,
            "is not a whole number of zero or more (write 5, without a unit)",
        ),
        ValueError::Float(value, _) => (
            keys::NOT_A_NUMBER,
            value,
            "is not a decimal number (write 0.9)",
        ),
    };
    let trimmed = value.trim();
    let is_blank_alone = trimmed != value && !trimmed.is_empty() && is_value(error, trimmed);
    let advice = if is_blank_alone {
        format!(
            "{}: {value:?} begins or ends with a blank (write {trimmed:?})",
            short(key)
        )
    } else {
        format!("{}: {value:?} {problem}", short(key))
    };
    Guidance::new(code).at(key).write(advice)
}

/// Whether a text is what the annotation with that error takes.
fn is_value(error: &ValueError, text: &str) -> bool {
    match error {
        ValueError::Bool(_) => values::parse_bool(text).is_ok(),
        ValueError::Int(..) => values::parse_int(text).is_ok(),
        ValueError::Uint(..) => values::parse_uint(text).is_ok(),
        ValueError::Float(..) => values::parse_float(text).is_ok(),
    }
}

/// Values of seconds are written with a unit more often than wrong in any other way.
fn of_annotation(error: &AnnotationError) -> Guidance {
    let guidance = of_value(&error.source, &error.key);
    let seconds = [&annotations::REVOKE_GRACE, &annotations::TOKEN_EXPIRATION];
    let is_seconds = seconds.iter().any(|spec| error.key.ends_with(spec.key));
    let ValueError::Uint(text, Reason::Syntax) = &error.source else {
        return guidance;
    };
    let meant = duration::meant(text).and_then(|text| text.parse::<GoDuration>().ok());
    match meant.and_then(GoDuration::to_std) {
        Some(meant) if is_seconds => guidance.write(format!(
            "{}: {text:?} is not a number of whole seconds (write \"{}\")",
            short(&error.key),
            meant.as_secs()
        )),
        _ => guidance,
    }
}

/// The key without its prefix.
fn short(key: &str) -> &str {
    annotations::split_prefix(key).map_or(key, |(_, short)| short)
}

fn not_a_duration(key: &str) -> Guidance {
    Guidance::new(keys::NOT_A_DURATION)
        .at(key)
        .write("write a number with a unit, such as 30s or 1m30s")
}

fn quantity(key: &str, value: &str) -> Guidance {
    let is_cpu = key.ends_with("cpu");
    let example = quantity::meant(value, is_cpu).unwrap_or_else(|| {
        let example = if is_cpu {
            "250m or 0.25"
        } else {
            "64Mi or 64M"
        };
        example.to_owned()
    });
    let advice = format!(
        "{}: {value:?} is not a quantity (write {example})",
        short(key)
    );
    Guidance::new(keys::NOT_A_QUANTITY).at(key).write(advice)
}

fn of_defaults(error: &DefaultsError) -> Guidance {
    match error {
        DefaultsError::Address => Guidance::new(login::NO_ADDRESS)
            .about(&annotations::SERVICE)
            .write("write vault.hashicorp.com/service, or start the injector with -vault-address"),
        DefaultsError::AuthPath => Guidance::new(login::NO_AUTH_PATH)
            .about(&annotations::AUTH_PATH)
            .write(
                "write vault.hashicorp.com/auth-path, or start the injector with -vault-auth-path",
            ),
        DefaultsError::Backoff { key, .. } => not_a_duration(key),
        DefaultsError::JsonPatch { key, .. } => Guidance::new(keys::BAD_JSON_PATCH)
            .at(key)
            .write("write a JSON array of RFC 6902 operations"),
    }
}

fn of_request(error: &RequestError) -> Guidance {
    match error {
        RequestError::Annotation(error) => of_annotation(error),
        RequestError::Secrets { .. } => Guidance::new(refusals::TOO_MANY_SECRETS)
            .write("write more than one secret into a file, with a template"),
        RequestError::DefaultTemplate(_) => Guidance::new(secrets::DEFAULT_TEMPLATE)
            .about(&annotations::DEFAULT_TEMPLATE)
            .write("vault.hashicorp.com/agent-inject-default-template takes map or json"),
        RequestError::Word { key, .. } => Guidance::new(keys::NOT_ONE_OF).at(key),
        RequestError::Mode(key) => Guidance::new(keys::NOT_A_MODE).at(key),
        RequestError::Quantity { key, value, .. } => quantity(key, value),
        RequestError::Duration { key, .. } => not_a_duration(key),
        RequestError::StartupTimeout(key)
        | RequestError::TokenExpiration(key)
        | RequestError::MetricsPort(key) => Guidance::new(keys::OUT_OF_RANGE).at(key),
        RequestError::NativeSidecarFlavor(key) => Guidance::new(pods::NATIVE_FLAVOR).at(key),
        RequestError::NativeSidecarServer(key) => Guidance::new(pods::OLD_KUBERNETES).at(key),
        RequestError::Handlebars(key) => Guidance::new(secrets::HANDLEBARS).at(key),
        RequestError::TwoTokens(key) => Guidance::new(pods::TWO_TOKENS)
            .at(key)
            .write("remove one of the two annotations"),
        RequestError::TokenVolumeUndefined { .. }
        | RequestError::TokenPath(_)
        | RequestError::TokenVolume(_) => Guidance::new(pods::TOKEN_VOLUME)
            .about(&annotations::TOKEN_VOLUME)
            .write(
                "name a projected volume of the pod with a serviceAccountToken in \
                 vault.hashicorp.com/agent-service-account-token-volume-name",
            ),
        RequestError::TokenMount {
            unmounted: Some(token),
        } => Guidance::new(pods::NO_TOKEN)
            .about(&annotations::TOKEN_VOLUME)
            .write(format!(
                "the pod has a projected token for audience {:?} in volume {}, which no container \
                 mounts: write vault.hashicorp.com/agent-service-account-token-volume-name: {}",
                token.audience, token.volume, token.volume
            )),
        RequestError::TokenMount { unmounted: None } => Guidance::new(pods::NO_TOKEN)
            .about(&annotations::TOKEN_AUDIENCE)
            .write(
                "the pod has no service-account token; vault.hashicorp.com/agent-token-audience \
                 gives the agent one of its own",
            ),
        RequestError::NoContainers => Guidance::new(pods::NO_CONTAINERS)
            .about(&annotations::RUN_AS_SAME_USER)
            .write(
                "vault.hashicorp.com/agent-run-as-same-user takes the user of the first container: \
                 add one, or remove the annotation",
            ),
        RequestError::NoSecurityContext => same_user(pods::NO_SECURITY_CONTEXT),
        RequestError::NoUser => same_user(pods::NO_USER),
        RequestError::Root => same_user(pods::ROOT),
        RequestError::ShareProcessNamespace { key, source, .. } => of_value(source, key),
        RequestError::ShareProcessNamespaceDisabled => Guidance::new(pods::PROCESS_NAMESPACE)
            .about(&annotations::SHARE_PROCESS_NAMESPACE)
            .write(
                "remove shareProcessNamespace: false from the pod, or \
                 vault.hashicorp.com/agent-share-process-namespace",
            ),
    }
}

fn same_user(code: Code) -> Guidance {
    Guidance::new(code)
        .about(&annotations::RUN_AS_SAME_USER)
        .write(
            "vault.hashicorp.com/agent-run-as-same-user takes the user of the first container, with our \
             agent image else the pod's: write securityContext.runAsUser (not 0), or use \
             agent-run-as-user",
        )
}

fn of_validation(error: ValidationError) -> Guidance {
    match error {
        ValidationError::Namespace => Guidance::new(login::NO_NAMESPACE)
            .about(&annotations::REQUEST_NAMESPACE)
            .write("remove the empty vault.hashicorp.com/agent-request-namespace"),
        ValidationError::Image => Guidance::new(login::NO_IMAGE)
            .about(&annotations::IMAGE)
            .write("name an image in vault.hashicorp.com/agent-image, or remove it"),
        ValidationError::AuthType => Guidance::new(login::NO_AUTH_TYPE)
            .about(&annotations::AUTH_TYPE)
            .write("name an auth method in vault.hashicorp.com/auth-type, such as kubernetes"),
        ValidationError::Role => Guidance::new(login::NO_ROLE)
            .about(&annotations::ROLE)
            .write("write vault.hashicorp.com/role with the name of a role in Vault"),
        ValidationError::AuthPath => Guidance::new(login::NO_AUTH_PATH)
            .about(&annotations::AUTH_PATH)
            .write("write vault.hashicorp.com/auth-path, such as auth/kubernetes"),
        ValidationError::Address => Guidance::new(login::NO_ADDRESS)
            .about(&annotations::SERVICE)
            .write("write vault.hashicorp.com/service with Vault's address"),
    }
}

fn of_patch(error: &PatchError) -> Guidance {
    match error {
        PatchError::Quantity { key, value, .. } => quantity(key, value),
        PatchError::Number { key, value } => {
            Guidance::new(keys::NOT_A_NUMBER).at(key).write(format!(
                "{}: {value} is not a decimal number (write 0.9)",
                short(key)
            ))
        }
        PatchError::JsonPatch { key, .. } => Guidance::new(pods::CONTAINER_PATCH)
            .at(key)
            .write(format!("correct that operation of {key}")),
        PatchError::Container { key, .. } => Guidance::new(pods::NOT_A_CONTAINER)
            .at(key)
            .write(format!("correct that field in {key}")),
        PatchError::Large => Guidance::new(refusals::PATCH_TOO_LARGE),
    }
}
