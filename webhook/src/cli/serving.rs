//! The flags of the server itself: its certificate, what TLS offers, and its place in the cluster.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::{ArgAction, Args};
use contract::diagnostics::{Code, startup};
use contract::values::parse_bool;
use serve_tls::{AuthorityFile, CertificateFiles, Policy, Version, VersionError};
use thiserror::Error;

use crate::tls::{self, CipherError};
use kube_support::Access;

/// Where a certificate for trying things out is good for.
const LOCAL: &str = "localhost,127.0.0.1,::1";

#[derive(Debug, Args)]
pub(super) struct ServingFlags {
    /// Make the certificate and keep it in the `caBundle` of the `MutatingWebhookConfiguration` of
    /// this name, and of the `ValidatingWebhookConfiguration` of this name if there is one
    #[arg(long, default_value = "")]
    tls_auto: String,
    /// DNS names and IP addresses of a certificate that is made here, separated by commas; webhooks
    /// that call one of them are ours [default without -tls-auto: this machine]
    #[arg(long, default_value = "")]
    tls_auto_hosts: String,
    /// PEM file of the authority of -tls-cert-file; with -tls-auto it is kept in the `caBundle`
    #[arg(long, default_value = "")]
    tls_ca_cert_file: String,
    /// PEM file of the server's certificate and chain, read again when its directory changes; no
    /// certificate is made then
    #[arg(long, default_value = "")]
    tls_cert_file: String,
    /// PEM file of the certificate's key
    #[arg(long, default_value = "")]
    tls_key_file: String,
    /// Lowest version of TLS: tls12 or tls13
    #[arg(long, default_value = "tls12")]
    tls_min_version: String,
    /// Cipher suites by their IANA names, separated by commas; empty offers all that are safe
    #[arg(long, default_value = "")]
    tls_cipher_suites: String,
    /// PEM file of authorities; reviews, and metrics on this port, are then only for clients with a
    /// certificate of one of them. Probes need none
    #[arg(long, default_value = "")]
    tls_client_ca_file: String,
    /// Where probes and metrics are answered without TLS; metrics are then no longer at -listen
    #[arg(long, default_value = "")]
    health_listen: String,
    /// Let only one of several replicas write to the cluster: the one that holds a Lease
    #[arg(long, default_value = "false", value_parser = parse_bool, action = ArgAction::Set,
          num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    use_leader_elector: bool,
}

/// The flags above and their variables.
pub(super) const VARIABLES: [(&str, &str); 10] = [
    ("tls-auto", "AGENT_INJECT_TLS_AUTO"),
    ("tls-auto-hosts", "AGENT_INJECT_TLS_AUTO_HOSTS"),
    ("tls-ca-cert-file", "AGENT_INJECT_TLS_CA_CERT_FILE"),
    ("tls-cert-file", "AGENT_INJECT_TLS_CERT_FILE"),
    ("tls-key-file", "AGENT_INJECT_TLS_KEY_FILE"),
    ("tls-min-version", "AGENT_INJECT_TLS_MIN_VERSION"),
    ("tls-cipher-suites", "AGENT_INJECT_TLS_CIPHER_SUITES"),
    ("tls-client-ca-file", "AGENT_INJECT_TLS_CLIENT_CA_FILE"),
    ("health-listen", "AGENT_INJECT_HEALTH_LISTEN"),
    ("use-leader-elector", "AGENT_INJECT_USE_LEADER_ELECTOR"),
];

/// The name under which a variable is also read where it is not set: the established injector
/// knows those of TLS without their prefix.
pub(super) fn unprefixed(variable: &str) -> Option<&str> {
    variable
        .strip_prefix("AGENT_INJECT_")
        .filter(|name| name.starts_with("TLS_"))
}

/// How the server presents itself.
#[derive(Clone, Debug)]
pub struct Serving {
    pub certificate: Certificate,
    pub policy: Policy,
    /// Who signs the certificates that clients need, if they need one.
    pub clients: Option<AuthorityFile>,
    /// Where probes and metrics are answered, if not at the webhook's port alone.
    pub health_listen: Option<String>,
    pub leader_election: bool,
}

/// Where the server's certificate comes from.
#[derive(Clone, Debug)]
pub enum Certificate {
    Files {
        files: CertificateFiles,
        /// Its authority is to be kept registered.
        authority: Option<RegisteredAuthority>,
    },
    /// Made here and kept registered.
    Automatic {
        configuration: String,
        hosts: Vec<String>,
    },
    /// Made at start, for these hosts.
    SelfSigned { hosts: Vec<String> },
}

/// An authority on disk, and where it is to be registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredAuthority {
    pub file: PathBuf,
    pub configuration: String,
    pub hosts: Vec<String>,
}

/// Flags that do not go together, or cannot be served.
#[derive(Debug, Error)]
pub enum ServingError {
    #[error("-tls-cert-file and -tls-key-file belong together: one of them is missing")]
    HalfCertificate,
    #[error("-tls-auto needs -tls-auto-hosts: the names by which the API server calls")]
    NoHosts,
    #[error("Failed to configure TLS: {0}")]
    Version(#[from] VersionError),
    #[error("Failed to configure TLS: {0}")]
    Cipher(#[from] CipherError),
}

impl ServingError {
    /// The stable code of the message.
    pub(super) fn code(&self) -> Code {
        match self {
            Self::HalfCertificate | Self::NoHosts => startup::CONTRADICTION,
            Self::Version(_) | Self::Cipher(_) => startup::TLS,
        }
    }
}

/// Whether a text is a version of TLS that is offered.
pub(super) fn minimum_version(text: &str) -> Result<(), String> {
    let version = text.parse::<Version>();
    version.map(drop).map_err(|error| error.to_string())
}

/// Whether a text is a list of cipher suites of which one is offered.
pub(super) fn cipher_suites(text: &str) -> Result<(), String> {
    let policy = tls::policy(Version::Tls12, text);
    policy.map(drop).map_err(|error| error.to_string())
}

impl ServingFlags {
    pub(super) fn serving(self) -> Result<Serving, ServingError> {
        let minimum: Version = self.tls_min_version.parse()?;
        let policy = tls::policy(minimum, &self.tls_cipher_suites)?;
        let configuration = self.tls_auto;
        let hosts = list(&self.tls_auto_hosts);
        let certificate = match (self.tls_cert_file.as_str(), self.tls_key_file.as_str()) {
            ("", "") if configuration.is_empty() => Certificate::SelfSigned {
                hosts: if hosts.is_empty() { list(LOCAL) } else { hosts },
            },
            ("", "") if hosts.is_empty() => return Err(ServingError::NoHosts),
            ("", "") => Certificate::Automatic {
                configuration,
                hosts,
            },
            ("", _) | (_, "") => return Err(ServingError::HalfCertificate),
            (certificate, key) => {
                let registered = !configuration.is_empty() && !self.tls_ca_cert_file.is_empty();
                Certificate::Files {
                    files: CertificateFiles::new(certificate, key),
                    authority: registered.then(|| RegisteredAuthority {
                        file: self.tls_ca_cert_file.into(),
                        configuration,
                        hosts,
                    }),
                }
            }
        };
        Ok(Serving {
            certificate,
            policy,
            clients: Some(self.tls_client_ca_file)
                .filter(|path| !path.is_empty())
                .map(AuthorityFile::new),
            health_listen: Some(self.health_listen).filter(|address| !address.is_empty()),
            leader_election: self.use_leader_elector,
        })
    }
}

/// Our place in the cluster, as its variables tell.
pub(super) fn access<'a>(variable: impl Fn(&str) -> Option<&'a OsStr>) -> Access {
    let text = |name| variable(name).map(|value| value.to_string_lossy().into_owned());
    Access {
        kubeconfig: variable("KUBECONFIG").map(PathBuf::from),
        namespace: text("NAMESPACE"),
        // A pod's name is its host name, unless it says otherwise.
        identity: text("POD_NAME")
            .or_else(|| text("HOSTNAME"))
            .unwrap_or_else(|| format!("vault-injector-{}", std::process::id())),
        in_cluster: variable("KUBERNETES_SERVICE_HOST").is_some(),
    }
}

fn list(text: &str) -> Vec<String> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(ToOwned::to_owned)
        .collect()
}
