//! What others wrote, made fit for a log or a terminal: without what was sent to them, without
//! characters that do something there, and not longer than anybody reads.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::fmt::Write as _;

use zeroize::Zeroizing;

/// A shorter text is part of too many words, and is taken out where it is a word of its own.
const SHORTEST_PART: usize = 4;

const REDACTED: &str = "[REDACTED]";

/// The text with control characters, and with those that turn the direction of text or cannot be
/// seen, as escapes (`\u{1b}`, `\u{202e}`). Line feeds and tabs stay.
///
/// ```
/// assert_eq!(vault_wire::visible("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
/// ```
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if acts(letter) {
            write!(shown, "{}", letter.escape_default()).expect("writing to a String must succeed");
        } else {
            shown.push(letter);
        }
    }
    Cow::Owned(shown)
}

/// See Unicode Technical Report 36, "Bidirectional text spoofing", and the property
/// `Default_Ignorable_Code_Point`.
fn acts(letter: char) -> bool {
    match letter {
        '\n' | '\t' => false,
        '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => true,
        letter => letter.is_control(),
    }
}

/// The text without these values, as they are, without the blanks around them, or as a text of JSON
/// writes them.
///
/// ```
/// assert_eq!(vault_wire::redacted("user s3cret", ["s3cret"]), "user [REDACTED]");
/// ```
#[expect(clippy::missing_panics_doc, reason = "a text is always JSON")]
pub fn redacted<'a>(text: &str, values: impl IntoIterator<Item = &'a str>) -> String {
    let mut forms: Vec<Zeroizing<String>> = Vec::new();
    for value in values {
        let quoted = serde_json::to_string(value).expect("a text must serialise");
        let quoted = Zeroizing::new(quoted);
        let escaped = quoted.trim_matches('"');
        forms.extend([value, value.trim(), escaped].map(|form| Zeroizing::new(form.to_owned())));
    }
    // A value may be part of a longer one.
    forms.sort_unstable_by_key(|form| Reverse(form.len()));
    let text = text.to_owned();
    forms.iter().fold(text, |text, form| without(&text, form))
}

fn without(text: &str, value: &str) -> String {
    let is_part = value.len() >= SHORTEST_PART;
    let continues = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    let mut rest = 0;
    let mut left = String::with_capacity(text.len());
    for (at, _) in text.match_indices(value).filter(|_| !value.is_empty()) {
        let end = at + value.len();
        let is_word =
            !continues(text[..at].chars().next_back()) && !continues(text[end..].chars().next());
        if is_part || is_word {
            left.push_str(&text[rest..at]);
            left.push_str(REDACTED);
            rest = end;
        }
    }
    left.push_str(&text[rest..]);
    left
}

/// The first `longest` bytes of a longer text, with the number of bytes that are missing.
///
/// ```
/// assert_eq!(vault_wire::shortened("0123456789".into(), 4), "0123… (6 more bytes)");
/// ```
pub fn shortened(mut text: String, longest: usize) -> String {
    if text.len() > longest {
        let mut ends = (0..=longest).rev();
        let end = ends.find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        let left_out = text.len() - end;
        text.truncate(end);
        // Writing to a String does not fail.
        let _ = write!(text, "… ({left_out} more bytes)");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_shown_as_an_escape() {
        for (text, shown) in [
            (
                "* permission denied\n\t* é, ü, 日本",
                "* permission denied\n\t* é, ü, 日本",
            ),
            ("\u{1b}[2J\r\u{7}\u{0}", r"\u{1b}[2J\r\u{7}\u{0}"),
            (
                "a\u{202e}b\u{2066}c\u{200b}d",
                r"a\u{202e}b\u{2066}c\u{200b}d",
            ),
            ("\u{9b}31m\u{7f}\u{2028}", r"\u{9b}31m\u{7f}\u{2028}"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }

    #[test]
    fn values_go_in_every_form_and_short_ones_as_words_alone() {
        for (text, values, left) in [
            ("bad eyJ.x.y!", &["eyJ.x.y"][..], "bad [REDACTED]!"),
            ("bad eyJ.x.y", &["eyJ.x.y\n"], "bad [REDACTED]"),
            (r#"got "a\"bc\n1""#, &["a\"bc\n1"], r#"got "[REDACTED]""#),
            (
                "longpass or pass",
                &["pass", "longpass"],
                "[REDACTED] or [REDACTED]",
            ),
            ("a pa=a, bad", &["a"], "[REDACTED] pa=[REDACTED], bad"),
            ("nothing", &["", " "], "nothing"),
            ("é1é", &["1"], "é1é"),
        ] {
            assert_eq!(redacted(text, values.iter().copied()), left);
        }
    }

    #[test]
    fn a_text_ends_between_two_letters() {
        assert_eq!(shortened("ééé".into(), 6), "ééé");
        assert_eq!(shortened("ééé".into(), 5), "éé… (2 more bytes)");
    }
}
