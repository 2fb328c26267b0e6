//! What the system knows and nobody else: seeds, and ids outside of the server's state.

use aws_lc_rs::rand;

use crate::ids::Ids;

/// A seed that nobody can guess.
pub(crate) fn seed() -> u64 {
    let mut bytes = [0; 8];
    rand::fill(&mut bytes).expect("the system must give random bytes");
    u64::from_be_bytes(bytes)
}

/// In the form of a UUID.
pub(crate) fn uuid() -> String {
    Ids::new(seed()).uuid()
}
