//! How to reach a server: address, trust, identity, deadline. Checked once, when the client is
//! made.

#[cfg(feature = "foreign")]
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use http::header::InvalidHeaderValue;
use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::Url;
#[cfg(feature = "foreign")]
use zeroize::Zeroizing;

use crate::rate::RateLimit;

use crate::proxy::ProxyAddress;

/// Settings of a [`Client`](crate::Client).
///
/// # Trust
/// For `https` the server's certificate must come from a CA of
/// [`ca_cert_bytes`](Self::ca_cert_bytes), else [`ca_cert`](Self::ca_cert), else
/// [`ca_path`](Self::ca_path), else of the system. A system without any (an image made from
/// scratch) is no error here: then every `https` request fails with a hint to configure one.
///
/// # Redirects
/// One 301, 302 or 307 is followed, with the same method, token and body; never from `https` to
/// `http`. The target may be the same host on any port; another host only over `https` and when one
/// of the three CA settings is in use and verification is on, because then the target has proved
/// that it belongs to the same owner. All else is an error, not a request without its token. Without
/// [`follow_redirects`](Self::follow_redirects), every redirect is an error.
///
/// # Retries
/// With [`max_retries`](Self::max_retries) above zero, connection errors, 412, 429, 472, 473 and server
/// errors (except 501) are tried again after what `Retry-After` says or 1 to 1.5 s times the number
/// of tries so far. The deadline covers all tries.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// `https://vault:8200`, with or without a path in front of `/v1`; or `unix:///path`, a socket on
    /// which plain HTTP is spoken.
    pub address: String,
    /// Namespace of every request (Vault Enterprise, OpenBao).
    pub namespace: Option<String>,
    /// PEM file with the CA certificates to trust.
    pub ca_cert: Option<PathBuf>,
    /// The same as PEM text; wins over the file.
    pub ca_cert_bytes: Option<Vec<u8>>,
    /// Directory of PEM files to trust.
    pub ca_path: Option<PathBuf>,
    /// PEM file with the client's certificate chain. Needs `client_key`.
    pub client_cert: Option<PathBuf>,
    /// PEM file with the client's private key. Needs `client_cert`.
    pub client_key: Option<PathBuf>,
    /// Certificate chain and private key as PEM text; they win over the files.
    #[cfg(feature = "foreign")]
    pub client_identity: Option<ClientIdentity>,
    /// The name (or IP address) that the server's certificate must hold, when it is not the
    /// address's host. The handshake still announces (SNI) the address's host.
    pub tls_server_name: Option<String>,
    /// Accept any certificate.
    pub skip_verify: bool,
    /// The proxy for every request; without one, that of `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`,
    /// for servers that are not on this machine.
    pub proxy: Option<ProxyAddress>,
    /// Deadline of a request with its redirect and retries; zero for none.
    pub timeout: Duration,
    /// How often a failed request is tried again; zero leaves retries to the caller.
    pub max_retries: u32,
    /// How long to wait before each further try; as above where `None`.
    pub retry_wait: Option<Duration>,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// Further headers of every request; see [`ClientConfig::with_header`].
    pub headers: HeaderMap,
    /// Follow the redirect of a standby server.
    pub follow_redirects: bool,
    /// Somebody else chose the address: no socket, no loopback and no link-local address is asked, also
    /// where a name stands for one, and no redirect to another host is followed.
    #[cfg(feature = "foreign")]
    pub is_foreign: bool,
    /// Keep connections open for later requests.
    pub keep_connections: bool,
    /// Most requests in a time; no limit where `None`.
    pub rate_limit: Option<RateLimit>,
}

#[cfg(feature = "foreign")]
/// A client's certificate chain with its private key, in PEM.
#[derive(Clone)]
pub struct ClientIdentity {
    /// The chain.
    pub certificate: Vec<u8>,
    /// The key.
    pub key: Zeroizing<Vec<u8>>,
}

#[cfg(feature = "foreign")]
/// The key is secret.
impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientIdentity").finish_non_exhaustive()
    }
}

impl ClientConfig {
    /// The defaults: no namespace, the system's CAs, 60 s, no retries.
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            namespace: None,
            ca_cert: None,
            ca_cert_bytes: None,
            ca_path: None,
            client_cert: None,
            client_key: None,
            #[cfg(feature = "foreign")]
            client_identity: None,
            tls_server_name: None,
            skip_verify: false,
            proxy: None,
            timeout: Duration::from_secs(60),
            max_retries: 0,
            retry_wait: None,
            user_agent: concat!("vault-injector/", env!("CARGO_PKG_VERSION")).to_owned(),
            headers: HeaderMap::new(),
            follow_redirects: true,
            #[cfg(feature = "foreign")]
            is_foreign: false,
            keep_connections: true,
            rate_limit: None,
        }
    }

    /// One more header of every request. Its value counts as a secret.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self, ConfigError> {
        let refuse = || ConfigError::Header(name.to_owned());
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refuse())?;
        let mut value = HeaderValue::from_str(value).map_err(|_| refuse())?;
        value.set_sensitive(true);
        self.headers.append(header, value);
        Ok(self)
    }

    /// The namespace as a header; `None` for the root namespace.
    pub(crate) fn namespace_header(&self) -> Result<Option<HeaderValue>, ConfigError> {
        match self.namespace.as_deref().map(|name| name.trim_matches('/')) {
            None | Some("") => Ok(None),
            Some(name) => Ok(Some(
                HeaderValue::from_str(name).map_err(ConfigError::Namespace)?,
            )),
        }
    }
}

/// The addresses of a list with commas.
///
/// ```
/// let list = "https://a:8200, https://b:8200,";
/// assert!(vault_client::addresses(list).eq(["https://a:8200", "https://b:8200"]));
/// ```
pub fn addresses(list: &str) -> impl Iterator<Item = &str> {
    let addresses = list.split(',').map(str::trim);
    addresses.filter(|address| !address.is_empty())
}

/// Whether all of a list are addresses, and there is one.
///
/// ```
/// assert!(vault_client::check_addresses("https://vault:8200").is_ok());
/// assert!(vault_client::check_addresses("vault:8200").is_err());
/// ```
pub fn check_addresses(list: &str) -> Result<(), ConfigError> {
    let mut all = addresses(list).peekable();
    if all.peek().is_none() {
        return Server::of("").map(drop);
    }
    all.try_for_each(|address| Server::of(address).map(drop))
        .map_err(|error| without_password(list, error))
}

/// A password may stand in what is no address, and a comma in a password.
fn without_password(text: &str, error: ConfigError) -> ConfigError {
    if text.contains('@') {
        ConfigError::AddressHasUser
    } else {
        error
    }
}

/// Where the server is.
pub(crate) struct Server {
    /// As configured.
    pub(crate) address: Url,
    /// What stands in front of `/v1` in requests.
    pub(crate) base: Url,
    /// The socket that all requests go to.
    pub(crate) socket: Option<PathBuf>,
}

impl Server {
    /// Reads an address.
    pub(crate) fn of(text: &str) -> Result<Self, ConfigError> {
        let refuse = |reason| {
            let address = text.to_owned();
            without_password(text, ConfigError::Address { address, reason })
        };
        let text = text.trim();
        if text.contains(['?', '#']) {
            return Err(ConfigError::AddressHasQuery);
        }
        let address = Url::parse(text)
            .map_err(|_| refuse("it must be an address like https://vault:8200"))?;
        if !address.username().is_empty() || address.password().is_some() {
            return Err(ConfigError::AddressHasUser);
        }
        match address.scheme() {
            "http" | "https" if address.host_str().is_some() => Ok(Self {
                base: address.clone(),
                address,
                socket: None,
            }),
            "unix" => match text.strip_prefix("unix://") {
                Some(path) if path.starts_with('/') => Ok(Self {
                    base: Url::parse("http://localhost").expect("a constant must be an address"),
                    address,
                    socket: Some(path.into()),
                }),
                _ => Err(refuse("a socket must be given as unix:///path")),
            },
            _ => Err(refuse("it must begin with http://, https:// or unix://")),
        }
    }
}

/// A client cannot be made from these settings. All are permanent until the settings or files
/// change.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The address is not one of a server.
    #[error("Vault address {address:?}: {reason}")]
    Address {
        /// As configured.
        address: String,
        /// What is expected.
        reason: &'static str,
    },
    /// The address holds a user name or password.
    #[error("the Vault address must not hold a user name or password")]
    AddressHasUser,
    /// The address has a query or a fragment, in which tokens have been seen. Nothing of it would be
    /// sent.
    #[error(
        "the Vault address must not have a query or fragment; write it without ? and # and what \
         follows, and give a token in a file or variable of its own"
    )]
    AddressHasQuery,
    /// The namespace cannot be a header.
    #[error("the namespace must be printable text")]
    Namespace(#[source] InvalidHeaderValue),
    /// Not a header.
    #[error("header {0:?}: name and value must be printable text, the name without blanks")]
    Header(String),
    /// A file or directory cannot be read as PEM.
    #[error("{what} {}: {reason}", path.display())]
    File {
        /// Which setting.
        what: &'static str,
        /// Its file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The CA text is not PEM, or holds no certificate.
    #[error("CA certificate text: {0}")]
    CaText(String),
    /// Only one of client certificate and key is set.
    #[error("client certificate and client key must be set together")]
    HalfIdentity,
    /// Certificate and key of the client do not fit.
    #[error("client certificate {}: {source}", path.display())]
    Identity {
        /// The certificate's file.
        path: PathBuf,
        /// Why.
        source: rustls::Error,
    },
    /// The client's certificate or key is not PEM, or they do not fit.
    #[cfg(feature = "foreign")]
    #[error("client certificate and key: {0}")]
    IdentityText(String),
    /// Neither a DNS name nor an IP address.
    #[error("TLS server name {0:?} is neither a DNS name nor an IP address")]
    ServerName(String),
    /// The HTTP client cannot be made.
    #[error("HTTP client: {0}")]
    Http(#[source] Box<dyn std::error::Error + Send + Sync>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_http_https_or_a_socket_and_holds_no_password() {
        let check = |address: &str| {
            let server = Server::of(address);
            server.map(|server| (server.base.to_string(), server.socket))
        };
        for (address, base, socket) in [
            ("http://127.0.0.1:8200", "http://127.0.0.1:8200/", None),
            (
                "https://vault.example/prefix/",
                "https://vault.example/prefix/",
                None,
            ),
            (
                " unix:///run/my vault.sock",
                "http://localhost/",
                Some("/run/my vault.sock"),
            ),
        ] {
            let expected = (base.to_owned(), socket.map(PathBuf::from));
            assert_eq!(check(address).unwrap(), expected, "{address}");
        }
        for address in [
            "127.0.0.1:8200",
            "vault",
            "",
            "ftp://vault",
            "unix://run/vault.sock",
            "unix:/run/vault.sock",
            "unix:x//run/vault.sock",
        ] {
            assert!(check(address).is_err(), "{address}");
        }
        for address in [
            "https://user:canary@vault:8200",
            "user:canary@vault:8200",
            "https://user:canary@",
            "https://user:canary@vault:port",
            "https://user:canary,@vault:8200",
            "https://vault:8200,user:canary,@vault:8200",
            "https://vault:8200?token=canary",
            "https://vault:8200/#canary",
            "https://vault:8200,vault?canary",
            "unix:///run/vault.sock?canary",
            "vault:8200?token=canary",
        ] {
            let error = check_addresses(address).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
            let has_query = matches!(error, ConfigError::AddressHasQuery);
            assert_eq!(has_query, address.contains(['?', '#']), "{address}");
        }
    }

    #[test]
    fn a_list_has_one_address_at_least_and_blanks_do_not_count() {
        let list = " https://a:1,, https://b ,";
        assert_eq!(
            addresses(list).collect::<Vec<_>>(),
            ["https://a:1", "https://b"]
        );
        check_addresses(list).unwrap();
        for list in ["", " , ", "https://a,b:8200"] {
            assert!(check_addresses(list).is_err(), "{list}");
        }
    }

    #[test]
    fn the_root_namespace_sends_no_header() {
        let header = |name: &str| {
            let config = ClientConfig {
                namespace: Some(name.into()),
                ..ClientConfig::new("http://vault")
            };
            config.namespace_header().unwrap()
        };
        assert_eq!(header("/"), None);
        assert_eq!(header("team/a/").unwrap(), "team/a");
    }
}
