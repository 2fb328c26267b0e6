//! The key that an unknown one most likely means.

use super::{AnnotationSpec, Counterpart, Suffix, TABLE, foreign};

/// Longer texts are not compared: nobody misspells one, and anybody may write many of them.
const LONGEST: usize = 256;

/// The most edits that any key allows.
const MOST_EDITS: usize = 2;

/// The places of a row that so many edits can reach.
const BAND: usize = 2 * MOST_EDITS + 1;

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

/// The one of `known` that is nearest to `text`, as near as [`nearest`] asks for; none if either is
/// longer than 256 bytes.
pub fn nearest_of<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if text.len() > LONGEST {
        return None;
    }
    known
        .into_iter()
        .filter(|key| key.len() <= LONGEST)
        .filter_map(|key| Some((edits(text, key)?, key)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, key)| key)
}

/// How many edits make `key` out of a text that is meant to be it.
fn most_edits(key: &str) -> usize {
    (key.len() / 3).clamp(1, MOST_EDITS)
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
    // Each row holds only the places next to the diagonal: all others are too many edits away.
    let too_many = MOST_EDITS + 1;
    let mut before_last = [too_many; BAND];
    let mut last = [too_many; BAND];
    for (place, edits) in last[MOST_EDITS..].iter_mut().enumerate() {
        *edits = place;
    }
    for i in 1..=left.len() {
        let mut row = [too_many; BAND];
        for at in 0..BAND {
            let Some(j) = (i + at).checked_sub(MOST_EDITS) else {
                continue;
            };
            if j > right.len() {
                break;
            }
            if j == 0 {
                row[at] = i;
                continue;
            }
            let mut best = last[at] + usize::from(left[i - 1] != right[j - 1]);
            if let Some(above) = last.get(at + 1) {
                best = best.min(above + 1);
            }
            if at > 0 {
                best = best.min(row[at - 1] + 1);
            }
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                best = best.min(before_last[at] + 1);
            }
            row[at] = best;
        }
        before_last = std::mem::replace(&mut last, row);
        // What follows is made from these two rows, and never fewer.
        if before_last.iter().chain(&last).all(|edits| *edits > most) {
            return None;
        }
    }
    let end = right.len() + MOST_EDITS - left.len();
    Some(last[end]).filter(|edits| *edits <= most)
}
