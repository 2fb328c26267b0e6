//! HTTP/1.1 and HTTP/2 on one connection, with their own limits.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use serve_tls::{Connection, Leaving, Stream};
use tower::Service as _;
use tracing::debug;

/// A client that has not sent its headers by then is cut off.
pub(crate) const HEADER_DEADLINE: Duration = Duration::from_secs(10);
/// Headers of one request. The API server sends about ten.
const MOST_HEADERS: usize = 64;
/// Bytes of the headers of one request.
const HEADER_BYTES: u32 = 16 * 1024;
/// Requests at once on one connection.
const STREAMS: u32 = 128;
/// What a client of HTTP/2 may send ahead of being read: for one request, and for a connection.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 256 * 1024;
/// A connection of HTTP/2 that is silent for so long is asked whether its client is still there...
const PING: Duration = Duration::from_secs(30);
/// ...and cut off if no answer comes by then.
const PONG: Duration = Duration::from_secs(10);

/// Answers the requests of one connection until it ends.
pub(crate) async fn serve(
    stream: Stream,
    connection: Connection,
    leaving: Leaving,
    router: Router,
) {
    let is_http2 = stream.is_http2();
    let io = TokioIo::new(stream);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let in_flight = connection.request();
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(connection.clone());
        let answer = router.clone().call(request);
        async move {
            let answer = answer.await;
            drop(in_flight);
            answer
        }
    });
    let ended = if is_http2 {
        let served = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(HEADER_BYTES)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .keep_alive_interval(PING)
            .keep_alive_timeout(PONG)
            .serve_connection(io, service);
        until_left(served, leaving).await
    } else {
        let served = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_DEADLINE)
            .max_headers(MOST_HEADERS)
            .max_header_size(HEADER_BYTES as usize)
            .serve_connection(io, service);
        until_left(served, leaving).await
    };
    if let Err(error) = ended {
        debug!(%error, "Connection ended early");
    }
}

/// Serves until the client ends, or what it has begun is answered after the listener has stopped.
async fn until_left<C: GracefulConnection>(
    served: C,
    mut leaving: Leaving,
) -> Result<(), C::Error> {
    tokio::pin!(served);
    tokio::select! {
        ended = served.as_mut() => ended,
        () = leaving.begun() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    }
}
