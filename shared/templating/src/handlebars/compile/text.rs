//! What stands between tags.

use std::borrow::Cow;

/// The text from `from` to the next `opening` of a tag: where it ends, and what it says without the
/// backslashes that keep braces from being a tag.
pub(super) fn until<'s>(source: &'s str, from: usize, opening: &str) -> (usize, Cow<'s, str>) {
    let (mut kept, mut copied) = (String::new(), from);
    let mut at = from;
    let end = loop {
        let Some(found) = source[at..].find("{{") else {
            break source.len();
        };
        let found = at + found;
        let backslashes = source[at..found].bytes().rev();
        let backslashes = backslashes.take_while(|byte| *byte == b'\\').count();
        if backslashes > 0 {
            // One keeps the braces; of several one goes.
            let first = found - backslashes;
            kept.push_str(&source[copied..first]);
            copied = first + 1;
        }
        if backslashes == 1 {
            at = found + 2;
            if source[at..].starts_with("{{") {
                at += 2;
            }
        } else if source[found..].starts_with(opening) {
            break found;
        } else {
            at = found + 1;
        }
    };
    if copied == from {
        return (end, Cow::Borrowed(&source[from..end]));
    }
    kept.push_str(&source[copied..end]);
    (end, Cow::Owned(kept))
}
