//! Title case as Go's `x/text/cases` gives it to any language, leaving the other letters as they are.
//!
//! A word goes on over letters, digits, marks and single punctuation between them (`o'neil`, `a.b`,
//! `key:value`), by a subset of the word boundaries of Unicode's Standard Annex #29.

use std::sync::LazyLock;

use regex_syntax::hir::{Class, ClassUnicode, HirKind};
use text_template::Value;
use text_template::buffer::append;
use text_template::fmt::Printed;

use super::case;
use crate::functions::bytes;
use crate::functions::regex::contains;
use crate::functions::utf8::characters;

/// The first letter of each word in title case.
pub(in crate::functions) fn title_words(argument: &Value) -> Value {
    let mut out = Printed::default();
    let mut is_in_word = false;
    let mut characters = characters(bytes(argument)).peekable();
    while let Some((c, own)) = characters.next() {
        if is_in_word || !is_cased(c) {
            append(&mut out, own);
        } else {
            push_title(c, |c| {
                append(&mut out, c.encode_utf8(&mut [0; 4]).as_bytes());
            });
        }
        is_in_word = is_cased(c) || (is_in_word && !is_break(c));
        if is_middle(c) && characters.peek().is_some_and(|(next, _)| is_middle(*next)) {
            is_in_word = false;
        }
    }
    Value::string(out)
}

/// Has it a case?
fn is_cased(c: char) -> bool {
    c.is_lowercase() || c.is_uppercase() || case::is_title(c)
}

/// Punctuation that one may stand in a word.
fn is_middle(c: char) -> bool {
    matches!(
        c,
        '\'' | '.'
            | ':'
            | '·'
            | '\u{387}'
            | '՟'
            | '״'
            | '‘'
            | '’'
            | '\u{2024}'
            | '‧'
            | '︓'
            | '﹒'
            | '﹕'
            | '＇'
            | '．'
            | '：'
    )
}

/// Ends it a word, if it has no case?
fn is_break(c: char) -> bool {
    if c.is_ascii() {
        return !(c.is_ascii_alphanumeric() || c == '_' || is_middle(c));
    }
    !(is_middle(c) || contains(&INSIDE, c))
}

/// What stands in words without a case, of Unicode 15.
static INSIDE: LazyLock<ClassUnicode> = LazyLock::new(|| {
    // Scripts that are written without spaces, whose letters are words of their own.
    const UNSPACED: &str = r"\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}\p{sc=Tai_Tham}\p{sc=Tai_Le}\p{sc=New_Tai_Lue}\p{sc=Tai_Viet}\p{sc=Tangut}\p{sc=Nushu}\p{sc=Khitan_Small_Script}\p{sc=Ahom}\x{3006}\x{3031}-\x{3035}\x{30fc}\x{ff70}";
    const SIGNS: &str = r"\x{2c2}-\x{2c5}\x{2d2}-\x{2d7}\x{2de}-\x{2df}\x{2e5}-\x{2eb}\x{2ed}\x{2ef}-\x{2ff}\x{55a}-\x{55c}\x{55e}\x{58a}\x{5f3}\x{66b}\x{202f}\x{3005}\x{303b}\x{a708}-\x{a716}\x{a720}\x{a721}\x{a789}\x{a78a}\x{ab5b}\x{16fe0}\x{16fe1}\x{16fe3}\x{1f3fb}-\x{1f3ff}";
    let letters = format!(r"[[\p{{gc=L}}\p{{gc=Nl}}]--[{UNSPACED}]]");
    let others = r"\p{gc=M}\p{gc=Nd}\p{gc=Pc}[\p{gc=Cf}--\x{200b}]";
    let class = format!(r"[[{letters}{others}{SIGNS}]&&\p{{age=15.0}}]");
    let class = regex_syntax::parse(&class).map(regex_syntax::hir::Hir::into_kind);
    match class {
        Ok(HirKind::Class(Class::Unicode(class))) => class,
        _ => ClassUnicode::empty(),
    }
});

/// Writes a letter in title case.
fn push_title(c: char, mut push: impl FnMut(char)) {
    let moved = |by: u32| char::from_u32(u32::from(c) + by).unwrap_or(c);
    let (first, second) = match c {
        _ if case::is_title(c) || matches!(c, 'ა'..='ჺ' | 'ჽ'..='ჿ') => (c, None),
        'Ǆ' | 'ǆ' => ('ǅ', None),
        'Ǉ' | 'ǉ' => ('ǈ', None),
        'Ǌ' | 'ǌ' => ('ǋ', None),
        'Ǳ' | 'ǳ' => ('ǲ', None),
        'ŉ' => ('ʼ', Some('N')),
        'ᾀ'..='ᾇ' | 'ᾐ'..='ᾗ' | 'ᾠ'..='ᾧ' => (moved(8), None),
        'ᾳ' | 'ῃ' | 'ῳ' => (moved(9), None),
        _ => {
            // Of several letters in one, such as ß, only the first becomes a capital; an iota goes
            // below it.
            let mut upper = c.to_uppercase();
            upper.next().into_iter().for_each(&mut push);
            return upper.for_each(|c| match c {
                'Ι' => push('\u{345}'),
                _ => c.to_lowercase().for_each(&mut push),
            });
        }
    };
    push(first);
    second.into_iter().for_each(push);
}
