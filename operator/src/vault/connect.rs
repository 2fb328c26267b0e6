//! From a store's spec to the way to its server: what it refers to is read, nothing is connected.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use contract::GoDuration;
use operator_api::{
    CaProvider, CaProviderType, RetrySettings, SecretKeySelector, ServiceAccountSelector,
    VaultProvider,
};
use vault_client::{ClientConfig, ClientIdentity};

use super::asker::Asker;
use super::identity::{Digester, Identity, identity};
use super::login::Login;
use super::method::{find_login, login_certificate};
use crate::fault::Fault;
use crate::references::Kind;

/// How often a request is sent again that failed, where the store says nothing: as Vault's Go client.
const RETRIES: u32 = 2;

/// A server and the login to it.
pub(crate) struct Way {
    pub(super) identity: Identity,
    pub(super) server: ClientConfig,
    /// The way of logins, where it is another one.
    pub(super) for_logins: Option<ClientConfig>,
    pub(super) login: Login,
}

/// Whether what a store of the cluster refers to lies where the objects are that use it: then it is
/// another identity for each of their namespaces.
pub(crate) fn is_referent(provider: &VaultProvider) -> bool {
    let Some(auth) = &provider.auth else {
        return false;
    };
    let secret = |it: &Option<SecretKeySelector>| {
        it.as_ref()
            .is_some_and(|selector| selector.namespace.is_none())
    };
    let account = |it: &Option<ServiceAccountSelector>| {
        it.as_ref()
            .is_some_and(|selector| selector.namespace.is_none())
    };
    secret(&auth.token_secret_ref)
        || auth
            .app_role
            .as_ref()
            .is_some_and(|it| it.secret_ref.namespace.is_none() || secret(&it.role_ref))
        || auth
            .kubernetes
            .as_ref()
            .is_some_and(|it| secret(&it.secret_ref) || account(&it.service_account_ref))
        || auth.ldap.as_ref().is_some_and(|it| secret(&it.secret_ref))
        || auth
            .user_pass
            .as_ref()
            .is_some_and(|it| secret(&it.secret_ref))
        || auth.jwt.as_ref().is_some_and(|it| {
            let of_account = it.kubernetes_service_account_token.as_ref();
            secret(&it.secret_ref)
                || of_account.is_some_and(|it| it.service_account_ref.namespace.is_none())
        })
        || auth
            .cert
            .as_ref()
            .is_some_and(|it| secret(&it.client_cert) || secret(&it.secret_ref))
}

impl Way {
    /// Reads what the store refers to, as `asker` sees it.
    pub(crate) async fn find(
        provider: &VaultProvider,
        retries: Option<&RetrySettings>,
        asker: Asker<'_>,
    ) -> Result<Self, Fault> {
        let mut server = server(provider, retries, asker.allows_local)?;
        if let Some(bundle) = ca_bundle(provider, asker).await? {
            server.ca_cert_bytes = Some(bundle);
        }
        if let Some(tls) = &provider.tls
            && let (Some(certificate), Some(key)) = (&tls.cert_secret_ref, &tls.key_secret_ref)
        {
            server.client_identity = Some(ClientIdentity {
                certificate: asker.secret(certificate, "tls.crt").await?.to_vec(),
                key: asker.secret(key, "tls.key").await?,
            });
        }
        if let Some(identity) = login_certificate(provider, asker).await? {
            server.client_identity = Some(identity);
        }
        let (login, for_logins, credentials) = match &provider.auth {
            None => (Login::None, None, Digester::default()),
            Some(auth) => find_login(auth, &server, asker).await?,
        };
        Ok(Self {
            identity: identity(&server, for_logins.as_ref(), &credentials),
            server,
            for_logins,
            login,
        })
    }
}

fn server(
    provider: &VaultProvider,
    retries: Option<&RetrySettings>,
    allows_local: bool,
) -> Result<ClientConfig, Fault> {
    let mut server = ClientConfig::new(provider.server.trim());
    server.namespace = provider.namespace.clone().filter(|name| !name.is_empty());
    server.is_foreign = !allows_local;
    server.max_retries = RETRIES;
    if let Some(settings) = retries {
        let most = settings.max_retries.unwrap_or_default();
        server.max_retries = u32::try_from(most).unwrap_or_default();
        if let Some(interval) = &settings.retry_interval {
            let interval = interval.parse::<GoDuration>();
            let interval = interval
                .map_err(|error| Fault::new(format!("cannot parse retry interval: {error}")))?;
            server.retry_wait = interval.to_std();
        }
    }
    for (name, value) in &provider.headers {
        server = server.with_header(name, value).map_err(Fault::new)?;
    }
    if provider.forward_inconsistent == Some(true) && provider.read_your_writes == Some(true) {
        server = server
            .with_header("X-Vault-Inconsistent", "forward-active-node")
            .map_err(Fault::new)?;
    }
    Ok(server)
}

/// The certificates in the store, else those that it refers to.
async fn ca_bundle(provider: &VaultProvider, asker: Asker<'_>) -> Result<Option<Vec<u8>>, Fault> {
    if !provider.server.trim().starts_with("https") {
        return Ok(None);
    }
    let pem = if let Some(bundle) = provider.ca_bundle.as_deref().filter(|it| !it.is_empty()) {
        STANDARD
            .decode(bundle)
            .map_err(|error| Fault::new(format!("failed to decode ca bundle: {error}")))?
    } else if let Some(reference) = &provider.ca_provider {
        referred_bundle(reference, asker).await?
    } else {
        return Ok(None);
    };
    if is_pem(&pem) {
        return Ok(Some(pem));
    }
    // Some have encoded it twice.
    let text: Vec<u8> = pem
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    match STANDARD.decode(text) {
        Ok(pem) if is_pem(&pem) => Ok(Some(pem)),
        _ => Err(Fault::new(
            "failed to decode ca bundle: failed to parse the new certificate, not valid pem data",
        )),
    }
}

fn is_pem(bytes: &[u8]) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN ";
    bytes.windows(BEGIN.len()).any(|window| window == BEGIN)
}

async fn referred_bundle(reference: &CaProvider, asker: Asker<'_>) -> Result<Vec<u8>, Fault> {
    let (kind, plural, words) = match reference.r#type {
        CaProviderType::Secret => (Kind::Secret, "secrets", "secret"),
        CaProviderType::ConfigMap => (Kind::ConfigMap, "configmaps", "configmap"),
    };
    let name = &reference.name;
    let failed = |reason: &str| {
        Fault::new(format!(
            "failed to get cert from {words}: failed to get caProvider secret {name}: {reason}"
        ))
    };
    let namespace = reference.namespace.as_deref();
    if !asker.store.is_of_cluster() && namespace.is_some_and(|it| *it != *asker.store.0.namespace) {
        return Err(failed(
            "caProvider.namespace is another namespace than the store's: leave it out",
        ));
    }
    let data = asker.object(kind, name, namespace).await?;
    let data = data.ok_or_else(|| failed(&format!("{plural} {name:?} not found")))?;
    let key = reference.key.as_deref().unwrap_or("ca.crt");
    let pem = data.get(key);
    pem.cloned()
        .ok_or_else(|| failed(&format!("there is no key {key:?} in it")))
}
