//! The cert method: the client certificate of the connection for a Vault token.
//!
//! The certificate files are read again when they change on disk, whatever `reload` says.

use std::path::PathBuf;

use contract::agent_config::check;
use vault_client::ClientConfig;
use zeroize::Zeroizing;

use super::{Ask, Body, Claims};

/// Settings of the method. Certificates that it does not name are those of the `vault` block.
#[derive(Clone, Debug)]
pub(super) struct Cert {
    name: Option<String>,
    authority: Option<PathBuf>,
    identity: Option<(PathBuf, PathBuf)>,
}

impl Cert {
    pub(super) fn new(checked: &check::Cert<'_>) -> Self {
        let (authority, identity) = (checked.authority, checked.identity);
        Self {
            name: checked.name.map(str::to_owned),
            authority: authority.map(PathBuf::from),
            identity: identity.map(|(certificate, key)| (certificate.into(), key.into())),
        }
    }

    pub(super) fn role(&self) -> String {
        self.name.clone().unwrap_or_default()
    }

    pub(super) fn client_config(&self, vault: &ClientConfig) -> ClientConfig {
        let mut config = vault.clone();
        if let Some(authority) = &self.authority {
            config.ca_cert = Some(authority.clone());
            config.ca_cert_bytes = None;
        }
        if let Some((certificate, key)) = &self.identity {
            config.client_cert = Some(certificate.clone());
            config.client_key = Some(key.clone());
        }
        config
    }

    pub(super) fn paths(&self) -> Vec<PathBuf> {
        let (certificate, key) = self.identity.clone().unzip();
        certificate.into_iter().chain(key).collect()
    }

    pub(super) fn ask(&self) -> Ask {
        let name = self.name.clone();
        let body: Body = name
            .map(|name| ("name", Zeroizing::new(name)))
            .into_iter()
            .collect();
        Ask::Login {
            body,
            claims: Claims::default(),
        }
    }

    pub(super) fn hint(&self, mount_path: &str) -> String {
        let role = match &self.name {
            Some(name) => format!("certificate role {name:?} at {mount_path}"),
            None => format!("a certificate role at {mount_path}"),
        };
        match &self.identity {
            Some((certificate, _)) => format!(
                "check that {role} trusts the authority of {} and its names, and that nothing between \
                 here and Vault ends TLS",
                certificate.display()
            ),
            None => format!(
                "set client_cert and client_key, here or in the vault block, to a certificate that \
                 {role} trusts; nothing between here and Vault may end TLS"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk_cert(authority: Option<&str>, identity: Option<(&str, &str)>) -> Cert {
        Cert::new(&check::Cert {
            name: None,
            authority,
            identity,
        })
    }

    #[test]
    fn certificates_of_the_method_go_before_those_of_the_vault_block() {
        let mut vault = ClientConfig::new("https://vault:8200");
        vault.ca_cert = Some("/ca".into());
        vault.client_cert = Some("/cert".into());
        let plain = mk_cert(None, None).client_config(&vault);
        assert_eq!(plain.client_cert, vault.client_cert);
        let own = mk_cert(Some("/own-ca"), Some(("/own", "/own-key"))).client_config(&vault);
        assert_eq!(own.ca_cert, Some("/own-ca".into()));
        assert_eq!(own.client_cert, Some("/own".into()));
        assert_eq!(own.client_key, Some("/own-key".into()));
    }
}
