//! The server on a loopback port, over real TLS.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use injection::Settings;
use rcgen::{CertifiedKey as Made, generate_simple_self_signed};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::TLS12;
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use vault_injector::metrics::ProcessGauges;
use vault_injector::server::{App, Bound};
use vault_injector::tls::{
    CertificateFiles, CertificateStore, Options, SelfSigned, Version, Watcher, server_config,
};

/// How long a test waits for what has to come.
const DEADLINE: Duration = Duration::from_secs(20);

const READY: &str = "GET /health/ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<io::Result<()>>,
}

impl Server {
    fn start(store: Arc<CertificateStore>, delay: Duration) -> Self {
        let settings = Settings {
            vault_address: "https://vault:8200".to_owned(),
            ..Settings::default()
        };
        let app = App::new(settings, "/metrics");
        Self::start_app(app, store, &Options::default(), delay)
    }

    fn start_app(
        app: Arc<App>,
        store: Arc<CertificateStore>,
        options: &Options,
        delay: Duration,
    ) -> Self {
        let bound = Bound::bind("127.0.0.1:0").unwrap();
        let address = bound.address();
        let (stop, stopped) = oneshot::channel::<()>();
        let tls = server_config(store, options).unwrap();
        let serving = tokio::spawn(bound.serve(app, tls, delay, async {
            let _ = stopped.await;
        }));
        Self {
            address,
            stop,
            serving,
        }
    }

    async fn ended(self) {
        timeout(DEADLINE, self.serving)
            .await
            .expect("must end in time")
            .unwrap()
            .unwrap();
    }
}

/// A store with a pair made for localhost, and its authority.
fn mk_store() -> (Arc<CertificateStore>, String) {
    let made = SelfSigned::new(&["localhost".to_owned()]).unwrap();
    (CertificateStore::new(made.pair), made.authority_pem)
}

async fn connect(address: SocketAddr, authority: &str) -> io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    shake_hands(stream, authority, rustls::DEFAULT_VERSIONS).await
}

async fn shake_hands(
    stream: TcpStream,
    authority: &str,
    versions: &[&'static SupportedProtocolVersion],
) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

async fn answer(mut stream: TlsStream<TcpStream>) -> String {
    let mut text = Vec::new();
    // A server that closes without a goodbye is no failure of what was answered before.
    let _ = timeout(DEADLINE, stream.read_to_end(&mut text))
        .await
        .expect("must answer in time");
    String::from_utf8(text).unwrap()
}

async fn send(address: SocketAddr, authority: &str, request: &str) -> io::Result<String> {
    let mut stream = connect(address, authority).await?;
    stream.write_all(request.as_bytes()).await?;
    Ok(answer(stream).await)
}

fn post(body: &str) -> String {
    let length = body.len();
    format!(
        "POST /mutate HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

const REVIEW: &str = r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview",
    "request":{"uid":"u1","namespace":"apps","object":{"metadata":{}}}}"#;

#[tokio::test]
async fn reviews_probes_and_metrics_are_answered_over_tls() {
    let (store, authority) = mk_store();
    let server = Server::start(store, Duration::ZERO);
    let ask = async |request: &str| send(server.address, &authority, request).await.unwrap();

    assert!(ask(READY).await.starts_with("HTTP/1.1 204"));
    assert!(
        ask(&READY.replace("ready", "live"))
            .await
            .starts_with("HTTP/1.1 204")
    );
    assert!(
        ask(&READY.replace("/health/ready", "/other"))
            .await
            .starts_with("HTTP/1.1 404")
    );
    let answer = ask(&post(REVIEW)).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(
        answer.contains(r#""response":{"uid":"u1","allowed":true}"#),
        "{answer}"
    );
    assert!(ask(&post("")).await.starts_with("HTTP/1.1 400"));
    assert!(ask(&post("{}")).await.starts_with("HTTP/1.1 400"));
    assert!(ask(&post("abc")).await.starts_with("HTTP/1.1 500"));
    let metrics = ask(&READY.replace("/health/ready", "/metrics")).await;
    assert!(
        metrics.contains("request_processing_duration_ms_count 4"),
        "{metrics}"
    );
}

#[tokio::test]
async fn warnings_are_counted_also_where_nothing_is_decided() {
    let (store, authority) = mk_store();
    let server = Server::start(store, Duration::ZERO);
    let review = r#"{"request":{"uid":"u1","namespace":"apps",
        "kind":{"group":"apps","version":"v1","kind":"Deployment"},
        "object":{"kind":"Deployment","spec":{"template":{"metadata":{"annotations":{
            "vault.hashicorp.com/agent-inject":"true","vault.hashicorp.com/role":"app",
            "vault.hashicorp.com/rol":"app"}},"spec":{"containers":[{"name":"app"}]}}}}}}"#;
    let request = post(review).replace("/mutate", "/validate");
    let answer = send(server.address, &authority, &request).await.unwrap();
    assert!(answer.contains("did you mean role?"), "{answer}");
    let metrics = READY.replace("/health/ready", "/metrics");
    let metrics = send(server.address, &authority, &metrics).await.unwrap();
    assert!(metrics.contains("injector_warnings_total 1\n"), "{metrics}");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let (store, authority) = mk_store();
    let server = Server::start(store, Duration::ZERO);
    let mut stream = connect(server.address, &authority).await.unwrap();
    let head = "POST /mutate HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
                content-type: application/json\r\ncontent-length: 8000000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server may answer and close before it has read everything.
    let _ = stream.write_all(&vec![b' '; 8_000_000]).await;
    let answer = answer(stream).await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 400"),
        "{answer}"
    );
    assert!(
        send(server.address, &authority, READY)
            .await
            .unwrap()
            .starts_with("HTTP/1.1 204")
    );
}

#[tokio::test]
async fn silent_clients_do_not_delay_others() {
    let (store, authority) = mk_store();
    let server = Server::start(store, Duration::ZERO);
    let mut silent = Vec::new();
    for _ in 0..50 {
        // One never shakes hands, the other never ends its request.
        silent.push(TcpStream::connect(server.address).await.unwrap());
        let mut stream = connect(server.address, &authority).await.unwrap();
        stream
            .write_all(b"POST /mutate HTTP/1.1\r\n")
            .await
            .unwrap();
        silent.push(stream.into_inner().0);
    }
    let answer = timeout(
        Duration::from_secs(5),
        send(server.address, &authority, READY),
    );
    assert!(
        answer
            .await
            .expect("others must not wait")
            .unwrap()
            .starts_with("HTTP/1.1 204")
    );
}

/// Reads what comes until the server closes the connection; the clock is paused, so that deadlines
/// pass as soon as nobody does anything.
async fn until_closed(mut stream: impl AsyncRead + Unpin) -> String {
    let mut text = Vec::new();
    let _ = timeout(Duration::from_secs(60), stream.read_to_end(&mut text))
        .await
        .expect("the server must cut the client off");
    String::from_utf8_lossy(&text).into_owned()
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_shakes_hands_is_cut_off() {
    let (store, _) = mk_store();
    let server = Server::start(store, Duration::ZERO);
    let stream = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(until_closed(stream).await, "");
}

#[tokio::test(start_paused = true)]
async fn headers_that_never_end_are_cut_off_also_on_a_used_connection() {
    let (store, authority) = mk_store();
    let server = Server::start(store, Duration::ZERO);
    let first = connect(server.address, &authority).await.unwrap();
    let mut second = connect(server.address, &authority).await.unwrap();
    let whole = READY.replace("connection: close\r\n", "");
    second.write_all(whole.as_bytes()).await.unwrap();
    for mut stream in [first, second] {
        stream.write_all(b"GET /health").await.unwrap();
        let answer = until_closed(stream).await;
        assert!(!answer.contains("404"), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_given_up_before_the_api_server_does() {
    let (store, authority) = mk_store();
    let server = Server::start(store, Duration::ZERO);
    let mut stream = connect(server.address, &authority).await.unwrap();
    let request = post(REVIEW).replace("/mutate", "/mutate?timeout=5s");
    let (start, _) = request.split_at(request.len() - 10);
    stream.write_all(start.as_bytes()).await.unwrap();
    let began = tokio::time::Instant::now();
    let answer = until_closed(stream).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn one_address_cannot_hold_every_connection() {
    let (store, authority) = mk_store();
    let server = Server::start(store, Duration::ZERO);
    let mut held = Vec::new();
    for _ in 0..256 {
        held.push(TcpStream::connect(server.address).await.unwrap());
    }
    let refused = send(server.address, &authority, READY).await;
    assert!(!refused.is_ok_and(|answer| answer.starts_with("HTTP/1.1 204")));

    let other = TcpSocket::new_v4().unwrap();
    other.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let stream = other.connect(server.address).await.unwrap();
    let mut stream = shake_hands(stream, &authority, rustls::DEFAULT_VERSIONS)
        .await
        .unwrap();
    stream.write_all(READY.as_bytes()).await.unwrap();
    assert!(answer(stream).await.starts_with("HTTP/1.1 204"));

    drop(held);
    timeout(DEADLINE, async {
        while send(server.address, &authority, READY).await.is_err() {}
    })
    .await
    .expect("what was held must be free again");
}

#[tokio::test]
async fn the_bodies_of_one_address_cannot_take_all_memory() {
    let (store, authority) = mk_store();
    let server = Server::start(store, Duration::ZERO);
    let head = "POST /mutate HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                content-length: 7340032\r\n\r\n";
    let mut clients = JoinSet::new();
    for _ in 0..6 {
        let mut stream = connect(server.address, &authority).await.unwrap();
        clients.spawn(async move {
            stream.write_all(head.as_bytes()).await.ok()?;
            // The server may answer and close before it has read everything.
            let _ = stream.write_all(&vec![b' '; 7_300_000]).await;
            let mut status = [0; 12];
            stream.read_exact(&mut status).await.ok()?;
            Some(status)
        });
    }
    // None of them ends its request, so the first answer is to one that found no place.
    let first = timeout(DEADLINE, async {
        loop {
            if let Some(status) = clients
                .join_next()
                .await
                .expect("one must be told")
                .unwrap()
            {
                break status;
            }
        }
    });
    assert_eq!(
        &first.await.expect("must be refused at once"),
        b"HTTP/1.1 503"
    );
}

#[tokio::test]
async fn a_version_below_the_minimum_is_refused() {
    let (store, authority) = mk_store();
    let settings = Settings::default();
    for (minimum, accepted) in [(Version::Tls12, true), (Version::Tls13, false)] {
        let app = App::new(settings.clone(), "");
        let options = Options::new(minimum, "").unwrap();
        let server = Server::start_app(app, Arc::clone(&store), &options, Duration::ZERO);
        let stream = TcpStream::connect(server.address).await.unwrap();
        let shaken = shake_hands(stream, &authority, &[&TLS12]).await;
        assert_eq!(shaken.is_ok(), accepted, "{minimum:?}");
    }
}

#[tokio::test]
async fn a_server_is_ready_from_when_its_certificate_is_trusted() {
    let (store, authority) = mk_store();
    let gauges = ProcessGauges {
        certificate_expiry: store.expiry(),
        ..ProcessGauges::default()
    };
    let (ready, is_ready) = watch::channel(false);
    let app = App::with_process(Settings::default(), "/metrics", &gauges, is_ready);
    let server = Server::start_app(app, store, &Options::default(), Duration::ZERO);
    let ask = async |request: &str| send(server.address, &authority, request).await.unwrap();
    assert!(ask(READY).await.starts_with("HTTP/1.1 503"));
    assert!(
        ask(&READY.replace("ready", "live"))
            .await
            .starts_with("HTTP/1.1 204")
    );
    assert!(ask(&post(REVIEW)).await.starts_with("HTTP/1.1 200"));
    ready.send_replace(true);
    assert!(ask(READY).await.starts_with("HTTP/1.1 204"));
    let metrics = ask(&READY.replace("/health/ready", "/metrics")).await;
    let end = gauges.certificate_expiry.get();
    assert!(
        metrics.contains(&format!("certificate_expiry_timestamp_seconds {end}\n")) && end > 0,
        "{metrics}"
    );
}

#[tokio::test]
async fn a_server_that_is_asked_to_stop_is_not_ready_but_still_answers() {
    let (store, authority) = mk_store();
    let server = Server::start(store, Duration::from_secs(3600));
    assert!(
        send(server.address, &authority, READY)
            .await
            .unwrap()
            .starts_with("HTTP/1.1 204")
    );
    server.stop.send(()).unwrap();
    timeout(DEADLINE, async {
        while !send(server.address, &authority, READY)
            .await
            .unwrap()
            .starts_with("HTTP/1.1 503")
        {}
    })
    .await
    .expect("must report not ready");
    let answer = send(server.address, &authority, &post(REVIEW))
        .await
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    server.serving.abort();
}

#[tokio::test]
async fn a_running_request_is_answered_before_the_server_ends() {
    let (store, authority) = mk_store();
    let mut server = Server::start(store, Duration::ZERO);
    let request = post(REVIEW);
    let (start, rest) = request.split_at(request.len() - 10);
    let mut stream = connect(server.address, &authority).await.unwrap();
    stream.write_all(start.as_bytes()).await.unwrap();
    let metrics = READY.replace("/health/ready", "/metrics");
    timeout(DEADLINE, async {
        let in_flight = "vault_agent_injector_request_queue_length 1";
        while !send(server.address, &authority, &metrics)
            .await
            .unwrap()
            .contains(in_flight)
        {}
    })
    .await
    .expect("the request must have arrived");

    let (stop, _) = oneshot::channel();
    std::mem::replace(&mut server.stop, stop).send(()).unwrap();
    timeout(DEADLINE, async {
        while TcpStream::connect(server.address).await.is_ok() {}
    })
    .await
    .expect("no new connections must be taken");
    stream.write_all(rest.as_bytes()).await.unwrap();
    assert!(answer(stream).await.starts_with("HTTP/1.1 200"));
    server.ended().await;
}

/// A Secret volume: files are links through `..data`, which is swapped.
struct Volume {
    directory: TempDir,
}

impl Volume {
    fn new() -> (Self, String) {
        let volume = Self {
            directory: TempDir::new().unwrap(),
        };
        let authority = volume.update("first");
        for file in ["tls.crt", "tls.key"] {
            symlink(
                Path::new("..data").join(file),
                volume.directory.path().join(file),
            )
            .unwrap();
        }
        (volume, authority)
    }

    /// Writes a new pair and swaps the link to it.
    #[expect(clippy::disallowed_methods, reason = "a test's key is no secret")]
    fn update(&self, version: &str) -> String {
        let Made { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let root = self.directory.path();
        fs::create_dir(root.join(version)).unwrap();
        fs::write(root.join(version).join("tls.crt"), cert.pem()).unwrap();
        fs::write(
            root.join(version).join("tls.key"),
            signing_key.serialize_pem(),
        )
        .unwrap();
        symlink(version, root.join("..data_tmp")).unwrap();
        fs::rename(root.join("..data_tmp"), root.join("..data")).unwrap();
        cert.pem()
    }

    fn files(&self) -> CertificateFiles {
        let root = self.directory.path();
        CertificateFiles::new(root.join("tls.crt"), root.join("tls.key"))
    }
}

#[tokio::test]
async fn a_swapped_volume_replaces_the_certificate_without_a_restart() {
    let (volume, first) = Volume::new();
    let store = CertificateStore::new(volume.files().load().unwrap());
    let watcher = Watcher::new(volume.files(), Arc::clone(&store));
    let mut generation = watcher.generation();
    let watching = tokio::spawn(watcher.run());
    let server = Server::start(store, Duration::ZERO);
    timeout(DEADLINE, generation.wait_for(|generation| *generation == 1))
        .await
        .expect("the first look must come")
        .unwrap();
    assert!(
        send(server.address, &first, READY)
            .await
            .unwrap()
            .starts_with("HTTP/1.1 204")
    );

    let second = volume.update("second");
    timeout(DEADLINE, generation.wait_for(|generation| *generation == 2))
        .await
        .expect("the swap must be seen")
        .unwrap();
    assert!(
        send(server.address, &second, READY)
            .await
            .unwrap()
            .starts_with("HTTP/1.1 204")
    );
    let error = send(server.address, &first, READY)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("certificate"), "{error}");
    watching.abort();
}
