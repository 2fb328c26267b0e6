//! Response wrapping: an answer that lies in a cubbyhole until whoever holds its one-time token
//! takes it out. See "Response wrapping" in Vault's documentation.

use std::time::Duration;

use http::Method;
use serde::Serialize;

use super::transport::Call;
use super::{Client, LOGIN_KEYS, Session, encode};
use vault_wire::{Error, Reply, Response, Token, WrapInfo};

#[derive(Serialize)]
struct Named<'a> {
    token: &'a str,
}

impl Client {
    /// A login whose token stays in Vault for `ttl`, wrapped. Sends no token.
    pub async fn login_wrapped(
        &self,
        mount_path: &str,
        body: &impl Serialize,
        ttl: Duration,
    ) -> Result<WrapInfo, Error> {
        let path = format!("{}/login", mount_path.trim_matches('/'));
        let call = Call::new(Method::PUT, &path)
            .body(encode(body))
            .plain_keys(LOGIN_KEYS)
            .wrapped(ttl);
        self.transport
            .send(&call)
            .await?
            .read(Reply::into_wrap_info)
    }

    /// `PUT sys/wrapping/lookup`: the path whose answer a wrapping token holds. Does not use the
    /// token up, and sends no other.
    pub async fn wrapped_path(&self, wrapping: &Token) -> Result<String, Error> {
        let body = encode(&Named {
            token: wrapping.expose(),
        });
        let call = Call::new(Method::PUT, "sys/wrapping/lookup").body(body);
        self.transport
            .send(&call)
            .await?
            .read(Reply::into_wrapped_path)
    }
}

impl Session<'_> {
    /// `PUT sys/wrapping/wrap`: puts the session's own token into a wrapping that lasts for `ttl`.
    pub async fn wrap_own_token(&self, ttl: Duration) -> Result<WrapInfo, Error> {
        let body = encode(&Named {
            token: self.token.map(Token::expose).unwrap_or_default(),
        });
        let call = Call::new(Method::PUT, "sys/wrapping/wrap")
            .token(self.token)
            .body(body)
            .wrapped(ttl);
        self.client
            .transport
            .send(&call)
            .await?
            .read(Reply::into_wrap_info)
    }

    /// `PUT sys/wrapping/unwrap`, with the wrapping token as the session's. It works once.
    pub async fn unwrap(&self) -> Result<Response, Error> {
        let reply = self.send(Method::PUT, "sys/wrapping/unwrap", None).await?;
        reply.read(|reply| {
            reply.fail_unless_success()?;
            reply.response()
        })
    }
}
