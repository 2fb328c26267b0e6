//! What the status reports of the proxy.

use serde::{Deserialize, Serialize};

/// Requests that the proxy answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxyCounts {
    /// Below 400.
    pub success: u64,
    /// 4xx.
    pub client_error: u64,
    /// 5xx, whether from Vault or from the agent.
    pub error: u64,
    /// Answered from the cache.
    #[serde(default)]
    pub cache_hits: u64,
    /// Asked of Vault, with a cache.
    #[serde(default)]
    pub cache_misses: u64,
}
