//! What a store in Vault holds, as External Secrets Operator reads and writes it.

mod fields;
mod push;

use std::collections::BTreeMap;
use std::sync::Arc;

use operator_api::{Find, KvVersion, MetadataPolicy, RemoteRef, VaultProvider};
use secret_sync::{Data, Fetched, Location};
use serde::Deserialize;
use serde_json::value::RawValue;
use templating::go::Regexp;
use tokio::time::Instant;
use vault_wire::Response;

use super::Session;
use crate::fault::{Fault, ReadError};

pub(crate) use fields::Payload;
pub(crate) use push::IfThere;

/// Secrets and folders that one `find` looks into.
const MOST_FOUND: usize = 10_000;

/// See the module.
pub(crate) struct VaultStore {
    session: Arc<Session>,
    path: Option<String>,
    version: KvVersion,
    /// Whether a write names the version that it replaces.
    checks_version: bool,
    /// Answers from before are not taken.
    since: Instant,
}

impl VaultStore {
    pub(crate) fn new(provider: &VaultProvider, session: Arc<Session>, since: Instant) -> Self {
        let path = provider.path.as_deref().map(|path| path.trim_matches('/'));
        Self {
            session,
            path: path.filter(|path| !path.is_empty()).map(str::to_owned),
            version: provider.version,
            checks_version: provider
                .check_and_set
                .as_ref()
                .is_some_and(|it| it.required == Some(true)),
            since,
        }
    }

    fn location(&self) -> Location<'_> {
        Location {
            path: self.path.as_deref(),
            version: self.version,
        }
    }

    /// The value at a reference: a property of a secret, or all of it as JSON.
    pub(crate) async fn get(&self, remote: &RemoteRef) -> Result<Vec<u8>, ReadError> {
        let property = remote.property.as_deref().unwrap_or_default();
        let secret = self.secret(remote).await?;
        let value = secret.select(property);
        value.map_err(|error| ReadError::Fault(Fault::new(error)))
    }

    /// All fields of what is at a reference.
    pub(crate) async fn get_all(&self, remote: &RemoteRef) -> Result<Data, ReadError> {
        let property = remote.property.as_deref().unwrap_or_default();
        let secret = self.secret(remote).await?;
        let fields = secret.extract(property);
        fields.map_err(|error| ReadError::Fault(Fault::new(error)))
    }

    async fn secret(&self, remote: &RemoteRef) -> Result<Fetched, ReadError> {
        let text = match remote.metadata_policy.unwrap_or_default() {
            MetadataPolicy::None => {
                let version = remote.version.as_deref().unwrap_or_default();
                self.data(&remote.key, version).await?
            }
            MetadataPolicy::Fetch => self.metadata_text(&remote.key).await?,
        };
        Fetched::new(&text).map_err(|error| ReadError::Fault(Fault::new(error)))
    }

    /// The fields of a secret as Vault writes them.
    async fn data(&self, key: &str, version: &str) -> Result<String, ReadError> {
        let mut path = self.location().data_path(key).map_err(Fault::new)?;
        if !version.is_empty() {
            let query = form_urlencode(version);
            path = format!("{path}?version={query}");
        }
        let answer = self.read(&path).await?.ok_or(ReadError::NoSecret)?;
        let Some(data) = answer.data else {
            return Err(ReadError::NoSecret);
        };
        if self.version == KvVersion::V1 {
            return Ok(data.as_str().to_owned());
        }
        let versioned: Versioned<'_> = data.parse().map_err(Fault::new)?;
        match versioned.data {
            Some(fields) if fields.get() == "null" => Err(ReadError::NoSecret),
            Some(fields) => Ok(fields.get().to_owned()),
            None => Err(Fault::new("failed to find data field").into()),
        }
    }

    /// What KV version 2 knows about a secret, as one object of texts.
    async fn metadata_text(&self, key: &str) -> Result<String, ReadError> {
        if self.version == KvVersion::V1 {
            return Err(
                Fault::new("cannot perform metadata fetch operations with kv version v1").into(),
            );
        }
        let metadata = self.metadata(key).await?;
        let metadata = metadata.ok_or_else(|| Fault::new("secret not found"))?;
        let mut fields = BTreeMap::from([
            ("created_time".to_owned(), metadata.created_time),
            (
                "current_version".to_owned(),
                metadata.current_version.to_string(),
            ),
            (
                "delete_version_after".to_owned(),
                metadata.delete_version_after,
            ),
        ]);
        fields.extend(metadata.custom.unwrap_or_default());
        Ok(serde_json::to_string(&fields).map_err(Fault::new)?)
    }

    async fn metadata(&self, key: &str) -> Result<Option<Metadata>, ReadError> {
        let path = self.location().metadata_path(key).map_err(Fault::new)?;
        let answer = self.read(&path).await?;
        let Some(data) = answer.and_then(|answer| answer.data) else {
            return Ok(None);
        };
        Ok(Some(data.parse().map_err(Fault::new)?))
    }

    /// The secrets that match, each whole, by their names.
    pub(crate) async fn find(&self, find: &Find) -> Result<Data, ReadError> {
        let expression = find.name.as_ref().and_then(|name| name.regexp.as_deref());
        if self.version == KvVersion::V1 && expression.is_none() {
            return Err(Fault::new(
                "find.tags needs metadata, which kv version v1 does not have: use find.name",
            )
            .into());
        }
        let names = self.list(find.path.as_deref().unwrap_or_default()).await?;
        let matching = match expression {
            Some(expression) => matching(expression, names)?,
            None => self.tagged(&find.tags, names).await?,
        };
        let mut found = Data::new();
        for name in matching {
            match self.data(&name, "").await {
                Ok(text) => {
                    let whole = Fetched::new(&text).and_then(|secret| secret.select(""));
                    found.insert(name, whole.map_err(Fault::new)?);
                }
                Err(ReadError::NoSecret) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// The names of all secrets below a folder, as they are from the mount on.
    async fn list(&self, folder: &str) -> Result<Vec<String>, ReadError> {
        // Not trimmed: a slash at the end stays a part of the names.
        let root = if folder.is_empty() {
            String::new()
        } else {
            format!("{folder}/")
        };
        let mut names = Vec::new();
        let mut folders = vec![root];
        let mut is_first = true;
        while let Some(folder) = folders.pop() {
            let path = self.location().metadata_path(&folder).map_err(Fault::new)?;
            let path = format!("{}?list=true", path.trim_end_matches('/'));
            let Some(answer) = self.read(&path).await? else {
                if is_first {
                    return Err(ReadError::NoSecret);
                }
                continue;
            };
            is_first = false;
            for name in answer.keys().map_err(Fault::new)? {
                let name = format!("{folder}{name}");
                if name.ends_with('/') {
                    folders.push(name);
                } else {
                    names.push(name);
                }
                if names.len() + folders.len() > MOST_FOUND {
                    return Err(Fault::new(format!(
                        "more than {MOST_FOUND} secrets and folders: narrow find.path"
                    ))
                    .into());
                }
            }
        }
        names.sort();
        Ok(names)
    }

    async fn tagged(
        &self,
        tags: &BTreeMap<String, String>,
        names: Vec<String>,
    ) -> Result<Vec<String>, ReadError> {
        let mut matching = Vec::new();
        for name in names {
            let metadata = self.metadata(&name).await?;
            let has = metadata
                .and_then(|metadata| metadata.custom)
                .unwrap_or_default();
            if tags.iter().all(|(tag, value)| has.get(tag) == Some(value)) {
                matching.push(name);
            }
        }
        Ok(matching)
    }

    async fn read(&self, path: &str) -> Result<Option<Response>, ReadError> {
        let answer = self.session.read(&clean(path), self.since).await?;
        answer.map_err(|error| {
            let fault = Fault::of_vault(&error);
            fault.within("cannot read secret data from Vault: ").into()
        })
    }
}

/// A path as Vault's Go client asks for it: without empty segments.
fn clean(path: &str) -> String {
    let (path, query) = match path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path, None),
    };
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    let path = segments.collect::<Vec<_>>().join("/");
    match query {
        Some(query) => format!("{path}?{query}"),
        None => path,
    }
}

/// A secret of KV version 2, without its metadata.
#[derive(Deserialize)]
struct Versioned<'a> {
    #[serde(default, borrow, deserialize_with = "present")]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    created_time: String,
    #[serde(default)]
    current_version: u64,
    #[serde(default)]
    delete_version_after: String,
    #[serde(default, rename = "custom_metadata")]
    custom: Option<BTreeMap<String, String>>,
}

/// Tells a field that is null from one that is not there.
fn present<'de: 'a, 'a, D>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error>
where
    D: serde::Deserializer<'de>,
{
    <&RawValue>::deserialize(deserializer).map(Some)
}

fn matching(expression: &str, names: Vec<String>) -> Result<Vec<String>, Fault> {
    let compiled = Regexp::new(expression).map_err(|error| {
        let reason = error.reveal();
        Fault::new(format!(
            "could not compile find.name.regexp [{expression}]: {reason}"
        ))
    })?;
    let names = names.into_iter();
    Ok(names.filter(|name| compiled.is_match(name)).collect())
}

fn form_urlencode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
