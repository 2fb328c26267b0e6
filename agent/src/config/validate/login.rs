//! The `method` block.

use contract::agent_config::Method as Written;

use super::{ConfigError, duration};
use crate::auth::Method;
use crate::auth::kubernetes::Kubernetes;
use crate::config::LoginSettings;
use crate::schedule::LoginBackoff;

pub(super) fn settings(written: &Written) -> Result<LoginSettings, ConfigError> {
    let mount_path = match written.mount_path.trim_matches('/') {
        "" => format!("auth/{}", written.kind),
        path => path.to_owned(),
    };
    let method = match written.kind.as_str() {
        "kubernetes" => Method::Kubernetes(
            Kubernetes::from_config(mount_path, &written.config)
                .map_err(|error| ConfigError::value("auto_auth.method.config", error))?,
        ),
        "" => {
            return Err(ConfigError::value(
                "auto_auth.method",
                "method type must be specified",
            ));
        }
        other => {
            return Err(ConfigError::value(
                "auto_auth.method",
                format!(
                    "unknown auth method {other:?}: this agent knows {}",
                    Method::KNOWN.join(", ")
                ),
            ));
        }
    };
    let min = duration("auto_auth.method.min_backoff", &written.min_backoff)?;
    let max = duration("auto_auth.method.max_backoff", &written.max_backoff)?;
    let default = LoginBackoff::default();
    let pick = |chosen: Option<std::time::Duration>, default| {
        chosen.filter(|chosen| !chosen.is_zero()).unwrap_or(default)
    };
    let backoff = LoginBackoff::new(pick(min, default.min()), pick(max, default.max()))
        .map_err(|error| ConfigError::rule(error.to_string()))?;
    Ok(LoginSettings {
        method,
        backoff,
        exit_on_err: written.exit_on_err.0,
    })
}
