//! Certificates that are wrong, or change while the agent runs.

use dev_vault::{Config, TlsPair};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};

use crate::support::{Agent, KV_TEMPLATE, World};

/// The certificate of a server of this name and the PEM of the authority that signed it.
pub(crate) fn mk_pair(name: &str) -> (TlsPair, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new([name.to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &ca).unwrap();
    let pair = TlsPair {
        cert_pem: leaf.pem(),
        key_pem: key.serialize_pem(),
    };
    (pair, ca.pem())
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
