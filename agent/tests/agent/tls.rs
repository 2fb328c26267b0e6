//! Certificates that are wrong, or change while the agent runs.

use contract::AgentConfig;
use dev_vault::{ClientCertificates, Config, TlsPair};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use vault_agent::config::{Environment, Overrides, Settings};

use crate::support::{Agent, KV_TEMPLATE, World, mk_settings};

/// Someone who signs certificates.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

pub(crate) fn mk_authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    Authority(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
}

impl Authority {
    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for this name, and its key.
    pub(crate) fn issue(&self, name: &str) -> TlsPair {
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new([name.to_owned()]).unwrap();
        let leaf = leaf.signed_by(&key, &self.0).unwrap();
        TlsPair {
            cert_pem: leaf.pem(),
            key_pem: key.serialize_pem(),
        }
    }
}

/// The certificate of a server of this name and the PEM of the authority that signed it.
pub(crate) fn mk_pair(name: &str) -> (TlsPair, String) {
    let authority = mk_authority();
    (authority.issue(name), authority.pem())
}

async fn mk_world() -> (World, String) {
    let (pair, ca) = mk_pair("127.0.0.1");
    let config = Config {
        tls: Some(pair),
        ..Config::default()
    };
    (World::with(config).await, ca)
}

fn mk_config(world: &World, key: &str, path: &str) -> Value {
    let mut config = world.config(&[world.template("app", KV_TEMPLATE)]);
    config["vault"][key] = json!(world.path(path));
    config
}

#[tokio::test]
async fn a_wrong_authority_is_named_and_the_right_one_noticed() {
    let (world, ca) = mk_world().await;
    world.write("ca.pem", &mk_pair("127.0.0.1").1);
    let agent = Agent::start(&mk_config(&world, "ca_cert", "ca.pem"));
    world.wait_for_log("certificate").await;
    assert_eq!(world.vault.requests(), []);
    world.write("ca.pem", &ca);
    world.wait_for_text("app", "key=first").await;
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_may_change_its_authority_while_the_agent_runs() {
    let (mut world, ca) = mk_world().await;
    std::fs::create_dir(world.path("cas")).unwrap();
    world.write("cas/one.pem", &ca);
    let agent = Agent::start(&mk_config(&world, "ca_path", "cas"));
    world.wait_for_text("app", "key=first").await;
    let (pair, next) = mk_pair("127.0.0.1");
    world.vault.replace_certificate(&pair).unwrap();
    world.vault.stop();
    world.wait_for_log("request failed").await;
    world.vault.resume().await.unwrap();
    world.set_key("second");
    world.wait_for_log("certificate").await;
    assert_eq!(world.read("app").unwrap(), "key=first");
    world.write("cas/two.pem", &next);
    world.wait_for_text("app", "key=second").await;
    assert_eq!(world.logins(), 1);
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_wants_a_certificate_gets_that_of_the_environment() {
    let authority = mk_authority();
    let config = Config {
        tls: Some(authority.issue("127.0.0.1")),
        client_certificates: ClientCertificates::Required(authority.pem()),
        ..Config::default()
    };
    let world = World::with(config).await;
    world.write("ca.pem", &authority.pem());
    let client = authority.issue("agent");
    world.write("tls.crt", &client.cert_pem);
    world.write("tls.key", &client.key_pem);
    let config = mk_config(&world, "ca_cert", "ca.pem");

    let without = Agent::start(&config);
    world.wait_for_log("error authenticating").await;
    without.stop().await.unwrap();
    assert_eq!(world.vault.requests(), []);

    let path = |name: &str| world.path(name).display().to_string();
    let environment: Environment = [
        ("VAULT_CLIENT_CERT".to_owned(), path("tls.crt")),
        ("VAULT_CLIENT_KEY".to_owned(), path("tls.key")),
    ]
    .into_iter()
    .collect();
    let written: AgentConfig = serde_json::from_value(config.clone()).unwrap();
    let seen = Settings::from_config(&written, Overrides::default(), &environment).unwrap();
    let agent = Agent::start_with(Settings {
        vault: seen.vault,
        ..mk_settings(&config)
    });
    world.wait_for_text("app", "key=first").await;
    agent.stop().await.unwrap();
}
