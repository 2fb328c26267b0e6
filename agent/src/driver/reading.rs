//! From what a template asks for to what the engine wants, and from its readings to what templates
//! get.

use std::sync::Arc;

use templating::{Found, Request, Secret, SecretError};
use thiserror::Error;
use vault_engine::{Reading, Recalled, Want};
use vault_wire::{JsonError, JsonText, Response};
use zeroize::Zeroizing;

use crate::state::Kept;
use crate::store::certificate::{self, CertificateError};

/// The engine's name for a request; `None` if it is not one to Vault.
pub(super) fn want(request: &Request) -> Option<Want> {
    Some(match request {
        Request::Read { path } => Want::Read {
            path: path.as_str().into(),
        },
        Request::List { path } => Want::List {
            path: path.as_str().into(),
        },
        Request::Write { path, data } => Want::Write {
            path: path.as_str().into(),
            data: data.clone().into(),
        },
        Request::Pki { path, data } => Want::Issue {
            path: path.as_str().into(),
            data: data.clone().into(),
        },
        _ => return None,
    })
}

/// An answer that no template can use.
#[derive(Debug, Error)]
pub(crate) enum UnusableError {
    /// It is not a secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// It is not a list.
    #[error(transparent)]
    List(#[from] JsonError),
    /// It is not a certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

/// What templates get.
pub(super) fn found(request: &Request, reading: &Reading) -> Result<Found, UnusableError> {
    of_response(request, reading.response.as_ref())
}

pub(crate) fn of_response(
    request: &Request,
    response: Option<&Response>,
) -> Result<Found, UnusableError> {
    match (request, response) {
        (Request::List { .. }, response) => {
            let mut names = response.map_or(Ok(Vec::new()), Response::keys)?;
            names.sort();
            Ok(Found::List(Arc::new(names)))
        }
        (Request::Pki { .. }, response) => {
            let data = response.and_then(|response| response.data.as_ref());
            Ok(Found::Pki(Arc::new(certificate::read(data)?)))
        }
        (_, None) => Ok(Found::Secret(None)),
        (_, Some(response)) => {
            let secret = Secret::from_response(response.body.as_str().as_bytes())?;
            Ok(Found::Secret(Some(Arc::new(secret))))
        }
    }
}

/// What the next process is to find; nothing if there is no answer to keep.
pub(super) fn kept(reading: &Reading) -> Option<Kept> {
    let response = reading.response.as_ref()?;
    Some(Kept {
        body: Zeroizing::new(response.body.as_str().to_owned()),
        since: reading.since,
        path: reading.path.to_string(),
        mount: reading.mount.as_deref().cloned(),
        // A login among secrets is a child of the token too.
        is_leased: response.lease.is_some() || response.auth.is_some(),
    })
}

/// What an earlier process kept, if templates can use it.
pub(super) fn recalled(request: &Request, kept: Kept) -> Option<Recalled> {
    let response = Response::from_body(JsonText::new(kept.body.to_string())).ok()?;
    of_response(request, Some(&response)).ok()?;
    Some(Recalled {
        response,
        since: kept.since,
        path: kept.path.into(),
        mount: kept.mount,
    })
}
