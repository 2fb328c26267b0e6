//! Where a listener listens, and how clients see that it is the right one.

use std::io;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::proxy::connect;
use crate::support::{Agent, World};
use crate::tls::mk_pair;

/// Writes a certificate for the listener and gives its authority.
fn mk_certificate(world: &World) -> String {
    let (pair, ca) = mk_pair("127.0.0.1");
    world.write("tls.crt", &pair.cert_pem);
    world.write("tls.key", &pair.key_pem);
    ca
}

fn mk_config(world: &World, extra: Value) -> Value {
    let mut config = world.config(&[world.template("app", "text")]);
    let mut block = json!({
        "type": "tcp", "address": "127.0.0.1:0",
        "tls_cert_file": world.path("tls.crt"), "tls_key_file": world.path("tls.key"),
    });
    let Value::Object(extra) = extra else {
        panic!("{extra}")
    };
    block.as_object_mut().unwrap().extend(extra);
    config["listener"] = json!([block]);
    config
}

struct Client {
    ca: String,
    /// Certificate and key, in PEM.
    own: Option<(String, String)>,
}

impl Client {
    fn of(ca: &str) -> Self {
        Self {
            ca: ca.to_owned(),
            own: None,
        }
    }

    async fn connect(&self, world: &World) -> io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        let ca = CertificateDer::from_pem_slice(self.ca.as_bytes()).unwrap();
        roots.add(ca).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match &self.own {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
                let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
                builder
                    .with_client_auth_cert(vec![certificate], key)
                    .unwrap()
            }
        };
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let stream = connect(world).await;
        TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
    }

    /// Whether it gets an answer. With TLS 1.3 a client learns only then that it is refused.
    async fn ask(&self, world: &World) -> io::Result<()> {
        let mut stream = self.connect(world).await?;
        let request = b"GET /agent/v1/health HTTP/1.0\r\nHost: agent\r\n\r\n";
        stream.write_all(request).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
        Ok(())
    }
}

#[tokio::test]
async fn a_listener_with_a_certificate_speaks_tls_alone() {
    let world = World::new().await;
    let ca = mk_certificate(&world);
    let agent = Agent::start(&mk_config(&world, json!({"tls_min_version": "tls13"})));
    Client::of(&ca).ask(&world).await.unwrap();
    let stranger = Client::of(&mk_pair("127.0.0.1").1);
    assert!(stranger.ask(&world).await.is_err());
    let mut plain = connect(&world).await;
    plain
        .write_all(b"GET /agent/v1/health HTTP/1.0\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_certificate_that_changes_on_disk_is_served_and_a_bad_one_is_not() {
    let world = World::new().await;
    let first = mk_certificate(&world);
    let config = mk_config(&world, json!({}));
    world.write("agent.json", &config.to_string());
    let (agent, order) = Agent::start_from(world.path("agent.json"));
    Client::of(&first).ask(&world).await.unwrap();
    let second = mk_certificate(&world);
    Client::of(&second).ask(&world).await.unwrap();
    assert!(Client::of(&first).ask(&world).await.is_err());
    world.write("tls.key", &mk_pair("127.0.0.1").0.key_pem);
    for _ in 0..2 {
        Client::of(&second).ask(&world).await.unwrap();
    }
    let words = "new certificate of a listener not used, the old one is kept";
    assert_eq!(world.logs().matches(words).count(), 1, "{}", world.logs());
    let third = mk_certificate(&world);
    order.send(()).await.unwrap();
    world.wait_for_log("SIGHUP").await;
    world
        .wait_for_log("certificate of a listener read again")
        .await;
    Client::of(&third).ask(&world).await.unwrap();
    assert!(!world.logs().contains("PRIVATE KEY"));
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn clients_may_have_to_show_a_certificate() {
    let world = World::new().await;
    let ca = mk_certificate(&world);
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    world.write("clients.crt", &authority.pem());
    let config = json!({
        "tls_require_and_verify_client_cert": true,
        "tls_client_ca_file": world.path("clients.crt"),
    });
    let agent = Agent::start(&mk_config(&world, config));
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["app".to_owned()]).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let certificate = params.signed_by(&key, &authority).unwrap();
    let mut client = Client::of(&ca);
    assert!(client.ask(&world).await.is_err(), "it has none");
    client.own = Some((certificate.pem(), key.serialize_pem()));
    client.ask(&world).await.unwrap();
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn an_agent_without_the_certificate_of_a_listener_does_not_start() {
    let world = World::new().await;
    mk_certificate(&world);
    world.write("tls.crt", "no certificate");
    let agent = Agent::start(&mk_config(&world, json!({})));
    let error = agent.end().await.unwrap_err().to_string();
    assert!(
        error.contains("tls.crt holds no PEM certificate"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn who_opens_a_connection_with_tls_and_says_nothing_is_let_go() {
    let world = World::paused().await;
    mk_certificate(&world);
    let agent = Agent::start(&mk_config(&world, json!({})));
    let mut silent = connect(&world).await;
    let began = tokio::time::Instant::now();
    let mut answer = Vec::new();
    silent.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, b"");
    assert!(began.elapsed().as_secs() <= 10);
    agent.stop().await.unwrap();
}
