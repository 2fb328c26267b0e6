//! The policies that manifests need in Vault: no more than they read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::Context as _;
use operator_api::{
    DataFrom, DataFromSource, ExternalSecret, Find, KvVersion, MetadataPolicy, RemoteRef,
    SourceRef, StoreRef, VaultProvider,
};
use secret_sync::Location;

use super::manifests::{Manifests, Object};
use crate::names::StoreId;
use crate::provider;

/// Paths with what may be done there.
type Rules = BTreeMap<String, BTreeSet<&'static str>>;

/// A policy for each store that the manifests read from, with a comment that names the store.
pub(super) fn policies(manifests: &Manifests) -> anyhow::Result<String> {
    let mut stores = BTreeMap::<StoreId, Rules>::new();
    for document in &manifests.documents {
        match &document.object {
            Object::ExternalSecret(object) => {
                read(manifests, object, &mut stores).with_context(|| document.title.clone())?;
            }
            Object::Broken(reason) => anyhow::bail!("{}: {reason}", document.title),
            Object::SecretStore(_) | Object::ClusterSecretStore(_) => {}
        }
    }
    let mut text = String::new();
    for (store, rules) in &stores {
        let _ = writeln!(text, "# {} {}", store.kind(), store.0);
        for (path, capabilities) in rules {
            let capabilities: Vec<_> = capabilities.iter().map(|it| format!("{it:?}")).collect();
            let _ = writeln!(
                text,
                "path {path:?} {{ capabilities = [{}] }}",
                capabilities.join(", ")
            );
        }
        text.push('\n');
    }
    anyhow::ensure!(
        !text.is_empty(),
        "there is no ExternalSecret in these files"
    );
    Ok(text)
}

fn read(
    manifests: &Manifests,
    object: &ExternalSecret,
    stores: &mut BTreeMap<StoreId, Rules>,
) -> anyhow::Result<()> {
    let mut add = |own: Option<&StoreRef>, wanted: Wanted<'_>| -> anyhow::Result<()> {
        let reference = own.or(object.spec.secret_store_ref.as_ref());
        let reference = reference.context("no store is named")?;
        let namespace = object.metadata.namespace.as_deref();
        let id = StoreId::of(reference, namespace.unwrap_or_default());
        let store = manifests.store(reference, namespace).with_context(|| {
            format!(
                "{} {} is not in these files: add its manifest",
                id.kind(),
                id.0
            )
        })?;
        let vault = provider::vault(&store.provider)
            .map_err(|fault| anyhow::anyhow!("{}", fault.event()))?;
        wanted.add_to(stores.entry(id).or_default(), &vault)
    };
    for entry in &object.spec.data {
        let own = match &entry.source_ref {
            Some(SourceRef::StoreRef(store)) => Some(store),
            _ => None,
        };
        add(own, Wanted::Secret(&entry.remote_ref))?;
    }
    for DataFrom {
        extract,
        find,
        source_ref,
        ..
    } in &object.spec.data_from
    {
        let own = match source_ref {
            Some(DataFromSource::StoreRef(store)) => Some(store),
            Some(DataFromSource::GeneratorRef(_)) => continue,
            None => None,
        };
        if let Some(remote) = extract {
            add(own, Wanted::Secret(remote))?;
        }
        if let Some(find) = find {
            add(own, Wanted::Found(find))?;
        }
    }
    Ok(())
}

enum Wanted<'a> {
    Secret(&'a RemoteRef),
    Found(&'a Find),
}

impl Wanted<'_> {
    fn add_to(&self, rules: &mut Rules, vault: &VaultProvider) -> anyhow::Result<()> {
        let location = Location {
            path: vault.path.as_deref().map(|path| path.trim_matches('/')),
            version: vault.version,
        };
        let mut allow = |path: String, capability| {
            rules.entry(path).or_default().insert(capability);
        };
        match self {
            Self::Secret(remote) => {
                let is_metadata =
                    remote.metadata_policy.unwrap_or_default() == MetadataPolicy::Fetch;
                let path = if is_metadata {
                    location.metadata_path(&remote.key)?
                } else {
                    location.data_path(&remote.key)?
                };
                allow(path, "read");
            }
            Self::Found(find) => {
                let folder = match find.path.as_deref().unwrap_or_default().trim_matches('/') {
                    "" => String::new(),
                    path => format!("{path}/"),
                };
                let metadata = location.metadata_path(&folder)?;
                allow(metadata.clone(), "list");
                allow(format!("{metadata}*"), "list");
                if find.name.is_none() && vault.version == KvVersion::V2 {
                    allow(format!("{metadata}*"), "read");
                }
                allow(format!("{}*", location.data_path(&folder)?), "read");
            }
        }
        Ok(())
    }
}
