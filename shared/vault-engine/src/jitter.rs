//! Numbers that spread the decisions of many agents.

use std::time::Duration;

use crate::time::scaled;

/// A number in `0.0..1.0`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jitter(f64);

impl Jitter {
    /// A known number, kept inside `0.0..1.0`.
    pub fn new(value: f64) -> Self {
        Self(value.clamp(0.0, 1.0 - f64::EPSILON))
    }

    /// The number scaled to `low..high`.
    pub fn between(self, low: f64, high: f64) -> f64 {
        low + self.0 * (high - low)
    }

    /// That part of a span.
    pub fn part_of(self, span: Duration) -> Duration {
        scaled(span, self.0)
    }
}

/// Where jitter comes from: the same seed gives the same numbers. Nothing here is a secret; the
/// generator is `SplitMix64` (Steele, Lea and Flood, 2014).
#[derive(Clone, Debug)]
pub struct JitterSource(u64);

impl JitterSource {
    /// A source that starts from `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn draw(&mut self) -> Jitter {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        // 53 bits fit a double exactly.
        #[expect(
            clippy::cast_precision_loss,
            reason = "53 bits are what a double holds"
        )]
        Jitter((bits >> 11) as f64 / (1_u64 << 53) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_stays_inside_its_bounds_and_follows_its_seed() {
        let mut source = JitterSource::new(7);
        let drawn: Vec<f64> = (0..1000)
            .map(|_| source.draw().between(0.75, 1.0))
            .collect();
        assert!(drawn.iter().all(|value| (0.75..1.0).contains(value)));
        assert!(drawn.iter().any(|value| *value < 0.8) && drawn.iter().any(|value| *value > 0.95));
        let mut again = JitterSource::new(7);
        assert!(
            drawn
                .iter()
                .all(|value| (value - again.draw().between(0.75, 1.0)).abs() < f64::EPSILON)
        );
        assert_ne!(JitterSource::new(8).draw(), JitterSource::new(7).draw());
    }

    #[test]
    fn a_known_number_is_kept_inside() {
        assert!(Jitter::new(7.0).between(0.0, 1.0) < 1.0);
        assert!(Jitter::new(-1.0).between(0.0, 1.0).abs() < f64::EPSILON);
        let half = Jitter::new(0.5).part_of(Duration::from_secs(10));
        assert_eq!(half, Duration::from_secs(5));
    }

    #[test]
    fn the_generator_gives_the_numbers_of_its_reference() {
        // The published first outputs of SplitMix64 for this seed.
        let mut source = JitterSource::new(1_234_567);
        for expected in [6_457_827_717_110_365_317_u64, 3_203_168_211_198_807_973] {
            #[expect(
                clippy::cast_precision_loss,
                reason = "53 bits are what a double holds"
            )]
            let expected = (expected >> 11) as f64 / (1_u64 << 53) as f64;
            assert_eq!(source.draw(), Jitter(expected));
        }
    }
}
