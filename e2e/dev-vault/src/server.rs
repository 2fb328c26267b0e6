//! The server: starting and stopping it, and everything that tests do to it.

mod config;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use rustls::pki_types::pem;
use serde_json::Value;
use tokio::sync::watch;
use vault_model::{Fault, JwtError, LeaseView, Model, PublicKey, Refusal, Request};

use crate::clock::Clock;
use crate::crypto::Real;
use crate::faults::{Latency, LoggedRequest, Switches};
use crate::service_accounts::ServiceAccountKeys;
use crate::{http, random, time};

use config::server_config;
pub use config::{ClientCertificates, Config, TlsPair};

/// How long, in real time, a test waits for a request that must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// The server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is taken, or not ours to take.
    #[error("listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The certificate or key is not PEM.
    #[error("TLS certificate or key: {0}")]
    Pem(#[from] pem::Error),
    /// Certificate and key do not fit.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// The authority of clients cannot be used.
    #[error("TLS: authority of clients: {0}")]
    ClientCa(#[from] rustls::server::VerifierBuilderError),
    /// A key for service accounts is not PEM.
    #[error("public key: {0}")]
    Key(#[from] JwtError),
}

/// What stands behind the lock.
pub(crate) struct Inside {
    pub(crate) clock: Clock,
    pub(crate) model: Model,
    pub(crate) switches: Switches,
}

/// What requests and switches share.
#[derive(Clone)]
pub(crate) struct Shared {
    inside: Arc<Mutex<Inside>>,
    answered: watch::Sender<usize>,
    pub(crate) service_accounts: Arc<ServiceAccountKeys>,
}

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells those who wait that one more request was answered.
    pub(crate) fn announce(&self) {
        self.answered.send_modify(|count| *count += 1);
    }

    pub(crate) fn leases(&self) -> Vec<LeaseView> {
        let mut inside = self.lock();
        let now = inside.clock.now();
        inside.model.leases(now)
    }
}

/// A running server. It stops when it is dropped.
pub struct DevVault {
    shared: Shared,
    root_token: String,
    address: SocketAddr,
    tls: Option<RustlsConfig>,
    client_certificates: ClientCertificates,
    running: Option<Handle<SocketAddr>>,
}

impl DevVault {
    /// Starts on the current runtime; serves when it returns.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let service_accounts = ServiceAccountKeys::generate();
        let mut keys = vec![PublicKey::from_pem(&service_accounts.public_key_pem())?];
        for pem in &config.jwt_public_keys {
            keys.push(PublicKey::from_pem(pem)?);
        }
        let clock = Clock::start();
        let model = Model::new(
            clock.now(),
            vault_model::Config {
                seed: random::seed(),
                root_token: config.root_token,
                jwt_keys: keys,
                crypto: Box::new(Real),
                product: config.product,
            },
        );
        let root_token = model.root_token().to_owned();
        let inside = Inside {
            clock,
            model,
            switches: Switches::default(),
        };
        let shared = Shared {
            inside: Arc::new(Mutex::new(inside)),
            answered: watch::Sender::new(0),
            service_accounts: Arc::new(service_accounts),
        };
        let client_certificates = config.client_certificates;
        let serve = |pair| server_config(pair, &client_certificates);
        let tls = config.tls.as_ref().map(serve).transpose()?;
        let tls = tls.map(RustlsConfig::from_config);
        let mut vault = Self {
            shared,
            root_token,
            address: config.listen,
            tls,
            client_certificates,
            running: None,
        };
        vault.resume().await?;
        Ok(vault)
    }

    /// `http://127.0.0.1:PORT`, for `VAULT_ADDR`.
    pub fn address(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Host and port.
    pub fn socket_address(&self) -> SocketAddr {
        self.address
    }

    /// The token that may do everything.
    pub fn root_token(&self) -> &str {
        &self.root_token
    }

    /// The keys of a made-up cluster whose service accounts this server trusts.
    pub fn service_accounts(&self) -> &ServiceAccountKeys {
        &self.shared.service_accounts
    }

    /// Stops listening and closes all connections; what it knows stays. See
    /// [`resume`](Self::resume).
    pub fn stop(&mut self) {
        if let Some(handle) = self.running.take() {
            handle.shutdown();
        }
    }

    /// Listens again, at the same address.
    pub async fn resume(&mut self) -> Result<(), StartError> {
        if self.running.is_some() {
            return Ok(());
        }
        let failed = |source| StartError::Listen {
            address: self.address,
            source,
        };
        let listener = TcpListener::bind(self.address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let handle = Handle::new();
        let service = http::router(self.shared.clone()).into_make_service();
        // Without timers of its own: a test that moves tokio's clock must not close its
        // connections.
        match &self.tls {
            None => {
                let server = axum_server::from_tcp(listener).map_err(failed)?;
                let server = server.first_request_timeout(None).handle(handle.clone());
                tokio::spawn(server.serve(service));
            }
            Some(tls) => {
                let server = axum_server::from_tcp_rustls(listener, tls.clone()).map_err(failed)?;
                let server = server.first_request_timeout(None).handle(handle.clone());
                tokio::spawn(server.serve(service));
            }
        }
        handle.listening().await;
        self.address = address;
        self.running = Some(handle);
        Ok(())
    }

    /// Serves another certificate from the next connection on. A server without TLS stays without.
    pub fn replace_certificate(&self, pair: &TlsPair) -> Result<(), StartError> {
        if let Some(tls) = &self.tls {
            tls.reload_from_config(server_config(pair, &self.client_certificates)?);
        }
        Ok(())
    }

    /// Writes with the root token, without HTTP. Gives the answer's body, `null` for none.
    pub fn write(&self, path: &str, body: &Value) -> Result<Value, Refusal> {
        self.ask(Request::write(path, body))
    }

    /// Writes with the root token, without HTTP, and has the answer wrapped. Gives the wrapping
    /// token.
    pub fn write_wrapped(
        &self,
        path: &str,
        body: &Value,
        ttl: Duration,
    ) -> Result<String, Refusal> {
        let body = self.ask(Request::write(path, body).wrapped(ttl))?;
        let token = body["wrap_info"]["token"].as_str();
        token.map(str::to_owned).ok_or_else(|| Refusal {
            status: 400,
            errors: vec!["there was nothing to wrap".into()],
        })
    }

    /// Reads with the root token, without HTTP. Gives the answer's body.
    pub fn read(&self, path: &str) -> Result<Value, Refusal> {
        self.ask(Request::read(path))
    }

    /// Deletes with the root token, without HTTP.
    pub fn delete(&self, path: &str) -> Result<Value, Refusal> {
        self.ask(Request::delete(path))
    }

    fn ask(&self, request: Request) -> Result<Value, Refusal> {
        let mut inside = self.shared.lock();
        let now = inside.clock.now();
        inside.model.ask(now, request)
    }

    /// Answers requests otherwise than it should.
    pub fn add_fault(&self, fault: Fault) {
        self.shared.lock().switches.faults.add(fault);
    }

    /// Answers requests below `prefix` later; zero ends it.
    pub fn set_latency(&self, prefix: &str, wait: Duration) {
        let prefix = prefix.to_owned();
        self.shared
            .lock()
            .switches
            .set_latency(Latency { prefix, wait });
    }

    /// Ends all faults and latencies.
    pub fn clear_faults(&self) {
        self.shared.lock().switches.clear();
    }

    /// Moves the server's time forward, and only the server's.
    pub fn advance_clock(&self, by: Duration) {
        self.shared.lock().clock.advance(by);
    }

    /// The server's time.
    pub fn now(&self) -> jiff::Timestamp {
        self.shared.lock().clock.now()
    }

    /// A sealed server answers 503 to all but health checks.
    pub fn set_sealed(&self, sealed: bool) {
        self.shared.lock().model.set_sealed(sealed);
    }

    /// A standby says so in its health.
    pub fn set_standby(&self, standby: bool) {
        self.shared.lock().model.set_standby(standby);
    }

    /// The leases that live.
    pub fn leases(&self) -> Vec<LeaseView> {
        self.shared.leases()
    }

    /// Whether a credential (a database user) still works: its lease lives.
    pub fn is_alive(&self, subject: &str) -> bool {
        let mut inside = self.shared.lock();
        let now = inside.clock.now();
        inside.model.is_alive(now, subject)
    }

    /// Ends the leases whose name begins so; gives how many.
    pub fn revoke_leases(&self, prefix: &str) -> usize {
        self.shared.lock().model.revoke_leases(prefix)
    }

    /// Ends the token of an accessor, or with `None` all but root; with them go their leases.
    pub fn revoke_tokens(&self, accessor: Option<&str>) -> usize {
        self.shared.lock().model.revoke_tokens(accessor)
    }

    /// What was asked over HTTP so far.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.shared.lock().switches.log.clone()
    }

    /// How many requests were made with `method` to a path that begins with `prefix`.
    pub fn count(&self, method: &str, prefix: &str) -> usize {
        let matches =
            |request: &&LoggedRequest| request.method == method && request.path.starts_with(prefix);
        self.shared
            .lock()
            .switches
            .log
            .iter()
            .filter(matches)
            .count()
    }

    /// Forgets what was asked.
    pub fn clear_requests(&self) {
        self.shared.lock().switches.log.clear();
    }

    /// Waits until the requests so far satisfy `condition`. This is how tests wait: for what must
    /// happen, not for time.
    ///
    /// # Panics
    /// When it does not happen within twenty seconds of real time.
    pub async fn wait_for_requests(&self, condition: impl Fn(&[LoggedRequest]) -> bool) {
        let mut answered = self.shared.answered.subscribe();
        let satisfied = async {
            while !condition(&self.shared.lock().switches.log) {
                answered
                    .changed()
                    .await
                    .expect("the server must outlive the wait");
            }
        };
        tokio::select! {
            () = satisfied => {}
            () = time::real_time_limit(PATIENCE) => {
                let log = self.requests();
                assert!(condition(&log), "the requests did not come; there were: {log:#?}");
            }
        }
    }
}

impl Drop for DevVault {
    fn drop(&mut self) {
        self.stop();
    }
}
