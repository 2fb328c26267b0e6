//! Months of an agent's life in seconds: `vault-engine` against `vault-model`, from a seed, on virtual
//! time.
//!
//! ```text
//! Scenario (from the seed) ─▶ Run: virtual time ─┬─ Engine ─ Call ─▶ wire: late, lost ─▶ Model
//!                                                │    ▲                                    │
//!                                                │    └───────────── Answer ◀──────────────┘
//!                                                └─ Books: files, status, requests ─▶ rules, after every step
//! ```
//!
//! A run that breaks a rule is made shorter as long as it breaks the same rule, and then told.

#![deny(missing_docs)]

mod agent;
mod books;
mod dice;
mod reduce;
mod run;
mod scenario;
mod trace;
mod vault;

pub use books::Violation;
pub use run::Outcome;
pub use vault_engine::Bug;

use scenario::Scenario;

/// Runs one seed for so many days.
pub fn simulate(seed: u64, days: u64, bug: Option<Bug>) -> Outcome {
    run::run(&Scenario::new(seed, days), bug, false)
}

/// The shortest run that was found to break the rule that `seed` breaks, as text; `None` if it breaks none.
pub fn explain(seed: u64, days: u64, bug: Option<Bug>) -> Option<String> {
    let scenario = Scenario::new(seed, days);
    let outcome = run::run(&scenario, bug, false);
    let (at, violation) = outcome.violation?;
    Some(reduce::explain(scenario, bug, at, violation.rule))
}
