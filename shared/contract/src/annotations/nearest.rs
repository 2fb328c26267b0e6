//! The known key that a misspelt one most likely means.

use super::{Suffix, TABLE};

/// The known key nearest to `short`, a key without the prefix, where one is near enough to be
/// meant: at most two edits, or a third of a shorter key.
pub fn nearest(short: &str) -> Option<&'static str> {
    TABLE
        .iter()
        .map(|spec| {
            let distance = match spec.suffix {
                Suffix::None => edits(short, spec.key),
                // Only the part in front of the name can be misspelt.
                Suffix::Optional | Suffix::Required => prefix_edits(short, spec.key),
            };
            (distance, spec.key)
        })
        .filter(|(distance, key)| *distance <= (key.len() / 3).clamp(1, 2))
        .min_by_key(|(distance, key)| (*distance, usize::MAX - key.len()))
        .map(|(_, key)| key)
}

/// The one of `known` that is nearest to `text`, as near as [`nearest`] asks for.
pub fn nearest_of<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|key| (edits(text, key), key))
        .filter(|(distance, key)| *distance <= (key.len() / 3).clamp(1, 2))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, key)| key)
}

/// The smallest number of edits between `key` and the text up to any dash, or all of it.
fn prefix_edits(text: &str, key: &str) -> usize {
    text.match_indices('-')
        .map(|(at, _)| &text[..at])
        .chain([text])
        .map(|head| edits(head, key))
        .min()
        .unwrap_or(usize::MAX)
}

/// Optimal string alignment distance: insertions, deletions, replacements, and swapped neighbours.
fn edits(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for i in 1..=left.len() {
        let mut row = vec![i];
        for j in 1..=right.len() {
            let same = left[i - 1] == right[j - 1];
            let mut best = (last[j] + 1)
                .min(row[j - 1] + 1)
                .min(last[j - 1] + usize::from(!same));
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                best = best.min(before_last[j - 2] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[right.len()]
}
