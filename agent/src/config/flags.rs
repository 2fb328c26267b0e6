//! Flags about Vault: what they say wins over environment and configuration file.

use clap::{ArgAction, Args};
use contract::values;

/// How to reach Vault.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Vault")]
pub struct ClientFlags {
    /// Address of the server; wins over `VAULT_ADDR`.
    #[arg(long, value_name = "URL")]
    pub address: Option<String>,

    /// Address of a local agent, for `token revoke` and `generate-config`; an agent itself never uses it.
    #[arg(long, value_name = "URL")]
    pub agent_address: Option<String>,

    /// PEM file of the authority to trust; wins over `VAULT_CACERT`.
    #[arg(long, value_name = "FILE")]
    pub ca_cert: Option<String>,

    /// Directory of such files; wins over `VAULT_CAPATH`.
    #[arg(long, value_name = "DIRECTORY")]
    pub ca_path: Option<String>,

    /// PEM file of the client certificate; wins over `VAULT_CLIENT_CERT`.
    #[arg(long, value_name = "FILE")]
    pub client_cert: Option<String>,

    /// PEM file of its key; wins over `VAULT_CLIENT_KEY`.
    #[arg(long, value_name = "FILE")]
    pub client_key: Option<String>,

    /// The name that the server's certificate has to carry; wins over `VAULT_TLS_SERVER_NAME`.
    #[arg(long, value_name = "NAME")]
    pub tls_server_name: Option<String>,

    /// Do not check the server's certificate; wins over `VAULT_SKIP_VERIFY`.
    #[arg(
        long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_missing_value = "true", value_parser = values::parse_bool
    )]
    pub tls_skip_verify: Option<bool>,

    /// Vault namespace; wins over `VAULT_NAMESPACE`.
    #[arg(long, visible_alias = "ns", value_name = "NAME")]
    pub namespace: Option<String>,

    /// A header of every request to Vault; may be repeated.
    #[arg(long, value_name = "NAME=VALUE", action = ArgAction::Append, value_parser = header)]
    pub header: Vec<(String, String)>,

    /// Follow no redirect of a standby server; wins over `VAULT_DISABLE_REDIRECTS`.
    #[arg(
        long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_missing_value = "true", value_parser = values::parse_bool
    )]
    pub disable_redirects: Option<bool>,
}

/// The value may be a credential, so an error repeats none of it.
fn header(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.to_owned()))
        }
        _ => Err("a header is written as NAME=VALUE"),
    }
}
