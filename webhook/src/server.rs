//! The HTTPS server: routes, limits, and leaving in order.
//!
//! ```text
//! bind ─► Bound (the port is known) ─► serve ─► stop asked ─► not ready ─► drain ─► end
//! ```
//!
//! A slow or silent client costs a connection and never delays others: handshake, headers and
//! whole requests have deadlines, bodies a limit, and one address may only hold so many
//! connections, and so much memory, that enough is left for others.

mod budget;
mod limit;
mod routes;

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::RustlsConfig;
use rustls::ServerConfig;
use tracing::{debug, info};

pub use routes::{App, router};

use limit::{Limited, Limits};

/// A client that has not sent its headers by then is cut off.
const HEADER_DEADLINE: Duration = Duration::from_secs(10);
/// A client that has not shaken hands by then is cut off.
const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(10);
/// Connections and bytes at once, and from one address. The API server needs a handful of
/// connections, and some ten kilobytes a request.
const LIMITS: Limits = Limits {
    all: 1024,
    each: 256,
    all_bytes: 96 * 1024 * 1024,
    each_bytes: 32 * 1024 * 1024,
};
/// Requests at once on one connection.
const STREAMS: u32 = 128;
/// A connection of HTTP/2 that is silent for so long is asked whether its client is still there...
const PING: Duration = Duration::from_secs(30);
/// ...and cut off where no answer comes by then.
const PONG: Duration = Duration::from_secs(10);
/// Requests that are still running this long after the server stopped accepting are cut off.
const DRAIN_DEADLINE: Duration = Duration::from_secs(10);

/// A server whose port is known and taken, but that does not answer yet.
#[derive(Debug)]
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
}

impl Bound {
    /// Takes a port. `listen` is `host:port`, or `:port` for every address of the machine.
    pub fn bind(listen: &str) -> io::Result<Self> {
        let listener = match listen.strip_prefix(':') {
            // Where the machine has IPv6, this address takes both protocols.
            Some(port) => TcpListener::bind(first_address(&format!("[::]:{port}"))?)
                .or_else(|_| TcpListener::bind(first_address(&format!("0.0.0.0:{port}"))?))?,
            None => TcpListener::bind(first_address(listen)?)?,
        };
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Where the server is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers requests until `stop` is ready, then reports not ready for `delay`, so that load
    /// balancers notice, and ends once the running requests are answered.
    pub async fn serve(
        self,
        app: Arc<App>,
        tls: Arc<ServerConfig>,
        delay: Duration,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let handle = Handle::new();
        let mut server =
            axum_server::from_tcp_rustls(self.listener, RustlsConfig::from_config(tls))?
                .map(|acceptor| {
                    acceptor
                        .handshake_timeout(HANDSHAKE_DEADLINE)
                        .acceptor(NoDelayAcceptor::new())
                })
                .handle(handle.clone())
                .first_request_timeout(HEADER_DEADLINE)
                .accept_error_handler(|peer, error| debug!(?peer, %error, "Connection failed"));
        let builder = server.http_builder();
        builder.http1().header_read_timeout(HEADER_DEADLINE);
        builder
            .http2()
            .max_concurrent_streams(STREAMS)
            .keep_alive_interval(PING)
            .keep_alive_timeout(PONG);
        let serving = server.serve(Limited::new(router(Arc::clone(&app)), LIMITS));
        tokio::pin!(serving);

        tokio::select! {
            result = &mut serving => return result,
            () = stop => {}
        }
        app.drain();
        info!(delay_ms = delay.as_millis(), "Reporting not ready");
        tokio::select! {
            result = &mut serving => return result,
            () = tokio::time::sleep(delay) => {}
        }
        info!(connections = handle.connection_count(), "Draining");
        handle.graceful_shutdown(Some(DRAIN_DEADLINE));
        serving.await
    }
}

fn first_address(text: &str) -> io::Result<SocketAddr> {
    text.to_socket_addrs()?.next().ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("no address is known for {text}"),
        )
    })
}
