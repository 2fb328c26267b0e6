//! While Vault as a whole does not serve, one request at a time finds out whether it is back.
//!
//! ```text
//! open ─▶ a server-wide failure ─▶ shut until a jittered back-off is over ─▶ one probe ─┬─ works: open
//!                                            ▲                                         │
//!                                            └────────────── fails: all who wait share it
//! ```
//!
//! So an agent with a thousand secrets asks as little of a Vault in trouble as one with a single
//! secret, and all go on within one back-off step of Vault's return. A path that fails by itself does
//! not shut the gate.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};
use vault_wire::Error;

use crate::connection::is_away;
use crate::schedule::{RetryPolicy, Roll};

pub(super) struct Gate {
    retry: RetryPolicy,
    state: Mutex<State>,
    probe: Semaphore,
}

#[derive(Default)]
struct State {
    /// Counts changes, so that who waits sees that a probe failed.
    round: u64,
    failures: u32,
    shut: Option<(Instant, Arc<str>)>,
}

/// The right to make one request.
pub(super) struct Pass<'a> {
    gate: &'a Gate,
    round: u64,
    _probe: Option<SemaphorePermit<'a>>,
}

impl Gate {
    pub(super) fn new(retry: RetryPolicy) -> Self {
        Self {
            retry,
            state: Mutex::default(),
            probe: Semaphore::new(1),
        }
    }

    /// Waits for a turn. An error is the failure of another's probe.
    pub(super) async fn enter(&self) -> Result<Pass<'_>, Arc<str>> {
        let round = match &*self.state() {
            State {
                shut: None, round, ..
            } => return Ok(self.pass(*round, None)),
            State { round, .. } => *round,
        };
        let permit = self.probe.acquire().await.ok();
        loop {
            let until = match &*self.state() {
                State {
                    shut: None, round, ..
                } => return Ok(self.pass(*round, None)),
                State {
                    shut: Some((_, reason)),
                    round: now,
                    ..
                } if *now != round => {
                    return Err(Arc::clone(reason));
                }
                State {
                    shut: Some((until, _)),
                    ..
                } => *until,
            };
            if until <= Instant::now() {
                return Ok(self.pass(round, permit));
            }
            sleep_until(until).await;
        }
    }

    fn pass<'a>(&'a self, round: u64, probe: Option<SemaphorePermit<'a>>) -> Pass<'a> {
        Pass {
            gate: self,
            round,
            _probe: probe,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whole after each change, so a panic elsewhere does no harm to it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass<'_> {
    /// Reports how the request went: what Vault answered last, where that is an error. Without a
    /// report, nothing is concluded.
    pub(super) fn end(self, failure: Option<&Error>) {
        let mut state = self.gate.state();
        match failure {
            Some(error) if is_away(error) => {
                if state.round != self.round {
                    // Begun before the failure that is known already.
                    return;
                }
                state.round += 1;
                state.failures = state.failures.saturating_add(1);
                let own = self.gate.retry.jittered_delay(state.failures, Roll::dice());
                let wait = own.max(error.retry_after().unwrap_or(Duration::ZERO));
                state.shut = Some((Instant::now() + wait, error.to_string().into()));
            }
            // One slow path says nothing.
            Some(Error::Timeout { .. }) => {}
            // Any other answer comes from a server that serves.
            _ => {
                if state.shut.take().is_some() {
                    state.round += 1;
                }
                state.failures = 0;
            }
        }
    }
}
