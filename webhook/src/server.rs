//! The HTTPS server: routes, limits, and leaving in order.
//!
//! ```text
//! bind ─► Bound (the port is known) ─► run ─► stop asked ─► not ready ─► drain ─► end
//!
//!            ┌─ probes, metrics ◄──────────────── threads of the runtime, which never wait
//! connection ┤
//!            └─ review ─► body ─► permit ─► decision on a thread of its own ─► answer
//! ```
//!
//! A slow, silent, greedy or flooding client costs itself a connection and takes nothing from
//! others: places, memory and processors are shared fairly among addresses by [`serve_tls`];
//! handshake, headers, request and answer have deadlines; and what a decision costs is spent where
//! no probe waits for it.

mod app;
mod review;
mod routes;

use std::io;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use rustls::ServerConfig;
use serve_tls::{CertificateStore, ClientAuthorities, Limits, Policy};
use tokio::sync::watch;
use tracing::info;

pub use app::App;
pub use routes::{Surface, health_router, router};
pub use serve_http::Bound;

/// A client that has not received its answer by then is cut off. An API server gives up sooner.
const ANSWER_DEADLINE: Duration = Duration::from_secs(15);
/// Most reviews of one address that are decided at once, however many processors there are: each may need memory
/// of its own for a moment.
const MOST_PERMITS: usize = 4;

/// What the connections of the webhook's port share: an API server needs a handful of connections,
/// and some ten kilobytes a request. One address gets a permit for each
/// processor.
pub fn limits() -> Limits {
    // It reads files of the control group each time it is asked.
    static PROCESSORS: LazyLock<usize> =
        LazyLock::new(|| std::thread::available_parallelism().map_or(1, usize::from));
    Limits {
        connections: 256,
        connections_each: 64,
        bytes: 24 << 20,
        work: MOST_PERMITS.min(*PROCESSORS),
        answer: ANSWER_DEADLINE,
    }
}

/// The same for the port of probes and metrics.
fn health_limits() -> Limits {
    Limits {
        connections: 64,
        connections_each: 16,
        bytes: 8 << 20,
        ..limits()
    }
}

/// The TLS of the webhook's port.
pub fn server_config(
    store: Arc<CertificateStore>,
    policy: &Policy,
    authorities: Option<Arc<ClientAuthorities>>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    serve_tls::server_config(store, policy, authorities, &["h2", "http/1.1"])
}

/// The webhook's port, and that of probes and metrics if there is one.
#[derive(Debug)]
pub struct Server {
    /// The webhook's port.
    pub webhook: Bound,
    /// Its TLS.
    pub tls: Arc<ServerConfig>,
    /// Whether reviews are taken only from clients with a certificate.
    pub requires_certificate: bool,
    /// The port of probes and metrics, without TLS.
    pub health: Option<Bound>,
    /// How long the server reports not ready before it stops accepting.
    pub delay: Duration,
}

impl Server {
    /// Answers requests until `stop` is ready, then reports not ready for the delay, so that load
    /// balancers notice, and ends once the running requests are answered.
    pub async fn run(self, app: Arc<App>, stop: impl Future<Output = ()>) -> io::Result<()> {
        let surface = Surface {
            metrics: self.health.is_none(),
            requires_certificate: self.requires_certificate,
        };
        let (stopping, stopped) = watch::channel(false);
        let webhook = router(Arc::clone(&app), surface);
        let webhook = self
            .webhook
            .serve(webhook, limits(), Some(self.tls as _), stopped.clone());
        let health = async {
            match self.health {
                Some(bound) => {
                    let router = health_router(Arc::clone(&app));
                    bound.serve(router, health_limits(), None, stopped).await
                }
                None => Ok(()),
            }
        };
        let serving = async { tokio::try_join!(webhook, health).map(|_| ()) };
        tokio::pin!(serving);

        tokio::select! {
            result = &mut serving => return result,
            () = stop => {}
        }
        app.drain();
        let delay_ms = u64::try_from(self.delay.as_millis()).unwrap_or(u64::MAX);
        info!(delay_ms, "Reporting not ready");
        tokio::select! {
            result = &mut serving => return result,
            () = tokio::time::sleep(self.delay) => {}
        }
        info!("Draining");
        stopping.send_replace(true);
        serving.await
    }
}
