//! What Vault needs of an API server: service-account tokens, and an answer whether one is genuine.
//!
//! Kubernetes auth asks `POST /apis/authentication.k8s.io/v1/tokenreviews` with a reviewer's token.
//! This stand-in vouches for exactly those tokens that it has issued itself.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dev_vault::ServiceAccountKeys;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// Whom an API server takes a token for when nobody asks for an audience.
const AUDIENCE: &str = "https://kubernetes.default.svc.cluster.local";

/// How long an issued token is good for: longer than any scenario.
const TOKEN_TTL: Duration = Duration::from_secs(3600);

/// A name of a workload: namespace and service account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceAccount<'a> {
    pub namespace: &'a str,
    pub name: &'a str,
}

/// The stand-in. It stops answering when it is dropped.
#[derive(Debug)]
pub struct TokenReview {
    keys: ServiceAccountKeys,
    address: SocketAddr,
    reviewer: String,
    issued: Issued,
    serving: JoinHandle<()>,
}

/// The user behind each token, as a review shows it.
type Issued = Arc<Mutex<HashMap<String, Value>>>;

#[derive(Clone)]
struct Desk {
    reviewer: String,
    issued: Issued,
}

impl TokenReview {
    pub async fn start() -> Result<Self> {
        let keys = ServiceAccountKeys::generate();
        let reviewer = keys.mint("vault", "vault", &[AUDIENCE], TOKEN_TTL);
        let issued = Issued::default();
        let desk = Desk {
            reviewer: reviewer.clone(),
            issued: Arc::clone(&issued),
        };
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let routes = axum::Router::new()
            .route("/apis/authentication.k8s.io/v1/tokenreviews", post(review))
            .with_state(desk);
        let serving = tokio::spawn(async move {
            // Serving loopback ends only with the task; a client that is refused says so itself.
            let _ = axum::serve(listener, routes).await;
        });
        Ok(Self {
            keys,
            address,
            reviewer,
            issued,
            serving,
        })
    }

    /// What Vault gets as `kubernetes_host`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What Vault gets as `token_reviewer_jwt`.
    pub fn reviewer_jwt(&self) -> &str {
        &self.reviewer
    }

    /// What a server that checks signatures itself gets.
    pub fn public_key_pem(&self) -> String {
        self.keys.public_key_pem()
    }

    /// A token as a pod of this service account finds it in its file.
    pub fn issue(&self, account: ServiceAccount<'_>) -> Result<String> {
        let ServiceAccount { namespace, name } = account;
        let token = self.keys.mint(namespace, name, &[AUDIENCE], TOKEN_TTL);
        let user = json!({
            "username": format!("system:serviceaccount:{namespace}:{name}"),
            "uid": uid_of(&token)?,
            "groups": [
                "system:serviceaccounts",
                format!("system:serviceaccounts:{namespace}"),
                "system:authenticated",
            ],
        });
        lock(&self.issued).insert(token.clone(), user);
        Ok(token)
    }
}

impl Drop for TokenReview {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn review(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Json(request): Json<Value>,
) -> Result<Json<Value>, StatusCode> {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    if bearer.and_then(|value| value.strip_prefix("Bearer ")) != Some(&desk.reviewer) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let token = request["spec"]["token"].as_str().unwrap_or_default();
    let status = match lock(&desk.issued).get(token) {
        Some(user) => json!({ "authenticated": true, "user": user, "audiences": [AUDIENCE] }),
        None => json!({ "authenticated": false, "error": "not a token of this cluster" }),
    };
    Ok(Json(json!({
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenReview",
        "status": status,
    })))
}

/// The uid that the token itself carries; a review has to show the same.
fn uid_of(token: &str) -> Result<String> {
    let claims = token.split('.').nth(1).context("a JWT has three parts")?;
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims)?)?;
    let uid = &claims["kubernetes.io"]["serviceaccount"]["uid"];
    Ok(uid
        .as_str()
        .context("a projected token carries the uid")?
        .to_owned())
}

fn lock(issued: &Issued) -> std::sync::MutexGuard<'_, HashMap<String, Value>> {
    issued.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POD: ServiceAccount<'_> = ServiceAccount {
        namespace: "production",
        name: "api",
    };

    async fn ask(desk: &TokenReview, bearer: &str, token: &str) -> (u16, Value) {
        crate::admin::install_crypto_provider();
        let url = format!("{}/apis/authentication.k8s.io/v1/tokenreviews", desk.url());
        let http = reqwest::Client::builder()
            .tls_certs_only([])
            .build()
            .unwrap();
        let question = json!({ "spec": { "token": token } });
        let answer = http
            .post(url)
            .bearer_auth(bearer)
            .json(&question)
            .send()
            .await
            .unwrap();
        (
            answer.status().as_u16(),
            answer.json().await.unwrap_or_default(),
        )
    }

    #[tokio::test]
    async fn vouches_for_its_own_tokens_only() {
        let desk = TokenReview::start().await.unwrap();
        let token = desk.issue(POD).unwrap();
        let (status, answer) = ask(&desk, desk.reviewer_jwt(), &token).await;
        assert_eq!(status, 200);
        assert_eq!(
            answer["status"]["user"]["username"],
            "system:serviceaccount:production:api"
        );

        let stranger = TokenReview::start().await.unwrap().issue(POD).unwrap();
        let (_, answer) = ask(&desk, desk.reviewer_jwt(), &stranger).await;
        assert_eq!(answer["status"]["authenticated"], false);
    }

    #[tokio::test]
    async fn answers_nobody_but_the_reviewer() {
        let desk = TokenReview::start().await.unwrap();
        let token = desk.issue(POD).unwrap();
        assert_eq!(ask(&desk, &token, &token).await.0, 401);
    }
}
