//! Chance, which spreads the work of many agents.

use std::hash::{BuildHasher, Hasher, RandomState};

use vault_engine::{Jitter, JitterSource};

/// A number that differs from process to process. The standard library's per-instance hash keys are
/// random enough to spread load, and nothing here is a secret.
pub(crate) fn seed() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// A random part of one.
pub(crate) fn jitter() -> Jitter {
    JitterSource::new(seed()).draw()
}
