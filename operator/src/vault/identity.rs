//! What makes two stores the same to Vault.

use sha2::{Digest as _, Sha256};
use vault_client::ClientConfig;

/// A digest of server and credentials.
pub(super) type Identity = [u8; 32];

/// Collects what an identity is made of.
#[derive(Default)]
pub(super) struct Digester(Sha256);

impl Digester {
    pub(super) fn add(&mut self, name: &str, value: &[u8]) {
        for part in [name.as_bytes(), value] {
            self.0.update((part.len() as u64).to_be_bytes());
            self.0.update(part);
        }
    }
}

/// The identity of these credentials at this server.
pub(super) fn identity(
    server: &ClientConfig,
    for_logins: Option<&ClientConfig>,
    credentials: &Digester,
) -> Identity {
    let mut digester = Digester(credentials.0.clone());
    for server in std::iter::once(server).chain(for_logins) {
        digester.add("address", server.address.as_bytes());
        digester.add(
            "namespace",
            server.namespace.as_deref().unwrap_or_default().as_bytes(),
        );
        digester.add("ca", server.ca_cert_bytes.as_deref().unwrap_or_default());
        if let Some(identity) = &server.client_identity {
            digester.add("certificate", &identity.certificate);
            digester.add("key", &identity.key);
        }
        for (name, value) in &server.headers {
            digester.add(name.as_str(), value.as_bytes());
        }
        digester.add("retries", &server.max_retries.to_be_bytes());
        let wait = server.retry_wait.unwrap_or_default().as_nanos();
        digester.add("wait", &wait.to_be_bytes());
    }
    digester.0.finalize().into()
}
