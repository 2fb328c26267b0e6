//! One request to Vault.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use templating::{Request, SecretError};
use thiserror::Error;
use vault_client::{Client, Session};
use vault_wire::{JsonError, JsonText, Response, kv};

use super::answer::{Answer, Fetched, list, pki, secret};
use super::mounts::Engine;
use super::{CertificateError, Source, refusal, version};
use crate::auth::Login;
use crate::connection;
use crate::state::Kept;

/// A secret cannot be had, for now.
#[derive(Debug, Error)]
pub enum FetchError {
    /// Vault did not give it; see [`vault_wire::Error`].
    #[error(transparent)]
    Vault(#[from] vault_wire::Error),
    /// There is nothing at the path, or what was there is deleted.
    #[error("no secret exists at {path}")]
    Missing {
        /// The path that was read.
        path: String,
    },
    /// Vault said no, or has nothing there.
    #[error("{cause}; {hint}")]
    Refused {
        /// What came of the request.
        cause: Box<FetchError>,
        /// What to check, and the command that shows more.
        hint: String,
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
        match self {
            Self::Vault(error) => error.is_permission_denied(),
            Self::Refused { cause, .. } => cause.is_permission_denied(),
            _ => false,
        }
    }

    /// Neither time nor a token will change it.
    pub(super) fn is_permanent(&self) -> bool {
        matches!(self, Self::Vault(vault_wire::Error::InvalidPath { .. }))
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
    outcome.map_err(|error| refusal::explained(source, client.namespace(), request, error))
}

/// The path that Vault gets.
pub(super) fn api_path(request: &Request, engine: &Engine, namespace: &str) -> String {
    match (request, engine) {
        (Request::Read { path } | Request::Write { path, .. }, Engine::Known(mount)) => {
            kv::read_path(path, mount, namespace)
        }
        (Request::List { path }, Engine::Known(mount)) => kv::list_path(path, mount),
        (
            Request::Read { path }
            | Request::Write { path, .. }
            | Request::List { path }
            | Request::Pki { path, .. },
            _,
        ) => path.clone(),
        _ => String::new(),
    }
}

impl Source {
    fn noted<T>(
        &self,
        client: &Client,
        outcome: Result<T, vault_wire::Error>,
    ) -> Result<T, vault_wire::Error> {
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
            let path = api_path(request, &engine, namespace);
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
                    let path = api_path(request, &engine, namespace);
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
            let engine = source.engine(client, &vault, path).await?;
            let path = api_path(request, &engine, namespace);
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
