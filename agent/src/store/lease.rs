//! Keeping one lease alive.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tracing::{debug, info, warn};

use super::Source;
use super::answer::HeldLease;
use crate::schedule::{Effect, Event, Lifetime, Roll, Tolerance};

/// Renews a lease until it is time to read the secret again. The token is the current one each time.
/// A lease that an earlier process left has an `age`: it is renewed at once, which shows whether it
/// lives.
pub(super) async fn keep(source: &Source, lease: &HeldLease, age: Option<Duration>) {
    let start = match age {
        None => Lifetime::granted,
        Some(_) => Lifetime::start,
    };
    let left = lease.duration.saturating_sub(age.unwrap_or_default());
    let now = Instant::now();
    let (mut lifetime, mut effect) = start(Tolerance::Transient, left, true, now, Roll::dice());
    loop {
        let event = match effect {
            Effect::End(why) => {
                debug!(target: "agent", lease = %lease.id, reason = ?why, "lease ends");
                return;
            }
            Effect::Sleep(pause) => {
                sleep(pause).await;
                Event::Woke
            }
            Effect::Renew => Box::pin(renew(source, lease)).await,
        };
        (lifetime, effect) = lifetime.step(event, Instant::now(), Roll::dice());
        source.leases.renewed(&lease.id, lifetime.ends_at());
    }
}

async fn renew(source: &Source, lease: &HeldLease) -> Event {
    let Some(login) = source.logins.borrow().clone() else {
        return Event::Failed { transient: true };
    };
    let Ok(pass) = source.gate.enter().await else {
        return Event::Failed { transient: true };
    };
    let _turn = source.turns.acquire().await;
    let client = source.connection.client();
    let vault = client.with_token(&login.token);
    let renewed = vault.renew_lease(&lease.id, Duration::ZERO).await;
    pass.end(renewed.as_ref().err());
    source.connection.note(&client, &renewed);
    match renewed {
        Ok(renewed) => {
            info!(target: "agent", lease = %lease.id, granted = ?renewed.duration, "renewed lease");
            Event::Renewed {
                granted: renewed.duration,
                renewable: renewed.renewable,
            }
        }
        Err(error) => {
            warn!(target: "agent", lease = %lease.id, %error, "error renewing lease");
            if error.is_permission_denied() {
                // Full: another task already asked for the same.
                let _ = source.suspicions.try_send(login.generation);
            }
            Event::Failed {
                transient: error.is_retryable(),
            }
        }
    }
}
