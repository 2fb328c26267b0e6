//! Trust and identity of a connection, as a rustls configuration with ring.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig as RustlsConfig, RootCertStore};
use secret_files::{limit, read};

#[cfg(feature = "foreign")]
use crate::config::ClientIdentity;
use crate::config::{ClientConfig, ConfigError};

mod verifier;

/// A TLS configuration, and whether the CAs in it were named by the user.
pub(crate) struct Tls {
    pub(crate) config: RustlsConfig,
    pub(crate) private_ca: bool,
}

/// Reads the files that `config` names.
pub(crate) fn load(config: &ClientConfig) -> Result<Tls, ConfigError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let private_ca = private_ca(config)?;
    let named = private_ca.is_some();
    let builder = RustlsConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("ring must support TLS 1.2 and 1.3");
    let builder = if config.skip_verify {
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier::AcceptAny::new(&provider)))
    } else {
        let roots = Arc::new(private_ca.unwrap_or_else(system_roots));
        match fixed_name(config, &roots, &provider)? {
            Some(verifier) => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(verifier)),
            None => builder.with_root_certificates(roots),
        }
    };
    #[cfg(feature = "foreign")]
    if let Some(identity) = &config.client_identity {
        let (chain, key) = identity_in(identity).map_err(ConfigError::IdentityText)?;
        let tls = builder
            .with_client_auth_cert(chain, key)
            .map_err(|error| ConfigError::IdentityText(error.to_string()))?;
        return Ok(Tls {
            config: tls,
            private_ca: named && !config.skip_verify,
        });
    }
    let tls = if let Some((path, chain, key)) = identity(config)? {
        builder
            .with_client_auth_cert(chain, key)
            .map_err(|source| ConfigError::Identity { path, source })?
    } else {
        builder.with_no_client_auth()
    };
    Ok(Tls {
        config: tls,
        private_ca: named && !config.skip_verify,
    })
}

/// The CAs that the configuration names: text, else file, else directory.
fn private_ca(config: &ClientConfig) -> Result<Option<RootCertStore>, ConfigError> {
    let certificates = if let Some(pem) = &config.ca_cert_bytes {
        certificates_in(pem).map_err(ConfigError::CaText)?
    } else if let Some(path) = &config.ca_cert {
        let failed = |reason| ConfigError::File {
            what: "CA certificate",
            path: path.clone(),
            reason,
        };
        let pem = read(path, limit::DOCUMENT).map_err(|error| failed(error.to_string()))?;
        certificates_in(&pem).map_err(failed)?
    } else if let Some(path) = &config.ca_path {
        certificates_below(path)?
    } else {
        return Ok(None);
    };
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(certificates);
    if added == 0 {
        return Err(ConfigError::CaText(
            "none of its certificates can be used as a CA".into(),
        ));
    }
    Ok(Some(roots))
}

fn certificates_in(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| format!("not PEM: {error}"))?;
    if certificates.is_empty() {
        return Err("no certificate in it".into());
    }
    Ok(certificates)
}

/// All certificates of a directory's files. Files without any are none of our business.
fn certificates_below(directory: &Path) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let failed = |reason| ConfigError::File {
        what: "CA directory",
        path: directory.to_owned(),
        reason,
    };
    let entries = std::fs::read_dir(directory).map_err(|error| failed(error.to_string()))?;
    let mut certificates = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| failed(error.to_string()))?.path();
        if let Ok(pem) = read(&path, limit::DOCUMENT) {
            certificates.extend(certificates_in(&pem).unwrap_or_default());
        }
    }
    if certificates.is_empty() {
        return Err(failed("no certificate in it".into()));
    }
    Ok(certificates)
}

/// The system's CAs, possibly none.
fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// The verifier that expects the configured name instead of the address's host.
fn fixed_name(
    config: &ClientConfig,
    roots: &Arc<RootCertStore>,
    provider: &Arc<CryptoProvider>,
) -> Result<Option<verifier::FixedName>, ConfigError> {
    let Some(name) = config
        .tls_server_name
        .as_deref()
        .filter(|name| !name.is_empty())
    else {
        return Ok(None);
    };
    let server = ServerName::try_from(name.to_owned())
        .map_err(|_| ConfigError::ServerName(name.to_owned()))?;
    // Without any CA no certificate is accepted, whatever its name.
    let inner =
        WebPkiServerVerifier::builder_with_provider(Arc::clone(roots), Arc::clone(provider))
            .build();
    Ok(inner
        .ok()
        .map(|inner| verifier::FixedName::new(inner, server)))
}

type Identity = (
    PathBuf,
    Vec<CertificateDer<'static>>,
    PrivateKeyDer<'static>,
);

#[cfg(feature = "foreign")]
fn identity_in(
    identity: &ClientIdentity,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), String> {
    let chain = certificates_in(&identity.certificate)?;
    let key = PrivateKeyDer::from_pem_slice(&identity.key).map_err(|error| error.to_string())?;
    Ok((chain, key))
}

fn identity(config: &ClientConfig) -> Result<Option<Identity>, ConfigError> {
    let (certificate, key) = match (&config.client_cert, &config.client_key) {
        (None, None) => return Ok(None),
        (Some(certificate), Some(key)) => (certificate, key),
        _ => return Err(ConfigError::HalfIdentity),
    };
    let failed = |what, path: &Path, reason| ConfigError::File {
        what,
        path: path.to_owned(),
        reason,
    };
    let pem = read(certificate, limit::DOCUMENT)
        .map_err(|error| failed("client certificate", certificate, error.to_string()))?;
    let chain = certificates_in(&pem)
        .map_err(|reason| failed("client certificate", certificate, reason))?;
    let pem =
        read(key, limit::DOCUMENT).map_err(|error| failed("client key", key, error.to_string()))?;
    let key = PrivateKeyDer::from_pem_slice(&pem)
        .map_err(|error| failed("client key", key, error.to_string()))?;
    Ok(Some((certificate.clone(), chain, key)))
}

#[cfg(test)]
mod tests;
