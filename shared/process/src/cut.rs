//! Texts of others in lines of the log.

use std::borrow::Cow;

/// The longest text of others that a line of the log repeats, in bytes.
const LONGEST: usize = 256;

/// The beginning of a text that others have written: what a client sends makes no line of the log
/// long.
pub fn cut(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST {
        return Cow::Borrowed(text);
    }
    let whole = |end: &usize| text.is_char_boundary(*end);
    let end = (0..=LONGEST).rev().find(whole).unwrap_or_default();
    Cow::Owned(format!("{}…", &text[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_of_others_is_cut_between_two_characters() {
        let fits = "a".repeat(LONGEST);
        assert_eq!(cut(&fits), fits);
        let long = format!("{}éé", "a".repeat(LONGEST - 1));
        assert_eq!(cut(&long), format!("{}…", "a".repeat(LONGEST - 1)));
    }
}
