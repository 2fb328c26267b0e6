//! Switches that make the server misbehave, and the log of what it was asked.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Requests that match are answered with a status instead of being handled.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Paths (below `/v1/`) that begin so.
    pub prefix: String,
    /// Only this method (`GET`, `PUT`, …).
    #[serde(default)]
    pub method: Option<String>,
    /// The status to answer.
    pub status: u16,
    /// The messages to answer.
    #[serde(default)]
    pub errors: Vec<String>,
    /// The `Retry-After` header to answer, as text.
    #[serde(default)]
    pub retry_after: Option<String>,
    /// How many requests; without it, all until the faults are cleared.
    #[serde(default)]
    pub times: Option<u32>,
}

impl Fault {
    /// All requests below `prefix` get `status`.
    pub fn status(prefix: impl Into<String>, status: u16) -> Self {
        Self {
            prefix: prefix.into(),
            method: None,
            status,
            errors: vec![format!("forced status {status}")],
            retry_after: None,
            times: None,
        }
    }

    /// Only the next `times` requests.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// With these messages.
    #[must_use]
    pub fn errors(mut self, errors: &[&str]) -> Self {
        self.errors = errors.iter().map(ToString::to_string).collect();
        self
    }

    /// With this `Retry-After`.
    #[must_use]
    pub fn retry_after(mut self, value: impl Into<String>) -> Self {
        self.retry_after = Some(value.into());
        self
    }
}

/// Requests that match wait before they are handled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latency {
    /// Paths (below `/v1/`) that begin so.
    pub prefix: String,
    /// How long.
    pub wait: Duration,
}

/// A request that was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LoggedRequest {
    /// When, by the server's clock.
    pub time: Timestamp,
    /// `GET`, `PUT`, `LIST` and so on; a `GET` with `list=true` is a `LIST`.
    pub method: String,
    /// Below `/v1/`, with its query.
    pub path: String,
    /// The status that was answered.
    pub status: u16,
    /// The `X-Vault-Namespace` header.
    pub namespace: Option<String>,
    /// Accessor of the token it came with.
    pub accessor: Option<String>,
}

/// All switches, and the log.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    active: Vec<Fault>,
    latencies: Vec<Latency>,
    pub(crate) log: Vec<LoggedRequest>,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.active.push(fault);
    }

    pub(crate) fn set_latency(&mut self, latency: Latency) {
        self.latencies
            .retain(|other| other.prefix != latency.prefix);
        if !latency.wait.is_zero() {
            self.latencies.push(latency);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.active.clear();
        self.latencies.clear();
    }

    /// The fault for a request, counted down.
    pub(crate) fn strike(&mut self, method: &str, path: &str) -> Option<Fault> {
        let index = self.active.iter().position(|fault| {
            path.starts_with(&fault.prefix)
                && fault.method.as_deref().is_none_or(|want| want == method)
        })?;
        let fault = self.active[index].clone();
        match &mut self.active[index].times {
            Some(times) if *times > 1 => *times -= 1,
            Some(_) => {
                self.active.remove(index);
            }
            None => {}
        }
        Some(fault)
    }

    /// How long a request has to wait: the longest matching prefix rules.
    pub(crate) fn latency(&self, path: &str) -> Option<Duration> {
        let matching = self
            .latencies
            .iter()
            .filter(|latency| path.starts_with(&latency.prefix));
        matching
            .max_by_key(|latency| latency.prefix.len())
            .map(|latency| latency.wait)
    }
}
