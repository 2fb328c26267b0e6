//! Blanks around tags. What counts as one differs from rule to rule, as in the crate.

/// Blanks that the grammar skips behind a tag.
pub(super) const SKIPPED: [char; 4] = [' ', '\t', '\n', '\r'];
/// Blanks inside a line.
const IN_LINE: [char; 2] = [' ', '\t'];
const LINE_ENDS: [char; 2] = ['\n', '\r'];

/// The bytes of the blanks in front.
pub(super) fn leading(text: &str) -> usize {
    text.len() - text.trim_start_matches(SKIPPED).len()
}

/// A text without the rest of the line in front, which went with a tag that stood alone in it.
pub(super) fn without_line(text: &str) -> &str {
    let text = text.trim_start_matches(IN_LINE);
    let text_of = |end| text.strip_prefix(end);
    text_of("\r\n").or_else(|| text_of("\n")).unwrap_or(text)
}

/// A text without the blanks in its last line.
pub(super) fn before_trailing(text: &str) -> &str {
    text.trim_end_matches(IN_LINE)
}

/// The blanks in the last line of a text, where there are some.
pub(super) fn trailing_in_line(text: &str) -> Option<&str> {
    Some(&text[before_trailing(text).len()..]).filter(|blanks| !blanks.is_empty())
}

/// Whether what stands between these two has a line to itself, which then goes with it.
pub(super) fn is_alone(before: &str, behind: &str) -> bool {
    (behind.is_empty() || ends_line(behind)) && begins_line(before)
}

/// Whether what follows `before` is the first in its line.
fn begins_line(before: &str) -> bool {
    let before = before_trailing(before);
    before.is_empty() || before.ends_with(LINE_ENDS)
}

/// Whether `behind` has nothing more in its first line, and a line behind it.
fn ends_line(behind: &str) -> bool {
    behind.trim_start_matches(IN_LINE).starts_with(LINE_ENDS)
}
