//! From HTTP to the state and back.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Extension, State as Extracted};
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri, header};
use axum_server::tls::TlsInfo;
use serde_json::Value;
use vault_model::{Operation, Refusal, Reply, Request, parse_duration};

use crate::dev;
use crate::faults::LoggedRequest;
use crate::server::Shared;

/// Status and body.
type Parts = (u16, Option<Value>);

/// The whole API: everything goes through one handler, because paths are data here.
pub(crate) fn router(shared: Shared) -> Router {
    Router::new().fallback(answer).with_state(shared)
}

async fn answer(
    Extracted(shared): Extracted<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    peer: Option<Extension<Arc<TlsInfo>>>,
    body: Bytes,
) -> Response<Body> {
    if let Some(switch) = uri.path().strip_prefix("/dev/") {
        return reply(dev::handle(&shared, &method, switch, &body), None);
    }
    let Some(path) = uri.path().strip_prefix("/v1/") else {
        let refusal = Refusal {
            status: 404,
            errors: Vec::new(),
        };
        return reply((refusal.status, Some(refusal.body())), None);
    };
    let latency = shared.lock().switches.latency(path);
    if let Some(wait) = latency {
        tokio::time::sleep(wait).await;
    }
    let answered = process(
        &shared,
        &method,
        path,
        uri.query(),
        &headers,
        peer.as_deref().map(AsRef::as_ref),
        &body,
    );
    shared.announce();
    reply(
        (answered.status, answered.body),
        answered.retry_after.as_deref(),
    )
}

/// Answers an API request and logs it.
fn process(
    shared: &Shared,
    method: &Method,
    path: &str,
    query: Option<&str>,
    headers: &HeaderMap,
    peer: Option<&TlsInfo>,
    body: &[u8],
) -> Reply {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let bearer = || {
        text("authorization")?
            .strip_prefix("Bearer ")
            .map(str::to_owned)
    };
    let token = text("x-vault-token")
        .or_else(bearer)
        .filter(|token| !token.is_empty());

    let mut inside = shared.lock();
    let accessor = token.as_deref().and_then(|id| inside.model.accessor(id));
    let accessor = accessor.map(str::to_owned);
    let peer_certificate = peer.and_then(|tls| tls.peer_certificates.first()).cloned();
    let wrap_ttl = text("x-vault-wrap-ttl").and_then(|ttl| parse_duration(&ttl));
    let namespace = text("x-vault-namespace");
    let request = Request::decode(
        method.as_str(),
        path,
        query.unwrap_or_default(),
        token,
        body,
    )
    .map(|request| Request {
        wrap_ttl: wrap_ttl.filter(|ttl| !ttl.is_zero()),
        peer_certificate,
        namespace: namespace.clone().unwrap_or_default(),
        ..request
    });
    let logged_method = match &request {
        Ok(request) if request.operation == Operation::List => "LIST".to_owned(),
        _ => method.to_string(),
    };
    let now = inside.clock.now();
    let reply = match inside.switches.faults.strike(&logged_method, path) {
        Some(fault) => fault.into(),
        None => match request {
            Ok(request) => inside.model.answer(now, &request),
            Err(refusal) => refusal.into(),
        },
    };
    let logged = LoggedRequest {
        time: now,
        method: logged_method,
        path: query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}")),
        status: reply.status,
        namespace,
        accessor,
    };
    inside.switches.log.push(logged);
    reply
}

fn reply((status, body): Parts, retry_after: Option<&str>) -> Response<Body> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut builder = Response::builder()
        .status(status)
        .header(header::CACHE_CONTROL, "no-store");
    if let Some(value) = retry_after {
        builder = builder.header(header::RETRY_AFTER, value);
    }
    let body = match body {
        Some(body) => {
            builder = builder.header(header::CONTENT_TYPE, "application/json");
            Body::from(format!("{body}\n"))
        }
        None => Body::empty(),
    };
    builder
        .body(body)
        .unwrap_or_else(|_| Response::new(Body::empty()))
}
