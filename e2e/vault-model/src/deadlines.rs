//! When what ends, so that nobody has to look through everything at each request.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

/// Names by the time of their end, and at the same time in the order they came.
#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    ends: BTreeMap<Deadline, Arc<str>>,
    serial: u64,
}

/// One entry. Two are told apart without a look at their names, which lie elsewhere in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Deadline {
    pub(crate) at: Timestamp,
    serial: u64,
}

impl Deadlines {
    pub(crate) fn add(&mut self, at: Timestamp, name: &Arc<str>) -> Deadline {
        self.serial += 1;
        let deadline = Deadline {
            at,
            serial: self.serial,
        };
        self.ends.insert(deadline, Arc::clone(name));
        deadline
    }

    pub(crate) fn remove(&mut self, deadline: Deadline) {
        self.ends.remove(&deadline);
    }

    /// Moves an end to another time.
    pub(crate) fn postpone(&mut self, deadline: &mut Deadline, at: Timestamp) {
        if let Some(name) = self.ends.remove(deadline) {
            *deadline = self.add(at, &name);
        }
    }

    /// The next name whose time has come. The caller must end it.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Option<Arc<str>> {
        let first = self.ends.first_entry()?;
        (first.key().at <= now).then(|| first.remove())
    }
}
