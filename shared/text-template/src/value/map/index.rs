//! Finding a string key among many without looking at each key's own memory.
//!
//! Beside sorted entries stand eight bytes of each key, from where the keys begin to differ, as
//! numbers in the same order. A search goes through these, and looks at keys only where they agree.

use std::ops::Range;

use super::Value;

/// Fewer entries are searched as quickly without an index.
const FEWEST: usize = 16;

/// Eight bytes of each key of a sorted map.
#[derive(Clone)]
pub(super) struct Index {
    /// What all keys begin with, by its length.
    common: usize,
    heads: Box<[u64]>,
}

impl Index {
    /// The index of sorted entries; `None` where it would not help or a key is no string.
    pub(super) fn of(entries: &[(Value, Value)]) -> Option<Self> {
        if entries.len() < FEWEST {
            return None;
        }
        // Of sorted keys the first and the last have in common what all have.
        let (first, last) = (key(entries.first()?)?, key(entries.last()?)?);
        let common = first.iter().zip(last).take_while(|(a, b)| a == b).count();
        let heads: Option<Box<[u64]>> = entries
            .iter()
            .map(|entry| Some(head(key(entry)?.get(common..)?)))
            .collect();
        Some(Self {
            common,
            heads: heads?,
        })
    }

    /// Where in `entries` the key can be, if it is there.
    pub(super) fn range(&self, entries: &[(Value, Value)], wanted: &[u8]) -> Range<usize> {
        let first = entries.first().and_then(key).unwrap_or_default();
        if !wanted.starts_with(&first[..self.common]) {
            return 0..0;
        }
        let head = head(&wanted[self.common..]);
        let start = self.heads.partition_point(|other| *other < head);
        let agreeing = self.heads[start..].partition_point(|other| *other == head);
        start..start + agreeing
    }
}

fn key(entry: &(Value, Value)) -> Option<&[u8]> {
    match &entry.0 {
        Value::String(text) => Some(text.as_bytes()),
        _ => None,
    }
}

/// The first eight bytes as a number; a shorter key is filled up with zeros.
fn head(bytes: &[u8]) -> u64 {
    let mut head = [0; 8];
    let length = bytes.len().min(8);
    head[..length].copy_from_slice(&bytes[..length]);
    u64::from_be_bytes(head)
}

#[cfg(test)]
mod tests {
    use crate::value::{Map, Value};

    fn mk_map(keys: &[String]) -> Map {
        let entry = |(index, key): (usize, &String)| (Value::from(&**key), Value::count(index));
        Map::of_any(keys.iter().enumerate().map(entry).collect())
    }

    #[test]
    fn every_key_of_a_large_map_is_found_and_no_other() {
        let shapes: [&dyn Fn(usize) -> String; 4] = [
            &|n| format!("key{n}"),
            &|n| format!("DATABASE_OF_THE_APPLICATION_{n}"),
            &|n| format!("{}_the_same_eight_bytes_{n}", n % 3),
            &|n| "\0".repeat(n),
        ];
        for shape in shapes {
            let keys: Vec<String> = (0..300).map(shape).collect();
            let map = mk_map(&keys);
            for (index, key) in keys.iter().enumerate() {
                let found = map.get_str(key);
                assert!(
                    matches!(found, Some(Value::Int(_, n)) if n == i64::try_from(index).unwrap()),
                    "{key:?}"
                );
                let other = format!("{key}!");
                assert!(keys.contains(&other) || map.get_str(&other).is_none());
            }
            assert!(map.get_str("zzz").is_none() && map.get_str("A").is_none());
        }
    }

    #[test]
    fn keys_of_several_kinds_are_found_too() {
        let mut entries: Vec<_> = (0..50).map(|n| (Value::int(n), Value::int(n))).collect();
        entries.push((Value::from("text"), Value::from(true)));
        let map = Map::new(&crate::Type::Any, &crate::Type::Any, entries);
        assert!(map.get_str("text").is_some());
        assert!(map.get(&Value::int(49)).is_some());
    }
}
