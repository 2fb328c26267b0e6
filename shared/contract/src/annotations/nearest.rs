//! The known key that a misspelt one most likely means.

use super::{Suffix, TABLE};

/// The known key nearest to `short`, a key without the prefix, where one is near enough to be
/// meant: at most two edits, or a third of a shorter key.
pub fn nearest(short: &str) -> Option<&'static str> {
    TABLE
        .iter()
        .filter_map(|spec| {
            let distance = match spec.suffix {
                Suffix::None => edits(short, spec.key),
                // Only the part in front of the name can be misspelt.
                Suffix::Optional | Suffix::Required => prefix_edits(short, spec.key),
            };
            Some((distance?, spec.key))
        })
        .min_by_key(|(distance, key)| (*distance, usize::MAX - key.len()))
        .map(|(_, key)| key)
}

/// The one of `known` that is nearest to `text`, as near as [`nearest`] asks for.
pub fn nearest_of<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .filter_map(|key| Some((edits(text, key)?, key)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, key)| key)
}

/// How many edits make `key` out of a text that is meant to be it.
fn most_edits(key: &str) -> usize {
    (key.len() / 3).clamp(1, 2)
}

/// So much of a text that what is left over is one edit too many. A text is anybody's, and as long
/// as they like.
fn start<'t>(text: &'t str, key: &str) -> &'t str {
    let end = text.char_indices().nth(key.len() + most_edits(key) + 1);
    end.map_or(text, |(at, _)| &text[..at])
}

/// The smallest number of edits between `key` and the text up to any dash, or all of it; none where
/// that is too many.
fn prefix_edits(text: &str, key: &str) -> Option<usize> {
    let text = start(text, key);
    text.match_indices('-')
        .map(|(at, _)| &text[..at])
        .chain([text])
        .filter_map(|head| edits(head, key))
        .min()
}

/// Optimal string alignment distance: insertions, deletions, replacements, and swapped neighbours;
/// none where that is too many for the key.
fn edits(text: &str, key: &str) -> Option<usize> {
    let most = most_edits(key);
    let left: Vec<char> = start(text, key).chars().collect();
    let right: Vec<char> = key.chars().collect();
    if left.len().abs_diff(right.len()) > most {
        return None;
    }
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
        // What follows is made from these two rows, and never fewer.
        if let (Some(one), Some(other)) = (before_last.iter().min(), last.iter().min())
            && *one.min(other) > most
        {
            return None;
        }
    }
    Some(last[right.len()]).filter(|edits| *edits <= most)
}
