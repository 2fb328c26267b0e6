//! The administrator's side of a server: plain requests with the root token.
//!
//! On purpose not the project's own Vault client: what sets a scene and checks it afterwards must not
//! share the mistakes of what is tested.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde_json::Value;

/// A server's address, how to trust it, and a token.
#[derive(Clone)]
pub struct Admin {
    http: reqwest::Client,
    address: String,
    token: String,
}

/// Status and body of any answer.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    /// The server's own words about an error, one a line.
    pub fn errors(&self) -> String {
        let errors = self.body["errors"].as_array().into_iter().flatten();
        errors
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join("\n")
    }

    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Admin {
    /// `ca_pem` is the server's authority.
    pub fn new(address: &str, ca_pem: &str) -> Result<Self> {
        install_crypto_provider();
        let http = reqwest::Client::builder()
            .tls_certs_only([reqwest::Certificate::from_pem(ca_pem.as_bytes())?])
            .timeout(Duration::from_secs(20))
            .build()?;
        Ok(Self {
            http,
            address: address.to_owned(),
            token: String::new(),
        })
    }

    /// The same server, seen by another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: token.to_owned(),
            ..self.clone()
        }
    }

    /// Sends a request and returns whatever the server answers.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer> {
        self.send_with(method, path, body, None).await
    }

    async fn send_with(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        wrap_ttl: Option<&str>,
    ) -> Result<Answer> {
        let mut request = self
            .http
            .request(method.clone(), format!("{}/v1/{path}", self.address));
        if !self.token.is_empty() {
            request = request.header("X-Vault-Token", &self.token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        if let Some(ttl) = wrap_ttl {
            request = request.header("X-Vault-Wrap-TTL", ttl);
        }
        let response = request
            .send()
            .await
            .with_context(|| format!("{method} {path}"))?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        let body = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text)?
        };
        Ok(Answer { status, body })
    }

    /// `vault read`: the `data` of the answer.
    pub async fn read(&self, path: &str) -> Result<Value> {
        let answer = self.send(Method::GET, path, None).await?;
        ensure!(
            answer.is_ok(),
            "read {path}: {} {}",
            answer.status,
            answer.errors()
        );
        Ok(answer.body["data"].clone())
    }

    /// `vault write`.
    pub async fn write(&self, path: &str, body: &Value) -> Result<Answer> {
        let answer = self.send(Method::PUT, path, Some(body)).await?;
        ensure!(
            answer.is_ok(),
            "write {path}: {} {}",
            answer.status,
            answer.errors()
        );
        Ok(answer)
    }

    /// `vault write -wrap-ttl=5m`: the wrapping token.
    pub async fn write_wrapped(&self, path: &str, body: &Value) -> Result<String> {
        let answer = self.send_with(Method::PUT, path, Some(body), Some("5m"));
        let answer = answer.await?;
        let token = answer.body["wrap_info"]["token"].as_str();
        let words = || format!("wrap {path}: {} {}", answer.status, answer.errors());
        token.map(str::to_owned).with_context(words)
    }

    /// `vault kv put` into a KV v2 mount at `mount`.
    pub async fn kv_put(&self, mount: &str, path: &str, data: &Value) -> Result<()> {
        let body = serde_json::json!({ "data": data });
        self.write(&format!("{mount}/data/{path}"), &body)
            .await
            .map(drop)
    }
}

/// One crypto provider for the whole process; the second call changes nothing.
pub(crate) fn install_crypto_provider() {
    // An error says that a provider is installed already, which is what is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
