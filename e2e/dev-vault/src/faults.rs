//! Switches that make the server misbehave, and the log of what it was asked.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use vault_model::Faults;

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
pub(crate) struct Switches {
    pub(crate) faults: Faults,
    latencies: Vec<Latency>,
    pub(crate) log: Vec<LoggedRequest>,
}

impl Switches {
    pub(crate) fn set_latency(&mut self, latency: Latency) {
        self.latencies
            .retain(|other| other.prefix != latency.prefix);
        if !latency.wait.is_zero() {
            self.latencies.push(latency);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.faults.clear();
        self.latencies.clear();
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
