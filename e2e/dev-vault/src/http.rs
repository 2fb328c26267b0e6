//! From HTTP to the state and back.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Extension, State as Extracted};
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri, header};
use axum_server::tls::TlsInfo;
use rustls::pki_types::CertificateDer;
use serde_json::Value;

use crate::answer::Refusal;
use crate::dev;
use crate::duration;
use crate::faults::LoggedRequest;
use crate::request::{Operation, Request};
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
        return reply((404, Some(Refusal::not_found().body())), None);
    };
    let latency = shared.lock().faults.latency(path);
    if let Some(wait) = latency {
        tokio::time::sleep(wait).await;
    }
    let (parts, retry_after) = process(
        &shared,
        &method,
        path,
        uri.query(),
        &headers,
        peer.as_deref().map(AsRef::as_ref),
        &body,
    );
    shared.announce();
    reply(parts, retry_after.as_deref())
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
) -> (Parts, Option<String>) {
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
    let holder = token.as_deref().and_then(|id| inside.state.tokens.get(id));
    let accessor = holder.map(|token| token.accessor.clone());
    let peer_certificate = peer
        .and_then(|tls| tls.peer_certificates.first())
        .map(|der| CertificateDer::from(der.clone()));
    let wrap_ttl = text("x-vault-wrap-ttl").and_then(|ttl| duration::parse(&ttl));
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
        ..request
    });
    let logged_method = match &request {
        Ok(request) if request.operation == Operation::List => "LIST".to_owned(),
        _ => method.to_string(),
    };
    let mut retry_after = None;
    let parts = match inside.faults.strike(&logged_method, path) {
        Some(fault) => {
            retry_after = fault.retry_after;
            let refusal = Refusal {
                status: fault.status,
                errors: fault.errors,
            };
            (refusal.status, Some(refusal.body()))
        }
        None => match request {
            Ok(request) => inside.handle(&request),
            Err(refusal) => (refusal.status, Some(refusal.body())),
        },
    };
    let logged = LoggedRequest {
        time: inside.clock.now(),
        method: logged_method,
        path: query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}")),
        status: parts.0,
        namespace: text("x-vault-namespace"),
        accessor,
    };
    inside.faults.log.push(logged);
    (parts, retry_after)
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
