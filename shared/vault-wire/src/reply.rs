//! An answer as it came, and the readings of it.

use std::fmt::Display;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, RequestLine};
use crate::json::JsonText;
use crate::kv::Mount;
use crate::response::{Auth, Health, Lease, LeaseId, Response, ResponseError, TokenInfo, WrapInfo};
use crate::sent::Sent;
use crate::text::{shortened, visible};

/// Status and body of an answer. Every reading of it fails with an [`Error`] that names the request.
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// How long the server asks to wait; see [`retry_after`](crate::retry_after).
    pub retry_after: Option<Duration>,
    /// What was asked.
    pub request: RequestLine,
    /// What is to be taken out of messages.
    pub sent: Sent,
    /// The body; empty if there was none.
    pub body: JsonText,
    /// It was an error too long to be read. The body is empty.
    pub is_cut: bool,
}

/// Most messages of one error that are shown, and most bytes of one.
const MESSAGES: usize = 16;
const LONGEST_MESSAGE: usize = 1024;

/// Paths that are read are made of it.
const LONGEST_MOUNT: usize = 1024;

impl Reply {
    fn parse<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.body.parse().map_err(|error| self.malformed(error))
    }

    /// An answer of any kind, whatever its status.
    pub fn response(self) -> Result<Response, Error> {
        let request = self.request;
        Response::from_body(self.body).map_err(|error| match error {
            ResponseError::Json(error) => Error::Malformed {
                request,
                what: error.to_string(),
            },
            ResponseError::Token(source) => Error::InvalidToken { request, source },
        })
    }

    /// Any status but 2xx is an error.
    pub fn fail_unless_success(&self) -> Result<(), Error> {
        if (200..300).contains(&self.status) {
            return Ok(());
        }
        Err(Error::Api {
            request: self.request.clone(),
            status: self.status,
            errors: self.messages(),
            retry_after: self.retry_after,
        })
    }

    /// A secret, or nothing: 204, an empty answer, or 404 without data and warnings.
    pub fn into_secret(self) -> Result<Option<Response>, Error> {
        if self.status != 404 {
            self.fail_unless_success()?;
            return if self.body.as_str().trim().is_empty() {
                Ok(None)
            } else {
                self.response().map(Some)
            };
        }
        match Response::from_body(self.body) {
            Ok(response) if response.data.is_some() || !response.warnings.is_empty() => {
                Ok(Some(response))
            }
            _ => Ok(None),
        }
    }

    /// The token of a login or renewal.
    pub fn into_auth(self) -> Result<Auth, Error> {
        self.fail_unless_success()?;
        let request = self.request.clone();
        let what = "no token in it".to_owned();
        self.response()?
            .auth
            .ok_or(Error::Malformed { request, what })
    }

    /// The wrapping of an answer that was asked for wrapped.
    pub fn into_wrap_info(self) -> Result<WrapInfo, Error> {
        self.fail_unless_success()?;
        let request = self.request.clone();
        let what = "it is not wrapped".to_owned();
        self.response()?
            .wrap_info
            .ok_or(Error::Malformed { request, what })
    }

    fn data(&self) -> Result<JsonText, Error> {
        let response =
            Response::from_body(self.body.clone()).map_err(|error| self.malformed(error))?;
        response.data.ok_or_else(|| self.malformed("no data in it"))
    }

    /// The mount that `sys/internal/ui/mounts/<path>` names.
    pub fn into_mount(self) -> Result<Mount, Error> {
        self.fail_unless_success()?;
        let mount = Mount::from_data(&self.data()?).map_err(|error| self.malformed(error))?;
        if mount.path.len() > LONGEST_MOUNT {
            return Err(self.malformed("the path of a mount is longer than 1 KiB"));
        }
        Ok(mount)
    }

    /// What `auth/token/lookup-self` answers.
    pub fn into_token_info(self) -> Result<TokenInfo, Error> {
        self.fail_unless_success()?;
        let data = self.data()?;
        data.parse().map_err(|error| self.malformed(error))
    }

    /// What `sys/leases/renew` grants for the lease `id`.
    pub fn into_lease(self, id: &LeaseId) -> Result<Lease, Error> {
        self.fail_unless_success()?;
        let response = self.response()?;
        Ok(Lease {
            id: id.clone(),
            duration: response.lease_duration,
            renewable: response.renewable,
        })
    }

    /// The path that `sys/wrapping/lookup` names.
    pub fn into_wrapped_path(self) -> Result<String, Error> {
        #[derive(Deserialize)]
        struct Lookup {
            creation_path: String,
        }
        self.fail_unless_success()?;
        let data = self.data()?;
        let lookup: Lookup = data.parse().map_err(|error| self.malformed(error))?;
        Ok(lookup.creation_path)
    }

    /// What `sys/health` reports, whatever its status.
    pub fn into_health(self) -> Result<Health, Error> {
        let mut health: Health = self.parse()?;
        health.status = self.status;
        Ok(health)
    }

    fn malformed(&self, what: impl Display) -> Error {
        Error::Malformed {
            request: self.request.clone(),
            what: what.to_string(),
        }
    }

    /// Vault's messages, fit for a log.
    fn messages(&self) -> Vec<String> {
        #[derive(Deserialize)]
        struct Errors {
            #[serde(default)]
            errors: Vec<String>,
        }
        if self.is_cut {
            return vec!["the error is longer than 16 KiB, and left out".to_owned()];
        }
        let Ok(Errors { mut errors }) = self.body.parse() else {
            return Vec::new();
        };
        errors.truncate(MESSAGES);
        let redacted = self.sent.redact(&errors).into_iter();
        redacted
            .map(|text| shortened(visible(&text).into_owned(), LONGEST_MESSAGE))
            .collect()
    }
}

#[cfg(test)]
mod tests;
