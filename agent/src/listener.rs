//! The agent's own endpoints and the way to the proxy: over TCP or a socket for applications, probes
//! and Prometheus, over a socket of its own for `vault-agent status`.
//!
//! A listener never takes part in the agent's work: it answers from snapshots or asks Vault, and all of
//! its tasks end with it. A connection that idles makes way for a new one when the listener is full,
//! and fewer requests are worked on than there are connections: so probes always have their place.

mod accept;
mod browser;
mod routes;
mod socket;
mod tcp_address;
mod tls;

use std::convert::Infallible;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serve_tls::{Accept, Connection, Connections, Limits, Serve, Stream};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tracing::{debug, info, warn};

use crate::proxy::{AT_A_TIME, Guarded, Proxy};
use crate::status::Observer;
use accept::{Local, Port};
use routes::Routes;
use socket::{Access, SocketFile};
pub(crate) use tcp_address::{TcpAddress, TcpAddressError};
pub(crate) use tls::Tls;
pub(crate) use tls::{TlsError, TlsSettings};

/// Of one listener. Applications keep theirs open.
const CONNECTIONS: usize = 128;
/// For the head of a request, since the connection was made or since the last request: clients with a
/// pool leave connections idle for as long as 90 s, and would be cut off in the middle of the next one.
const HEAD_DEADLINE: Duration = Duration::from_secs(120);
/// For the handshake of a connection with TLS.
const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(10);
/// What may be read of a request before it is worked on: line and headers.
const HEAD_LIMIT: usize = 64 * 1024;

const _: () = assert!(AT_A_TIME < CONNECTIONS, "probes need connections too");

/// A listener, as configured.
#[derive(Clone, Debug, PartialEq)]
pub struct ListenerSettings {
    /// Where it listens.
    pub address: Address,
    /// With TLS.
    pub tls: Option<TlsSettings>,
    /// What it answers.
    pub role: Role,
    /// Requests to Vault and to clear the cache are refused without `X-Vault-Request: true`, and from
    /// the page of a web site: a browser, or a service that can be led to ask for any URL, does not
    /// send the header.
    pub require_request_header: bool,
    /// `POST /agent/v1/quit` ends the agent.
    pub enable_quit: bool,
}

/// Where a listener listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A port.
    Tcp(TcpAddress),
    /// A socket in the file system.
    Unix {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
        /// Its owner, if not the agent's user.
        uid: Option<u32>,
        /// Its group, if not the agent's.
        gid: Option<u32>,
    },
}

/// What a listener answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// All endpoints, and what is for Vault.
    Default,
    /// The metrics, and whether the agent is well.
    MetricsOnly,
}

/// A listener cannot be started.
#[derive(Debug, Error)]
pub enum ListenError {
    /// Its address cannot be had.
    #[error("cannot listen at {address}: {source}")]
    Address {
        /// As configured.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// Its certificate cannot be used.
    #[error("cannot listen with TLS: {0}")]
    Tls(#[from] TlsError),
}

/// The agent's listeners, bound and not yet served.
pub(crate) struct Listeners {
    bound: Vec<Bound>,
    /// What passes requests on, if a listener does.
    proxy: Option<Arc<Proxy>>,
}

struct Bound {
    socket: Socket,
    tls: Option<Arc<Tls>>,
    routes: Routes,
}

enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener, SocketFile),
}

impl Listeners {
    /// Binds all of them, and the agent's own socket if it is to have one. Without it the agent works
    /// all the same.
    pub(crate) async fn bind(
        settings: &[ListenerSettings],
        socket: Option<&Path>,
        observer: Observer,
        proxy: &Arc<Proxy>,
        quit: Arc<Notify>,
    ) -> Result<Self, ListenError> {
        let mut bound = Vec::new();
        for settings in settings {
            let quit = settings.enable_quit.then(|| Arc::clone(&quit));
            let routes = match settings.role {
                Role::Default => Routes::public(
                    observer.clone(),
                    quit,
                    Arc::clone(proxy),
                    settings.require_request_header,
                ),
                Role::MetricsOnly => Routes::metrics(observer.clone()),
            };
            // Before somebody connects who would be let down.
            let tls = settings.tls.as_ref().map(Tls::load).transpose()?;
            bound.push(Bound {
                socket: Socket::bind(&settings.address).await?,
                tls: tls.map(Arc::new),
                routes,
            });
        }
        let own = Access {
            mode: 0o600,
            uid: None,
            gid: None,
        };
        match socket.map(|path| (path, socket::listen(path, own))) {
            None => {}
            Some((_, Ok((listener, file)))) => bound.push(Bound {
                socket: Socket::Unix(listener, file),
                tls: None,
                routes: Routes::private(observer),
            }),
            // Outside of a pod there is no such directory.
            Some((_, Err(error))) if error.kind() == io::ErrorKind::NotFound => {}
            Some((path, Err(error))) => {
                warn!(target: "agent", %error, "cannot listen at {}", path.display());
            }
        }
        let mut roles = settings.iter().map(|settings| settings.role);
        let passes_on = roles.any(|role| role == Role::Default);
        Ok(Self {
            bound,
            proxy: passes_on.then(|| Arc::clone(proxy)),
        })
    }

    /// The certificates of those with TLS.
    pub(crate) fn certificates(&self) -> Vec<Arc<Tls>> {
        let all = self.bound.iter();
        all.filter_map(|bound| bound.tls.clone()).collect()
    }

    /// Serves until dropped.
    pub(crate) async fn run(self) -> Infallible {
        let mut tasks = JoinSet::new();
        if let Some(proxy) = self.proxy {
            tasks.spawn(async move { proxy.warn_of_short_token().await });
        }
        for Bound {
            socket,
            tls,
            routes,
        } in self.bound
        {
            match socket {
                Socket::Tcp(listener) => tasks.spawn(serve_all(Port(listener), tls, routes)),
                Socket::Unix(listener, file) => {
                    let local = Local {
                        listener,
                        _file: file,
                    };
                    tasks.spawn(serve_all(local, tls, routes))
                }
            };
        }
        while tasks.join_next().await.is_some() {}
        std::future::pending().await
    }
}

impl Socket {
    async fn bind(address: &Address) -> Result<Self, ListenError> {
        match address {
            Address::Tcp(address) => {
                let failed = |source| ListenError::Address {
                    address: address.to_string(),
                    source,
                };
                let listener = address.bind().await.map_err(failed)?;
                let address = listener.local_addr().map_err(failed)?;
                info!(target: "agent", "listening at {address}");
                Ok(Self::Tcp(listener))
            }
            Address::Unix {
                path,
                mode,
                uid,
                gid,
            } => {
                let failed = |source| ListenError::Address {
                    address: path.display().to_string(),
                    source,
                };
                let access = Access {
                    mode: *mode,
                    uid: *uid,
                    gid: *gid,
                };
                let (listener, file) = socket::listen(path, access).map_err(failed)?;
                info!(target: "agent", "listening at {}", path.display());
                Ok(Self::Unix(listener, file))
            }
        }
    }
}

async fn serve_all(listener: impl Accept, tls: Option<Arc<Tls>>, routes: Routes) {
    let limits = Limits {
        connections: CONNECTIONS,
        connections_each: CONNECTIONS,
        // Answers pass piece by piece, and are not counted.
        bytes: 0,
        work: 1,
        answer: HEAD_DEADLINE,
    };
    let serve = Serve {
        connections: Connections::new(limits),
        tls: tls.map(|tls| tls as _),
        handshake: HANDSHAKE_DEADLINE,
        first_request: HEAD_DEADLINE,
        drain: Duration::ZERO,
    };
    let routes = Arc::new(routes);
    let handler = move |stream, connection, _| serve_one(stream, connection, Arc::clone(&routes));
    serve.run(listener, handler, std::future::pending()).await;
}

async fn serve_one<S>(stream: Stream<S>, connection: Connection, routes: Arc<Routes>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let service = service_fn(move |request| {
        let open = connection.request();
        let routes = Arc::clone(&routes);
        async move {
            let answer = routes.answer(request).await;
            answer.map(|answer| answer.map(|body| Guarded::new(body, open)))
        }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_DEADLINE)
        .max_headers(64)
        .max_buf_size(HEAD_LIMIT)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        debug!(target: "agent", %error, "a connection ended early");
    }
}
