//! The `vault` block and the variables that go before it.

use std::time::Duration;

use contract::agent_config::Vault as Written;
use contract::{GoDuration, values};
use vault_api::{ClientConfig, ProxyAddress};

use super::{ConfigError, Environment};

const DEFAULT_ADDRESS: &str = "https://127.0.0.1:8200";

/// Environment before file before default. A variable that is set but empty is set: it puts the
/// default in the place of what the file says.
pub(super) fn client_config(
    written: &Written,
    namespace: &str,
    environment: &Environment,
) -> Result<ClientConfig, ConfigError> {
    let text = |variable: &str, file: &str| {
        let chosen = environment.get(variable).unwrap_or(file);
        (!chosen.is_empty()).then(|| chosen.to_owned())
    };
    let skip_verify = match environment.get("VAULT_SKIP_VERIFY") {
        Some(text) => values::parse_bool(text)
            .map_err(|error| ConfigError::value("VAULT_SKIP_VERIFY", error))?,
        None => written.tls_skip_verify.0,
    };
    let address = text("VAULT_ADDR", &written.address);
    Ok(ClientConfig {
        namespace: text("VAULT_NAMESPACE", namespace)
            .map(|namespace| namespace.trim_matches('/').to_owned())
            .filter(|namespace| !namespace.is_empty()),
        ca_cert: text("VAULT_CACERT", &written.ca_cert).map(Into::into),
        ca_cert_bytes: text("VAULT_CACERT_BYTES", "").map(String::into_bytes),
        ca_path: text("VAULT_CAPATH", &written.ca_path).map(Into::into),
        client_cert: text("VAULT_CLIENT_CERT", &written.client_cert).map(Into::into),
        client_key: text("VAULT_CLIENT_KEY", &written.client_key).map(Into::into),
        tls_server_name: text("VAULT_TLS_SERVER_NAME", &written.tls_server_name),
        skip_verify,
        proxy: proxy(environment)?,
        timeout: timeout(environment)?,
        max_retries: max_retries(environment)?,
        user_agent: concat!("vault-agent/", env!("CARGO_PKG_VERSION")).to_owned(),
        ..ClientConfig::new(address.unwrap_or_else(|| DEFAULT_ADDRESS.to_owned()))
    })
}

/// What commands see of the connection. Never the token.
pub(super) fn command_environment(client: &ClientConfig) -> Vec<(String, String)> {
    let path = |path: &Option<std::path::PathBuf>| path.as_ref().map(|p| p.display().to_string());
    let ca_text = client.ca_cert_bytes.as_deref().map(String::from_utf8_lossy);
    let variables = [
        (
            "VAULT_ADDR",
            client
                .address
                .split(',')
                .next()
                .map(|address| address.trim().to_owned()),
        ),
        (
            "VAULT_SKIP_VERIFY",
            client.skip_verify.then(|| "true".to_owned()),
        ),
        ("VAULT_CACERT", path(&client.ca_cert)),
        (
            "VAULT_CACERT_BYTES",
            ca_text.map(std::borrow::Cow::into_owned),
        ),
        ("VAULT_CAPATH", path(&client.ca_path)),
        ("VAULT_CLIENT_CERT", path(&client.client_cert)),
        ("VAULT_CLIENT_KEY", path(&client.client_key)),
        ("VAULT_TLS_SERVER_NAME", client.tls_server_name.clone()),
    ];
    let set = variables
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    set.collect()
}

/// The variables of Vault's clients go before those that all programs share.
fn proxy(environment: &Environment) -> Result<Option<ProxyAddress>, ConfigError> {
    let set = ["VAULT_PROXY_ADDR", "VAULT_HTTP_PROXY"]
        .into_iter()
        .filter_map(|variable| Some((variable, environment.get(variable)?)))
        .find(|(_, text)| !text.is_empty());
    set.map(|(variable, text)| {
        text.parse()
            .map_err(|error| ConfigError::value(variable, error))
    })
    .transpose()
}

fn timeout(environment: &Environment) -> Result<Duration, ConfigError> {
    const VARIABLE: &str = "VAULT_CLIENT_TIMEOUT";
    match environment.get(VARIABLE) {
        None | Some("") => Ok(Duration::from_secs(60)),
        Some(text) => GoDuration::parse_seconds(text)
            .map_err(|error| ConfigError::value(VARIABLE, error))?
            .to_std()
            .ok_or_else(|| ConfigError::value(VARIABLE, format!("{text:?} is negative"))),
    }
}

/// Zero where nothing is said: secrets and logins are tried again by the agent itself, which knows
/// more about them than the client does.
fn max_retries(environment: &Environment) -> Result<u32, ConfigError> {
    const VARIABLE: &str = "VAULT_MAX_RETRIES";
    match environment.get(VARIABLE) {
        None | Some("") => Ok(0),
        Some(text) => text
            .parse()
            .map_err(|_| ConfigError::value(VARIABLE, format!("{text:?} is not a whole number"))),
    }
}
