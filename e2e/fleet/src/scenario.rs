//! What happens to the fleet, and when each pod lives.

use std::ops::Range;

use vault_engine::JitterSource;

use crate::{HOUR, MINUTE, Millis, SECOND};

/// At the beginning all pods start within this time, evenly by chance.
const ARRIVAL: Millis = HOUR;
/// When something happens.
const EVENT: Millis = 90 * MINUTE;
/// A rolling deployment replaces all pods in this time, one after the other at an even pace.
const ROLLOUT: Millis = 20 * MINUTE;
/// So long after the start of a new pod the one that it replaces ends.
const OVERLAP: Millis = 30 * SECOND;
const OUTAGE: Millis = 10 * MINUTE;

/// What is wrong with Vault, and when.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trouble {
    away: Option<(Millis, Millis)>,
    /// All tokens of before are revoked.
    revoked: Option<Millis>,
}

impl Trouble {
    /// No connection.
    pub(crate) fn is_away(&self, at: Millis) -> bool {
        self.away.is_some_and(|(from, to)| from <= at && at < to)
    }

    /// Whether a token that was made at `since` has been revoked.
    pub(crate) fn has_revoked(&self, since: Millis, at: Millis) -> bool {
        self.revoked
            .is_some_and(|revoked| since < revoked && revoked <= at)
    }
}

/// A scenario, and the times of it that are compared.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) title: &'static str,
    number: u64,
    pub(crate) trouble: Trouble,
    is_rollout: bool,
    pub(crate) ends: Millis,
    /// Rows of the table.
    pub(crate) windows: Vec<Window>,
    /// What the chart shows, and in which steps.
    pub(crate) shown: (Range<Millis>, Millis),
}

/// A time of a scenario that is compared.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    pub(crate) name: &'static str,
    pub(crate) time: Range<Millis>,
    /// How much more than the mean of a steady day the peak may be.
    pub(crate) most: Option<f64>,
}

impl Window {
    fn new(name: &'static str, time: Range<Millis>) -> Self {
        Self {
            name,
            time,
            most: None,
        }
    }
}

impl Scenario {
    /// All four; the first is the steady state, for so many hours.
    pub(crate) fn all(hours: u64) -> [Self; 4] {
        let day = ARRIVAL..ARRIVAL + hours * HOUR;
        let half_hour = EVENT..EVENT + 30 * MINUTE;
        let (left, back) = (EVENT, EVENT + OUTAGE);
        let after = back..back + 30 * MINUTE;
        let around = |window: &Range<Millis>| (EVENT - 5 * MINUTE..window.end, 10 * SECOND);
        let scenario = |number, title, trouble, windows: Vec<Window>, shown| Self {
            title,
            number,
            trouble,
            is_rollout: false,
            ends: windows.last().map_or(EVENT, |window| window.time.end),
            windows,
            shown,
        };
        let outage = Trouble {
            away: Some((left, back)),
            revoked: None,
        };
        let revoked = Trouble {
            away: None,
            revoked: Some(EVENT),
        };
        let after_outage = Window {
            most: Some(2.0),
            ..Window::new("after a ten-minute outage", after.clone())
        };
        [
            scenario(
                1,
                "A steady day",
                Trouble::default(),
                vec![Window::new("a steady day", day.clone())],
                (day, 5 * MINUTE),
            ),
            Self {
                is_rollout: true,
                ..scenario(
                    2,
                    "All pods are replaced in 20 minutes",
                    Trouble::default(),
                    vec![Window::new("a rolling deployment", half_hour.clone())],
                    around(&half_hour),
                )
            },
            scenario(
                3,
                "Vault is away for ten minutes",
                outage,
                vec![
                    Window::new("while Vault is away (tries)", left..back),
                    after_outage,
                ],
                around(&after),
            ),
            scenario(
                4,
                "All tokens are revoked",
                revoked,
                vec![Window::new(
                    "after all tokens were revoked",
                    half_hour.clone(),
                )],
                around(&half_hour),
            ),
        ]
    }

    /// The seed of the agent in one life of a pod.
    pub(crate) fn seed(&self, pod: u64, life: usize) -> u64 {
        (self.number << 48) | ((life as u64) << 40) | pod
    }

    /// When one of `pods` pods, and the one that replaces it, are there.
    pub(crate) fn lives(&self, pod: u64, pods: u64) -> [Option<Range<Millis>>; 2] {
        let mut dice = JitterSource::new(!self.seed(pod, 0));
        let arrival = dice
            .draw()
            .part_of(std::time::Duration::from_millis(ARRIVAL));
        let start = u64::try_from(arrival.as_millis()).unwrap_or_default();
        if !self.is_rollout {
            return [Some(start..self.ends), None];
        }
        let replaced = EVENT + ROLLOUT * pod / pods;
        [Some(start..replaced + OVERLAP), Some(replaced..self.ends)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rollout_replaces_each_pod_at_its_time() {
        let [_, rollout, outage, _] = Scenario::all(1);
        let [old, new] = rollout.lives(5, 10).map(Option::unwrap);
        assert!(old.start < ARRIVAL);
        assert_eq!(new.start, EVENT + ROLLOUT / 2);
        assert_eq!(old.end, new.start + OVERLAP);
        assert_eq!(outage.lives(5, 10)[1], None);
    }

    #[test]
    fn tokens_of_before_are_revoked_and_newer_ones_are_not() {
        let [_, _, outage, revoked] = Scenario::all(1).map(|scenario| scenario.trouble);
        assert!(revoked.has_revoked(EVENT - 1, EVENT));
        assert!(!revoked.has_revoked(EVENT - 2, EVENT - 1));
        assert!(!revoked.has_revoked(EVENT, EVENT + 1));
        assert!(outage.is_away(EVENT) && !outage.is_away(EVENT + OUTAGE));
    }
}
