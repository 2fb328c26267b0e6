//! The requests that an agent makes, one method each.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use serde::Serialize;
use vault_wire::kv::Mount;
use vault_wire::{Auth, Error, Health, Lease, LeaseId, Reply, Response, Token, TokenInfo};
use zeroize::Zeroizing;

use crate::config::{ClientConfig, ConfigError};
use transport::{Call, Received, Transport};

pub use forward::{Forward, ForwardBody, Forwarded};

mod body;
mod forward;
pub(crate) mod path;
mod transport;
mod wrapping;

/// What a login and a renewal say that helps whoever reads the error, and is not secret.
const LOGIN_KEYS: &[&str] = &["role"];
const LEASE_KEYS: &[&str] = &["lease_id", "increment"];

/// A connection pool to one server. Clones share it. It holds no token: see [`Client::with_token`].
#[derive(Clone)]
pub struct Client {
    transport: Arc<Transport>,
}

/// A client together with the token to use, if there is one: what the policy of that token allows.
#[derive(Clone, Copy)]
pub struct Session<'a> {
    client: &'a Client,
    token: Option<&'a Token>,
}

impl Client {
    /// Checks the settings and reads the certificate files; connects to nothing. When a certificate
    /// changes on disk, make a new client.
    pub fn new(config: &ClientConfig) -> Result<Self, ConfigError> {
        Ok(Self {
            transport: Arc::new(Transport::new(config)?),
        })
    }

    /// The requests that need a token, with this one. Costs nothing, so that the token can be
    /// another each time.
    pub fn with_token<'a>(&'a self, token: &'a Token) -> Session<'a> {
        Session {
            client: self,
            token: Some(token),
        }
    }

    /// The same without a token, for a server that needs none or adds one of its own.
    pub fn without_token(&self) -> Session<'_> {
        Session {
            client: self,
            token: None,
        }
    }

    /// The address in use, as configured.
    pub fn address(&self) -> &str {
        self.transport.address().as_str()
    }

    /// The namespace in use; empty for the root namespace.
    pub fn namespace(&self) -> &str {
        self.transport.namespace()
    }

    /// `PUT {mount_path}/login`, for `mount_path` such as `auth/kubernetes`. Sends no token.
    pub async fn login(&self, mount_path: &str, body: &impl Serialize) -> Result<Auth, Error> {
        let path = format!("{}/login", mount_path.trim_matches('/'));
        self.login_at(&path, body).await
    }

    /// `PUT {path}`, for methods whose login names the user: `auth/userpass/login/app`. Sends no token.
    pub async fn login_at(&self, path: &str, body: &impl Serialize) -> Result<Auth, Error> {
        let call = Call::new(Method::PUT, path)
            .body(encode(body))
            .plain_keys(LOGIN_KEYS);
        self.transport.send(&call).await?.read(Reply::into_auth)
    }

    /// `GET sys/health`. Every server that answers with a health report is an `Ok`, sealed or not.
    pub async fn health(&self) -> Result<Health, Error> {
        let call = Call::new(Method::GET, "sys/health");
        self.transport
            .send_any_status(&call)
            .await?
            .read(Reply::into_health)
    }
}

impl Session<'_> {
    /// `GET {path}`; the path may carry a query. `None` when there is nothing (404 without data or
    /// warnings). A deleted KV version 2 secret is an answer: see
    /// [`SecretVersion`](vault_wire::kv::SecretVersion).
    pub async fn read(&self, path: &str) -> Result<Option<Response>, Error> {
        self.send(Method::GET, path, None)
            .await?
            .read(Reply::into_secret)
    }

    /// `GET {path}?list=true`. `None` when there is nothing; see [`Response::keys`].
    pub async fn list(&self, path: &str) -> Result<Option<Response>, Error> {
        let separator = if path.contains('?') { '&' } else { '?' };
        self.read(&format!("{path}{separator}list=true")).await
    }

    /// `PUT {path}`. `None` when Vault has nothing to answer (204).
    pub async fn write(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Option<Response>, Error> {
        let reply = self.send(Method::PUT, path, Some(encode(body))).await?;
        reply.read(|reply| {
            reply.fail_unless_success()?;
            reply.into_secret()
        })
    }

    /// `DELETE {path}`. `None` when Vault has nothing to answer (204).
    pub async fn delete(&self, path: &str) -> Result<Option<Response>, Error> {
        let reply = self.send(Method::DELETE, path, None).await?;
        reply.read(|reply| {
            reply.fail_unless_success()?;
            reply.into_secret()
        })
    }

    /// Which mount a path lies in. `is_not_found` and `is_permission_denied` errors are for the
    /// caller to interpret: an old server, a policy without any capability there.
    pub async fn mount(&self, path: &str) -> Result<Mount, Error> {
        let path = path.split('?').next().unwrap_or_default();
        let path = format!("sys/internal/ui/mounts/{}", path.trim_start_matches('/'));
        self.send(Method::GET, &path, None)
            .await?
            .read(Reply::into_mount)
    }

    /// `GET auth/token/lookup-self`: whether the token lives, and for how long.
    pub async fn lookup_self(&self) -> Result<TokenInfo, Error> {
        self.send(Method::GET, "auth/token/lookup-self", None)
            .await?
            .read(Reply::into_token_info)
    }

    /// `PUT auth/token/renew-self`. An increment of zero asks for the token's own. The granted time
    /// may be less.
    pub async fn renew_self(&self, increment: Duration) -> Result<Auth, Error> {
        let body = serde_json::json!({ "increment": increment.as_secs() });
        let call = Call::new(Method::PUT, "auth/token/renew-self")
            .token(self.token)
            .body(encode(&body))
            .plain_keys(LEASE_KEYS);
        self.client
            .transport
            .send(&call)
            .await?
            .read(Reply::into_auth)
    }

    /// `PUT auth/token/revoke-self`: the token and all its leases end.
    pub async fn revoke_self(&self) -> Result<(), Error> {
        self.send(Method::PUT, "auth/token/revoke-self", Some(Bytes::new()))
            .await?
            .read(|reply| reply.fail_unless_success())
    }

    /// `PUT sys/leases/renew`. An increment of zero asks for the lease's own. The granted time may
    /// be less, and the answer may say that this was the last time.
    pub async fn renew_lease(&self, id: &LeaseId, increment: Duration) -> Result<Lease, Error> {
        let body = serde_json::json!({ "lease_id": id.as_str(), "increment": increment.as_secs() });
        let call = Call::new(Method::PUT, "sys/leases/renew")
            .token(self.token)
            .body(encode(&body))
            .plain_keys(LEASE_KEYS);
        self.client
            .transport
            .send(&call)
            .await?
            .read(|reply| reply.into_lease(id))
    }

    /// `PUT sys/leases/revoke`.
    pub async fn revoke_lease(&self, id: &LeaseId) -> Result<(), Error> {
        let body = serde_json::json!({ "lease_id": id.as_str() });
        let call = Call::new(Method::PUT, "sys/leases/revoke")
            .token(self.token)
            .body(encode(&body))
            .plain_keys(LEASE_KEYS);
        let reply = self.client.transport.send(&call).await?;
        reply.read(|reply| reply.fail_unless_success())
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
    ) -> Result<Received, Error> {
        let mut call = Call::new(method, path).token(self.token);
        call.body = body;
        self.client.transport.send(&call).await
    }
}

/// A body as bytes that are wiped after the last use: logins and writes carry secrets.
fn encode(body: &impl Serialize) -> Bytes {
    let text = serde_json::to_vec(body).expect("a request body must serialise to JSON");
    Bytes::from_owner(Zeroizing::new(text))
}
