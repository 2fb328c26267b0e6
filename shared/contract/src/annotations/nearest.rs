//! The key that an unknown one most likely means.

use super::{AnnotationSpec, Counterpart, Suffix, TABLE, foreign};

/// What an unknown key is meant to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meant {
    /// This one, which is without the `-NAME` that it needs.
    WithName(&'static AnnotationSpec),
    /// A key without the prefix, with the name that was written.
    Key(String),
    /// There is no such key; what to do instead.
    Instead(&'static str),
}

impl From<Counterpart> for Meant {
    fn from(counterpart: Counterpart) -> Self {
        match counterpart {
            Counterpart::Key(key) => Self::Key(key),
            Counterpart::Instead(text) => Self::Instead(text),
        }
    }
}

/// What `short`, an unknown key without the prefix, is meant to be: a known one without its name,
/// one that others call so, or the nearest.
pub fn meant(short: &str) -> Option<Meant> {
    let bare = short.trim_end_matches('-');
    let unnamed = TABLE
        .iter()
        .find(|spec| spec.suffix == Suffix::Required && spec.key == bare);
    if let Some(spec) = unnamed {
        return Some(Meant::WithName(spec));
    }
    let theirs = foreign::find(short);
    // With a name behind it, a key of another's may be a misspelt one of ours.
    let ours = || nearest(short).map(Meant::Key);
    match theirs {
        Some((true, counterpart)) => Some(counterpart.into()),
        Some((false, counterpart)) => ours().or(Some(counterpart.into())),
        None => ours(),
    }
}

/// The known key nearest to `short`, a key without the prefix, where one is near enough to be
/// meant: at most two edits, or a third of a shorter key. It has the name that was written.
pub fn nearest(short: &str) -> Option<String> {
    TABLE
        .iter()
        .filter_map(|spec| {
            let (distance, end) = match spec.suffix {
                Suffix::None => (edits(short, spec.key)?, short.len()),
                // Only the part in front of the name can be misspelt.
                Suffix::Optional | Suffix::Required => prefix_edits(short, spec.key)?,
            };
            Some((distance, *spec, end))
        })
        .min_by_key(|(distance, spec, _)| (*distance, usize::MAX - spec.key.len()))
        .map(|(_, spec, end)| spec.written_for(short[end..].trim_matches('-')))
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

/// The smallest number of edits between `key` and the text up to any dash, or all of it, and where
/// that ends; none where that is too many.
fn prefix_edits(text: &str, key: &str) -> Option<(usize, usize)> {
    let start = start(text, key);
    start
        .match_indices('-')
        .map(|(at, _)| at)
        .chain([start.len()])
        .filter_map(|end| Some((edits(&start[..end], key)?, end)))
        .min_by_key(|(distance, _)| *distance)
}

/// Two texts without the beginning and the end that they share: no edit is needed there.
fn differing<'t>(left: &'t str, right: &'t str) -> (&'t str, &'t str) {
    let same = |(left, right): &(char, char)| left == right;
    let shared = |(character, _): (char, char)| character.len_utf8();
    let start: usize = left
        .chars()
        .zip(right.chars())
        .take_while(same)
        .map(shared)
        .sum();
    let (left, right) = (&left[start..], &right[start..]);
    let ends = left.chars().rev().zip(right.chars().rev());
    let end: usize = ends.take_while(same).map(shared).sum();
    (&left[..left.len() - end], &right[..right.len() - end])
}

/// Optimal string alignment distance: insertions, deletions, replacements, and swapped neighbours;
/// none where that is too many for the key.
fn edits(text: &str, key: &str) -> Option<usize> {
    let most = most_edits(key);
    let (left, right) = differing(start(text, key), key);
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    if left.len().abs_diff(right.len()) > most {
        return None;
    }
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for i in 1..=left.len() {
        let mut row = Vec::with_capacity(right.len() + 1);
        row.push(i);
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
