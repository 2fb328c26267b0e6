use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::super::authorities::SETTLE;
use super::super::pace::keep;
use super::*;
use crate::tls::SelfSigned;
use kube_support::fake::{Fake, eventually};

const CONFIGURATION: &str = "injector-cfg";
const MUTATING: &str = "mutatingwebhookconfigurations/injector-cfg";
const VALIDATING: &str = "validatingwebhookconfigurations/injector-cfg";
const SECRET: &str = "secrets/vault-injector-certs";
const DAY: Duration = Duration::from_secs(24 * 3600);

fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn mk_hook(name: &str) -> Value {
    json!({"name": name, "clientConfig": {
        "service": {"name": "injector", "namespace": "vault"}, "caBundle": "Cg==",
    }})
}

fn mk_configuration(hooks: &[Value]) -> Value {
    json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "Any",
           "metadata": {"name": CONFIGURATION}, "webhooks": hooks})
}

/// A cluster where our webhooks are registered.
fn mk_cluster() -> Fake {
    let fake = Fake::default();
    fake.put(
        MUTATING,
        mk_configuration(&[
            mk_hook("a.example"),
            json!({"name": "other", "clientConfig": {}}),
        ]),
    );
    fake.put(VALIDATING, mk_configuration(&[mk_hook("b.example")]));
    fake
}

fn mk_store() -> Arc<CertificateStore> {
    CertificateStore::new(SelfSigned::new(&["localhost".to_owned()]).unwrap().pair)
}

fn expiry(automatic: &Automatic) -> i64 {
    crate::tls::end(&automatic.store.current())
}

fn mk_registrar(fake: &Fake, hosts: &[String]) -> Registrar {
    Registrar::new(fake.client(), CONFIGURATION, hosts)
}

fn mk_automatic(fake: &Fake) -> Automatic {
    let access = Access::default();
    let hosts = vec!["injector.vault.svc".to_owned()];
    Automatic::new(
        fake.client(),
        &access,
        mk_registrar(fake, &hosts),
        hosts,
        mk_store(),
    )
}

fn trusted(fake: &Fake, path: &str, hook: usize) -> Vec<Certificate> {
    let configuration = fake.get(path).unwrap();
    let text = configuration["webhooks"][hook]["clientConfig"]["caBundle"].clone();
    Certificate::all_from_pem(&STANDARD.decode(text.as_str().unwrap()).unwrap())
}

fn signer(automatic: &Automatic) -> Certificate {
    automatic
        .served
        .as_ref()
        .unwrap()
        .authority
        .certificate()
        .clone()
}

#[tokio::test]
async fn the_leader_registers_what_it_serves_with_every_webhook_of_ours() {
    let fake = mk_cluster();
    let mut automatic = mk_automatic(&fake);
    let provisional = expiry(&automatic);
    assert!(automatic.look_at(true, now()).await.unwrap());
    assert_eq!(trusted(&fake, MUTATING, 0), [signer(&automatic)]);
    assert_eq!(trusted(&fake, VALIDATING, 0), [signer(&automatic)]);
    assert_eq!(
        fake.get(MUTATING).unwrap()["webhooks"][1],
        json!({"name": "other", "clientConfig": {}})
    );
    let end = expiry(&automatic);
    assert_ne!(end, provisional);
    assert_eq!(end, (now() + DAY).as_second());

    assert!(automatic.look_at(true, now()).await.unwrap());
    assert_eq!(fake.count("PATCH"), 2, "nothing to write the second time");
}

#[tokio::test]
async fn a_replica_that_does_not_lead_waits_for_the_leader_and_writes_nothing() {
    let fake = mk_cluster();
    let (mut follower, mut leader) = (mk_automatic(&fake), mk_automatic(&fake));
    assert!(!follower.look_at(false, now()).await.unwrap());
    assert_eq!(fake.count("PATCH"), 0);
    assert!(leader.look_at(true, now()).await.unwrap());
    assert!(follower.look_at(false, now()).await.unwrap());
    assert_eq!(signer(&follower), signer(&leader));
}

#[tokio::test]
async fn a_restart_changes_nothing_in_the_cluster() {
    let fake = mk_cluster();
    mk_automatic(&fake).look_at(true, now()).await.unwrap();
    let before = (fake.get(MUTATING), fake.get(VALIDATING), fake.get(SECRET));
    let restarted = mk_automatic(&fake)
        .look_at(true, now() + DAY)
        .await
        .unwrap();
    assert!(restarted);
    assert_eq!(
        before,
        (fake.get(MUTATING), fake.get(VALIDATING), fake.get(SECRET))
    );
}

#[tokio::test]
async fn a_bundle_that_someone_emptied_is_set_again_and_others_certificates_stay() {
    let fake = mk_cluster();
    let mut automatic = mk_automatic(&fake);
    automatic.look_at(true, now()).await.unwrap();
    let foreign = Authority::generate(now()).unwrap().certificate().clone();
    let mut hook = mk_hook("a.example");
    hook["clientConfig"]["caBundle"] = json!(STANDARD.encode(foreign.to_pem()));
    fake.put(MUTATING, mk_configuration(&[hook]));
    assert!(!automatic.look_at(false, now()).await.unwrap());
    assert!(automatic.look_at(true, now()).await.unwrap());
    assert_eq!(trusted(&fake, MUTATING, 0), [signer(&automatic), foreign]);
}

#[tokio::test]
async fn a_leaf_is_renewed_early_also_without_the_api_server() {
    let fake = mk_cluster();
    let mut automatic = mk_automatic(&fake);
    automatic.look_at(true, now()).await.unwrap();
    let first = expiry(&automatic);
    fake.fail("", 503);
    let later = now() + DAY * 2 / 3;
    automatic.look_at(true, later).await.unwrap_err();
    let second = expiry(&automatic);
    assert_eq!(second - first, 16 * 3600);
}

#[tokio::test]
async fn an_authority_is_replaced_in_two_steps_without_a_gap() {
    let fake = mk_cluster();
    let mut automatic = mk_automatic(&fake);
    automatic.look_at(true, now()).await.unwrap();
    let old = signer(&automatic);
    let due = now() + DAY * 280;
    assert!(automatic.look_at(true, due).await.unwrap());
    let bundle = trusted(&fake, MUTATING, 0);
    assert_eq!(bundle.len(), 2, "both are trusted");
    assert_eq!(signer(&automatic), old, "the old one still signs");

    assert!(automatic.look_at(true, due + SETTLE).await.unwrap());
    let new = signer(&automatic);
    assert_ne!(new, old);
    assert_eq!(bundle, [new.clone(), old]);

    let ended = now() + DAY * 366;
    assert!(automatic.look_at(true, ended).await.unwrap());
    assert_eq!(trusted(&fake, MUTATING, 0), [new]);
}

#[tokio::test]
async fn a_lost_secret_means_a_new_authority_that_takes_over_without_a_gap() {
    let fake = mk_cluster();
    let mut automatic = mk_automatic(&fake);
    automatic.look_at(true, now()).await.unwrap();
    let old = signer(&automatic);
    fake.remove(SECRET);
    let later = now() + DAY;
    assert!(automatic.look_at(true, later).await.unwrap());
    assert_eq!(signer(&automatic), old);
    assert_eq!(trusted(&fake, VALIDATING, 0).len(), 2);
    assert!(automatic.look_at(true, later + SETTLE).await.unwrap());
    assert_ne!(signer(&automatic), old);
}

#[tokio::test]
async fn replicas_that_may_not_use_the_secret_are_all_trusted() {
    let fake = mk_cluster();
    fake.fail("secrets", 403);
    fake.fail("validating", 403);
    let (mut one, mut other) = (mk_automatic(&fake), mk_automatic(&fake));
    assert!(one.look_at(true, now()).await.unwrap());
    assert!(other.look_at(true, now()).await.unwrap());
    assert!(one.look_at(true, now()).await.unwrap());
    assert_ne!(signer(&one), signer(&other));
    let bundle = trusted(&fake, MUTATING, 0);
    assert!(bundle.contains(&signer(&one)) && bundle.contains(&signer(&other)));
    assert_eq!(fake.count("PATCH"), 2);
    assert_eq!(fake.count("fieldManager=vault-injector"), 2);
}

#[tokio::test]
async fn a_configuration_without_our_webhook_is_said_by_name() {
    let fake = Fake::default();
    let error = mk_automatic(&fake)
        .look_at(true, now())
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(CONFIGURATION) && error.contains("injector.vault.svc"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn ready_comes_when_all_agree_and_never_goes() {
    let fake = mk_cluster();
    fake.fail("secrets", 500);
    let automatic = mk_automatic(&fake);
    let registrar = mk_registrar(&fake, &automatic.hosts);
    let (ready, mut is_ready) = watch::channel(false);
    let (_leading, leads) = watch::channel(true);
    tokio::spawn(keep(automatic, registrar, leads, ready));
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(!*is_ready.borrow(), "nothing agrees yet");
    fake.heal();
    eventually(&mut is_ready, true).await;

    fake.fail("", 500);
    fake.put(MUTATING, mk_configuration(&[mk_hook("a.example")]));
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert!(*is_ready.borrow(), "trouble never unreadies");
    fake.heal();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(trusted(&fake, MUTATING, 0).len(), 1);
}
