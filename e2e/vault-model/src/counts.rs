//! How many requests there were, by operation, path and status.

use std::collections::BTreeMap;

use crate::request::Operation;

/// Numbers of requests. They grow with the paths that are asked for, not with the requests.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    by_path: BTreeMap<Operation, BTreeMap<String, u64>>,
    by_status: BTreeMap<u16, u64>,
}

impl Counts {
    pub(crate) fn add(&mut self, operation: Operation, path: &str, status: u16) {
        *self.by_status.entry(status).or_default() += 1;
        let paths = self.by_path.entry(operation).or_default();
        match paths.get_mut(path) {
            Some(count) => *count += 1,
            None => {
                paths.insert(path.to_owned(), 1);
            }
        }
    }

    pub(crate) fn of(&self, operation: Operation, prefix: &str) -> u64 {
        let Some(paths) = self.by_path.get(&operation) else {
            return 0;
        };
        paths
            .range(prefix.to_owned()..)
            .take_while(|(path, _)| path.starts_with(prefix))
            .map(|(_, count)| count)
            .sum()
    }

    pub(crate) fn of_status(&self, status: u16) -> u64 {
        self.by_status.get(&status).copied().unwrap_or_default()
    }
}
