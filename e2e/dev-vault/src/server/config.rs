//! What a server is started with: its address, its keys, and its TLS.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use vault_model::Product;

use super::StartError;

/// How a server shall be.
#[derive(Debug)]
pub struct Config {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The root token; a random one when absent.
    pub root_token: Option<String>,
    /// Serve HTTPS.
    pub tls: Option<TlsPair>,
    /// What clients have to show. Only with `tls`.
    pub client_certificates: ClientCertificates,
    /// PEM public keys of clusters whose service accounts are trusted, in addition to the server's
    /// own.
    pub jwt_public_keys: Vec<String>,
    /// Which server it stands in for.
    pub product: Product,
}

/// What a server wants of the certificates of clients. The authority is PEM text.
#[derive(Clone, Debug, Default)]
pub enum ClientCertificates {
    /// Nothing.
    #[default]
    Ignored,
    /// A client may present one, which this authority must have issued.
    Accepted(String),
    /// Everybody shows one of this authority.
    Required(String),
}

/// A certificate chain and its key as PEM text.
#[derive(Clone)]
pub struct TlsPair {
    /// The chain, the server's own first.
    pub cert_pem: String,
    /// The private key.
    pub key_pem: String,
}

impl std::fmt::Debug for TlsPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsPair").finish_non_exhaustive()
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            root_token: None,
            tls: None,
            client_certificates: ClientCertificates::Ignored,
            jwt_public_keys: Vec::new(),
            product: Product::default(),
        }
    }
}

/// The TLS of a server with this certificate.
pub(super) fn server_config(
    pair: &TlsPair,
    clients: &ClientCertificates,
) -> Result<Arc<ServerConfig>, StartError> {
    let chain =
        CertificateDer::pem_slice_iter(pair.cert_pem.as_bytes()).collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_slice(pair.key_pem.as_bytes())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = |pem: &str| {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            roots.add(certificate?)?;
        }
        Ok::<_, StartError>(WebPkiClientVerifier::builder_with_provider(
            Arc::new(roots),
            Arc::clone(&provider),
        ))
    };
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let builder = match clients {
        ClientCertificates::Ignored => builder.with_no_client_auth(),
        ClientCertificates::Accepted(pem) => {
            builder.with_client_cert_verifier(verifier(pem)?.allow_unauthenticated().build()?)
        }
        ClientCertificates::Required(pem) => {
            builder.with_client_cert_verifier(verifier(pem)?.build()?)
        }
    };
    Ok(Arc::new(builder.with_single_cert(chain, key)?))
}
