//! Requests, by the second in which they were made.

use std::ops::Range;

use crate::{MINUTE, Millis, SECOND};

/// A peak is the mean of so many seconds.
const PEAK: usize = 10;

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    seconds: Vec<u32>,
}

impl Load {
    pub(crate) fn new(ends: Millis) -> Self {
        Self {
            seconds: vec![0; index(ends)],
        }
    }

    /// A request was made. What comes after the end of the scenario is left out.
    pub(crate) fn count(&mut self, at: Millis) {
        if let Some(second) = self.seconds.get_mut(index(at)) {
            *second += 1;
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (mine, others) in self.seconds.iter_mut().zip(&other.seconds) {
            *mine += others;
        }
    }

    /// All requests.
    pub(crate) fn all(&self) -> u64 {
        sum(&self.seconds)
    }

    /// Requests a second on average.
    pub(crate) fn mean(&self, window: &Range<Millis>) -> f64 {
        mean(self.of(window))
    }

    /// The most requests a second, as the mean of ten seconds.
    pub(crate) fn peak(&self, window: &Range<Millis>) -> f64 {
        self.of(window).windows(PEAK).map(mean).fold(0.0, f64::max)
    }

    /// The mean of each step of a window.
    pub(crate) fn means(&self, window: &Range<Millis>, step: Millis) -> Vec<f64> {
        self.of(window).chunks(index(step)).map(mean).collect()
    }

    fn of(&self, window: &Range<Millis>) -> &[u32] {
        let ends = index(window.end).min(self.seconds.len());
        self.seconds
            .get(index(window.start)..ends)
            .unwrap_or_default()
    }
}

fn index(at: Millis) -> usize {
    usize::try_from(at / SECOND).unwrap_or(usize::MAX)
}

fn mean(seconds: &[u32]) -> f64 {
    ratio(sum(seconds), seconds.len() as u64)
}

fn sum(seconds: &[u32]) -> u64 {
    seconds.iter().map(|second| u64::from(*second)).sum()
}

/// One number in terms of another; zero if that is zero.
#[expect(
    clippy::cast_precision_loss,
    reason = "a day's requests of a fleet are far fewer than a double holds"
)]
pub(crate) fn ratio(one: u64, other: u64) -> f64 {
    if other == 0 {
        return 0.0;
    }
    one as f64 / other as f64
}

/// What agents ask in their first minute, in which nothing is due for the second time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Start {
    agents: u64,
    requests: u64,
}

impl Start {
    pub(crate) fn begin(&mut self) {
        self.agents += 1;
    }

    /// An agent that began at `since` made a request.
    pub(crate) fn count(&mut self, since: Millis, at: Millis) {
        if at < since + MINUTE {
            self.requests += 1;
        }
    }

    /// Requests of one agent.
    pub(crate) fn mean(&self) -> f64 {
        ratio(self.requests, self.agents)
    }

    fn add(&mut self, other: Self) {
        self.agents += other.agents;
        self.requests += other.requests;
    }
}

/// The starts of agents of one kind of pod.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Starts {
    pub(crate) ours: Start,
    /// Upstream's init container.
    pub(crate) init: Start,
    /// Upstream's sidecar.
    pub(crate) sidecar: Start,
}

impl Starts {
    pub(crate) fn add(&mut self, other: &Self) {
        self.ours.add(other.ours);
        self.init.add(other.init);
        self.sidecar.add(other.sidecar);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_is_the_mean_of_the_fullest_ten_seconds() {
        let mut load = Load::new(MINUTE);
        for second in [10, 10, 10, 19, 20, 59] {
            load.count(second * SECOND + 999);
        }
        load.count(MINUTE);
        assert!((load.peak(&(0..MINUTE)) - 0.4).abs() < 1e-9);
        assert!((load.mean(&(0..MINUTE)) - 0.1).abs() < 1e-9);
        assert!((load.peak(&(20 * SECOND..MINUTE)) - 0.1).abs() < 1e-9);
    }

    #[test]
    fn a_start_is_the_first_minute() {
        let mut start = Start::default();
        for at in [5, 64 * SECOND, 66 * SECOND] {
            start.count(5 * SECOND, at.max(5 * SECOND));
        }
        start.begin();
        assert!((start.mean() - 2.0).abs() < 1e-9);
    }
}
