//! What each of our processes does to itself at its start.
//!
//! ```
//! for error in process::protect_memory() {
//!     eprintln!("{error}");
//! }
//! ```
#![deny(missing_docs)]

mod cut;

use rustix::io::Errno;
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use thiserror::Error;

pub use cut::cut;

/// A protection that the kernel refuses. The process works all the same, so this is a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unprotected {
    /// A crash may write memory to disk.
    #[error("cannot turn off core dumps: {0}")]
    CoreDumps(#[source] Errno),
    /// Other processes of the same user may read memory.
    #[error("cannot turn off debugging of this process: {0}")]
    Debuggers(#[source] Errno),
}

/// Keeps the memory of this process out of core dumps and away from debuggers of the same user:
/// `RLIMIT_CORE` is 0 from here on, and `PR_SET_DUMPABLE` off (core(5), ptrace(2)). Returns what
/// the kernel refuses.
pub fn protect_memory() -> Vec<Unprotected> {
    let no_core = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let core = setrlimit(Resource::Core, no_core).map_err(Unprotected::CoreDumps);
    let debuggers =
        set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(Unprotected::Debuggers);
    [core, debuggers]
        .into_iter()
        .filter_map(Result::err)
        .collect()
}

#[cfg(test)]
mod tests {
    use rustix::process::{dumpable_behavior, getrlimit};

    use super::*;

    #[test]
    fn a_protected_process_dumps_no_core_and_takes_no_debugger() {
        assert_eq!(protect_memory(), []);
        assert_eq!(getrlimit(Resource::Core).maximum, Some(0));
        assert_eq!(dumpable_behavior(), Ok(DumpableBehavior::NotDumpable));
    }
}
