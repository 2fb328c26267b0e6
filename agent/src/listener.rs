//! The agent's own endpoints: over TCP for probes and Prometheus, over a socket for `vault-agent
//! status`.
//!
//! A listener never takes part in the agent's work: it answers from snapshots, has a limit of
//! connections and a deadline for requests, and all of its tasks end with it.

mod routes;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tracing::{debug, info, warn};

use crate::status::Observer;
use routes::Routes;

/// Probes and scrapers need few.
const CONNECTIONS: usize = 32;
/// For the head of a request, from the first byte on or since the last request.
const HEAD_DEADLINE: Duration = Duration::from_secs(10);
/// A pause after a connection could not be taken: descriptors may be short.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A TCP listener, as configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenerSettings {
    /// Where it listens.
    pub address: SocketAddr,
    /// `POST /agent/v1/quit` ends the agent.
    pub enable_quit: bool,
}

/// A listener cannot be started.
#[derive(Debug, Error)]
#[error("cannot listen at {address}: {source}")]
pub struct ListenError {
    address: String,
    source: io::Error,
}

/// The agent's listeners, bound and not yet served.
pub struct Listeners {
    tcp: Vec<(TcpListener, bool)>,
    unix: Option<(UnixListener, SocketFile)>,
    observer: Observer,
    quit: Arc<Notify>,
}

/// A socket in the file system; removed with this value.
struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // The directory may be gone already.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Listeners {
    /// Binds all of them. Without its socket the agent works all the same.
    pub async fn bind(
        settings: &[ListenerSettings],
        socket: &Path,
        observer: Observer,
        quit: Arc<Notify>,
    ) -> Result<Self, ListenError> {
        let mut tcp = Vec::new();
        for settings in settings {
            let listener = TcpListener::bind(settings.address).await;
            let listener = listener.map_err(|source| ListenError {
                address: settings.address.to_string(),
                source,
            })?;
            let address = listener.local_addr().unwrap_or(settings.address);
            info!(target: "agent", "listening at {address}");
            tcp.push((listener, settings.enable_quit));
        }
        let unix = match bind_socket(socket) {
            Ok(listener) => Some((listener, SocketFile(socket.to_owned()))),
            // Outside of a pod there is no such directory.
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                warn!(target: "agent", %error, "cannot listen at {}", socket.display());
                None
            }
        };
        Ok(Self {
            tcp,
            unix,
            observer,
            quit,
        })
    }

    /// Serves until dropped.
    pub async fn run(self) -> Infallible {
        let mut tasks = JoinSet::new();
        for (listener, enable_quit) in self.tcp {
            let quit = enable_quit.then(|| Arc::clone(&self.quit));
            let routes = Routes::public(self.observer.clone(), quit);
            tasks.spawn(accept(routes, async move || {
                listener.accept().await.map(|(stream, _)| stream)
            }));
        }
        let mut socket_file = None;
        if let Some((listener, file)) = self.unix {
            socket_file = Some(file);
            let routes = Routes::private(self.observer.clone());
            tasks.spawn(accept(routes, async move || {
                listener.accept().await.map(|(stream, _)| stream)
            }));
        }
        while tasks.join_next().await.is_some() {}
        drop(socket_file);
        std::future::pending().await
    }
}

/// Only the agent's user may ask: a secret's path is nobody else's business.
fn bind_socket(path: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

async fn accept<S>(routes: Routes, mut next: impl AsyncFnMut() -> io::Result<S>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let routes = Arc::new(routes);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        match next().await {
            Ok(stream) => {
                let routes = Arc::clone(&routes);
                connections.spawn(async move {
                    serve(stream, routes).await;
                    drop(place);
                });
            }
            Err(error) => {
                warn!(target: "agent", %error, "cannot take a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
        // Those that ended.
        while connections.try_join_next().is_some() {}
    }
}

async fn serve<S>(stream: S, routes: Arc<Routes>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let routes = Arc::clone(&routes);
        async move { routes.answer(&request).await }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_DEADLINE)
        .max_headers(64)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        debug!(target: "agent", %error, "a connection ended early");
    }
}
