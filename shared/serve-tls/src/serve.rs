//! Accepting connections until told to stop, and leaving in order.
//!
//! ```text
//! accept ─► admit ─► handshake ─► handler ─► end
//!                        │           │
//!                        └─ closed by the limits, a deadline, or the end of the listener
//! ```

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tracing::debug;

use crate::accept::Accept;
use crate::connections::{Connection, Connections};
use crate::stream::Stream;

/// A pause after a connection could not be taken: descriptors may be short.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The TLS of a listener. It is asked at each handshake, so it may be another each time.
pub trait Handshake: fmt::Debug + Send + Sync {
    /// What the next client is offered.
    fn config(self: Arc<Self>) -> Arc<ServerConfig>;
}

impl Handshake for ServerConfig {
    fn config(self: Arc<Self>) -> Arc<ServerConfig> {
        self
    }
}

/// How a listener treats its connections.
#[derive(Clone, Debug)]
pub struct Serve {
    /// What all of them share.
    pub connections: Connections,
    /// TLS, or none.
    pub tls: Option<Arc<dyn Handshake>>,
    /// A client that has not shaken hands by then is closed.
    pub handshake: Duration,
    /// A client that has not begun a request this long after the handshake is closed.
    pub first_request: Duration,
    /// What is still open this long after the listener stopped is closed.
    pub drain: Duration,
}

/// Tells a connection that its listener has stopped: it answers what has begun and ends.
#[derive(Clone, Debug)]
pub struct Leaving(watch::Receiver<bool>);

impl Leaving {
    /// Returns when the listener has stopped.
    pub async fn begun(&mut self) {
        // An error means that the listener is gone, and that is past leaving.
        let _ = self.0.wait_for(|is_leaving| *is_leaving).await;
    }
}

impl Serve {
    /// Accepts connections until `stop` is ready, and hands each to `handler`, which has to count
    /// its requests with [`Connection::request`]. Then accepts no more, lets those that are open
    /// finish, and closes what is left at the end of [`Serve::drain`].
    ///
    /// A connection is closed by dropping its handler: what it spawns has to end with it.
    pub async fn run<L, H, F>(self, listener: L, handler: H, stop: impl Future<Output = ()>)
    where
        L: Accept,
        H: Fn(Stream<L::Stream>, Connection, Leaving) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let (leave, leaving) = watch::channel(false);
        let leaving = Leaving(leaving);
        let mut tasks = JoinSet::new();
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                accepted = listener.accept() => match accepted {
                    Ok((stream, client)) => match self.connections.admit(client) {
                        Ok(connection) => {
                            let (serve, handler) = (self.clone(), handler.clone());
                            let leaving = leaving.clone();
                            tasks.spawn(async move {
                                serve.one(stream, connection, handler, leaving).await;
                            });
                        }
                        Err(refused) => debug!(?client, %refused, "Connection refused"),
                    },
                    Err(error) => {
                        debug!(%error, "Cannot take a connection");
                        sleep(ACCEPT_PAUSE).await;
                    }
                },
                Some(_) = tasks.join_next() => {}
            }
        }
        drop(listener);
        leave.send_replace(true);
        let drained = timeout(self.drain, async {
            while tasks.join_next().await.is_some() {}
        });
        if drained.await.is_err() {
            debug!(connections = tasks.len(), "Closing what is still open");
        }
    }

    async fn one<S, H, F>(self, stream: S, connection: Connection, handler: H, leaving: Leaving)
    where
        S: AsyncRead + AsyncWrite + Unpin,
        H: Fn(Stream<S>, Connection, Leaving) -> F,
        F: Future<Output = ()>,
    {
        let served = async {
            let Some(stream) = self.shake_hands(stream, &connection).await else {
                return;
            };
            let serving = handler(stream, connection.clone(), leaving);
            tokio::pin!(serving);
            tokio::select! {
                // Bytes that have arrived count, however late they are read.
                biased;
                () = &mut serving => return,
                () = connection.requested() => {}
                () = sleep(self.first_request) => return debug!("Connection without a request"),
            }
            serving.await;
        };
        tokio::select! {
            biased;
            () = served => {}
            () = connection.closed() => debug!("Connection closed for the good of others"),
        }
    }

    async fn shake_hands<S>(&self, stream: S, connection: &Connection) -> Option<Stream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let Some(tls) = &self.tls else {
            return Some(Stream::plain(stream));
        };
        let tls = TlsAcceptor::from(Arc::clone(tls).config());
        let handshake = tls.accept(stream);
        match timeout(self.handshake, handshake).await {
            Ok(Ok(stream)) => {
                if stream.get_ref().1.peer_certificates().is_some() {
                    connection.authenticate();
                }
                Some(Stream::tls(stream))
            }
            Ok(Err(error)) => {
                debug!(%error, "Handshake failed");
                None
            }
            Err(_) => {
                debug!("Handshake took too long");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests;
