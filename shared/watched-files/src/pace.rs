//! How often files are compared without a hint.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Time between looks where nothing else is asked for: certificates and configurations are rotated
/// by the hour, and ten seconds are no wait for one.
pub const PERIOD: Duration = Duration::from_secs(10);

/// Looks that are a period apart.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    period: Duration,
    next: Instant,
}

impl Default for Pace {
    fn default() -> Self {
        Self::every(PERIOD)
    }
}

impl Pace {
    /// One that was kept just now: the next look is a period away.
    pub fn every(period: Duration) -> Self {
        Self {
            period,
            next: Instant::now() + period,
        }
    }

    /// Whether the next look is due.
    pub fn is_due(&self) -> bool {
        self.next <= Instant::now()
    }

    /// A look is made, in time or before it.
    pub fn looked(&mut self) {
        self.next = Instant::now() + self.period;
    }

    /// Waits until the next look is due, and takes it for made. May be dropped and called again
    /// without a loss.
    pub async fn due(&mut self) {
        sleep_until(self.next).await;
        self.looked();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_was_dropped_goes_on_where_it_was() {
        let start = Instant::now();
        let mut pace = Pace::every(Duration::from_secs(5));
        for _ in 0..2 {
            let wait = tokio::time::timeout(Duration::from_secs(2), pace.due());
            assert!(wait.await.is_err());
        }
        pace.due().await;
        assert_eq!(start.elapsed(), Duration::from_secs(5));
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_before_its_time_puts_the_next_one_off() {
        let mut pace = Pace::default();
        let nearly = PERIOD.saturating_sub(Duration::from_secs(3));
        tokio::time::advance(nearly).await;
        assert!(!pace.is_due());
        pace.looked();
        tokio::time::advance(nearly).await;
        assert!(!pace.is_due());
        tokio::time::advance(Duration::from_secs(3)).await;
        assert!(pace.is_due());
    }
}
