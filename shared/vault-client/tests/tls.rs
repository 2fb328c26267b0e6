//! Trust: own CAs, other names, no verification, and what a failed handshake tells.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

use dev_vault::{ClientCertificates, Config, DevVault, TlsPair};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use vault_client::{Client, ClientConfig};

struct Served {
    vault: DevVault,
    pair: TlsPair,
    ca_pem: String,
}

/// A server with a certificate for `name`, of a CA made for it.
async fn mk_served(name: &str) -> Served {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new([name.to_owned()])
        .unwrap()
        .signed_by(&key, &ca)
        .unwrap();
    let tls = TlsPair {
        cert_pem: leaf.pem(),
        key_pem: key.serialize_pem(),
    };
    let vault = DevVault::start(Config {
        tls: Some(tls.clone()),
        ..Config::default()
    })
    .await
    .unwrap();
    Served {
        vault,
        pair: tls,
        ca_pem: ca.pem(),
    }
}

impl Served {
    /// The outcome of a health check.
    async fn health(&self, change: impl FnOnce(&mut ClientConfig)) -> Result<u16, String> {
        let mut config = ClientConfig::new(self.vault.address());
        change(&mut config);
        let client = Client::new(&config).unwrap();
        client
            .health()
            .await
            .map(|health| health.status)
            .map_err(|error| error.to_string())
    }

    fn ca(&self) -> Vec<u8> {
        self.ca_pem.clone().into_bytes()
    }
}

#[tokio::test]
async fn a_configured_ca_is_trusted() {
    let served = mk_served("127.0.0.1").await;
    assert_eq!(
        served
            .health(|config| config.ca_cert_bytes = Some(served.ca()))
            .await,
        Ok(200)
    );
    let mut file = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut file, served.ca_pem.as_bytes()).unwrap();
    assert_eq!(
        served
            .health(|config| config.ca_cert = Some(file.path().into()))
            .await,
        Ok(200)
    );
}

#[tokio::test]
async fn an_unknown_ca_says_what_to_configure() {
    let served = mk_served("127.0.0.1").await;
    let error = served.health(|_| {}).await.unwrap_err();
    assert!(
        error.contains("unknown CA; check the CA certificate"),
        "{error}"
    );
    let other = mk_served("127.0.0.1").await;
    let error = served
        .health(|config| config.ca_cert_bytes = Some(other.ca()))
        .await
        .unwrap_err();
    assert!(error.contains("certificate"), "{error}");
}

#[tokio::test]
async fn another_name_is_accepted_when_it_is_configured() {
    let served = mk_served("vault.example").await;
    let error = served
        .health(|config| config.ca_cert_bytes = Some(served.ca()))
        .await
        .unwrap_err();
    assert!(
        error.contains("for another name; check the address, or set tls_server_name"),
        "{error}"
    );
    let named = served.health(|config| {
        config.ca_cert_bytes = Some(served.ca());
        config.tls_server_name = Some("vault.example".into());
    });
    assert_eq!(named.await, Ok(200));
    let error = served
        .health(|config| config.tls_server_name = Some("vault.example".into()))
        .await;
    assert!(error.unwrap_err().contains("unknown CA"));
}

#[tokio::test]
async fn without_verification_any_certificate_will_do() {
    let served = mk_served("vault.example").await;
    assert_eq!(
        served.health(|config| config.skip_verify = true).await,
        Ok(200)
    );
}

#[tokio::test]
async fn http_and_https_mixed_up_say_so() {
    let plain = DevVault::start(Config::default()).await.unwrap();
    let address = plain.address().replace("http://", "https://");
    let error = Client::new(&ClientConfig::new(address))
        .unwrap()
        .health()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("does not speak TLS"), "{error}");
    let served = mk_served("127.0.0.1").await;
    let address = served.vault.address().replace("https://", "http://");
    let error = Client::new(&ClientConfig::new(address))
        .unwrap()
        .health()
        .await
        .unwrap_err();
    assert!(error.is_transport(), "{error}");
}

#[tokio::test]
async fn a_server_that_wants_a_client_certificate_gets_it() {
    let served = mk_served("127.0.0.1").await;
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let clients = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let vault = DevVault::start(Config {
        tls: Some(served.pair),
        client_certificates: ClientCertificates::Required(clients.pem()),
        ..Config::default()
    })
    .await
    .unwrap();
    let mut config = ClientConfig::new(vault.address());
    config.ca_cert_bytes = Some(served.ca_pem.clone().into_bytes());
    let without = Client::new(&config).unwrap().health().await.unwrap_err();
    assert!(
        without.to_string().contains("check the client certificate"),
        "{without}"
    );
    let dir = tempfile::tempdir().unwrap();
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(["app".to_owned()]).unwrap();
    let own = own.signed_by(&key, &clients).unwrap();
    for (name, text) in [("cert.pem", own.pem()), ("key.pem", key.serialize_pem())] {
        let mut file = std::fs::File::create(dir.path().join(name)).unwrap();
        std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
    }
    config.client_cert = Some(dir.path().join("cert.pem"));
    config.client_key = Some(dir.path().join("key.pem"));
    let health = Client::new(&config).unwrap().health().await.unwrap();
    assert_eq!(health.status, 200);
}
