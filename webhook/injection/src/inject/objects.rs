//! What an injection adds to a pod: the parts of core/v1 that it writes, borrowed from what they are
//! made of. Fields that are absent are not written.

use std::borrow::Cow;
use std::num::NonZeroU16;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Container<'a> {
    pub(super) name: &'static str,
    pub(super) image: &'a str,
    pub(super) command: &'static [&'static str],
    pub(super) args: [String; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ports: Option<[Port; 1]>,
    pub(super) env: Vec<Variable<'a>>,
    pub(super) resources: Resources,
    pub(super) volume_mounts: Vec<AgentMount<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) security_context: Option<SecurityContext<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) termination_message_policy: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) image_pull_policy: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) restart_policy: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) startup_probe: Option<Probe>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) lifecycle: Option<Lifecycle>,
}

/// A port that a container is known to listen on.
#[derive(Debug, Serialize)]
pub(super) struct Port {
    pub(super) name: &'static str,
    #[serde(rename = "containerPort")]
    pub(super) number: NonZeroU16,
    pub(super) protocol: &'static str,
}

/// A variable of a container: its value, or the field of the pod that it has.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Variable<'a> {
    pub(super) name: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_from: Option<Source<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Source<'a> {
    #[serde(rename_all = "camelCase")]
    Field { field_ref: FieldReference },
    /// As another container has it.
    Copied(&'a RawValue),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FieldReference {
    field_path: &'static str,
}

impl<'a> Variable<'a> {
    pub(super) fn new(name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) -> Self {
        Self {
            name: name.into(),
            value: Some(value.into()),
            value_from: None,
        }
    }

    /// The value, where it is written.
    pub(super) fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }

    /// A variable with what the pod says at `field_path`.
    pub(super) fn of_field(name: &'static str, field_path: &'static str) -> Self {
        Self {
            name: name.into(),
            value: None,
            value_from: Some(Source::Field {
                field_ref: FieldReference { field_path },
            }),
        }
    }

    /// A variable that gets its value where another container gets it.
    pub(super) fn from_elsewhere(name: &'static str, value_from: &'a RawValue) -> Self {
        Self {
            name: name.into(),
            value: None,
            value_from: Some(Source::Copied(value_from)),
        }
    }
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Resources {
    #[serde(skip_serializing_if = "Quantities::is_empty")]
    pub(super) limits: Quantities,
    #[serde(skip_serializing_if = "Quantities::is_empty")]
    pub(super) requests: Quantities,
}

/// Quantities of a container's resources, in canonical form.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Quantities {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cpu: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) memory: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ephemeral_storage: Option<String>,
}

impl Quantities {
    fn is_empty(&self) -> bool {
        self.cpu.is_none() && self.memory.is_none() && self.ephemeral_storage.is_none()
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SecurityContext<'a> {
    pub(super) run_as_user: i64,
    pub(super) run_as_group: i64,
    pub(super) run_as_non_root: bool,
    pub(super) read_only_root_filesystem: bool,
    pub(super) allow_privilege_escalation: bool,
    pub(super) capabilities: Capabilities,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seccomp_profile: Option<SeccompProfile<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Capabilities {
    pub(super) drop: [&'static str; 1],
}

#[derive(Debug, Serialize)]
pub(super) struct SeccompProfile<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Probe {
    pub(super) exec: Exec,
    pub(super) period_seconds: u32,
    pub(super) timeout_seconds: u32,
    pub(super) failure_threshold: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Lifecycle {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pre_stop: Option<Handler>,
}

#[derive(Debug, Serialize)]
pub(super) struct Handler {
    pub(super) exec: Exec,
}

#[derive(Debug, Serialize)]
pub(super) struct Exec {
    pub(super) command: Vec<Cow<'static, str>>,
}

/// A mount of a container.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Mount<'a> {
    pub(super) name: Cow<'a, str>,
    #[serde(rename = "mountPath")]
    pub(super) path: &'a str,
    #[serde(skip_serializing_if = "is_false")]
    pub(super) read_only: bool,
}

impl<'a> Mount<'a> {
    pub(super) fn new(name: impl Into<Cow<'a, str>>, path: &'a str) -> Self {
        Self {
            name: name.into(),
            path,
            read_only: false,
        }
    }

    pub(super) fn read_only(name: impl Into<Cow<'a, str>>, path: &'a str) -> Self {
        Self {
            read_only: true,
            ..Self::new(name, path)
        }
    }
}

/// A mount of an agent's container.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum AgentMount<'a> {
    Own(Mount<'a>),
    /// As another container has it, with all its fields.
    Copied(Map<String, Value>),
}

impl AgentMount<'_> {
    pub(super) fn is_copied(&self) -> bool {
        matches!(self, Self::Copied(_))
    }

    /// The name of its volume.
    pub(super) fn volume(&self) -> &str {
        match self {
            Self::Own(mount) => &mount.name,
            Self::Copied(mount) => text(mount, "name"),
        }
    }

    pub(super) fn is_read_only(&self) -> bool {
        match self {
            Self::Own(mount) => mount.read_only,
            Self::Copied(mount) => mount.get("readOnly") == Some(&Value::Bool(true)),
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &str {
        match self {
            Self::Own(mount) => mount.path,
            Self::Copied(mount) => text(mount, "mountPath"),
        }
    }
}

fn text<'m>(object: &'m Map<String, Value>, key: &str) -> &'m str {
    let value = object.get(key).and_then(Value::as_str);
    value.unwrap_or_default()
}

/// A volume of one of the kinds below.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Volume<'a> {
    pub(super) name: Cow<'a, str>,
    #[serde(flatten)]
    pub(super) source: VolumeSource<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum VolumeSource<'a> {
    EmptyDir(EmptyDir<'a>),
    ConfigMap(Named<'a>),
    Secret(SecretName<'a>),
    Projected(Projected<'a>),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EmptyDir<'a> {
    pub(super) medium: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) size_limit: Option<&'a str>,
}

#[derive(Debug, Serialize)]
pub(super) struct Named<'a> {
    pub(super) name: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SecretName<'a> {
    pub(super) secret_name: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct Projected<'a> {
    pub(super) sources: [TokenSource<'a>; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TokenSource<'a> {
    pub(super) service_account_token: Token<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Token<'a> {
    pub(super) path: &'static str,
    pub(super) expiration_seconds: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) audience: Option<&'a str>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes the field by reference"
)]
fn is_false(it: &bool) -> bool {
    !it
}
