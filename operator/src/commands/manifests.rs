//! Manifests from files.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use operator_api::{ClusterSecretStore, ExternalSecret, GROUP, SecretStore, StoreKind, StoreRef};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 16 << 20;

/// One object.
pub(super) struct Document {
    /// File and kind, namespace and name, for messages.
    pub(super) title: String,
    pub(super) object: Object,
}

/// An object of a kind that is checked, or what is wrong with it.
pub(super) enum Object {
    ExternalSecret(Box<ExternalSecret>),
    SecretStore(Box<SecretStore>),
    ClusterSecretStore(Box<ClusterSecretStore>),
    /// It cannot be read.
    Broken(String),
}

/// All objects of the files that the operator serves. Others are passed over.
pub(super) struct Manifests {
    pub(super) documents: Vec<Document>,
}

impl Manifests {
    pub(super) fn read(files: &[PathBuf]) -> anyhow::Result<Self> {
        let mut documents = Vec::new();
        for file in files {
            let text = text(file).with_context(|| file.display().to_string())?;
            let values: Vec<Value> = serde_saphyr::from_multiple(&text)
                .with_context(|| format!("{}: not YAML", file.display()))?;
            for value in values {
                add(file, value, &mut documents);
            }
        }
        if documents.is_empty() {
            bail!("there is no ExternalSecret, SecretStore or ClusterSecretStore in these files");
        }
        Ok(Self { documents })
    }

    /// The store that an object of `namespace` refers to.
    pub(super) fn store(
        &self,
        reference: &StoreRef,
        namespace: Option<&str>,
    ) -> Option<&operator_api::SecretStoreSpec> {
        let name = reference.name.as_deref();
        let kind = reference.kind.unwrap_or_default();
        self.documents
            .iter()
            .find_map(|document| match &document.object {
                Object::SecretStore(store)
                    if kind == StoreKind::SecretStore
                        && store.metadata.name.as_deref() == name
                        && store.metadata.namespace.as_deref() == namespace =>
                {
                    Some(&store.spec)
                }
                Object::ClusterSecretStore(store)
                    if kind == StoreKind::ClusterSecretStore
                        && store.metadata.name.as_deref() == name =>
                {
                    Some(&store.spec.0)
                }
                _ => None,
            })
    }
}

fn text(file: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let read = if file.as_os_str() == "-" {
        std::io::stdin()
            .take(LARGEST + 1)
            .read_to_string(&mut text)?
    } else {
        std::fs::File::open(file)?
            .take(LARGEST + 1)
            .read_to_string(&mut text)?
    };
    if read as u64 > LARGEST {
        bail!("larger than {} MiB", LARGEST >> 20);
    }
    Ok(text)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    #[serde(default)]
    api_version: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    metadata: HeadMetadata,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct HeadMetadata {
    name: String,
    namespace: String,
}

/// Adds the object of a document, or all of a list.
fn add(file: &Path, mut value: Value, documents: &mut Vec<Document>) {
    if value["kind"] == "List"
        && let Some(items) = value["items"].as_array_mut()
    {
        for item in std::mem::take(items) {
            add(file, item, documents);
        }
        return;
    }
    let Ok(head) = Head::deserialize(&value) else {
        return;
    };
    let Some((group, _)) = head.api_version.split_once('/') else {
        return;
    };
    if group != GROUP {
        return;
    }
    let object = match head.kind.as_str() {
        "ExternalSecret" => parse(value).map(Object::ExternalSecret),
        "SecretStore" => parse(value).map(Object::SecretStore),
        "ClusterSecretStore" => parse(value).map(Object::ClusterSecretStore),
        _ => return,
    };
    let namespace = match head.metadata.namespace.as_str() {
        "" => String::new(),
        namespace => format!("{namespace}/"),
    };
    documents.push(Document {
        title: format!(
            "{}: {} {namespace}{}",
            file.display(),
            head.kind,
            head.metadata.name
        ),
        object: object.unwrap_or_else(Object::Broken),
    });
}

fn parse<T: DeserializeOwned>(value: Value) -> Result<Box<T>, String> {
    let read = serde_json::from_value(value).map(Box::new);
    read.map_err(|error| error.to_string())
}
