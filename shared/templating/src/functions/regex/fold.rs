//! Characters that differ in their case only, one for one.

/// More than two characters that differ in their case only, and pairs that case mapping does not give.
const FOLDED: &[&str] = &[
    "Kk\u{212a}",
    "Ssſ",
    "Åå\u{212b}",
    "Ωω\u{2126}",
    "Μμµ",
    "Σσς",
    "Ββϐ",
    "Εεϵ",
    "Θθϑϴ",
    "Κκϰ",
    "Ππϖ",
    "Ρρϱ",
    "Φφϕ",
    "Ιι\u{345}\u{1fbe}",
    "Ǆǅǆ",
    "Ǉǈǉ",
    "Ǌǋǌ",
    "Ǳǲǳ",
    "Ṡṡẛ",
    "ßẞ",
];

/// The characters that differ from one in their case only.
pub(super) fn others(c: char) -> impl Iterator<Item = char> {
    let found = match FOLDED.iter().find(|orbit| orbit.contains(c)) {
        Some(orbit) => orbit.chars().map(Some).collect(),
        None => vec![
            single(c.to_lowercase()).filter(|l| single(l.to_uppercase()) == Some(c)),
            single(c.to_uppercase()).filter(|u| single(u.to_lowercase()) == Some(c)),
        ],
    };
    found.into_iter().flatten()
}

/// What is one character, not several.
fn single(mut characters: impl Iterator<Item = char>) -> Option<char> {
    let first = characters.next();
    first.filter(|_| characters.next().is_none())
}
