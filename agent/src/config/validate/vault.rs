//! The `vault` block, and the flags and variables that go before it.

use std::time::Duration;

use contract::agent_config::{Vault as Written, check};
use contract::values;
use vault_client::{ClientConfig, ProxyAddress, RateLimitError};

use super::{ConfigError, Environment};
use crate::config::{ClientFlags, Variable};

const DEFAULT_ADDRESS: &str = "https://127.0.0.1:8200";

/// Flag before environment before file before default. A variable that is set but empty is set: it
/// puts the default in the place of what the file says. The method's namespace comes last: it is the
/// login's own, and holds for secrets only if nothing else names a namespace.
pub(super) fn client_config(
    written: &Written,
    method_namespace: &str,
    flags: &ClientFlags,
    environment: &Environment,
) -> Result<ClientConfig, ConfigError> {
    let text = |flag: &Option<String>, variable: &str, file: &str| {
        let variable = || environment.vault(variable).map(|variable| variable.value);
        let chosen = flag.as_deref().or_else(variable).unwrap_or(file);
        (!chosen.is_empty()).then(|| chosen.to_owned())
    };
    let namespace_of_file = match written.namespace.as_str() {
        "" => method_namespace,
        namespace => namespace,
    };
    let address = text(&flags.address, "ADDR", &written.address);
    let client = ClientConfig {
        namespace: text(&flags.namespace, "NAMESPACE", namespace_of_file)
            .and_then(|chosen| namespace(&chosen)),
        ca_cert: text(&flags.ca_cert, "CACERT", &written.ca_cert).map(Into::into),
        ca_cert_bytes: text(&None, "CACERT_BYTES", "").map(String::into_bytes),
        ca_path: text(&flags.ca_path, "CAPATH", &written.ca_path).map(Into::into),
        client_cert: text(&flags.client_cert, "CLIENT_CERT", &written.client_cert).map(Into::into),
        client_key: text(&flags.client_key, "CLIENT_KEY", &written.client_key).map(Into::into),
        tls_server_name: text(
            &flags.tls_server_name,
            "TLS_SERVER_NAME",
            &written.tls_server_name,
        ),
        skip_verify: switch(
            flags.tls_skip_verify,
            "SKIP_VERIFY",
            written.tls_skip_verify.0,
            environment,
        )?,
        follow_redirects: !switch(
            flags.disable_redirects,
            "DISABLE_REDIRECTS",
            false,
            environment,
        )?,
        proxy: proxy(environment)?,
        timeout: timeout(environment)?,
        max_retries: max_retries(environment)?,
        rate_limit: variable(environment, "RATE_LIMIT", |text| {
            text.parse()
                .map_err(|error: RateLimitError| error.to_string())
        })?,
        user_agent: concat!("vault-agent/", env!("CARGO_PKG_VERSION")).to_owned(),
        ..ClientConfig::new(address.unwrap_or_else(|| DEFAULT_ADDRESS.to_owned()))
    };
    flags
        .header
        .iter()
        .try_fold(client, |client, (name, value)| {
            client.with_header(name, value)
        })
        .map_err(|error| ConfigError::value("-header", error))
}

/// A namespace without the slashes around it; `None` for the root namespace.
pub(super) fn namespace(written: &str) -> Option<String> {
    let name = written.trim_matches('/');
    (!name.is_empty()).then(|| name.to_owned())
}

/// All of the addresses, named by where they come from.
pub(super) fn check_address(
    client: &ClientConfig,
    flags: &ClientFlags,
    environment: &Environment,
) -> Result<(), ConfigError> {
    let variable = environment.vault("ADDR");
    let source = match &variable {
        _ if flags.address.is_some() => "-address",
        Some(variable) => &variable.name,
        None => "vault.address",
    };
    vault_client::check_addresses(&client.address)
        .map_err(|error| ConfigError::value(source, error))
}

/// The server's address, also where a command asks a local agent.
pub fn server_address(
    flags: &ClientFlags,
    environment: &Environment,
) -> Result<String, ConfigError> {
    client_config(&Written::default(), "", flags, environment).map(|client| client.address)
}

/// How a command that is not the agent reaches Vault: by flags and environment, one server, or a local
/// agent in front of it.
pub fn client_of_flags(
    flags: &ClientFlags,
    environment: &Environment,
) -> Result<ClientConfig, ConfigError> {
    let mut client = client_config(&Written::default(), "", flags, environment)?;
    let first = vault_client::addresses(&client.address).next();
    client.address = first.unwrap_or_default().to_owned();
    let variable = || Some(environment.vault("AGENT_ADDR")?.value);
    let agent = flags.agent_address.as_deref().or_else(variable);
    if let Some(agent) = agent.filter(|address| !address.is_empty()) {
        agent.clone_into(&mut client.address);
    }
    Ok(client)
}

/// An empty variable is no answer to a question of yes or no.
fn switch(
    flag: Option<bool>,
    name: &str,
    file: bool,
    environment: &Environment,
) -> Result<bool, ConfigError> {
    if let Some(flag) = flag {
        return Ok(flag);
    }
    let read = |text: &str| values::parse_bool(text).map_err(|error| error.to_string());
    Ok(variable(environment, name, read)?.unwrap_or(file))
}

/// A variable that has to be of a form; `None` where it is not set or empty.
fn variable<T>(
    environment: &Environment,
    name: &str,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, ConfigError> {
    match environment.vault(name) {
        Some(Variable { name, value }) if !value.is_empty() => read(value)
            .map(Some)
            .map_err(|reason| ConfigError::value(name, reason)),
        _ => Ok(None),
    }
}

/// What commands see of the connection. Never the token.
pub(super) fn command_environment(client: &ClientConfig) -> Vec<(String, String)> {
    let path = |path: &Option<std::path::PathBuf>| path.as_ref().map(|p| p.display().to_string());
    let ca_text = client.ca_cert_bytes.as_deref().map(String::from_utf8_lossy);
    let variables = [
        (
            "VAULT_ADDR",
            vault_client::addresses(&client.address)
                .next()
                .map(str::to_owned),
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
    let read = |text: &str| {
        let address: Result<ProxyAddress, _> = text.parse();
        address.map_err(|error| error.to_string())
    };
    match variable(environment, "PROXY_ADDR", read)? {
        None => variable(environment, "HTTP_PROXY", read),
        found => Ok(found),
    }
}

fn timeout(environment: &Environment) -> Result<Duration, ConfigError> {
    let seconds = variable(environment, "CLIENT_TIMEOUT", check::client_timeout)?;
    Ok(seconds.unwrap_or(Duration::from_secs(60)))
}

/// Zero where nothing is said: secrets and logins are tried again by the agent itself, which knows
/// more about them than the client does.
fn max_retries(environment: &Environment) -> Result<u32, ConfigError> {
    let count = variable(environment, "MAX_RETRIES", check::max_retries)?;
    Ok(count.unwrap_or(0))
}

#[cfg(test)]
mod tests;
