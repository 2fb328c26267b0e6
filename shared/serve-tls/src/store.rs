//! The certificate in use, and the TLS configuration around it.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::clients::ClientAuthorities;
use crate::policy::Policy;

/// Is told of each pair that is served.
type Observer = Box<dyn Fn(&CertifiedKey) + Send + Sync>;

/// The certificate in use. Connections take it at their handshake, so a replacement needs no
/// restart and breaks no connection.
pub struct CertificateStore {
    current: ArcSwap<CertifiedKey>,
    observer: Observer,
}

impl CertificateStore {
    /// A store that starts with `pair`.
    pub fn new(pair: CertifiedKey) -> Arc<Self> {
        Self::observed(pair, |_| {})
    }

    /// As [`CertificateStore::new`]; `observer` is told of this pair and of each that follows.
    pub fn observed(
        pair: CertifiedKey,
        observer: impl Fn(&CertifiedKey) + Send + Sync + 'static,
    ) -> Arc<Self> {
        observer(&pair);
        Arc::new(Self {
            current: ArcSwap::from_pointee(pair),
            observer: Box::new(observer),
        })
    }

    /// The pair in use.
    pub fn current(&self) -> Arc<CertifiedKey> {
        self.current.load_full()
    }

    /// Serves `pair` to connections from here on.
    pub fn replace(&self, pair: CertifiedKey) {
        (self.observer)(&pair);
        self.current.store(Arc::new(pair));
    }
}

impl fmt::Debug for CertificateStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateStore").finish_non_exhaustive()
    }
}

impl ResolvesServerCert for CertificateStore {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}

/// The TLS configuration of a listener: what `policy` allows, the certificate of `store`, and the
/// protocols of `alpn` (RFC 7301), the preferred one first. With `authorities`, a client is asked
/// for a certificate, and one that does not verify is refused; unless a certificate is mandatory, a
/// client without one gets through the handshake and
/// [`Connection::is_authenticated`](crate::Connection::is_authenticated) is false, so that probes
/// can be answered.
pub fn server_config(
    store: Arc<CertificateStore>,
    policy: &Policy,
    authorities: Option<Arc<ClientAuthorities>>,
    alpn: &[&str],
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let builder = ServerConfig::builder_with_provider(Arc::new(policy.provider()))
        .with_protocol_versions(policy.versions())?;
    let builder = match authorities {
        Some(authorities) => builder.with_client_cert_verifier(authorities),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(store);
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    // A session is resumed without a look at the client's certificate, whose authority may have
    // been taken away since; and what is kept of sessions is memory that any client can fill.
    config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}
