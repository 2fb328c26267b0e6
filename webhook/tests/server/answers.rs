//! What is answered at which path, to whom.

use std::sync::Arc;
use std::time::Duration;

use injection::Settings;
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::version::TLS12;
use serve_tls::{AuthorityFile, ClientAuthorities, Policy, Version};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::watch;
use vault_injector::metrics::ProcessGauges;
use vault_injector::server::App;
use vault_injector::tls::{self, SelfSigned};

use crate::harness::*;

#[tokio::test]
async fn reviews_probes_and_metrics_are_answered_over_tls() {
    let (store, authority) = mk_store();
    let server = Running::start(store, Duration::ZERO);
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
    for (body, status, code) in [
        ("", 400, "[VI-1702]"),
        ("{}", 400, "[VI-1703]"),
        ("abc", 500, "[VI-1703]"),
    ] {
        let answer = ask(&post(body)).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.trim_end().ends_with(code),
            "{answer}"
        );
    }
    let metrics = ask(&READY.replace("/health/ready", "/metrics")).await;
    assert!(
        metrics.contains("request_processing_duration_ms_count 4"),
        "{metrics}"
    );
}

#[tokio::test]
async fn warnings_are_counted_also_where_nothing_is_decided() {
    let (store, authority) = mk_store();
    let server = Running::start(store, Duration::ZERO);
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
    let warnings = answer.matches("[VI-").count();
    let counted = format!("injector_warnings_total {warnings}\n");
    assert!(
        warnings > 0 && metrics.contains(&counted),
        "{answer} {metrics}"
    );
}

#[tokio::test]
async fn a_version_below_the_minimum_is_refused() {
    let (store, authority) = mk_store();
    let settings = Settings::default();
    for (minimum, accepted) in [(Version::Tls12, true), (Version::Tls13, false)] {
        let app = App::new(settings.clone(), "");
        let policy = Policy::new(minimum, []).unwrap();
        let setup = Setup {
            policy,
            ..Setup::default()
        };
        let server = Running::start_app(app, Arc::clone(&store), setup);
        let stream = TcpStream::connect(server.address).await.unwrap();
        let shaken = shake_hands(stream, &authority, &[&TLS12]).await;
        assert_eq!(shaken.is_ok(), accepted, "{minimum:?}");
    }
}

#[tokio::test]
async fn a_server_is_ready_from_when_its_certificate_is_trusted() {
    let made = SelfSigned::new(&["localhost".to_owned()]).unwrap();
    let authority = made.authority_pem;
    let (store, certificate_expiry) = tls::store(made.pair);
    let gauges = ProcessGauges {
        certificate_expiry,
        ..ProcessGauges::default()
    };
    let (ready, is_ready) = watch::channel(false);
    let app = App::with_process(Settings::default(), "/metrics", &gauges, is_ready);
    let server = Running::start_app(app, store, Setup::default());
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

const METRICS: &str = "GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

async fn ask_plainly(address: std::net::SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    answer(stream).await
}

#[tokio::test]
async fn probes_and_metrics_have_a_port_of_their_own_if_wanted() {
    let (store, authority) = mk_store();
    let setup = Setup {
        health: true,
        ..Setup::default()
    };
    let server = Running::start_app(mk_app(), store, setup);
    let health = server.health.unwrap();
    for (request, status) in [
        (READY.to_owned(), 204),
        (READY.replace("ready", "live"), 204),
        (METRICS.to_owned(), 200),
        (post(REVIEW), 404),
    ] {
        let answer = ask_plainly(health, &request).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
    }
    for (request, status) in [(READY, 204), (METRICS, 404)] {
        let answer = send(server.address, &authority, request).await.unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
    }
    server.stop.send(()).unwrap();
    server.serving.await.unwrap().unwrap();
    assert!(TcpStream::connect(health).await.is_err());
}

/// An authority of clients, and a certificate that it has signed.
fn mk_client() -> (String, Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let authority_pem = authority.self_signed(&authority_key).unwrap().pem();
    let mut client = CertificateParams::default();
    client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate().unwrap();
    let issuer = Issuer::from_params(&authority, &authority_key);
    let certificate = client.signed_by(&key, &issuer).unwrap();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    (authority_pem, vec![certificate.der().clone()], key)
}

#[tokio::test]
async fn with_authorities_of_clients_only_probes_are_answered_without_a_certificate() {
    let (store, authority) = mk_store();
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("clients.pem");
    let (clients, chain, key) = mk_client();
    #[expect(clippy::disallowed_methods, reason = "a certificate is no secret")]
    std::fs::write(&file, clients).unwrap();
    let setup = Setup {
        clients: Some(ClientAuthorities::load(AuthorityFile::new(file)).unwrap()),
        ..Setup::default()
    };
    let server = Running::start_app(mk_app(), store, setup);
    for (request, status) in [
        (READY.to_owned(), 204),
        (post(REVIEW), 401),
        (post(REVIEW).replace("/mutate", "/validate"), 401),
        (METRICS.to_owned(), 401),
    ] {
        let answer = send(server.address, &authority, &request).await.unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
    }

    let ask = async |chain, key| {
        let config = client(&authority, rustls::DEFAULT_VERSIONS)
            .with_client_auth_cert(chain, key)
            .unwrap();
        let stream = TcpStream::connect(server.address).await?;
        let mut stream = shake_hands_as(stream, config).await?;
        stream.write_all(post(REVIEW).as_bytes()).await?;
        std::io::Result::Ok(answer(stream).await)
    };
    let answer = ask(chain, key).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let (_, chain, key) = mk_client();
    let refused = ask(chain, key).await;
    assert!(!refused.is_ok_and(|answer| answer.contains("HTTP")));
}
