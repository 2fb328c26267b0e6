//! Many agents against one Vault that only counts: how many requests a second they come to, beside
//! what upstream's documented rules come to.
//!
//! ```text
//! Scenario ─▶ lives of each pod ─┬─ Engine ─ Call ─▶ Vault ─▶ Load: requests in each second
//!    │                           └─ upstream::Agent ────────▶ Load
//!    └─▶ Trouble: when Vault is away, when all tokens are revoked
//! ```
//!
//! Vault answers at once and in the same way however much it is asked, so pods do not influence each
//! other: each lives by itself from its first second to its last, and what it asked is added up. That
//! needs the memory of one pod and a number for each second, and all processors have work.

#![deny(missing_docs)]

mod chart;
mod load;
mod pod;
mod report;
mod scenario;
mod upstream;
mod vault;

pub use report::Report;

use std::sync::atomic::{AtomicU64, Ordering};

use load::{Load, Starts};
use scenario::Scenario;
use vault::Vault;

/// Milliseconds of virtual time since the first pod may start.
pub(crate) type Millis = u64;

pub(crate) const SECOND: Millis = 1000;
pub(crate) const MINUTE: Millis = 60 * SECOND;
pub(crate) const HOUR: Millis = 60 * MINUTE;

/// How often static secrets are read: the default of `static_secret_render_interval`.
pub(crate) const INTERVAL: Millis = 5 * MINUTE;
/// What a login, and a read of a database credential, grants; and what a renewal does.
pub(crate) const TTL: Millis = HOUR;
/// After this time no renewal grants any more.
pub(crate) const MAX_TTL: Millis = 24 * HOUR;

/// How large the fleet is, and how long it is watched.
#[derive(Clone, Copy, Debug)]
pub struct Fleet {
    /// Pods, at least one.
    pub pods: u64,
    /// KV version 2 secrets of each pod, all in one mount. Every other pod has a database credential, too.
    pub secrets: u64,
    /// How long the steady day is, in hours.
    pub hours: u64,
}

impl Default for Fleet {
    fn default() -> Self {
        Self {
            pods: 50_000,
            secrets: 10,
            hours: 24,
        }
    }
}

/// What a pod wants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pod {
    pub(crate) secrets: u64,
    /// A database credential, too.
    pub(crate) has_credential: bool,
}

/// What a fleet asked in one scenario.
pub(crate) struct Counted {
    pub(crate) ours: Load,
    pub(crate) upstream: Load,
    /// Of pods without and with a database credential.
    pub(crate) starts: [Starts; 2],
}

impl Counted {
    fn new(scenario: &Scenario) -> Self {
        Self {
            ours: Load::new(scenario.ends),
            upstream: Load::new(scenario.ends),
            starts: [Starts::default(); 2],
        }
    }

    fn add(&mut self, other: &Self) {
        self.ours.add(&other.ours);
        self.upstream.add(&other.upstream);
        for (mine, others) in self.starts.iter_mut().zip(&other.starts) {
            mine.add(others);
        }
    }
}

/// Runs all scenarios.
pub fn run(fleet: Fleet) -> Report {
    let fleet = Fleet {
        pods: fleet.pods.max(1),
        ..fleet
    };
    let counted = Scenario::all(fleet.hours).map(|scenario| {
        let counted = count(&scenario, fleet);
        (scenario, counted)
    });
    Report::new(fleet, &counted)
}

fn count(scenario: &Scenario, Fleet { pods, secrets, .. }: Fleet) -> Counted {
    let turn = AtomicU64::new(0);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let mut all = Counted::new(scenario);
    std::thread::scope(|scope| {
        let work = || {
            let mut counted = Counted::new(scenario);
            let mut vault = Vault::new(scenario.trouble);
            loop {
                let pod = turn.fetch_add(1, Ordering::Relaxed);
                if pod >= pods {
                    return counted;
                }
                let wants = Pod {
                    secrets,
                    has_credential: pod % 2 == 1,
                };
                let lives = scenario.lives(pod, pods);
                for (number, life) in lives.into_iter().flatten().enumerate() {
                    let seed = scenario.seed(pod, number);
                    pod::live(wants, seed, life.clone(), &mut vault, &mut counted);
                    upstream::live(wants, seed, life, scenario.trouble, &mut counted);
                }
            }
        };
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            let counted = worker
                .join()
                .unwrap_or_else(|cause| std::panic::resume_unwind(cause));
            all.add(&counted);
        }
    });
    all
}
