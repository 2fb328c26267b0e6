//! Logins whose credentials come from the cluster.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::{Secret, ServiceAccount};
use kube::api::PostParams;
use kube::{Api, Client as KubeClient};
use kube_support::{CallError, call, call_opt};
use vault_client::Client;
use vault_login::{Authenticate, LoggingIn, LoginError};
use vault_wire::{Granted, Token};
use zeroize::Zeroizing;

use crate::names::Name;

/// How a store gets its token.
pub(crate) enum Login {
    /// Requests carry none.
    None,
    /// It is given.
    Token(Token),
    /// Vault makes one.
    Exchange(Box<Exchange>),
}

/// What is shown to Vault.
pub(crate) struct Exchange {
    /// The path of the login.
    pub(crate) path: String,
    /// What stands in front of Vault's refusal, as upstream says it.
    pub(crate) words: &'static str,
    pub(crate) fields: BTreeMap<&'static str, Zeroizing<String>>,
    /// Where the field `jwt` comes from, afresh for each login.
    pub(crate) account: Option<AccountToken>,
}

/// A token of a service account.
pub(crate) struct AccountToken {
    pub(crate) client: KubeClient,
    pub(crate) account: Name,
    pub(crate) audiences: Vec<String>,
    pub(crate) seconds: i64,
}

impl Authenticate for Exchange {
    /// A token is never asked for wrapped.
    fn log_in<'a>(&'a mut self, client: &'a Client, _: Option<Duration>) -> LoggingIn<'a> {
        Box::pin(async move {
            if let Some(account) = &self.account {
                let token = account.request().await?;
                self.fields.insert("jwt", token);
            }
            let fields: BTreeMap<_, _> = self
                .fields
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            Ok(Granted::Token(client.login_at(&self.path, &fields).await?))
        })
    }
}

impl AccountToken {
    /// A new token, else the one that the account keeps in a Secret, as clusters did before 1.24.
    async fn request(&self) -> Result<Zeroizing<String>, LoginError> {
        let accounts =
            Api::<ServiceAccount>::namespaced(self.client.clone(), &self.account.namespace);
        let request = TokenRequest {
            spec: TokenRequestSpec {
                audiences: self.audiences.clone(),
                expiration_seconds: Some(self.seconds),
                ..TokenRequestSpec::default()
            },
            ..TokenRequest::default()
        };
        let doing = format!("request a token for service account {}", self.account);
        let parameters = PostParams::default();
        let name = &*self.account.name;
        let created = accounts.create_token_request(name, &parameters, &request);
        match call(&doing, created).await {
            Ok(answer) => {
                let token = answer.status.map(|status| status.token);
                token
                    .map(Zeroizing::new)
                    .ok_or_else(|| self.failure(&format!("cannot {doing}: no token in the answer")))
            }
            Err(CallError::NotFound { .. }) => Err(self.failure(&format!(
                "cannot get Kubernetes service account {name:?}: ServiceAccount {name:?} not found"
            ))),
            Err(error) => match self.kept(&accounts).await {
                Some(token) => Ok(token),
                None => Err(self.failure(&error.to_string())),
            },
        }
    }

    /// The token in one of the Secrets of the account.
    async fn kept(&self, accounts: &Api<ServiceAccount>) -> Option<Zeroizing<String>> {
        let doing = "read the service account";
        let account = call_opt(doing, accounts.get(&self.account.name))
            .await
            .ok()??;
        let secrets = Api::<Secret>::namespaced(self.client.clone(), &self.account.namespace);
        for reference in account.secrets.unwrap_or_default() {
            let name = reference.name.unwrap_or_default();
            let doing = "read the token of the service account";
            let secret = call_opt(doing, secrets.get(&name)).await.ok().flatten();
            let token = secret.and_then(|secret| secret.data?.remove("token"));
            if let Some(token) = token.and_then(|token| String::from_utf8(token.0).ok()) {
                return Some(Zeroizing::new(token));
            }
        }
        None
    }

    fn failure(&self, reason: &str) -> LoginError {
        LoginError::Platform {
            what: "token of a service account",
            address: "the API server".to_owned(),
            reason: format!(
                "cannot request Kubernetes service account token for service account {:?}: {reason}",
                self.account.name
            ),
        }
    }
}
