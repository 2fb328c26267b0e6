//! Requests that are answered with an error instead of being handled.

use serde::Deserialize;

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

/// The faults that are switched on.
#[derive(Debug, Default)]
pub struct Faults {
    active: Vec<Fault>,
}

impl Faults {
    /// Switches one on, behind those before it.
    pub fn add(&mut self, fault: Fault) {
        self.active.push(fault);
    }

    /// Switches all off.
    pub fn clear(&mut self) {
        self.active.clear();
    }

    /// The fault for a request, counted down.
    pub fn strike(&mut self, method: &str, path: &str) -> Option<Fault> {
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
}
