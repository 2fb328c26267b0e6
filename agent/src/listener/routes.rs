//! Which path answers what.

use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::json;
use tokio::sync::Notify;
use tracing::info;

use crate::status::{Observer, Snapshot, prometheus};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROMETHEUS: HeaderValue =
    HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// The endpoints of one listener.
pub(super) struct Routes {
    observer: Observer,
    /// Where a request may end the agent.
    quit: Option<Arc<Notify>>,
    /// The whole status may be seen, paths of secrets among it.
    is_private: bool,
}

type Answer = Response<Full<Bytes>>;

impl Routes {
    /// For everybody who reaches the port.
    pub(super) fn public(observer: Observer, quit: Option<Arc<Notify>>) -> Self {
        Self {
            observer,
            quit,
            is_private: false,
        }
    }

    /// For the agent's own user.
    pub(super) fn private(observer: Observer) -> Self {
        Self {
            observer,
            quit: None,
            is_private: true,
        }
    }

    pub(super) async fn answer(&self, request: &Request<Incoming>) -> Result<Answer, Infallible> {
        let get = |method: &Method| method == Method::GET || method == Method::HEAD;
        Ok(match (request.uri().path(), request.method()) {
            ("/agent/v1/quit", method) => match &self.quit {
                None => refusal(StatusCode::NOT_FOUND, "the quit endpoint is not enabled"),
                Some(_) if method != Method::POST => not_allowed("POST"),
                Some(quit) => {
                    info!(target: "agent", "quit requested over the listener");
                    quit.notify_one();
                    with(StatusCode::OK, JSON, "{}".to_owned())
                }
            },
            ("/agent/v1/ready" | "/agent/v1/health" | "/agent/v1/metrics", method)
                if !get(method) =>
            {
                not_allowed("GET, HEAD")
            }
            ("/agent/v1/health", _) => {
                // That the agent answers says that its one thread turns.
                with(StatusCode::OK, JSON, json!({"healthy": true}).to_string())
            }
            ("/agent/v1/ready", _) => ready(&self.observer.look().await),
            ("/agent/v1/metrics", _) => {
                let text = prometheus(&self.observer.look().await);
                with(StatusCode::OK, PROMETHEUS, text)
            }
            ("/agent/v1/status", method) if self.is_private && get(method) => {
                let snapshot = self.observer.look().await;
                let text = serde_json::to_string(&snapshot).expect("a status must serialise");
                with(StatusCode::OK, JSON, text)
            }
            _ => refusal(
                StatusCode::NOT_FOUND,
                "this agent has no such endpoint, and no proxy to Vault",
            ),
        })
    }
}

/// Which files are missing; why, is in the log and in `vault-agent status`.
fn ready(snapshot: &Snapshot) -> Answer {
    let missing = snapshot
        .templates
        .iter()
        .filter(|template| !template.rendered);
    let missing: Vec<&str> = missing.map(|template| &*template.destination).collect();
    let body = json!({
        "ready": snapshot.ready,
        "authenticated": snapshot.token.authenticated,
        "not_rendered": missing,
    });
    let status = if snapshot.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    with(status, JSON, body.to_string())
}

fn refusal(status: StatusCode, words: &str) -> Answer {
    with(status, JSON, json!({"errors": [words]}).to_string())
}

fn not_allowed(methods: &'static str) -> Answer {
    let mut answer = refusal(StatusCode::METHOD_NOT_ALLOWED, "another method is needed");
    let methods = HeaderValue::from_static(methods);
    answer.headers_mut().insert(ALLOW, methods);
    answer
}

fn with(status: StatusCode, kind: HeaderValue, body: String) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, kind);
    answer
}
