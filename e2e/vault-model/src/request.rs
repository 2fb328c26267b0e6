//! A request, taken apart.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::answer::Refusal;

/// What a request wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// `GET`.
    Read,
    /// `LIST`, or `GET` with `list=true`.
    List,
    /// `PUT` or `POST`, which are the same.
    Write,
    /// `PATCH`.
    Patch,
    /// `DELETE`.
    Delete,
}

impl Operation {
    /// The HTTP method; for a write `PUT`.
    pub fn method(self) -> &'static str {
        match self {
            Self::Read => "GET",
            Self::List => "LIST",
            Self::Write => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// One request to the API.
#[derive(Clone)]
pub struct Request {
    /// What it wants to do.
    pub operation: Operation,
    /// Below `/v1/`, decoded, without slashes around it.
    pub path: String,
    /// The namespace that the path begins in: the header `X-Vault-Namespace`, empty for the root.
    pub namespace: String,
    /// Its parameters, decoded.
    pub query: BTreeMap<String, String>,
    /// Who asks.
    pub token: Option<String>,
    /// The JSON object that came with it.
    pub body: Map<String, Value>,
    /// The answer is to be wrapped for so long.
    pub wrap_ttl: Option<Duration>,
    /// What the client showed at the handshake, in DER.
    pub peer_certificate: Option<Vec<u8>>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("operation", &self.operation)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Request {
    /// A request to `path`, which is below `/v1/` and may have a query; nothing in it is encoded.
    pub fn new(operation: Operation, path: &str) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        Self {
            operation,
            path: path.trim_matches('/').to_owned(),
            namespace: String::new(),
            query: pairs
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            token: None,
            body: Map::new(),
            wrap_ttl: None,
            peer_certificate: None,
        }
    }

    /// A read.
    pub fn read(path: &str) -> Self {
        Self::new(Operation::Read, path)
    }

    /// A list.
    pub fn list(path: &str) -> Self {
        Self::new(Operation::List, path)
    }

    /// A write. Anything but a JSON object counts as an empty one.
    pub fn write(path: &str, body: &Value) -> Self {
        Self {
            body: body.as_object().cloned().unwrap_or_default(),
            ..Self::new(Operation::Write, path)
        }
    }

    /// A deletion.
    pub fn delete(path: &str) -> Self {
        Self::new(Operation::Delete, path)
    }

    /// Asked with this token.
    #[must_use]
    pub fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// In this namespace.
    #[must_use]
    pub fn in_namespace(mut self, namespace: &str) -> Self {
        namespace.clone_into(&mut self.namespace);
        self
    }

    /// With the answer wrapped for so long; zero is not at all.
    #[must_use]
    pub fn wrapped(mut self, ttl: Duration) -> Self {
        self.wrap_ttl = Some(ttl).filter(|ttl| !ttl.is_zero());
        self
    }

    /// Takes a request apart that came over HTTP. `path` is what follows `/v1/` on the wire.
    pub fn decode(
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
            namespace: String::new(),
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
