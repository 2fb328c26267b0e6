//! Which replica leads: it holds a `coordination.k8s.io` Lease and renews it.
//!
//! The holder of a Lease that nobody has renewed for its duration, by our own clock and not by the
//! time written in it, is taken to be gone: clocks differ, and an evicted pod says no goodbye.
//! Leading only means to be the one that writes; what is written would be the same from anyone.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::PostParams;
use kube::{Api, Client};
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::{info, warn};

use process::cut;

use crate::Access;
use crate::call::{CallError, call, call_opt};

/// How long a holder that does not renew stays the holder.
const DURATION: Duration = Duration::from_secs(30);
/// How often the holder renews, and the others look.
const PERIOD: Duration = Duration::from_secs(10);
/// After so long without a renewal a leader stops to lead: before anyone else may start.
const RENEWED: Duration = Duration::from_secs(20);

/// What to do about a Lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// There is none: make it.
    Create,
    /// It is free, or its holder is gone.
    Take,
    /// It is ours.
    Renew,
    /// Someone else leads.
    Wait,
}

/// What to do about a Lease that reads `spec`, and that nobody has renewed for `silence`.
pub(crate) fn step(spec: Option<&LeaseSpec>, identity: &str, silence: Duration) -> Step {
    let Some(spec) = spec else {
        return Step::Create;
    };
    let duration = spec
        .lease_duration_seconds
        .and_then(|seconds| u64::try_from(seconds).ok())
        .map_or(DURATION, Duration::from_secs);
    match spec.holder_identity.as_deref() {
        Some(holder) if holder == identity => Step::Renew,
        None | Some("") => Step::Take,
        Some(_) if silence >= duration => Step::Take,
        Some(_) => Step::Wait,
    }
}

/// The Lease as it reads after `step`.
fn held(spec: Option<LeaseSpec>, identity: &str, step: Step, now: Timestamp) -> LeaseSpec {
    let spec = spec.unwrap_or_default();
    let taken = step != Step::Renew;
    LeaseSpec {
        holder_identity: Some(identity.to_owned()),
        lease_duration_seconds: i32::try_from(DURATION.as_secs()).ok(),
        acquire_time: if taken {
            Some(MicroTime(now))
        } else {
            spec.acquire_time
        },
        renew_time: Some(MicroTime(now)),
        lease_transitions: Some(
            spec.lease_transitions.unwrap_or(0) + i32::from(step == Step::Take),
        ),
        ..spec
    }
}

/// What an election goes by.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    /// The Lease.
    pub lease: &'static str,
    /// The program, in the API server's books.
    pub field_manager: &'static str,
}

/// Takes part in the election.
#[derive(Debug)]
pub struct Elector {
    api: Api<Lease>,
    names: Names,
    identity: String,
    leads: watch::Sender<bool>,
    gauge: Gauge,
    /// The holder and the renewal last seen, and since when.
    seen: Option<(Option<String>, Option<MicroTime>, Instant)>,
    renewed: Option<Instant>,
    problem: Option<String>,
}

/// Whether this replica leads, for one that has no rivals.
pub fn unopposed(gauge: &Gauge) -> watch::Receiver<bool> {
    gauge.set(1);
    watch::Sender::new(true).subscribe()
}

impl Elector {
    /// Takes part under the identity of `access`; `gauge` shows whether this replica leads.
    pub fn new(client: Client, access: &Access, names: Names, gauge: Gauge) -> Self {
        let namespace = access.namespace(&client).to_owned();
        Self {
            api: Api::namespaced(client, &namespace),
            names,
            identity: access.identity.clone(),
            leads: watch::Sender::new(false),
            gauge,
            seen: None,
            renewed: None,
            problem: None,
        }
    }

    /// Whether this replica leads.
    pub fn leads(&self) -> watch::Receiver<bool> {
        self.leads.subscribe()
    }

    /// Takes part until `stop`, and then gives a Lease that it holds free.
    pub async fn run(mut self, stop: Arc<Notify>) {
        let mut period = interval(PERIOD);
        period.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = period.tick() => self.round().await,
                () = stop.notified() => break,
            }
        }
        if let Err(error) = self.release().await {
            warn!(
                error = &*cut(&error.to_string()),
                "Lease not given free: it ends by itself"
            );
        }
    }

    async fn round(&mut self) {
        match self.try_round().await {
            Ok(()) => self.problem = None,
            // Without the permission no replica can lead; so all do, and write the same.
            Err(CallError::Forbidden { doing, message }) => {
                self.report(&format!("not allowed to {doing}: {message}"));
                self.set(true);
                return;
            }
            // Someone else was faster, and the next look shows whom.
            Err(CallError::Conflict { .. }) => {}
            Err(error) => self.report(&error.to_string()),
        }
        let leads = self.renewed.is_some_and(|at| at.elapsed() < RENEWED);
        self.set(leads);
    }

    async fn try_round(&mut self) -> Result<(), CallError> {
        let lease = call_opt("read the leader's Lease", self.api.get(self.names.lease)).await?;
        let spec = lease.as_ref().and_then(|lease| lease.spec.as_ref());
        let silence = self.silence(spec);
        let empty = LeaseSpec::default();
        let known = lease.as_ref().map(|_| spec.unwrap_or(&empty));
        let step = step(known, &self.identity, silence);
        if step == Step::Wait {
            self.renewed = None;
            return Ok(());
        }
        let mut lease = lease.unwrap_or_default();
        lease.metadata.name = Some(self.names.lease.to_owned());
        lease.spec = Some(held(
            lease.spec.take(),
            &self.identity,
            step,
            Timestamp::now(),
        ));
        self.write(step, &lease).await?;
        self.renewed = Some(Instant::now());
        Ok(())
    }

    async fn write(&self, step: Step, lease: &Lease) -> Result<Lease, CallError> {
        let parameters = PostParams {
            field_manager: Some(self.names.field_manager.to_owned()),
            ..PostParams::default()
        };
        if step == Step::Create {
            let created = self.api.create(&parameters, lease);
            call("create the leader's Lease", created).await
        } else {
            let replaced = self.api.replace(self.names.lease, &parameters, lease);
            call("renew the leader's Lease", replaced).await
        }
    }

    /// For how long the Lease has not changed, as far as we have watched.
    fn silence(&mut self, spec: Option<&LeaseSpec>) -> Duration {
        let holder = spec.and_then(|spec| spec.holder_identity.clone());
        let renewal = spec.and_then(|spec| spec.renew_time.clone());
        match &self.seen {
            Some((seen, at_renewal, since)) if *seen == holder && *at_renewal == renewal => {
                since.elapsed()
            }
            _ => {
                self.seen = Some((holder, renewal, Instant::now()));
                Duration::ZERO
            }
        }
    }

    async fn release(&mut self) -> Result<(), CallError> {
        if self.renewed.is_none() {
            return Ok(());
        }
        self.set(false);
        let mut lease = call("read the leader's Lease", self.api.get(self.names.lease)).await?;
        let Some(spec) = lease
            .spec
            .as_mut()
            .filter(|spec| spec.holder_identity.as_deref() == Some(&self.identity))
        else {
            return Ok(());
        };
        spec.holder_identity = None;
        self.write(Step::Renew, &lease).await?;
        info!("Lease given free");
        Ok(())
    }

    fn set(&self, leads: bool) {
        self.gauge.set(i64::from(leads));
        let changed = self.leads.send_if_modified(|now| {
            let changed = *now != leads;
            *now = leads;
            changed
        });
        if changed {
            info!(leads, identity = self.identity, "Leadership changed");
        }
    }

    fn report(&mut self, problem: &str) {
        if self.problem.as_deref() != Some(problem) {
            warn!(problem = &*cut(problem), "Election does not work");
            self.problem = Some(problem.to_owned());
        }
    }
}

#[cfg(test)]
mod tests;
