//! A request, taken apart.

use std::collections::BTreeMap;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use rustls::pki_types::CertificateDer;
use serde_json::{Map, Value};

use crate::answer::Refusal;

/// What a request wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Read,
    List,
    Write,
    Patch,
    Delete,
}

/// One request to the API.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) operation: Operation,
    /// Below `/v1/`, decoded, without slashes around it.
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) token: Option<String>,
    pub(crate) body: Map<String, Value>,
    /// The answer is to be wrapped for so long.
    pub(crate) wrap_ttl: Option<Duration>,
    /// What the client showed at the handshake.
    pub(crate) peer_certificate: Option<CertificateDer<'static>>,
}

impl Request {
    /// `path` is what follows `/v1/` on the wire.
    pub(crate) fn decode(
        method: &str,
        path: &str,
        query: &str,
        token: Option<String>,
        body: &[u8],
    ) -> Result<Self, Refusal> {
        let query: BTreeMap<String, String> = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (decode(name), decode(value)))
            .collect();
        let operation = match method {
            "GET" if query.get("list").is_some_and(|value| value == "true") => Operation::List,
            "GET" | "HEAD" => Operation::Read,
            "LIST" => Operation::List,
            "PUT" | "POST" => Operation::Write,
            "PATCH" => Operation::Patch,
            "DELETE" => Operation::Delete,
            _ => return Err(Refusal::unsupported()),
        };
        let body = match body.trim_ascii() {
            [] => Map::new(),
            text => serde_json::from_slice(text).map_err(|_| {
                Refusal::bad_request("failed to parse JSON input: not a JSON object")
            })?,
        };
        Ok(Self {
            operation,
            path: decode(path).trim_matches('/').to_owned(),
            query,
            token,
            body,
            wrap_ttl: None,
            peer_certificate: None,
        })
    }

    /// Text field `name`; `None` when it is absent or not text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name).and_then(Value::as_str)
    }

    /// A list of texts, which may come as one text with commas.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let split = |text: &str| -> Vec<String> {
            text.split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect()
        };
        match self.body.get(name) {
            Some(Value::String(text)) => split(text),
            Some(Value::Array(items)) => items
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            _ => Vec::new(),
        }
    }

    /// A switch, which may come as text.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        match self.body.get(name)? {
            Value::Bool(value) => Some(*value),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
