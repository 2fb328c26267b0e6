//! What the login says about itself.

use std::sync::{Mutex, MutexGuard};

use tokio::time::Instant;

use crate::status::TokenStatus;

/// Written by the authenticator, read by whoever asks.
#[derive(Debug, Default)]
pub struct AuthStatus(Mutex<Facts>);

#[derive(Debug, Default)]
struct Facts {
    life: Life,
    logins: u64,
    failures: u64,
    error: Option<String>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Life {
    #[default]
    None,
    Endless,
    Until(Instant),
}

impl AuthStatus {
    /// The facts of now.
    pub fn look(&self) -> TokenStatus {
        let facts = self.facts();
        let now = Instant::now();
        let (authenticated, left) = match facts.life {
            Life::None => (false, None),
            Life::Endless => (true, None),
            Life::Until(end) => (
                end > now,
                Some(end.saturating_duration_since(now).as_secs()),
            ),
        };
        TokenStatus {
            authenticated,
            ttl_seconds: left,
            logins: facts.logins,
            failed_logins: facts.failures,
            error: facts.error.clone(),
        }
    }

    pub(crate) fn logged_in(&self, by_login: bool) {
        let mut facts = self.facts();
        facts.logins += u64::from(by_login);
        facts.error = None;
    }

    pub(crate) fn failed(&self, why: String) {
        let mut facts = self.facts();
        facts.failures += 1;
        facts.error = Some(why);
    }

    /// The token lives until then; for ever where `None`.
    pub(crate) fn lives_until(&self, end: Option<Instant>) {
        self.facts().life = end.map_or(Life::Endless, Life::Until);
    }

    pub(crate) fn died(&self) {
        self.facts().life = Life::None;
    }

    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.0.lock().expect("the lock must not be poisoned")
    }
}
