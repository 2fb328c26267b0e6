//! What nobody can guess.

use aws_lc_rs::rand;

/// A seed.
pub(crate) fn seed() -> u64 {
    let mut bytes = [0; 8];
    rand::fill(&mut bytes).expect("the system must give random bytes");
    u64::from_be_bytes(bytes)
}

/// An id in hexadecimal digits.
pub(crate) fn id() -> String {
    format!("{:016x}{:016x}", seed(), seed())
}
