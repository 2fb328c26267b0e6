//! Where tags begin and end, without a look at what they say.

use super::blank::{self, SKIPPED};
use super::place;
use crate::handlebars::check::Fault;

/// Blocks, branches and brackets inside each other.
pub(super) const MAX_NESTING: usize = 50;

/// A tag as it stands in the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tag<'s> {
    pub(super) kind: Kind<'s>,
    pub(super) source: &'s str,
    pub(super) start: usize,
    /// From its first brace to its last.
    pub(super) text: &'s str,
    /// Whether nothing but blanks is in its line.
    pub(super) alone: bool,
}

/// What a tag is by its first sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind<'s> {
    /// The text of a comment.
    Comment(&'s str),
    /// A value or a call, escaped or not.
    Expression,
    /// `{{> …}}`
    Partial,
    /// `{{* …}}`
    Decorator,
    /// `{{# …}}`
    Helper,
    /// `{{#> …}}`
    PartialBlock,
    /// `{{#* …}}`
    DecoratorBlock,
    /// `{{{{ … }}}}`
    Raw,
    /// `{{else …}}` or `{{^}}`
    Else,
    /// `{{/ …}}`
    End,
}

impl<'s> Tag<'s> {
    fn new(kind: Kind<'s>, source: &'s str, start: usize, end: usize) -> Self {
        Self {
            kind,
            source,
            start,
            text: &source[start..end],
            alone: blank::is_alone(&source[..start], &source[end..]),
        }
    }

    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether it takes away the blanks in front (`{{~`).
    pub(super) fn omits_before(&self) -> bool {
        let inside = self.text.trim_start_matches('{');
        inside.trim_start_matches(SKIPPED).starts_with('~')
    }

    /// Whether it takes away the blanks behind (`~}}`).
    pub(super) fn omits_after(&self) -> bool {
        let inside = self.text.trim_end_matches('}');
        inside.trim_end_matches(SKIPPED).ends_with('~')
    }

    /// The blanks in its line that it hands on to what it includes.
    pub(super) fn indent(&self) -> Option<&'s str> {
        let before = &self.source[..self.start];
        blank::trailing_in_line(before).filter(|_| !self.omits_before())
    }

    /// What follows the opening braces, blanks and `~`.
    pub(super) fn inside(&self) -> &'s str {
        let braces = self.closing().len();
        inside(&self.text[braces..])
    }

    /// The closing braces.
    pub(super) fn closing(&self) -> &'static str {
        if self.text.starts_with("{{{{") {
            "}}}}"
        } else {
            "}}"
        }
    }

    /// The name of the helper that it opens a block of.
    pub(super) fn name(&self) -> &'s str {
        let name = self.inside();
        let name = name.strip_prefix('#').unwrap_or(name);
        let name = name.trim_start_matches(SKIPPED);
        let end = name.find(|sign| !super::tag::is_symbol(sign));
        &name[..end.unwrap_or(name.len())]
    }
}

/// A text without blanks and `~` in front.
fn inside(text: &str) -> &str {
    let text = text.trim_start_matches(SKIPPED);
    let text = text.strip_prefix('~').unwrap_or(text);
    text.trim_start_matches(SKIPPED)
}

/// Cuts a text into tags.
pub(super) struct Scanner<'s> {
    source: &'s str,
    /// Where the last `--}}` stands: from there on, a comment ends at its first `}}`.
    last_comment_end: Option<usize>,
}

impl<'s> Scanner<'s> {
    pub(super) fn new(source: &'s str) -> Self {
        Self {
            source,
            last_comment_end: source.rfind("--}}"),
        }
    }

    /// What may be the tag that begins at `start`, the likeliest first.
    pub(super) fn cuts(&self, start: usize) -> impl Iterator<Item = Tag<'s>> + use<'s> {
        let source = self.source;
        let kind = kind(&source[start..]);
        let comment = match kind {
            Kind::Comment(_) => self.comment(start),
            _ => None,
        };
        let comment = comment.map(|(end, text)| Tag::new(Kind::Comment(text), source, start, end));
        // In brackets may be a path, in which quotes are as good as any other sign, or a list of
        // texts. The crate knows which.
        let ways = match kind {
            Kind::Comment(_) => &[][..],
            _ => &[true, false],
        };
        let ends = ways
            .iter()
            .filter_map(move |plain| end(source, start, kind, *plain));
        comment
            .into_iter()
            .chain(ends.map(move |end| Tag::new(kind, source, start, end)))
    }

    fn comment(&self, start: usize) -> Option<(usize, &'s str)> {
        let inside = start + "{{!".len();
        let dashes = self.source[inside..].trim_start_matches(SKIPPED);
        if let Some(text) = dashes.strip_prefix("--") {
            let text = self.source.len() - text.len();
            if self.last_comment_end.is_some_and(|last| last >= text) {
                let end = text + self.source[text..].find("--}}")? + "--}}".len();
                let text = self.source[start..end].trim_start_matches("{{!--");
                return Some((end, text.trim_end_matches("--}}")));
            }
        }
        let end = inside + self.source[inside..].find("}}")? + "}}".len();
        let text = self.source[start..end].trim_start_matches("{{!");
        Some((end, text.trim_end_matches("}}")))
    }
}

fn kind(text: &str) -> Kind<'static> {
    let inside = &text["{{".len()..];
    if inside.starts_with("{{") {
        return Kind::Raw;
    }
    if inside.starts_with('!') {
        return Kind::Comment("");
    }
    let inside = self::inside(inside);
    let mut signs = inside.chars();
    match signs.next() {
        Some('>') => Kind::Partial,
        Some('*') => Kind::Decorator,
        Some('/') => Kind::End,
        Some('^') => Kind::Else,
        Some('#') => match signs.as_str().trim_start_matches(SKIPPED).chars().next() {
            Some('>') => Kind::PartialBlock,
            Some('*') => Kind::DecoratorBlock,
            _ => Kind::Helper,
        },
        _ if inside.starts_with("else") => Kind::Else,
        _ => Kind::Expression,
    }
}

/// The end of a tag: the first closing braces that are in no text and close nothing else. Where
/// `plain`, nothing in brackets counts.
fn end(source: &str, start: usize, kind: Kind<'_>, plain: bool) -> Option<usize> {
    let bytes = source.as_bytes();
    let mut at = start + if kind == Kind::Raw { 4 } else { 2 };
    let inside = inside(&source[at..]);
    let mut has_third = kind == Kind::Expression && inside.starts_with('{');
    if has_third {
        at = source.len() - inside.len() + 1;
    }
    let mut braces = 0_usize;
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'"' | b'\'') => at += quoted(&bytes[at + 1..], quote)? + 1,
            b'[' if plain => at += bytes[at..].iter().position(|byte| *byte == b']')?,
            b'{' => braces += 1,
            b'}' if braces > 0 => braces -= 1,
            b'}' if bytes.get(at + 1) == Some(&b'}') => {
                let closing = &source[at..];
                return match kind {
                    Kind::Raw => closing.starts_with("}}}}").then_some(at + 4),
                    _ if has_third && closing.starts_with("}}}") => Some(at + 3),
                    _ => Some(at + 2),
                };
            }
            // Closed before a `~` or blanks.
            b'}' => has_third = false,
            _ => {}
        }
        at += 1;
    }
    None
}

/// Where a text in quotes ends.
fn quoted(bytes: &[u8], quote: u8) -> Option<usize> {
    let mut at = 0;
    loop {
        match *bytes.get(at)? {
            b'\\' => at += 2,
            byte if byte == quote => return Some(at),
            _ => at += 1,
        }
    }
}

/// The crate runs through brackets by recursion. What closes none of them, because it is in quotes,
/// must not seem to; if it is not sure what is in quotes, no bracket counts as closed.
pub(super) fn check_brackets(tag: &Tag<'_>) -> Result<(), Fault> {
    let bytes = tag.text.as_bytes();
    let is_sure = !tag.text.contains(['[', '\\']) || !tag.text.contains(['"', '\'']);
    let (mut at, mut depth) = (0, 0_usize);
    while at < bytes.len() {
        match bytes[at] {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' if is_sure => depth = depth.saturating_sub(1),
            quote @ (b'"' | b'\'') if is_sure => {
                at += quoted(&bytes[at + 1..], quote).map_or(0, |length| length + 1);
            }
            _ => {}
        }
        if depth > MAX_NESTING {
            return Err(too_deep(tag.source, tag.start + at));
        }
        at += 1;
    }
    Ok(())
}

pub(super) fn too_deep(source: &str, at: usize) -> Fault {
    let (line, _) = place::of(source, at);
    Fault::at(
        (line, 1),
        format!("nested deeper than {MAX_NESTING} levels"),
    )
}

/// The tag at `start` has no end.
pub(super) fn unclosed(source: &str, start: usize) -> Fault {
    let text = "the tag that begins here is not closed: }} is missing";
    Fault::at(place::of(source, start), text)
}

/// The tag at `start` where it ends a block whose text is taken as it is.
pub(super) fn raw_end(source: &str, start: usize) -> Option<Tag<'_>> {
    let inside = source[start..].strip_prefix("{{{{")?;
    let length = inside.find("}}}}")?;
    let tag = Tag::new(Kind::End, source, start, start + 4 + length + 4);
    tag.inside().starts_with('/').then_some(tag)
}
