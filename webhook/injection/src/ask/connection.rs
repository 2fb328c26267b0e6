//! Vault's address and the login to it.

use contract::annotations::{self, Annotations};

use crate::settings::Settings;
use crate::vocabulary::denial::RequestError;

/// The auth method that needs a role.
pub(super) const KUBERNETES: &str = "kubernetes";

/// Where Vault is and how to trust it. Empty texts are absent.
#[derive(Debug)]
pub(crate) struct Connection<'p> {
    pub(crate) address: &'p str,
    pub(crate) namespace: &'p str,
    pub(crate) proxy_address: &'p str,
    pub(crate) tls_secret: &'p str,
    pub(crate) ca_cert: &'p str,
    pub(crate) ca_path: &'p str,
    pub(crate) ca_cert_bytes: &'p str,
    pub(crate) client_cert: &'p str,
    pub(crate) client_key: &'p str,
    pub(crate) tls_server_name: &'p str,
    pub(crate) tls_skip_verify: bool,
}

/// How the agent logs in. Empty texts are absent.
#[derive(Debug)]
pub(crate) struct Login<'p> {
    pub(crate) kind: &'p str,
    pub(crate) path: &'p str,
    pub(crate) role: &'p str,
    /// Settings of the method, keys with underscores.
    pub(crate) config: Vec<(String, &'p str)>,
    pub(crate) min_backoff: &'p str,
    pub(crate) max_backoff: &'p str,
    pub(crate) exit_on_err: bool,
}

impl<'p> Connection<'p> {
    pub(super) fn new(
        annotations: &Annotations<'p>,
        settings: &'p Settings,
    ) -> Result<Self, RequestError> {
        let text = |spec| annotations.get(spec).unwrap_or_default();
        let or = |spec, default: &'p String| annotations.get(spec).unwrap_or(default);
        Ok(Self {
            address: or(&annotations::SERVICE, &settings.vault_address),
            namespace: or(&annotations::NAMESPACE, &settings.vault_namespace),
            proxy_address: or(&annotations::PROXY_ADDRESS, &settings.proxy_address),
            tls_secret: text(&annotations::TLS_SECRET),
            ca_cert: text(&annotations::CA_CERT),
            ca_path: text(&annotations::CA_KEY),
            ca_cert_bytes: &settings.vault_ca_cert_bytes,
            client_cert: text(&annotations::CLIENT_CERT),
            client_key: text(&annotations::CLIENT_KEY),
            tls_server_name: text(&annotations::TLS_SERVER_NAME),
            tls_skip_verify: annotations.bool(&annotations::TLS_SKIP_VERIFY, false)?,
        })
    }
}

impl<'p> Login<'p> {
    pub(super) fn new(
        annotations: &Annotations<'p>,
        settings: &'p Settings,
    ) -> Result<Self, RequestError> {
        let or = |spec, default: &'p str| annotations.get(spec).unwrap_or(default);
        Ok(Self {
            kind: Self::kind(annotations, settings),
            path: or(&annotations::AUTH_PATH, &settings.auth_path),
            role: or(&annotations::ROLE, ""),
            config: annotations
                .with_suffix(&annotations::AUTH_CONFIG)
                .map(|(name, value)| (name.replace('-', "_"), value))
                .collect(),
            min_backoff: or(&annotations::AUTH_MIN_BACKOFF, &settings.auth_min_backoff),
            max_backoff: or(&annotations::AUTH_MAX_BACKOFF, &settings.auth_max_backoff),
            exit_on_err: annotations.bool(&annotations::AUTO_AUTH_EXIT_ON_ERR, false)?,
        })
    }

    /// The auth method.
    pub(super) fn kind(annotations: &Annotations<'p>, settings: &'p Settings) -> &'p str {
        let auth_type = if settings.auth_type.is_empty() {
            KUBERNETES
        } else {
            &settings.auth_type
        };
        annotations
            .get(&annotations::AUTH_TYPE)
            .unwrap_or(auth_type)
    }

    pub(super) fn has_role(&self) -> bool {
        !self.role.is_empty() || self.setting("role").is_some_and(|role| !role.is_empty())
    }

    /// A setting of the method.
    pub(crate) fn setting(&self, key: &str) -> Option<&'p str> {
        self.config
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| *value)
    }
}
