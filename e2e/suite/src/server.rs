//! The server of a scenario, whichever it is.

use anyhow::Result;
use dev_vault::{ClientCertificates, DevVault};

use crate::Admin;
use crate::binary::Binary;
use crate::files::Certificates;
use crate::token_review::TokenReview;

/// Which server a scenario runs against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// The stand-in, inside this process.
    DevVault,
    /// The binary that `E2E_VAULT_BIN` names.
    Vault,
}

/// A running server that answers on loopback with TLS. It ends when it is dropped.
pub struct Server {
    kind: Kind,
    address: String,
    admin: Admin,
}

enum Kind {
    DevVault(DevVault),
    Vault(Binary),
}

impl Server {
    pub(crate) async fn start(
        backend: Backend,
        accounts: &TokenReview,
        certificates: &Certificates,
    ) -> Result<Self> {
        match backend {
            Backend::DevVault => {
                let config = dev_vault::Config {
                    jwt_public_keys: vec![accounts.public_key_pem()],
                    tls: Some(dev_vault::TlsPair {
                        cert_pem: certificates.server.clone(),
                        key_pem: certificates.server_key.clone(),
                    }),
                    client_certificates: ClientCertificates::Accepted(
                        certificates.authority.clone(),
                    ),
                    ..dev_vault::Config::default()
                };
                let server = DevVault::start(config).await?;
                let address = server.address();
                let admin =
                    Admin::new(&address, &certificates.authority)?.with_token(server.root_token());
                Ok(Self {
                    kind: Kind::DevVault(server),
                    address,
                    admin,
                })
            }
            Backend::Vault => {
                let server = Binary::start(certificates).await?;
                let (address, admin) = (server.address().to_owned(), server.admin().clone());
                Ok(Self {
                    kind: Kind::Vault(server),
                    address,
                    admin,
                })
            }
        }
    }

    /// Whether it talks to a real database.
    pub fn is_real(&self) -> bool {
        matches!(self.kind, Kind::Vault(_))
    }

    /// What it is, for the log.
    pub async fn describe(&self) -> Result<String> {
        match &self.kind {
            Kind::DevVault(_) => Ok(format!("dev-vault at {}", self.address)),
            Kind::Vault(server) => Ok(format!(
                "Vault {} at {}",
                server.version().await?,
                self.address
            )),
        }
    }

    /// The administrator, with the root token.
    pub fn admin(&self) -> &Admin {
        &self.admin
    }

    /// The URL for clients.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Seals the server: it answers 503 to everything that needs a secret.
    pub async fn seal(&self) -> Result<()> {
        match &self.kind {
            Kind::DevVault(server) => server.set_sealed(true),
            Kind::Vault(server) => server.seal().await?,
        }
        Ok(())
    }

    /// Undoes [`Server::seal`].
    pub async fn unseal(&self) -> Result<()> {
        match &self.kind {
            Kind::DevVault(server) => server.set_sealed(false),
            Kind::Vault(server) => server.unseal().await?,
        }
        Ok(())
    }
}
