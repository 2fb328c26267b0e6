//! The server's time.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// Wall-clock time that goes on with tokio's clock, so that a test which pauses and advances that
/// clock moves the server too, plus what a test switch has added.
#[derive(Debug, Clone)]
pub struct Clock {
    started: Timestamp,
    since: Instant,
    added: Duration,
}

impl Clock {
    /// Starts at the machine's time.
    pub fn start() -> Self {
        Self {
            started: Timestamp::now(),
            since: Instant::now(),
            added: Duration::ZERO,
        }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.started + self.since.elapsed() + self.added
    }

    /// Moves the time forward.
    pub fn advance(&mut self, by: Duration) {
        self.added += by;
    }
}
