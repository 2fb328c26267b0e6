//! Maps that are looked into by name, and whose order nobody sees.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::sync::Arc;

/// Without the random seed that maps have elsewhere: the same requests take the same steps.
pub(crate) type ByName<T> = HashMap<Arc<str>, T, BuildHasherDefault<DefaultHasher>>;

/// The entries in the order of their names.
pub(crate) fn sorted<T>(map: &ByName<T>) -> Vec<(&Arc<str>, &T)> {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_unstable_by_key(|(name, _)| *name);
    entries
}
