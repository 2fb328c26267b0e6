//! A port: first taken, then served.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use serve_tls::{Connections, Handshake, Limits, Serve};
use tokio::sync::watch;

use crate::http;

/// A client that has not shaken hands by then is cut off.
const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(10);
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
    ///
    /// # Errors
    /// The address is unknown, or the port is taken.
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

    /// Answers requests, over TLS if there is any, until `stop` is true; then lets those that are
    /// running finish.
    ///
    /// # Errors
    /// The listener cannot be used by the runtime.
    pub async fn serve(
        self,
        router: Router,
        limits: Limits,
        tls: Option<Arc<dyn Handshake>>,
        mut stop: watch::Receiver<bool>,
    ) -> io::Result<()> {
        self.listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        let serve = Serve {
            connections: Connections::new(limits),
            tls,
            handshake: HANDSHAKE_DEADLINE,
            first_request: http::HEADER_DEADLINE,
            drain: DRAIN_DEADLINE,
        };
        let handler = move |stream, connection, leaving| {
            http::serve(stream, connection, leaving, router.clone())
        };
        let stop = async move {
            // An error means that the server is gone, which ends this, too.
            let _ = stop.wait_for(|stop| *stop).await;
        };
        serve.run(listener, handler, stop).await;
        Ok(())
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
