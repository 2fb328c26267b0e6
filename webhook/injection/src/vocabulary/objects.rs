//! What an injection adds to a pod: the parts of core/v1 that it writes, borrowed from what they are
//! made of. Fields that are absent are not written.

use std::borrow::Cow;
use std::num::NonZeroU16;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Container<'a> {
    pub(crate) name: &'static str,
    pub(crate) image: &'a str,
    pub(crate) command: &'static [&'static str],
    pub(crate) args: [String; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ports: Option<[Port; 1]>,
    pub(crate) env: Vec<Variable<'a>>,
    pub(crate) resources: Resources,
    pub(crate) volume_mounts: Vec<AgentMount<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) security_context: Option<SecurityContext<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) termination_message_policy: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image_pull_policy: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) restart_policy: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) startup_probe: Option<Probe>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lifecycle: Option<Lifecycle>,
}

/// A port that a container is known to listen on.
#[derive(Debug, Serialize)]
pub(crate) struct Port {
    pub(crate) name: &'static str,
    #[serde(rename = "containerPort")]
    pub(crate) number: NonZeroU16,
    pub(crate) protocol: &'static str,
}

/// A variable of a container: its value, or the field of the pod that it has.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Variable<'a> {
    pub(crate) name: Cow<'a, str>,
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
    pub(crate) fn new(name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) -> Self {
        Self {
            name: name.into(),
            value: Some(value.into()),
            value_from: None,
        }
    }

    /// The value, where it is written.
    pub(crate) fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }

    /// A variable with what the pod says at `field_path`.
    pub(crate) fn of_field(name: &'static str, field_path: &'static str) -> Self {
        Self {
            name: name.into(),
            value: None,
            value_from: Some(Source::Field {
                field_ref: FieldReference { field_path },
            }),
        }
    }

    /// A variable that gets its value where another container gets it.
    pub(crate) fn from_elsewhere(name: &'static str, value_from: &'a RawValue) -> Self {
        Self {
            name: name.into(),
            value: None,
            value_from: Some(Source::Copied(value_from)),
        }
    }
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct Resources {
    #[serde(skip_serializing_if = "Quantities::is_empty")]
    pub(crate) limits: Quantities,
    #[serde(skip_serializing_if = "Quantities::is_empty")]
    pub(crate) requests: Quantities,
}

/// Quantities of a container's resources, in canonical form.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Quantities {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cpu: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) memory: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ephemeral_storage: Option<String>,
}

impl Quantities {
    fn is_empty(&self) -> bool {
        self.cpu.is_none() && self.memory.is_none() && self.ephemeral_storage.is_none()
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SecurityContext<'a> {
    pub(crate) run_as_user: i64,
    pub(crate) run_as_group: i64,
    pub(crate) run_as_non_root: bool,
    pub(crate) read_only_root_filesystem: bool,
    pub(crate) allow_privilege_escalation: bool,
    pub(crate) capabilities: Capabilities,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seccomp_profile: Option<SeccompProfile<'a>>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Capabilities {
    pub(crate) drop: [&'static str; 1],
}

#[derive(Debug, Serialize)]
pub(crate) struct SeccompProfile<'a> {
    #[serde(rename = "type")]
    pub(crate) kind: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Probe {
    pub(crate) exec: Exec,
    pub(crate) period_seconds: u32,
    pub(crate) timeout_seconds: u32,
    pub(crate) failure_threshold: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Lifecycle {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pre_stop: Option<Handler>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Handler {
    pub(crate) exec: Exec,
}

#[derive(Debug, Serialize)]
pub(crate) struct Exec {
    pub(crate) command: Vec<Cow<'static, str>>,
}

/// A mount of a container.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Mount<'a> {
    pub(crate) name: Cow<'a, str>,
    #[serde(rename = "mountPath")]
    pub(crate) path: &'a str,
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) read_only: bool,
}

impl<'a> Mount<'a> {
    pub(crate) fn new(name: impl Into<Cow<'a, str>>, path: &'a str) -> Self {
        Self {
            name: name.into(),
            path,
            read_only: false,
        }
    }

    pub(crate) fn read_only(name: impl Into<Cow<'a, str>>, path: &'a str) -> Self {
        Self {
            read_only: true,
            ..Self::new(name, path)
        }
    }
}

/// A mount of an agent's container.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum AgentMount<'a> {
    Own(Mount<'a>),
    /// As another container has it, with all its fields.
    Copied(Map<String, Value>),
}

impl AgentMount<'_> {
    pub(crate) fn is_copied(&self) -> bool {
        matches!(self, Self::Copied(_))
    }

    /// The name of its volume.
    pub(crate) fn volume(&self) -> &str {
        match self {
            Self::Own(mount) => &mount.name,
            Self::Copied(mount) => text(mount, "name"),
        }
    }

    pub(crate) fn is_read_only(&self) -> bool {
        match self {
            Self::Own(mount) => mount.read_only,
            Self::Copied(mount) => mount.get("readOnly") == Some(&Value::Bool(true)),
        }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &str {
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
pub(crate) struct Volume<'a> {
    pub(crate) name: Cow<'a, str>,
    #[serde(flatten)]
    pub(crate) source: VolumeSource<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum VolumeSource<'a> {
    EmptyDir(EmptyDir<'a>),
    ConfigMap(Named<'a>),
    Secret(SecretName<'a>),
    Projected(Projected<'a>),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EmptyDir<'a> {
    pub(crate) medium: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) size_limit: Option<&'a str>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Named<'a> {
    pub(crate) name: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SecretName<'a> {
    pub(crate) secret_name: &'a str,
}

#[derive(Debug, Serialize)]
pub(crate) struct Projected<'a> {
    pub(crate) sources: [TokenSource<'a>; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenSource<'a> {
    pub(crate) service_account_token: Token<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Token<'a> {
    pub(crate) path: &'static str,
    pub(crate) expiration_seconds: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) audience: Option<&'a str>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes the field by reference"
)]
fn is_false(it: &bool) -> bool {
    !it
}
