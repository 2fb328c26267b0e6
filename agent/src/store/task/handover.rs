//! Which login a secret is read with, and when it passes from one login to the next.

use std::sync::Arc;

use tokio::time::{Instant, sleep_until};

use crate::auth::{Login, Logins, Predecessor};
use crate::schedule::Roll;

/// Leases of a token that was replaced are re-read in the first part of the time that is left to
/// it, spread over that part.
const HANDOVER_PART: f64 = 0.5;

/// The login to use now; `None` when there will be none.
pub(super) async fn current(logins: &mut Logins) -> Option<Arc<Login>> {
    let login = logins.wait_for(Option::is_some).await.ok()?;
    login.clone()
}

/// The first login after `generation`; pending when there will be none.
pub(super) async fn newer(logins: &mut Logins, generation: u64) -> Arc<Login> {
    let is_newer = |login: &Option<Arc<Login>>| {
        login
            .as_ref()
            .is_some_and(|login| login.generation > generation)
    };
    let found = match logins.wait_for(is_newer).await {
        Ok(login) => login.clone(),
        Err(_) => None,
    };
    match found {
        Some(login) => login,
        None => std::future::pending().await,
    }
}

/// Pending as long as the token that a lease was obtained with is the current one; then until it is
/// this lease's turn to be read again, before the old token takes it away.
pub(super) async fn lease_lost(logins: &mut Logins, generation: u64) {
    let login = newer(logins, generation).await;
    if let (Predecessor::EndsAt(ends_at), true) =
        (login.predecessor, login.generation == generation + 1)
    {
        let left = ends_at.saturating_duration_since(Instant::now());
        let wait = left.mul_f64(Roll::dice().between(0.0, HANDOVER_PART));
        sleep_until(Instant::now() + wait).await;
    }
}
