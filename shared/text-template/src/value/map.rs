//! `map[K]V`, always in the order in which Go prints and ranges it.

mod index;

use std::cmp::Ordering;
use std::fmt;
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::{Type, Value};
use index::Index;

/// A shared map with the static types of its keys and elements.
///
/// One from a secret is fixed. One that a template made may be changed in place, and every variable
/// that holds it sees the change, as in Go.
#[derive(Clone)]
pub struct Map {
    key: &'static Type,
    element: &'static Type,
    store: Store,
}

#[derive(Clone)]
enum Store {
    Nil,
    Fixed(Arc<Entries>),
    Open(Arc<RwLock<Arc<Entries>>>),
}

/// Entries in key order; with an index where they are many and stay as they are.
#[derive(Clone, Default)]
struct Entries(Vec<(Value, Value)>, Option<Index>);

impl Entries {
    /// The same, for many look-ups. They must not change any more.
    fn indexed(mut self) -> Self {
        self.1 = Index::of(&self.0);
        self
    }

    /// The element of a string key.
    fn find_str(&self, key: &str) -> Option<&Value> {
        let entries = match &self.1 {
            Some(index) => &self.0[index.range(&self.0, key.as_bytes())],
            None => &self.0[..],
        };
        let index = search(entries, |entry| compare_to_str(entry, key))?;
        Some(&entries[index].1)
    }
}

impl Drop for Entries {
    fn drop(&mut self) {
        drop_deep(self.0.drain(..).map(|(_, value)| value));
    }
}

/// Why a map cannot be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    /// It is shared with others, who must not see a change.
    #[error("the map cannot be changed")]
    Fixed,
    /// It is nil, and nothing can be set in it.
    #[error("assignment to entry in nil map")]
    Nil,
    /// It has as many entries as a template may set one by one.
    #[error("the map has more than {MOST_SET} entries")]
    Full,
}

/// A template that sets more entries than this one by one is a mistake, and slow.
const MOST_SET: usize = 10_000;

impl Map {
    /// A fixed map. Of equal keys the last counts.
    pub fn new(key: &'static Type, element: &'static Type, entries: Vec<(Value, Value)>) -> Self {
        Self {
            key,
            element,
            store: Store::Fixed(Arc::new(sorted(entries).indexed())),
        }
    }

    /// A fixed `map[string]interface {}`.
    pub fn of_any(entries: Vec<(Value, Value)>) -> Self {
        Self::new(&Type::String, &Type::Any, entries)
    }

    /// A map that may be changed.
    pub fn open(key: &'static Type, element: &'static Type, entries: Vec<(Value, Value)>) -> Self {
        let entries = Arc::new(sorted(entries));
        Self {
            key,
            element,
            store: Store::Open(Arc::new(RwLock::new(entries))),
        }
    }

    /// A map that may be changed, with the types of another.
    pub fn open_like(other: &Self, entries: Vec<(Value, Value)>) -> Self {
        Self::open(other.key, other.element, entries)
    }

    /// The nil map of a type.
    pub fn nil(key: &'static Type, element: &'static Type) -> Self {
        Self {
            key,
            element,
            store: Store::Nil,
        }
    }

    /// `map[K]V`.
    pub fn type_of(&self) -> Type {
        Type::Map(self.key, self.element)
    }

    /// The static type of the keys.
    pub fn key_type(&self) -> Type {
        *self.key
    }

    /// The static type of the elements.
    pub fn element_type(&self) -> Type {
        *self.element
    }

    /// The nil map?
    pub fn is_nil(&self) -> bool {
        matches!(self.store, Store::Nil)
    }

    /// May a template change it?
    pub fn is_open(&self) -> bool {
        matches!(self.store, Store::Open(_))
    }

    /// How many entries.
    pub fn len(&self) -> usize {
        self.with_entries(|entries| entries.0.len())
    }

    /// No entries?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries as they are now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(match &self.store {
            Store::Nil => None,
            Store::Fixed(entries) => Some(Arc::clone(entries)),
            Store::Open(cell) => Some(Arc::clone(&reading(cell))),
        })
    }

    /// Looks at the entries as they are now, without owning them.
    fn with_entries<T: Default>(&self, look: impl FnOnce(&Entries) -> T) -> T {
        match &self.store {
            Store::Nil => T::default(),
            Store::Fixed(entries) => look(entries),
            Store::Open(cell) => look(&reading(cell)),
        }
    }

    /// The element of a string key in a map that cannot change.
    pub(crate) fn fixed_str(&self, key: &str) -> Option<&Value> {
        let Store::Fixed(entries) = &self.store else {
            return None;
        };
        entries.find_str(key)
    }

    /// The element of a key.
    pub fn get(&self, key: &Value) -> Option<Value> {
        self.with_entries(|entries| {
            let index = search(&entries.0, |entry| compare_keys(entry, key))?;
            Some(entries.0[index].1.clone())
        })
    }

    /// The element of a string key.
    pub fn get_str(&self, key: &str) -> Option<Value> {
        self.with_entries(|entries| entries.find_str(key).cloned())
    }

    /// Sets an entry of an open map; `None` removes it.
    pub fn set(&self, key: Value, value: Option<Value>) -> Result<(), MapError> {
        let cell = match &self.store {
            Store::Open(cell) => cell,
            Store::Fixed(_) => return Err(MapError::Fixed),
            Store::Nil if value.is_none() => return Ok(()),
            Store::Nil => return Err(MapError::Nil),
        };
        let mut shared = writing(cell);
        let entries = &mut Arc::make_mut(&mut shared).0;
        let place = entries.binary_search_by(|(entry, _)| compare_keys(entry, &key));
        if place.is_err() && value.is_some() && entries.len() >= MOST_SET {
            return Err(MapError::Full);
        }
        let _replaced = match (place, value) {
            (Ok(index), Some(value)) => Some(std::mem::replace(&mut entries[index].1, value)),
            (Err(index), Some(value)) => {
                entries.insert(index, (key, value));
                None
            }
            (Ok(index), None) => Some(entries.remove(index).1),
            (Err(_), None) => None,
        };
        drop(shared);
        Ok(())
    }

    fn into_unshared(self) -> Option<Vec<Value>> {
        let mut entries = match self.store {
            Store::Nil => return None,
            Store::Fixed(entries) => Arc::into_inner(entries)?,
            Store::Open(cell) => {
                let shared = Arc::into_inner(cell)?;
                Arc::into_inner(shared.into_inner().expect("the lock must not be poisoned"))?
            }
        };
        Some(
            std::mem::take(&mut entries.0)
                .into_iter()
                .map(|(_, value)| value)
                .collect(),
        )
    }
}

fn reading<T>(cell: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    cell.read().expect("the lock must not be poisoned")
}

fn writing<T>(cell: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    cell.write().expect("the lock must not be poisoned")
}

/// A map's entries at one moment. Later changes of the map do not show.
pub struct Snapshot(Option<Arc<Entries>>);

impl Snapshot {
    /// Keys and elements in key order.
    pub fn entries(&self) -> &[(Value, Value)] {
        self.0.as_ref().map_or(&[], |entries| &entries.0)
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.type_of())
    }
}

fn sorted(mut entries: Vec<(Value, Value)>) -> Entries {
    // Stable, so that the last of equal keys is the last of its run.
    entries.sort_by(|(a, _), (b, _)| compare_keys(a, b));
    let mut unique: Vec<(Value, Value)> = Vec::with_capacity(entries.len());
    for entry in entries {
        match unique.last_mut() {
            Some(last) if compare_keys(&last.0, &entry.0).is_eq() => *last = entry,
            _ => unique.push(entry),
        }
    }
    Entries(unique, None)
}

fn search(entries: &[(Value, Value)], order: impl Fn(&Value) -> Ordering) -> Option<usize> {
    entries.binary_search_by(|(key, _)| order(key)).ok()
}

fn compare_to_str(entry: &Value, key: &str) -> Ordering {
    match entry {
        Value::String(text) => text.as_bytes().cmp(key.as_bytes()),
        other => rank(other).cmp(&STRING_RANK),
    }
}

const STRING_RANK: u8 = 6;

/// Keys of different kinds in one map (YAML has them) go by kind.
fn rank(value: &Value) -> u8 {
    match value {
        Value::Nil => 0,
        Value::Bool(_) => 1,
        Value::Int(..) => 2,
        Value::Uint(..) => 3,
        Value::Float(_) => 4,
        Value::Complex(..) => 5,
        Value::String(_) => STRING_RANK,
        _ => 7,
    }
}

fn compare_keys(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Int(_, a), Value::Int(_, b)) => a.cmp(b),
        (Value::Uint(_, a), Value::Uint(_, b)) => a.cmp(b),
        (Value::Float(a), Value::Float(b)) => a.total_cmp(b),
        (Value::Complex(a, x), Value::Complex(b, y)) => a.total_cmp(b).then(x.total_cmp(y)),
        (Value::String(a), Value::String(b)) | (Value::Number(a), Value::Number(b)) => a.cmp(b),
        _ => rank(a).cmp(&rank(b)),
    }
}

/// Drops values without recursion: a template may nest lists and maps as deep as it has steps, and
/// the stack must not be what ends it.
pub(super) fn drop_deep(values: impl Iterator<Item = Value>) {
    let mut waiting: Vec<Value> = Vec::new();
    // Most values own nothing that nests; they go at once and the worklist stays empty.
    let sort_out = |value: Value, waiting: &mut Vec<Value>| {
        if matches!(value, Value::List(_) | Value::Map(_)) {
            waiting.push(value);
        }
    };
    values.for_each(|value| sort_out(value, &mut waiting));
    while let Some(value) = waiting.pop() {
        let children = match value {
            Value::List(list) => list.into_unshared(),
            Value::Map(map) => map.into_unshared(),
            _ => None,
        };
        children
            .into_iter()
            .flatten()
            .for_each(|value| sort_out(value, &mut waiting));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_in_key_order_and_the_last_of_equals_counts() {
        let entry = |key: &str, value| (Value::from(key), Value::int(value));
        let map = Map::of_any(vec![
            entry("b", 1),
            entry("a", 2),
            entry("b", 3),
            entry("_", 4),
        ]);
        let snapshot = map.snapshot();
        let keys: Vec<_> = snapshot
            .entries()
            .iter()
            .map(|(key, _)| key.as_text().cloned())
            .collect();
        assert_eq!(keys, ["_", "a", "b"].map(|key| Some(key.into())));
        assert!(matches!(map.get_str("b"), Some(Value::Int(_, 3))));
        assert!(map.get_str("c").is_none());
    }

    #[test]
    fn an_open_map_changes_for_all_that_hold_it_but_not_for_a_snapshot() {
        let map = Map::open(&Type::String, &Type::Any, Vec::new());
        let (other, before) = (map.clone(), map.snapshot());
        map.set("k".into(), Some(true.into())).unwrap();
        assert!(other.get_str("k").is_some());
        assert!(before.entries().is_empty());
        map.set("k".into(), None).unwrap();
        assert!(other.is_empty());
    }

    #[test]
    fn a_map_takes_so_many_entries_and_no_more() {
        let map = Map::open(&Type::INT, &Type::Any, Vec::new());
        for key in 0..10_000 {
            map.set(Value::int(key), Some(Value::Nil)).unwrap();
        }
        assert_eq!(
            map.set(Value::int(-1), Some(Value::Nil)),
            Err(MapError::Full)
        );
        assert_eq!(map.set(Value::int(5), Some(true.into())), Ok(()));
    }

    #[test]
    fn the_map_of_a_secret_is_fixed() {
        assert_eq!(
            Map::of_any(Vec::new()).set("k".into(), None),
            Err(MapError::Fixed)
        );
    }
}
