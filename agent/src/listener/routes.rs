//! Which path answers what.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Notify;
use tracing::info;

use super::browser;
use crate::proxy::{AnswerBody, Clear, Proxy};
use crate::status::{Observer, Snapshot, in_memory, prometheus};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROMETHEUS: HeaderValue =
    HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// The endpoints of one listener.
pub(super) struct Routes {
    observer: Observer,
    /// Where a request may end the agent.
    quit: Option<Arc<Notify>>,
    /// Where everything else goes.
    proxy: Option<Arc<Proxy>>,
    require_request_header: bool,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Public,
    /// Nothing but how the agent is.
    Metrics,
    /// The whole status may be seen, paths of secrets among it.
    Private,
}

/// What `cache-clear` is asked for.
#[derive(Deserialize)]
struct CacheClear {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    value: String,
    #[serde(default)]
    namespace: String,
}

type Answer = Response<AnswerBody>;

/// A request to clear the cache is short.
const CLEAR_BODY: usize = 64 * 1024;
const CLEAR_DEADLINE: Duration = Duration::from_secs(10);

impl Routes {
    /// For everybody who reaches the port.
    pub(super) fn public(
        observer: Observer,
        quit: Option<Arc<Notify>>,
        proxy: Arc<Proxy>,
        require_request_header: bool,
    ) -> Self {
        Self {
            observer,
            quit,
            proxy: Some(proxy),
            require_request_header,
            kind: Kind::Public,
        }
    }

    /// For scrapers and probes, of which none sends a header of Vault's.
    pub(super) fn metrics(observer: Observer) -> Self {
        Self {
            kind: Kind::Metrics,
            ..Self::private(observer)
        }
    }

    /// For the agent's own user.
    pub(super) fn private(observer: Observer) -> Self {
        Self {
            observer,
            quit: None,
            proxy: None,
            require_request_header: false,
            kind: Kind::Private,
        }
    }

    pub(super) async fn answer(&self, request: Request<Incoming>) -> Result<Answer, Infallible> {
        let method = request.method();
        let is_get = method == Method::GET || method == Method::HEAD;
        let path = request.uri().path();
        if let Some(refused) = self.refused(path, request.headers()) {
            return Ok(refused);
        }
        Ok(match path {
            "/agent/v1/ready" | "/agent/v1/health" | "/agent/v1/metrics" if !is_get => {
                not_allowed("GET, HEAD")
            }
            "/agent/v1/health" => {
                // That the agent answers says that its one thread turns.
                with(StatusCode::OK, JSON, json!({"healthy": true}).to_string())
            }
            "/agent/v1/ready" => ready(&self.observer.look().await),
            "/agent/v1/metrics" => {
                let format = Format::wanted(request.uri().query(), request.headers());
                match format {
                    Some(format) => metrics(&self.observer.look().await, format),
                    None => refusal(
                        StatusCode::BAD_REQUEST,
                        "unknown format of metrics: give prometheus or json",
                    ),
                }
            }
            "/agent/v1/status" if self.kind == Kind::Private && is_get => {
                let snapshot = self.observer.look().await;
                let text = serde_json::to_string(&snapshot).expect("a status must serialise");
                with(StatusCode::OK, JSON, text)
            }
            "/agent/v1/quit" if self.kind != Kind::Metrics => self.quit(method),
            "/agent/v1/cache-clear" if self.kind == Kind::Public => {
                if method != Method::POST && method != Method::PUT {
                    not_allowed("POST, PUT")
                } else {
                    cache_clear(request, self.proxy.as_deref()).await
                }
            }
            _ if path == "/agent" || path.starts_with("/agent/") => {
                refusal(StatusCode::NOT_FOUND, "this agent has no such endpoint")
            }
            _ => match &self.proxy {
                Some(proxy) => proxy.answer(request).await,
                None => refusal(
                    StatusCode::NOT_FOUND,
                    "this listener has no such endpoint, and no proxy to Vault",
                ),
            },
        })
    }

    /// Why a request is not worked on, for its headers. The agent's own endpoints never answer the page
    /// of another site; a request for Vault, or one that changes the cache, has to prove more where the
    /// listener wants that. Scripts that end the agent send no header, here as with upstream.
    fn refused(&self, path: &str, headers: &HeaderMap) -> Option<Answer> {
        let is_own = path == "/agent" || path.starts_with("/agent/");
        if (is_own || self.require_request_header) && browser::sent(headers) {
            return Some(refusal(StatusCode::FORBIDDEN, browser::REFUSED));
        }
        let needs_header = !is_own || path == "/agent/v1/cache-clear";
        if self.require_request_header && needs_header && !browser::has_request_header(headers) {
            return Some(refusal(
                StatusCode::PRECONDITION_FAILED,
                browser::HEADER_MISSING,
            ));
        }
        None
    }

    fn quit(&self, method: &Method) -> Answer {
        match &self.quit {
            None => refusal(StatusCode::NOT_FOUND, "the quit endpoint is not enabled"),
            Some(_) if method != Method::POST => not_allowed("POST"),
            Some(quit) => {
                info!(target: "agent", "quit requested over the listener");
                quit.notify_one();
                with(StatusCode::OK, JSON, "{}".to_owned())
            }
        }
    }
}

/// In which words metrics are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Prometheus,
    Json,
}

impl Format {
    /// What the query says. Without it JSON, as the established agent has it, but scrapers say in a
    /// header what they read, and get that without a query.
    fn wanted(query: Option<&str>, headers: &HeaderMap) -> Option<Self> {
        let mut pairs = query.unwrap_or_default().split('&');
        match pairs.find_map(|pair| pair.strip_prefix("format=")) {
            Some("prometheus") => Some(Self::Prometheus),
            Some("json") => Some(Self::Json),
            None | Some("") => {
                let accepted = headers.get_all(ACCEPT).iter();
                let mut accepted = accepted.filter_map(|value| value.to_str().ok());
                let is_scraper = accepted
                    .any(|value| value.contains("text/plain") || value.contains("openmetrics"));
                Some(if is_scraper {
                    Self::Prometheus
                } else {
                    Self::Json
                })
            }
            Some(_) => None,
        }
    }
}

fn metrics(snapshot: &Snapshot, format: Format) -> Answer {
    match format {
        Format::Prometheus => with(StatusCode::OK, PROMETHEUS, prometheus(snapshot)),
        Format::Json => with(StatusCode::OK, JSON, in_memory(snapshot, SystemTime::now())),
    }
}

/// Without a cache there is nothing to clear, but a mistake in the request is one.
async fn cache_clear(request: Request<Incoming>, proxy: Option<&Proxy>) -> Answer {
    let Some(_place) = proxy.and_then(Proxy::place) else {
        let words = "too many requests are on their way already";
        return refusal(StatusCode::SERVICE_UNAVAILABLE, words);
    };
    let body = Limited::new(request.into_body(), CLEAR_BODY).collect();
    let wrong = |words| refusal(StatusCode::BAD_REQUEST, words);
    let Ok(Ok(body)) = tokio::time::timeout(CLEAR_DEADLINE, body).await else {
        return wrong("the body of the request did not come whole and in time");
    };
    let Ok(asked) = serde_json::from_slice::<CacheClear>(&body.to_bytes()) else {
        return wrong("the body has to be a JSON object with the texts type and value");
    };
    match Clear::new(&asked.kind, &asked.value, &asked.namespace) {
        Ok(clear) => proxy.into_iter().for_each(|proxy| proxy.clear(&clear)),
        Err(words) => return wrong(words),
    }
    with(StatusCode::OK, JSON, "{}".to_owned())
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
    let mut answer = Response::new(Either::Left(Full::new(Bytes::from(body))));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, kind);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scrapers_get_what_they_read_and_others_what_they_ask_for() {
        let wanted = |query: &str, accept: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            Format::wanted(Some(query).filter(|query| !query.is_empty()), &headers)
        };
        let scraper = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";
        for (query, accept, format) in [
            ("", scraper, Some(Format::Prometheus)),
            (
                "",
                "text/plain;version=0.0.4;q=1,*/*;q=0.1",
                Some(Format::Prometheus),
            ),
            ("", "*/*", Some(Format::Json)),
            ("format=prometheus", "*/*", Some(Format::Prometheus)),
            ("a=b&format=json", scraper, Some(Format::Json)),
            ("format=xml", scraper, None),
        ] {
            assert_eq!(wanted(query, accept), format, "{query} {accept}");
        }
    }
}
