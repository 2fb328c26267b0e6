//! One request to Vault, and what its answer means.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};
use templating::{Found, Request, Secret, SecretError};
use thiserror::Error;
use vault_api::kv::{self, SecretVersion};
use vault_api::{Client, JsonError, JsonText, LeaseId, Response, Session};
use zeroize::Zeroizing;

use super::mounts::Engine;
use super::{CertificateError, Source, certificate, facts, version};
use crate::auth::Login;
use crate::connection;
use crate::schedule::Facts;
use crate::state::Kept;

/// What a fetch found.
pub(super) enum Answer {
    /// The version that is there is the one that we have.
    Same,
    /// A value. In a box, because it is much larger.
    New(Box<Fetched>),
}

/// A value with what is known of its future.
pub(super) struct Fetched {
    pub(super) found: Found,
    pub(super) identity: Identity,
    pub(super) outlook: Outlook,
    /// For the next process, where something is kept for it.
    pub(super) kept: Option<Kept>,
}

/// What is known of a value's future.
#[derive(Default)]
pub(super) struct Outlook {
    pub(super) facts: Facts,
    pub(super) lease: Option<HeldLease>,
    /// The version of a KV secret, whose metadata tells whether it is the latest.
    pub(super) version: Option<u64>,
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
    /// Vault does not serve at all, as another request found out.
    #[error("{reason}")]
    Away {
        /// The other's failure.
        reason: Arc<str>,
    },
    /// The answer is no secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The answer is no list.
    #[error(transparent)]
    List(#[from] JsonError),
    /// The answer is no certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A template asks in a way that this agent does not know.
    #[error("not supported")]
    Unsupported,
}

impl FetchError {
    pub(super) fn is_permission_denied(&self) -> bool {
        matches!(self, Self::Vault(error) if error.is_permission_denied())
    }

    /// The gate says when to try again.
    pub(super) fn is_away(&self) -> bool {
        match self {
            Self::Away { .. } => true,
            Self::Vault(error) => connection::is_away(error),
            _ => false,
        }
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Vault(error) => error.retry_after(),
            _ => None,
        }
    }
}

/// Asks Vault once. `known` is the version that we have, where its metadata may be read.
pub(super) async fn fetch(
    source: &Source,
    request: &Request,
    login: &Login,
    known: Option<Known<'_>>,
) -> Result<Answer, FetchError> {
    let pass = source.gate.enter().await;
    let pass = pass.map_err(|reason| FetchError::Away { reason })?;
    let _turn = source.turns.acquire().await;
    let client = source.connection.client();
    let outcome = ask(source, &client, request, login, known).await;
    match &outcome {
        Err(FetchError::Mount { .. }) => {}
        Err(FetchError::Vault(error)) => pass.end(Some(error)),
        _ => pass.end(None),
    }
    outcome
}

impl Source {
    fn noted<T>(
        &self,
        client: &Client,
        outcome: Result<T, vault_api::Error>,
    ) -> Result<T, vault_api::Error> {
        self.connection.note(client, &outcome);
        outcome
    }

    async fn engine(
        &self,
        client: &Client,
        vault: &Session<'_>,
        path: &str,
    ) -> Result<Engine, FetchError> {
        let note = |outcome: &Result<_, _>| self.connection.note(client, outcome);
        self.mounts
            .engine(vault, client.namespace(), path, note)
            .await
    }
}

/// The version that we have of a KV secret.
pub(super) struct Known<'a> {
    pub(super) version: u64,
    /// Set where the policy hides the metadata.
    pub(super) is_hidden: &'a mut bool,
}

async fn ask(
    source: &Source,
    client: &Client,
    request: &Request,
    login: &Login,
    known: Option<Known<'_>>,
) -> Result<Answer, FetchError> {
    let vault = client.with_token(&login.token);
    let namespace = client.namespace();
    let keeps = source.state.is_kept();
    match request {
        Request::Read { path } => {
            let engine = source.engine(client, &vault, path).await?;
            let path = match &engine {
                Engine::Known(mount) => kv::read_path(path, mount, namespace),
                Engine::Unknown => path.clone(),
            };
            if let (Some(known), Engine::Known(mount)) = (known, &engine)
                && let Some(metadata) = version::metadata_path(&path, mount, namespace)
            {
                let latest = version::is_latest(&vault, &metadata, known.version).await;
                match source.noted(client, latest) {
                    Ok(true) => return Ok(Answer::Same),
                    Ok(false) => {}
                    Err(error) if error.is_permission_denied() => *known.is_hidden = true,
                    Err(error) => return Err(error.into()),
                }
            }
            let response = source.noted(client, vault.read(&path).await)?;
            let now = SystemTime::now();
            match response {
                Some(response) => secret(&response, &path, &engine, false, now, keeps),
                None => Err(FetchError::Missing { path }),
            }
        }
        Request::Write { path, data } => {
            let engine = source.engine(client, &vault, path).await?;
            let response = match &engine {
                Engine::Known(mount) if mount.is_kv_v2() => {
                    let path = kv::read_path(path, mount, namespace);
                    let body = std::collections::BTreeMap::from([("data", data)]);
                    source.noted(client, vault.write(&path, &body).await)?
                }
                _ => source.noted(client, vault.write(path, data).await)?,
            };
            let now = SystemTime::now();
            match response {
                Some(response) => secret(&response, path, &engine, true, now, keeps),
                None => Ok(Answer::New(Box::new(Fetched::nothing()))),
            }
        }
        Request::Pki { path, data } => match source.noted(client, vault.write(path, data).await)? {
            Some(response) => pki(&response, path, SystemTime::now(), keeps),
            None => Err(CertificateError::NotPki.into()),
        },
        Request::List { path } => {
            let path = match source.engine(client, &vault, path).await? {
                Engine::Known(mount) => kv::list_path(path, &mount),
                Engine::Unknown => path.clone(),
            };
            let response = source.noted(client, vault.list(&path).await)?;
            let names = match &response {
                Some(response) => response.keys()?,
                None => Vec::new(),
            };
            Ok(list(names, path, keeps))
        }
        _ => Err(FetchError::Unsupported),
    }
}

/// What an earlier process got, seen as of when it came.
pub(super) fn restore(source: &Source, request: &Request, kept: Kept) -> Option<Fetched> {
    let engine = kept.mount.map_or(Engine::Unknown, |mount| {
        source.mounts.learn(Arc::new(mount))
    });
    let answer = if let Request::List { .. } = request {
        list(serde_json::from_str(&kept.body).ok()?, kept.path, false)
    } else {
        let is_write = matches!(request, Request::Write { .. });
        let response = Response::from_body(JsonText::new(kept.body.to_string())).ok()?;
        if let Request::Pki { .. } = request {
            pki(&response, &kept.path, kept.since, false).ok()?
        } else {
            secret(&response, &kept.path, &engine, is_write, kept.since, false).ok()?
        }
    };
    match answer {
        Answer::New(fetched) => Some(*fetched),
        Answer::Same => None,
    }
}

fn secret(
    response: &Response,
    path: &str,
    engine: &Engine,
    is_write: bool,
    now: SystemTime,
    keeps: bool,
) -> Result<Answer, FetchError> {
    let is_kv_v2 = matches!(engine, Engine::Known(mount) if mount.is_kv_v2());
    let version = response.data.as_ref().and_then(SecretVersion::from_data);
    let missing = || FetchError::Missing {
        path: path.to_owned(),
    };
    // Data of another engine may look like a version; where the engine is not known, the path tells.
    let may_be_gone = is_kv_v2 || (*engine == Engine::Unknown && path.contains("/data/"));
    if may_be_gone && version.as_ref().is_some_and(|version| version.is_gone(now)) {
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
    let lease = HeldLease::of(response);
    let kept = keeps.then(|| Kept {
        mount: match engine {
            Engine::Known(mount) => Some((**mount).clone()),
            Engine::Unknown => None,
        },
        ..keep(response, path, now)
    });
    // A version that the template names never moves.
    let follows_latest = is_kv_v2 && !is_write && !path.contains('?');
    Ok(Answer::New(Box::new(Fetched {
        found: Found::Secret(Some(Arc::new(secret))),
        identity: Identity::of_secret(response),
        outlook: Outlook {
            facts,
            lease,
            version: version
                .filter(|_| follows_latest)
                .map(|version| version.version),
        },
        kept,
    })))
}

fn pki(
    response: &Response,
    path: &str,
    now: SystemTime,
    keeps: bool,
) -> Result<Answer, FetchError> {
    let certificate = certificate::read(response.data.as_ref())?;
    Ok(Answer::New(Box::new(Fetched {
        found: Found::Pki(Arc::new(certificate)),
        identity: Identity::of_secret(response),
        outlook: Outlook {
            facts: Facts {
                is_write: true,
                ..facts::of(response, now)
            },
            lease: HeldLease::of(response),
            version: None,
        },
        kept: keeps.then(|| keep(response, path, now)),
    })))
}

fn keep(response: &Response, path: &str, now: SystemTime) -> Kept {
    Kept {
        body: Zeroizing::new(response.body.as_str().to_owned()),
        since: now,
        path: path.to_owned(),
        mount: None,
        // A login among secrets is a child of the token too.
        is_leased: response.lease.is_some() || response.auth.is_some(),
    }
}

impl HeldLease {
    fn of(response: &Response) -> Option<Self> {
        response.lease.as_ref().map(|lease| Self {
            id: lease.id.clone(),
            duration: lease.duration,
        })
    }
}

/// Nothing to list is an empty list, not an error.
fn list(mut names: Vec<String>, path: String, keeps: bool) -> Answer {
    names.sort();
    let kept = keeps.then(|| Kept {
        body: Zeroizing::new(serde_json::to_string(&names).expect("names must serialise")),
        since: SystemTime::now(),
        path,
        mount: None,
        is_leased: false,
    });
    Answer::New(Box::new(Fetched {
        identity: Identity::of_names(&names),
        found: Found::List(Arc::new(names)),
        outlook: Outlook {
            facts: Facts {
                is_list: true,
                ..Facts::default()
            },
            ..Outlook::default()
        },
        kept,
    }))
}

impl Fetched {
    /// A write that Vault has nothing to say about.
    fn nothing() -> Self {
        Self {
            found: Found::Secret(None),
            identity: Identity([0; 32]),
            outlook: Outlook {
                facts: Facts {
                    is_write: true,
                    ..Facts::default()
                },
                ..Outlook::default()
            },
            kept: None,
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
