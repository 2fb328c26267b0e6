//! When what ends, so that nobody has to look through everything at each request.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

/// Names by the time of their end.
#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    ends: BTreeSet<(Timestamp, Arc<str>)>,
}

impl Deadlines {
    pub(crate) fn add(&mut self, at: Timestamp, name: &Arc<str>) {
        self.ends.insert((at, Arc::clone(name)));
    }

    pub(crate) fn remove(&mut self, at: Timestamp, name: &Arc<str>) {
        self.ends.remove(&(at, Arc::clone(name)));
    }

    /// The next name whose time has come. Whoever takes it must end it.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Option<Arc<str>> {
        if self.ends.first()?.0 > now {
            return None;
        }
        self.ends.pop_first().map(|(_, name)| name)
    }
}
