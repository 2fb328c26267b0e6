//! An answer as it came, and the readings of it.

use std::fmt::Display;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::sent::Sent;
use crate::error::{Error, RequestLine};
use crate::json::JsonText;
use crate::response::{Auth, Response, ResponseError, WrapInfo};
use crate::text::{shortened, visible};

/// Status and body.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) request: RequestLine,
    /// What is to be taken out of messages.
    pub(super) sent: Sent,
    pub(super) body: JsonText,
    /// It was an error too long to be read. The body is empty.
    pub(super) is_cut: bool,
}

/// Most messages of one error that are shown, and most bytes of one.
const MESSAGES: usize = 16;
const LONGEST_MESSAGE: usize = 1024;

impl Reply {
    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.body.parse().map_err(|error| self.malformed(error))
    }

    pub(super) fn response(self) -> Result<Response, Error> {
        let request = self.request;
        Response::from_body(self.body).map_err(|error| match error {
            ResponseError::Json(error) => Error::Malformed {
                request,
                what: error.to_string(),
            },
            ResponseError::Token(source) => Error::InvalidToken { request, source },
        })
    }

    pub(super) fn fail_unless_success(&self) -> Result<(), Error> {
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
    pub(super) fn into_secret(self) -> Result<Option<Response>, Error> {
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
    pub(super) fn into_auth(self) -> Result<Auth, Error> {
        self.fail_unless_success()?;
        let request = self.request.clone();
        let what = "no token in it".to_owned();
        self.response()?
            .auth
            .ok_or(Error::Malformed { request, what })
    }

    /// The wrapping of an answer that was asked for wrapped.
    pub(super) fn into_wrap_info(self) -> Result<WrapInfo, Error> {
        self.fail_unless_success()?;
        let request = self.request.clone();
        let what = "it is not wrapped".to_owned();
        self.response()?
            .wrap_info
            .ok_or(Error::Malformed { request, what })
    }

    /// The `data` of an answer that must have some.
    pub(super) fn data(&self) -> Result<JsonText, Error> {
        let response =
            Response::from_body(self.body.clone()).map_err(|error| self.malformed(error))?;
        response.data.ok_or_else(|| self.malformed("no data in it"))
    }

    pub(super) fn malformed(&self, what: impl Display) -> Error {
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
