//! A volume of the pod: its name, and what kind it is.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::{Text, or_default};

/// A volume.
#[derive(Debug, Default)]
pub struct Volume<'a> {
    pub name: Text<'a>,
    projected: Option<Projected<'a>>,
    empty_dir: Option<EmptyDir<'a>>,
    /// Whether it is of any other kind.
    is_other: bool,
    is_secret: bool,
}

#[derive(Debug, Default, serde::Deserialize)]
struct Projected<'a> {
    #[serde(borrow, default, deserialize_with = "or_default")]
    sources: Vec<Projection<'a>>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Projection<'a> {
    #[serde(borrow, default)]
    service_account_token: Option<TokenProjection<'a>>,
}

/// A service-account token in a volume.
#[derive(Debug, Default, serde::Deserialize)]
pub struct TokenProjection<'a> {
    /// The file, from the volume's root.
    #[serde(borrow, default)]
    pub path: Text<'a>,
    /// Who the token is for; empty is the API server.
    #[serde(borrow, default)]
    pub audience: Text<'a>,
}

#[derive(Debug, Default, serde::Deserialize)]
struct EmptyDir<'a> {
    #[serde(borrow, default)]
    medium: Text<'a>,
}

impl<'a> Volume<'a> {
    /// The service-account tokens in this volume.
    pub fn tokens(&self) -> impl Iterator<Item = &TokenProjection<'a>> {
        let sources = self.projected.iter().flat_map(|it| &it.sources);
        sources.filter_map(|source| source.service_account_token.as_ref())
    }

    /// The file of the first service-account token in this volume.
    pub fn token_file(&self) -> Option<&str> {
        self.tokens().next().map(|token| &*token.path)
    }

    /// Whether it holds a Secret.
    pub fn is_secret(&self) -> bool {
        self.is_secret
    }

    /// Whether it is an emptyDir, which is also what Kubernetes makes of one that names no kind.
    pub fn is_empty_dir(&self) -> bool {
        self.empty_dir.is_some() || !self.is_other && self.projected.is_none()
    }

    /// Whether it is in memory, and never on a disk.
    pub fn is_in_memory(&self) -> bool {
        let medium = self.empty_dir.as_ref().map(|it| &*it.medium);
        medium == Some("Memory")
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Volume<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct VolumeVisitor;
        impl<'de> Visitor<'de> for VolumeVisitor {
            type Value = Volume<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a volume")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut volume = Volume::default();
                while let Some(key) = map.next_key::<Text<'de>>()? {
                    match &*key {
                        "name" => volume.name = map.next_value()?,
                        "projected" => volume.projected = map.next_value()?,
                        "emptyDir" => volume.empty_dir = map.next_value()?,
                        "secret" => {
                            volume.is_secret = map.next_value::<Option<IgnoredAny>>()?.is_some();
                            volume.is_other |= volume.is_secret;
                        }
                        _ => volume.is_other |= map.next_value::<Option<IgnoredAny>>()?.is_some(),
                    }
                }
                Ok(volume)
            }
        }
        deserializer.deserialize_map(VolumeVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk_volume(json: &str) -> Volume<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_volume_without_a_kind_is_an_empty_dir() {
        for json in [
            r#"{"name":"a"}"#,
            r#"{"name":"a","emptyDir":{}}"#,
            r#"{"emptyDir":{"medium":"Memory","sizeLimit":"1Mi"},"name":"a"}"#,
            r#"{"name":"a","secret":null}"#,
        ] {
            assert!(mk_volume(json).is_empty_dir(), "{json}");
        }
        for json in [
            r#"{"name":"a","secret":{"secretName":"a"}}"#,
            r#"{"name":"a","projected":{"sources":null}}"#,
            r#"{"name":"a","future":{}}"#,
        ] {
            assert!(!mk_volume(json).is_empty_dir(), "{json}");
        }
    }

    #[test]
    fn only_an_empty_dir_of_memory_is_in_memory() {
        assert!(mk_volume(r#"{"emptyDir":{"medium":"Memory"}}"#).is_in_memory());
        assert!(!mk_volume(r#"{"emptyDir":{}}"#).is_in_memory());
        assert!(!mk_volume(r#"{"name":"a"}"#).is_in_memory());
    }
}
