use serde_json::json;

use super::*;
use crate::fake::{Fake, eventually};

fn mk_spec(holder: &str) -> LeaseSpec {
    LeaseSpec {
        holder_identity: Some(holder.to_owned()),
        lease_duration_seconds: Some(30),
        lease_transitions: Some(4),
        ..LeaseSpec::default()
    }
}

fn mk_elector(fake: &Fake, identity: &str) -> Elector {
    let access = Access {
        identity: identity.to_owned(),
        ..Access::default()
    };
    let names = Names {
        lease: "vault-injector-leader",
        field_manager: "test",
    };
    Elector::new(fake.client(), &access, names, Gauge::default())
}

#[test]
fn a_lease_is_taken_only_from_who_is_silent_for_its_duration() {
    let (short, long) = (Duration::from_secs(29), Duration::from_secs(30));
    for (spec, silence, expected) in [
        (None, long, Step::Create),
        (Some(mk_spec("me")), long, Step::Renew),
        (Some(mk_spec("other")), short, Step::Wait),
        (Some(mk_spec("other")), long, Step::Take),
        (Some(mk_spec("")), Duration::ZERO, Step::Take),
        (Some(LeaseSpec::default()), Duration::ZERO, Step::Take),
    ] {
        assert_eq!(step(spec.as_ref(), "me", silence), expected, "{spec:?}");
    }
}

#[test]
fn taking_counts_a_transition_and_renewing_does_not() {
    let now = Timestamp::UNIX_EPOCH;
    let taken = held(Some(mk_spec("other")), "me", Step::Take, now);
    assert_eq!(taken.lease_transitions, Some(5));
    assert_eq!(taken.acquire_time, Some(MicroTime(now)));
    let later = now + Duration::from_secs(10);
    let renewed = held(Some(taken), "me", Step::Renew, later);
    assert_eq!(renewed.lease_transitions, Some(5));
    assert_eq!(renewed.acquire_time, Some(MicroTime(now)));
    assert_eq!(renewed.renew_time, Some(MicroTime(later)));
}

#[tokio::test(start_paused = true)]
async fn one_of_two_leads_and_the_other_follows_when_it_goes() {
    let fake = Fake::default();
    let (first, second) = (mk_elector(&fake, "first"), mk_elector(&fake, "second"));
    let (mut one, mut other) = (first.leads(), second.leads());
    let stop = Arc::new(Notify::new());
    let running = tokio::spawn(first.run(Arc::clone(&stop)));
    eventually(&mut one, true).await;
    tokio::spawn(second.run(Arc::new(Notify::new())));
    tokio::time::sleep(PERIOD * 5).await;
    assert!(*one.borrow() && !*other.borrow(), "two leaders, or none");

    stop.notify_one();
    running.await.unwrap();
    eventually(&mut other, true).await;
    assert_eq!(
        fake.get("leases/vault-injector-leader").unwrap()["spec"]["leaseTransitions"],
        json!(1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_vanishes_is_followed_after_its_lease() {
    let fake = Fake::default();
    let (first, second) = (mk_elector(&fake, "first"), mk_elector(&fake, "second"));
    let (mut one, mut other) = (first.leads(), second.leads());
    let running = tokio::spawn(first.run(Arc::new(Notify::new())));
    eventually(&mut one, true).await;
    tokio::spawn(second.run(Arc::new(Notify::new())));
    running.abort();
    let began = Instant::now();
    eventually(&mut other, true).await;
    assert!(began.elapsed() >= DURATION, "{:?}", began.elapsed());
    assert!(
        began.elapsed() <= DURATION + PERIOD * 2,
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_leader_without_the_api_server_stops_to_lead() {
    let fake = Fake::default();
    let elector = mk_elector(&fake, "first");
    let mut leads = elector.leads();
    tokio::spawn(elector.run(Arc::new(Notify::new())));
    eventually(&mut leads, true).await;
    fake.fail("leases", 503);
    eventually(&mut leads, false).await;
    fake.heal();
    eventually(&mut leads, true).await;
}

#[tokio::test(start_paused = true)]
async fn without_the_permission_every_replica_leads() {
    let fake = Fake::default();
    fake.fail("leases", 403);
    let elector = mk_elector(&fake, "first");
    let mut leads = elector.leads();
    tokio::spawn(elector.run(Arc::new(Notify::new())));
    eventually(&mut leads, true).await;
}
