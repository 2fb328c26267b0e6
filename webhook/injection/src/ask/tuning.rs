//! The agent's process: variables, rendering, listener.

use std::num::NonZeroU16;

use contract::annotations::{self, Annotations};

use super::telemetry;
use crate::settings::Settings;
use crate::vocabulary::denial::RequestError;
use crate::vocabulary::flavor::Flavor;

/// Variables and switches of the agent's process. Empty texts and zeros are absent.
#[derive(Debug)]
pub(crate) struct Tuning<'p> {
    pub(crate) go_max_procs: &'p str,
    pub(crate) client_timeout: &'p str,
    pub(crate) client_max_retries: &'p str,
    pub(crate) log_level: &'p str,
    pub(crate) log_format: &'p str,
    pub(crate) enable_quit: bool,
    /// Where the sidecar answers scrapers and probes.
    pub(crate) metrics_port: Option<NonZeroU16>,
    pub(crate) exit_on_retry_failure: bool,
    pub(crate) static_secret_render_interval: &'p str,
    pub(crate) max_connections_per_host: i64,
    pub(crate) lease_renewal_threshold: f64,
    pub(crate) disable_idle_connections: Vec<&'p str>,
    pub(crate) disable_keep_alives: Vec<&'p str>,
    pub(crate) telemetry: Option<serde_json::Map<String, serde_json::Value>>,
}

/// The agent's caching listener.
#[derive(Debug)]
pub(crate) struct Cache<'p> {
    pub(crate) enable: bool,
    pub(crate) use_auto_auth_token: &'p str,
    pub(crate) port: &'p str,
    /// On in our agent unless turned off: its listener lends the agent's token to any client, and a
    /// page in a browser on the node can post to 127.0.0.1. Programs of Vault's send the header.
    pub(crate) require_request_header: bool,
    pub(crate) exit_on_err: bool,
}

impl<'p> Tuning<'p> {
    pub(super) fn new(
        annotations: &Annotations<'p>,
        flavor: Flavor,
        settings: &'p Settings,
    ) -> Result<Self, RequestError> {
        let or = |spec, default: &'p str| annotations.get(spec).unwrap_or(default);
        let list = |spec, default: &'p str| match or(spec, default) {
            "" => Vec::new(),
            text => text.split(',').collect(),
        };
        // The established injector reads the variable for this and never uses it.
        let threshold = if flavor.keeps_mistakes() {
            0.0
        } else {
            settings.lease_renewal_threshold
        };
        Ok(Self {
            go_max_procs: or(&annotations::GO_MAX_PROCS, ""),
            client_timeout: or(&annotations::CLIENT_TIMEOUT, ""),
            client_max_retries: or(&annotations::CLIENT_MAX_RETRIES, ""),
            log_level: or(&annotations::LOG_LEVEL, "info"),
            log_format: or(&annotations::LOG_FORMAT, "standard"),
            enable_quit: annotations.bool(&annotations::ENABLE_QUIT, false)?,
            metrics_port: metrics_port(annotations, flavor)?,
            exit_on_retry_failure: annotations.bool(
                &annotations::EXIT_ON_RETRY_FAILURE,
                settings.exit_on_retry_failure,
            )?,
            static_secret_render_interval: or(
                &annotations::STATIC_SECRET_RENDER_INTERVAL,
                &settings.static_secret_render_interval,
            ),
            max_connections_per_host: annotations.int(
                &annotations::MAX_CONNECTIONS_PER_HOST,
                settings.max_connections_per_host,
            )?,
            lease_renewal_threshold: annotations
                .float(&annotations::LEASE_RENEWAL_THRESHOLD, threshold)?,
            disable_idle_connections: list(
                &annotations::DISABLE_IDLE_CONNECTIONS,
                &settings.disable_idle_connections,
            ),
            disable_keep_alives: list(
                &annotations::DISABLE_KEEP_ALIVES,
                &settings.disable_keep_alives,
            ),
            telemetry: telemetry::telemetry(annotations),
        })
    }
}

/// The port, if the agent is one that can have it to itself.
fn metrics_port(
    annotations: &Annotations<'_>,
    flavor: Flavor,
) -> Result<Option<NonZeroU16>, RequestError> {
    let spec = &annotations::METRICS_PORT;
    let Some(text) = annotations.get(spec).filter(|_| !flavor.keeps_mistakes()) else {
        return Ok(None);
    };
    let cache = Cache::new(annotations, flavor)?;
    let listens = cache.enable || annotations.bool(&annotations::ENABLE_QUIT, false)?;
    let port: Option<NonZeroU16> = text.parse().ok();
    let is_free = |port: &NonZeroU16| !listens || port.to_string() != cache.port;
    let port = port.filter(is_free);
    port.map(Some)
        .ok_or_else(|| RequestError::MetricsPort(annotations.key(spec)))
}

impl<'p> Cache<'p> {
    pub(super) fn new(annotations: &Annotations<'p>, flavor: Flavor) -> Result<Self, RequestError> {
        let or = |spec, default: &'static str| annotations.get(spec).unwrap_or(default);
        Ok(Self {
            enable: annotations.bool(&annotations::CACHE_ENABLE, false)?,
            use_auto_auth_token: or(&annotations::CACHE_USE_AUTO_AUTH_TOKEN, "true"),
            port: or(&annotations::CACHE_LISTENER_PORT, "8200"),
            require_request_header: annotations.bool(
                &annotations::CACHE_REQUIRE_REQUEST_HEADER,
                flavor.requires_request_header(),
            )?,
            exit_on_err: annotations.bool(&annotations::CACHE_EXIT_ON_ERR, false)?,
        })
    }
}
