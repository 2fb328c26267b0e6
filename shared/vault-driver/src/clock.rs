//! The engine's time from the runtime's, which tests may pause.

use std::time::SystemTime;

use vault_engine::{Instant, Now};

/// Counts from the moment at which it was started.
#[derive(Clone, Copy, Debug)]
pub struct Clock(tokio::time::Instant);

impl Clock {
    /// A clock that starts now.
    pub fn start() -> Self {
        Self(tokio::time::Instant::now())
    }

    /// The moment on both clocks.
    pub fn now(self) -> Now {
        Now {
            mono: Instant::new(self.0.elapsed()),
            wall: SystemTime::now(),
        }
    }

    /// A moment of the engine's. One that is too far away to be added counts as ten years from the
    /// start.
    pub(crate) fn at(self, instant: Instant) -> tokio::time::Instant {
        let since = instant.since_origin();
        self.0
            .checked_add(since)
            .unwrap_or_else(|| self.0 + vault_engine::LONGEST)
    }
}
