//! The parts of a pod that decide about an injection, borrowed from the request's own bytes.
//!
//! A pod is read in two steps, so that one that does not ask costs a scan and nothing more:
//! [`Glance`] takes annotations and phase and leaves the spec raw, [`PodView`] then reads the spec.
//! Nothing here is ever written back: fields that this crate does not know survive, because the
//! answer is a list of operations on the original.

mod volume;

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

pub use volume::{TokenProjection, Volume};

/// Text of the request, copied only where it holds escapes; `null` is the empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text<'a>(Cow<'a, str>);

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }

            fn visit_unit<E: de::Error>(self) -> Result<Text<'de>, E> {
                Ok(Text::default())
            }
        }
        deserializer.deserialize_any(TextVisitor)
    }
}

/// A pod's annotations, in the order of the request.
#[derive(Clone, Debug, Default)]
pub struct AnnotationList<'a>(Vec<(Text<'a>, Text<'a>)>);

impl AnnotationList<'_> {
    /// Keys and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (&**key, &**value))
    }

    /// Whether the pod has no annotations, so that an operation would have no parent to add to.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for AnnotationList<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor;
        impl<'de> Visitor<'de> for ListVisitor {
            type Value = AnnotationList<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("annotations")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    list.push(entry);
                }
                Ok(AnnotationList(list))
            }

            fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                Ok(AnnotationList::default())
            }
        }
        deserializer.deserialize_any(ListVisitor)
    }
}

/// What tells whether a pod asks for injection; the spec stays raw.
#[derive(Debug, serde::Deserialize)]
pub struct Glance<'a> {
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub metadata: Metadata<'a>,
    #[serde(borrow, default)]
    spec: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub status: Status<'a>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata<'a> {
    #[serde(borrow, default)]
    pub name: Text<'a>,
    #[serde(borrow, default)]
    pub generate_name: Text<'a>,
    #[serde(borrow, default)]
    pub annotations: AnnotationList<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub owner_references: Vec<Owner<'a>>,
}

/// What made the pod.
#[derive(Debug, Default, serde::Deserialize)]
pub struct Owner<'a> {
    #[serde(borrow, default)]
    pub kind: Text<'a>,
}

#[derive(Debug, Default, serde::Deserialize)]
pub struct Status<'a> {
    #[serde(borrow, default)]
    pub phase: Text<'a>,
}

impl<'a> Glance<'a> {
    /// Reads the object of a request.
    pub fn read(object: &'a RawValue) -> Result<Self, serde_json::Error> {
        serde_json::from_str(object.get())
    }

    /// The spec as it came.
    pub fn raw_spec(&self) -> &'a str {
        self.spec.map_or("null", RawValue::get)
    }

    /// Reads the spec.
    pub fn spec(&self) -> Result<PodView<'a>, serde_json::Error> {
        self.spec.map_or_else(
            || Ok(PodView::default()),
            |spec| serde_json::from_str(spec.get()),
        )
    }
}

/// The spec of a pod, as far as an injection depends on it.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodView<'a> {
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub containers: Vec<Container<'a>>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub init_containers: Vec<InitContainer<'a>>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub volumes: Vec<Volume<'a>>,
    #[serde(default)]
    pub share_process_namespace: Option<bool>,
    /// Whether its processes are among those of the node.
    #[serde(default, rename = "hostPID")]
    pub host_pid: Option<bool>,
    #[serde(borrow, default)]
    pub restart_policy: Text<'a>,
    #[serde(default)]
    pub automount_service_account_token: Option<bool>,
    /// Seconds between the pod's end and the end of its processes, as written.
    #[serde(borrow, default)]
    termination_grace_period_seconds: Option<&'a RawValue>,
    #[serde(default)]
    pub security_context: Option<SecurityContext>,
    /// What all containers together may take, as written.
    #[serde(borrow, default)]
    pub resources: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub os: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub node_selector: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub affinity: Option<&'a RawValue>,
}

/// What Kubernetes grants a pod that does not say.
const TERMINATION_GRACE_PERIOD: u64 = 30;

impl<'a> PodView<'a> {
    /// Seconds between the pod's end and the end of its processes.
    pub fn termination_grace_period(&self) -> u64 {
        let written = self.termination_grace_period_seconds;
        let seconds = written.and_then(|seconds| seconds.get().parse().ok());
        seconds.unwrap_or(TERMINATION_GRACE_PERIOD)
    }

    /// The mounts of the regular containers, in order.
    pub fn mounts(&self) -> impl Iterator<Item = &Mount<'a>> {
        self.containers
            .iter()
            .flat_map(|container| &container.volume_mounts.list)
    }

    /// The containers that run as long as the pod: the regular ones, and native sidecars.
    pub fn running_containers(&self) -> impl Iterator<Item = &Container<'a>> {
        let init = self.init_containers.iter().map(|init| &init.container);
        let sidecars = init.filter(|container| container.is_native_sidecar());
        self.containers.iter().chain(sidecars)
    }

    /// All containers: the regular ones, then the init containers.
    pub fn all_containers(&self) -> impl Iterator<Item = &Container<'a>> + Clone {
        let init = self.init_containers.iter().map(|init| &init.container);
        self.containers.iter().chain(init)
    }
}

/// A container of the pod.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Container<'a> {
    #[serde(borrow, default)]
    pub name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub env: Vec<Variable<'a>>,
    #[serde(borrow, default)]
    pub volume_mounts: Mounts<'a>,
    #[serde(default)]
    pub security_context: Option<SecurityContext>,
    #[serde(borrow, default)]
    pub restart_policy: Text<'a>,
    /// As written.
    #[serde(borrow, default)]
    pub resources: Option<&'a RawValue>,
    /// As written.
    #[serde(borrow, default)]
    ports: Option<&'a RawValue>,
}

impl Container<'_> {
    /// Whether it declares a TCP port. One without a protocol is of TCP.
    pub fn declares_port(&self, number: u16) -> bool {
        let ports = self.ports.map_or("[]", RawValue::get);
        let ports: Vec<Value> = serde_json::from_str(ports).unwrap_or_default();
        ports.iter().any(|port| {
            let is_tcp = port.get("protocol").is_none_or(|it| it == "TCP");
            is_tcp && port.get("containerPort") == Some(&number.into())
        })
    }

    /// Whether this init container is a native sidecar.
    pub fn is_native_sidecar(&self) -> bool {
        &*self.restart_policy == "Always"
    }
}

/// An init container, with its own JSON for the case that it has to move.
#[derive(Debug)]
pub struct InitContainer<'a> {
    pub container: Container<'a>,
    pub raw: &'a RawValue,
}

impl<'de: 'a, 'a> Deserialize<'de> for InitContainer<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?;
        let container = serde_json::from_str(raw.get()).map_err(de::Error::custom)?;
        Ok(Self { container, raw })
    }
}

/// A container's mounts, with their own JSON for the case that they are copied.
#[derive(Debug, Default)]
pub struct Mounts<'a> {
    pub list: Vec<Mount<'a>>,
    pub raw: Option<&'a RawValue>,
}

impl<'a> Mounts<'a> {
    /// The mounts of this kind as they came, with all their fields.
    pub fn copies(&self, is_wanted: impl Fn(&Mount<'a>) -> bool) -> Vec<Map<String, Value>> {
        if !self.list.iter().any(&is_wanted) {
            return Vec::new();
        }
        let raw = self.raw.map_or("[]", RawValue::get);
        // It was read as mounts before, so it is a list of objects.
        let all: Vec<Map<String, Value>> = serde_json::from_str(raw).unwrap_or_default();
        let all = all.into_iter().zip(&self.list);
        all.filter(|(_, mount)| is_wanted(mount))
            .map(|(copy, _)| copy)
            .collect()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Mounts<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Some(raw) = Option::<&'de RawValue>::deserialize(deserializer)? else {
            return Ok(Self::default());
        };
        let list = serde_json::from_str(raw.get()).map_err(de::Error::custom)?;
        Ok(Self {
            list,
            raw: Some(raw),
        })
    }
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mount<'a> {
    #[serde(borrow, default)]
    pub name: Text<'a>,
    #[serde(borrow, default)]
    pub mount_path: Text<'a>,
    #[serde(borrow, default)]
    sub_path: Text<'a>,
    #[serde(borrow, default)]
    sub_path_expr: Text<'a>,
}

impl Mount<'_> {
    /// Whether it shows the whole volume, and not one file or directory of it.
    pub fn is_whole(&self) -> bool {
        self.sub_path.is_empty() && self.sub_path_expr.is_empty()
    }
}

#[derive(Debug, Default, serde::Deserialize)]
pub struct Variable<'a> {
    #[serde(borrow, default)]
    pub name: Text<'a>,
    /// Empty where the value comes from elsewhere.
    #[serde(borrow, default)]
    pub value: Text<'a>,
    /// Where it comes from then, as written.
    #[serde(borrow, default, rename = "valueFrom")]
    pub value_from: Option<&'a RawValue>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityContext {
    #[serde(default)]
    pub run_as_user: Option<i64>,
}

fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glance_leaves_the_spec_for_later() {
        let pod = r#"{"metadata":{"annotations":{"a\"b":"1","c":null}},"spec":{"containers":7}}"#;
        let raw: &RawValue = serde_json::from_str(pod).unwrap();
        let glance = Glance::read(raw).unwrap();
        let annotations: Vec<_> = glance.metadata.annotations.iter().collect();
        assert_eq!(annotations, [("a\"b", "1"), ("c", "")]);
        assert!(
            glance.spec().is_err(),
            "the spec is read only when it is asked for"
        );
    }

    #[test]
    fn absent_and_null_fields_are_empty() {
        let pod =
            r#"{"metadata":null,"spec":{"containers":[{"volumeMounts":null}],"volumes":null}}"#;
        let raw: &RawValue = serde_json::from_str(pod).unwrap();
        let spec = Glance::read(raw).unwrap().spec().unwrap();
        assert_eq!(spec.containers.len(), 1);
        assert!(spec.containers[0].volume_mounts.list.is_empty());
        assert!(spec.volumes.is_empty());
    }
}
