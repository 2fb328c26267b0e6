//! What the tests of the server share: a server, and clients.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use injection::Settings;
use rustls::client::WantsClientCert;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, SupportedProtocolVersion};
use serve_tls::{CertificateStore, ClientAuthorities, Policy};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use vault_injector::server::{App, Bound, Server, server_config};
use vault_injector::tls::SelfSigned;

/// How long a test waits for what has to come.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) const READY: &str =
    "GET /health/ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

/// A server on a port of the loopback interface.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    /// The port of probes and metrics, if there is one.
    pub(crate) health: Option<SocketAddr>,
    pub(crate) stop: oneshot::Sender<()>,
    pub(crate) serving: JoinHandle<io::Result<()>>,
}

/// What a test may want otherwise.
#[derive(Default)]
pub(crate) struct Setup {
    pub(crate) policy: Policy,
    pub(crate) clients: Option<Arc<ClientAuthorities>>,
    pub(crate) health: bool,
    pub(crate) delay: Duration,
}

impl Running {
    pub(crate) fn start(store: Arc<CertificateStore>, delay: Duration) -> Self {
        let setup = Setup {
            delay,
            ..Setup::default()
        };
        Self::start_app(mk_app(), store, setup)
    }

    pub(crate) fn start_app(app: Arc<App>, store: Arc<CertificateStore>, setup: Setup) -> Self {
        let Setup {
            policy,
            clients,
            health,
            delay,
        } = setup;
        let bind = || Bound::bind("127.0.0.1:0").unwrap();
        let (webhook, health) = (bind(), health.then(bind));
        let (address, health_address) = (webhook.address(), health.as_ref().map(Bound::address));
        let server = Server {
            webhook,
            requires_certificate: clients.is_some(),
            tls: server_config(store, &policy, clients).unwrap(),
            health,
            delay,
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(server.run(app, async {
            let _ = stopped.await;
        }));
        Self {
            address,
            health: health_address,
            stop,
            serving,
        }
    }

    pub(crate) async fn ended(self) {
        timeout(DEADLINE, self.serving)
            .await
            .expect("must end in time")
            .unwrap()
            .unwrap();
    }
}

pub(crate) fn mk_app() -> Arc<App> {
    let settings = Settings {
        vault_address: "https://vault:8200".to_owned(),
        ..Settings::default()
    };
    App::new(settings, "/metrics")
}

/// A store with a pair made for localhost, and its authority.
pub(crate) fn mk_store() -> (Arc<CertificateStore>, String) {
    let made = SelfSigned::new(&["localhost".to_owned()]).unwrap();
    (CertificateStore::new(made.pair), made.authority_pem)
}

pub(crate) async fn connect(
    address: SocketAddr,
    authority: &str,
) -> io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    shake_hands(stream, authority, rustls::DEFAULT_VERSIONS).await
}

pub(crate) async fn shake_hands(
    stream: TcpStream,
    authority: &str,
    versions: &[&'static SupportedProtocolVersion],
) -> io::Result<TlsStream<TcpStream>> {
    let config = client(authority, versions).with_no_client_auth();
    shake_hands_as(stream, config).await
}

/// What a client trusts, and speaks.
pub(crate) fn client(
    authority: &str,
    versions: &[&'static SupportedProtocolVersion],
) -> ConfigBuilder<ClientConfig, WantsClientCert> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
}

pub(crate) async fn shake_hands_as(
    stream: TcpStream,
    config: ClientConfig,
) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

pub(crate) async fn answer(mut stream: impl AsyncRead + Unpin) -> String {
    let mut text = Vec::new();
    // A server that closes without a goodbye is no failure of what was answered before.
    let _ = timeout(DEADLINE, stream.read_to_end(&mut text))
        .await
        .expect("must answer in time");
    String::from_utf8(text).unwrap()
}

pub(crate) async fn send(
    address: SocketAddr,
    authority: &str,
    request: &str,
) -> io::Result<String> {
    let mut stream = connect(address, authority).await?;
    stream.write_all(request.as_bytes()).await?;
    Ok(answer(stream).await)
}

pub(crate) fn post(body: &str) -> String {
    let length = body.len();
    format!(
        "POST /mutate HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

pub(crate) const REVIEW: &str = r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview",
    "request":{"uid":"u1","namespace":"apps","object":{"metadata":{}}}}"#;

/// A connection from `127.0.0.LAST`.
pub(crate) async fn connect_from(last: u8, address: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from(([127, 0, 0, last], 0)))?;
    socket.connect(address).await
}

/// Asks for readiness from `127.0.0.LAST`.
pub(crate) async fn probe_from(
    last: u8,
    address: SocketAddr,
    authority: &str,
) -> io::Result<String> {
    let stream = connect_from(last, address).await?;
    let mut stream = shake_hands(stream, authority, rustls::DEFAULT_VERSIONS).await?;
    stream.write_all(READY.as_bytes()).await?;
    Ok(answer(stream).await)
}

/// Reads what comes until the server closes the connection; the clock is paused, so that deadlines
/// pass as soon as nobody does anything.
pub(crate) async fn until_closed(mut stream: impl AsyncRead + Unpin) -> String {
    let mut text = Vec::new();
    let _ = timeout(Duration::from_secs(60), stream.read_to_end(&mut text))
        .await
        .expect("the server must cut the client off");
    String::from_utf8_lossy(&text).into_owned()
}

/// Waits until a line of the metrics is this one, after the prefix that all have.
pub(crate) async fn wait_for_metric(server: &Running, authority: &str, line: &str) {
    let wanted = format!("vault_agent_injector_{line}\n");
    let scrape = READY.replace("/health/ready", "/metrics");
    let arrived = async {
        loop {
            // From an address of its own: it is not to compete with what it waits for.
            let stream = connect_from(99, server.address).await.unwrap();
            let mut stream = shake_hands(stream, authority, rustls::DEFAULT_VERSIONS)
                .await
                .unwrap();
            stream.write_all(scrape.as_bytes()).await.unwrap();
            if answer(stream).await.contains(&wanted) {
                return;
            }
        }
    };
    timeout(DEADLINE, arrived)
        .await
        .expect("the metrics must come to it");
}
