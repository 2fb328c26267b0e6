//! One request to Vault, and what its answer means.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};
use templating::{Found, Request, Secret, SecretError};
use thiserror::Error;
use vault_api::kv::{self, SecretVersion};
use vault_api::{JsonError, LeaseId, Response};

use super::Source;
use super::facts;
use super::mounts::Engine;
use crate::auth::Login;
use crate::schedule::Facts;

/// A value with what is known of its future.
pub(super) struct Fetched {
    pub(super) found: Found,
    pub(super) identity: Identity,
    pub(super) facts: Facts,
    pub(super) lease: Option<HeldLease>,
}

/// A lease that is ours to renew.
pub(super) struct HeldLease {
    pub(super) id: LeaseId,
    pub(super) duration: Duration,
}

/// What makes two answers the same: data and lease, but neither request id nor remaining time.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Identity([u8; 32]);

/// A secret cannot be had, for now.
#[derive(Debug, Error)]
pub enum FetchError {
    /// Vault did not give it; see [`vault_api::Error`].
    #[error(transparent)]
    Vault(#[from] vault_api::Error),
    /// There is nothing at the path, or what was there is deleted.
    #[error("no secret exists at {path}")]
    Missing {
        /// The path that was read.
        path: String,
    },
    /// A static role in the middle of its rotation.
    #[error("vault rotating secret returned ttl=0, will retry")]
    Rotating,
    /// Another secret of the same mount just failed for this reason.
    #[error("{reason}")]
    Mount {
        /// The other's failure.
        reason: Arc<str>,
    },
    /// The answer is no secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The answer is no list.
    #[error(transparent)]
    List(#[from] JsonError),
    /// A template asks in a way that this agent does not know.
    #[error("not supported")]
    Unsupported,
}

impl FetchError {
    pub(super) fn is_permission_denied(&self) -> bool {
        matches!(self, Self::Vault(error) if error.is_permission_denied())
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Vault(error) => error.retry_after(),
            _ => None,
        }
    }
}

pub(super) async fn fetch(
    source: &Source,
    request: &Request,
    login: &Login,
) -> Result<Fetched, FetchError> {
    let _turn = source.turns.acquire().await;
    let vault = source.client.with_token(&login.token);
    let namespace = source.client.namespace();
    match request {
        Request::Read { path } => {
            let engine = source.mounts.engine(&vault, namespace, path).await?;
            let path = match &engine {
                Engine::Known(mount) => kv::read_path(path, mount, namespace),
                Engine::Unknown => path.clone(),
            };
            match vault.read(&path).await? {
                Some(response) => secret(&response, &path, &engine, false),
                None => Err(FetchError::Missing { path }),
            }
        }
        Request::Write { path, data } => {
            let engine = source.mounts.engine(&vault, namespace, path).await?;
            let response = match &engine {
                Engine::Known(mount) if mount.is_kv_v2() => {
                    let path = kv::read_path(path, mount, namespace);
                    let body = std::collections::BTreeMap::from([("data", data)]);
                    vault.write(&path, &body).await?
                }
                _ => vault.write(path, data).await?,
            };
            match response {
                Some(response) => secret(&response, path, &engine, true),
                None => Ok(Fetched::nothing()),
            }
        }
        Request::List { path } => {
            let path = match source.mounts.engine(&vault, namespace, path).await? {
                Engine::Known(mount) => kv::list_path(path, &mount),
                Engine::Unknown => path.clone(),
            };
            list(vault.list(&path).await?.as_ref())
        }
        _ => Err(FetchError::Unsupported),
    }
}

fn secret(
    response: &Response,
    path: &str,
    engine: &Engine,
    is_write: bool,
) -> Result<Fetched, FetchError> {
    let now = SystemTime::now();
    let is_kv_v2 = matches!(engine, Engine::Known(mount) if mount.is_kv_v2());
    let version = response.data.as_ref().and_then(SecretVersion::from_data);
    let missing = || FetchError::Missing {
        path: path.to_owned(),
    };
    // Data of another engine may look like a version; where the engine is not known, the path tells.
    let may_be_gone = is_kv_v2 || (*engine == Engine::Unknown && path.contains("/data/"));
    if may_be_gone && version.is_some_and(|version| version.is_gone(now)) {
        return Err(missing());
    }
    let no_content =
        response.data.is_none() && response.auth.is_none() && response.wrap_info.is_none();
    if no_content && !is_write {
        return Err(missing());
    }
    let facts = Facts {
        is_kv_v1: matches!(engine, Engine::Known(mount) if mount.kind == "kv" && !is_kv_v2),
        is_write,
        ..facts::of(response, now)
    };
    if facts.lease.is_none()
        && facts
            .rotation
            .is_some_and(|rotation| rotation.ttl.is_zero())
    {
        return Err(FetchError::Rotating);
    }
    let secret = Secret::from_response(response.body.as_str().as_bytes())?;
    let lease = response.lease.as_ref().map(|lease| HeldLease {
        id: lease.id.clone(),
        duration: lease.duration,
    });
    Ok(Fetched {
        found: Found::Secret(Some(Arc::new(secret))),
        identity: Identity::of_secret(response),
        facts,
        lease,
    })
}

/// Nothing to list is an empty list, not an error.
fn list(response: Option<&Response>) -> Result<Fetched, FetchError> {
    let mut names = match response {
        Some(response) => response.keys()?,
        None => Vec::new(),
    };
    names.sort();
    Ok(Fetched {
        identity: Identity::of_names(&names),
        found: Found::List(Arc::new(names)),
        facts: Facts {
            is_list: true,
            ..Facts::default()
        },
        lease: None,
    })
}

impl Fetched {
    /// A write that Vault has nothing to say about.
    fn nothing() -> Self {
        Self {
            found: Found::Secret(None),
            identity: Identity([0; 32]),
            facts: Facts {
                is_write: true,
                ..Facts::default()
            },
            lease: None,
        }
    }
}

impl Identity {
    fn of_secret(response: &Response) -> Self {
        let data = response.data.as_ref().map_or("", |data| data.as_str());
        let lease = response
            .lease
            .as_ref()
            .map_or("", |lease| lease.id.as_str());
        let mut hash = Sha256::new();
        hash.update(lease);
        hash.update([0]);
        hash.update(data);
        if data.is_empty() {
            // A login or a wrapped answer: each is another.
            hash.update(&response.request_id);
        }
        Self(hash.finalize().into())
    }

    fn of_names(names: &[String]) -> Self {
        let mut hash = Sha256::new();
        for name in names {
            hash.update(name);
            hash.update([0]);
        }
        Self(hash.finalize().into())
    }
}
