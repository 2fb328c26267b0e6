//! The servers that a store can be, behind one way to read and write them.

mod fake;

use operator_api::{Find, Provider, RemoteRef, SecretStoreSpec, VaultProvider};
use secret_sync::Data;
use tokio::time::Instant;

use crate::fault::{Fault, ReadError};
use crate::vault::{Asker, IfThere, Payload, Pool, VaultStore, Way, is_referent};
use fake::Fake;

/// A store that can be read.
pub(crate) enum Source {
    Vault(VaultStore),
    Fake(Fake),
}

impl Source {
    /// The store as `asker` sees it. What was read before `since` is not taken.
    pub(crate) async fn open(
        spec: &SecretStoreSpec,
        asker: Asker<'_>,
        pool: &Pool,
        since: Instant,
    ) -> Result<Self, Fault> {
        if let Some(fake) = &spec.provider.fake {
            return Ok(Self::Fake(Fake::new(fake)));
        }
        let vault = vault(&spec.provider)?;
        let way = Way::find(&vault, spec.retry_settings.as_ref(), asker).await?;
        let session = pool.session(way, asker.key)?;
        session.ready().await?;
        Ok(Self::Vault(VaultStore::new(&vault, session, since)))
    }

    pub(crate) async fn get(&self, remote: &RemoteRef) -> Result<Vec<u8>, ReadError> {
        match self {
            Self::Vault(store) => store.get(remote).await,
            Self::Fake(store) => store.get(remote),
        }
    }

    pub(crate) async fn get_all(&self, remote: &RemoteRef) -> Result<Data, ReadError> {
        match self {
            Self::Vault(store) => store.get_all(remote).await,
            Self::Fake(store) => store.get_all(remote),
        }
    }

    pub(crate) async fn find(&self, find: &Find) -> Result<Data, ReadError> {
        match self {
            Self::Vault(store) => store.find(find).await,
            Self::Fake(store) => store.find(find),
        }
    }

    /// Writes a secret, or one field of it.
    pub(crate) async fn push(
        &self,
        key: &str,
        property: &str,
        payload: &Payload,
        if_there: IfThere,
    ) -> Result<(), Fault> {
        match self {
            Self::Vault(store) => store.push(key, property, payload, if_there).await,
            Self::Fake(_) => Err(read_only()),
        }
    }

    /// Deletes what was pushed.
    pub(crate) async fn delete(&self, key: &str, property: &str) -> Result<(), Fault> {
        match self {
            Self::Vault(store) => store.delete(key, property).await,
            Self::Fake(_) => Err(read_only()),
        }
    }
}

fn read_only() -> Fault {
    Fault::new("a store with the provider \"fake\" cannot be written: use vault or openBao")
}

/// A server of Vault's kind. `OpenBao` is one with fewer ways to log in.
pub(crate) fn vault(provider: &Provider) -> Result<VaultProvider, Fault> {
    if let Some(vault) = &provider.vault {
        return Ok((**vault).clone());
    }
    if let Some(bao) = &provider.open_bao {
        return Ok((**bao).clone().into());
    }
    let name = provider.other.keys().next();
    let name = if provider.kubernetes.is_some() {
        Some("kubernetes")
    } else {
        name.map(String::as_str)
    };
    Err(Fault::new(match name {
        Some(name) => format!(
            "the provider {name:?} is not built in: the operator serves vault, openBao and fake"
        ),
        None => "the store has no provider: set provider.vault".to_owned(),
    }))
}

/// Whether a store of the cluster is another one for each namespace that uses it.
pub(crate) fn depends_on_namespace(provider: &Provider) -> bool {
    vault(provider).is_ok_and(|vault| is_referent(&vault))
}
