//! What the platform tells a pod.

use std::collections::BTreeMap;

/// The environment variables that a login may use: some clouds put there where a pod's credentials
/// are, or the credentials themselves.
///
/// A process that logs in for others passes an empty map, or it would lend them its own identity.
pub trait Variables {
    /// The value of this variable, if it is set.
    fn get(&self, name: &str) -> Option<&str>;
}

impl Variables for BTreeMap<String, String> {
    fn get(&self, name: &str) -> Option<&str> {
        BTreeMap::get(self, name).map(String::as_str)
    }
}
