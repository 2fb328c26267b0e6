//! The login of a store: which method, and what it shows to Vault.

use std::collections::BTreeMap;

use operator_api::{
    CertAuth, JwtAuth, KubernetesVaultAuth, SecretKeySelector, ServiceAccountSelector, VaultAuth,
    VaultProvider,
};
use vault_client::{ClientConfig, ClientIdentity};
use vault_wire::Token;
use zeroize::Zeroizing;

use super::asker::Asker;
use super::identity::Digester;
use super::login::{AccountToken, Exchange, Login};
use crate::fault::Fault;
use crate::names::Name;

/// How long a token of a service account is valid, in seconds: the least that Kubernetes gives.
const ACCOUNT_SECONDS: i64 = 600;
/// Whom a token is for where nothing is said: of the method `jwt`, and of the operator's own account.
const JWT_AUDIENCE: &str = "vault";

pub(super) type FoundLogin = (Login, Option<ClientConfig>, Digester);

/// The first method that the store names, in upstream's order.
pub(super) async fn find_login(
    auth: &VaultAuth,
    server: &ClientConfig,
    asker: Asker<'_>,
) -> Result<FoundLogin, Fault> {
    let mut digester = Digester::default();
    if let Some(selector) = &auth.token_secret_ref {
        let text = asker.text(selector, "token").await?;
        let token = Token::new(&text)
            .map_err(|error| Fault::new(format!("the token cannot be used: {error}")))?;
        digester.add("token", text.as_bytes());
        return Ok((Login::Token(token), None, digester));
    }
    let for_logins = auth.namespace.clone().map(|namespace| ClientConfig {
        namespace: Some(namespace).filter(|name| !name.is_empty()),
        ..server.clone()
    });
    let exchange = if let Some(method) = &auth.app_role {
        let role = match (&method.role_id, &method.role_ref) {
            (Some(id), _) => Zeroizing::new(id.trim().to_owned()),
            (None, Some(selector)) => {
                // As it is, like upstream: Vault ignores blanks around it.
                asker.text(selector, "").await?
            }
            (None, None) => {
                return Err(Fault::new("appRole needs a role id: set roleId or roleRef"));
            }
        };
        let secret = asker.text(&method.secret_ref, "").await?;
        let fields = [("role_id", role), ("secret_id", secret)];
        exchange(
            format!("auth/{}/login", method.path.trim_matches('/')),
            "unable to log in to auth method: unable to log in with app role auth: ",
            fields,
        )
    } else if let Some(method) = &auth.kubernetes {
        with_kubernetes(method, asker).await?
    } else if let Some(method) = &auth.ldap {
        let password = password(method.secret_ref.as_ref(), asker).await?;
        exchange(
            format!(
                "auth/{}/login/{}",
                method.path.trim_matches('/'),
                method.username.trim()
            ),
            "unable to log in to auth method: unable to log in with LDAP auth: ",
            [("password", password)],
        )
    } else if let Some(method) = &auth.user_pass {
        let password = password(method.secret_ref.as_ref(), asker).await?;
        exchange(
            format!(
                "auth/{}/login/{}",
                method.path.trim_matches('/'),
                method.username.trim()
            ),
            "unable to log in to auth method: unable to log in with userpass auth: ",
            [("password", password)],
        )
    } else if let Some(method) = &auth.jwt {
        with_jwt(method, asker).await?
    } else if let Some(method) = &auth.cert {
        with_certificate(method)
    } else if auth.iam.is_some() || auth.gcp.is_some() {
        return Err(Fault::new(
            "the login by iam or gcp is not supported yet: use kubernetes, jwt, appRole, userPass, \
             ldap, cert or a token",
        ));
    } else {
        return Err(Fault::new(
            "cannot initialize Vault client: no valid auth method specified",
        ));
    };
    digester.add("path", exchange.path.as_bytes());
    for (name, value) in &exchange.fields {
        digester.add(name, value.as_bytes());
    }
    if let Some(account) = &exchange.account {
        digester.add("account", account.account.to_string().as_bytes());
        digester.add("audiences", account.audiences.join("\n").as_bytes());
        digester.add("seconds", &account.seconds.to_be_bytes());
    }
    Ok((Login::Exchange(Box::new(exchange)), for_logins, digester))
}

fn exchange<const N: usize>(
    path: String,
    words: &'static str,
    fields: [(&'static str, Zeroizing<String>); N],
) -> Exchange {
    Exchange {
        path,
        words,
        fields: BTreeMap::from(fields),
        account: None,
    }
}

async fn password(
    selector: Option<&SecretKeySelector>,
    asker: Asker<'_>,
) -> Result<Zeroizing<String>, Fault> {
    match selector {
        Some(selector) => asker.text(selector, "").await,
        None => Err(Fault::new("the login needs a password: set secretRef")),
    }
}

fn account_token(
    selector: &ServiceAccountSelector,
    audiences: Vec<String>,
    seconds: i64,
    asker: Asker<'_>,
) -> AccountToken {
    let namespace = asker.namespace_of(selector.namespace.as_deref());
    AccountToken {
        client: asker.client.clone(),
        account: Name::new(namespace, &selector.name),
        audiences,
        seconds,
    }
}

/// The operator's own account. It is lent to nobody but stores of the cluster, and only where the
/// operator was told so.
fn own_account(asker: Asker<'_>) -> Result<AccountToken, Fault> {
    const WORDS: &str = "auth.kubernetes has neither serviceAccountRef nor secretRef";
    if !asker.store.is_of_cluster() {
        return Err(Fault::new(format!(
            "{WORDS}: the operator's own identity is not lent to a SecretStore; name a service account"
        )));
    }
    let Some(own) = asker.own_identity else {
        return Err(Fault::new(format!(
            "{WORDS}: name a service account, or start the operator with --allow-controller-identity"
        )));
    };
    Ok(AccountToken {
        client: asker.client.clone(),
        account: own.clone(),
        audiences: vec![JWT_AUDIENCE.to_owned()],
        seconds: ACCOUNT_SECONDS,
    })
}

async fn with_kubernetes(
    method: &KubernetesVaultAuth,
    asker: Asker<'_>,
) -> Result<Exchange, Fault> {
    let mut exchange = exchange(
        format!("auth/{}/login", method.mount_path.trim_matches('/')),
        "unable to log in to auth method: unable to log in with Kubernetes auth: ",
        [("role", Zeroizing::new(method.role.clone()))],
    );
    if let Some(account) = &method.service_account_ref {
        let audiences = account.audiences.clone();
        let token = account_token(account, audiences, ACCOUNT_SECONDS, asker);
        exchange.account = Some(token);
    } else if let Some(selector) = &method.secret_ref {
        let token = asker.text(selector, "token").await?;
        exchange.fields.insert("jwt", token);
    } else {
        exchange.account = Some(own_account(asker)?);
    }
    Ok(exchange)
}

async fn with_jwt(method: &JwtAuth, asker: Asker<'_>) -> Result<Exchange, Fault> {
    let role = method.role.clone().unwrap_or_default();
    let mut exchange = exchange(
        format!("auth/{}/login", method.path.trim_matches('/')),
        "",
        [("role", Zeroizing::new(role))],
    );
    if let Some(selector) = &method.secret_ref {
        let token = asker.text(selector, "").await?;
        exchange.fields.insert("jwt", token);
    } else if let Some(source) = &method.kubernetes_service_account_token {
        let mut audiences = source.service_account_ref.audiences.clone();
        match &source.audiences {
            Some(further) => audiences.extend(further.iter().cloned()),
            None => audiences.push(JWT_AUDIENCE.to_owned()),
        }
        let seconds = source.expiration_seconds.unwrap_or(ACCOUNT_SECONDS);
        let token = account_token(&source.service_account_ref, audiences, seconds, asker);
        exchange.account = Some(token);
    } else {
        return Err(Fault::new(
            "auth.jwt needs a token: set secretRef or kubernetesServiceAccountToken",
        ));
    }
    Ok(exchange)
}

fn with_certificate(method: &CertAuth) -> Exchange {
    let role = method.vault_role.clone().unwrap_or_default();
    exchange(
        format!("auth/{}/login", method.path.trim_matches('/')),
        "",
        [("name", Zeroizing::new(role))],
    )
}

/// The certificate of a login, which all requests show: Vault wants to see it again later.
pub(super) async fn login_certificate(
    provider: &VaultProvider,
    asker: Asker<'_>,
) -> Result<Option<ClientIdentity>, Fault> {
    let Some(auth) = provider
        .auth
        .as_ref()
        .filter(|auth| is_by_certificate(auth))
    else {
        return Ok(None);
    };
    let method = auth.cert.as_ref();
    let selectors = method.and_then(|it| it.client_cert.as_ref().zip(it.secret_ref.as_ref()));
    let Some((certificate, key)) = selectors else {
        return Err(Fault::new("auth.cert needs clientCert and secretRef"));
    };
    Ok(Some(ClientIdentity {
        certificate: asker.secret(certificate, "tls.crt").await?.to_vec(),
        key: asker.secret(key, "tls.key").await?,
    }))
}

/// Whether no method comes before the certificate.
fn is_by_certificate(auth: &VaultAuth) -> bool {
    auth.cert.is_some()
        && auth.token_secret_ref.is_none()
        && auth.app_role.is_none()
        && auth.kubernetes.is_none()
        && auth.ldap.is_none()
        && auth.user_pass.is_none()
        && auth.jwt.is_none()
}
