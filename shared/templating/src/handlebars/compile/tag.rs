//! One tag, read by the crate.
//!
//! Beside a tag the crate is given what makes it see the tag as it stands in the whole text: an
//! end for a block, and lines of its own for a tag that stands alone in its line.

use handlebars::template::{HelperTemplate, Template, TemplateElement, TemplateMapping};
use handlebars::{TemplateError, TemplateErrorReason};

use super::blank::SKIPPED;
use super::block::What;
use super::place;
use super::scan::{Kind, Tag};
use crate::handlebars::check::Fault;

/// What a tag says.
pub(super) enum Read {
    Expression(TemplateElement),
    /// A partial, or a decorator that is no block.
    Inclusion(TemplateElement),
    Block(What),
    /// The rest of a block, on a condition or without.
    Branch(Option<Box<HelperTemplate>>),
}

/// Reads a tag that neither is a comment nor ends a block; none where it is not one tag.
pub(super) fn read(tag: &Tag<'_>) -> Option<Read> {
    let mut elements = Template::compile(&probe(tag)).ok()?.elements.into_iter();
    let element = elements.next()?;
    let rest = elements.next();
    let is_one = match tag.kind {
        // The text that keeps it from standing alone.
        Kind::Partial | Kind::Decorator if !tag.alone => rest.is_some(),
        _ => rest.is_none(),
    };
    match (tag.kind, element) {
        _ if !is_one => None,
        (Kind::Else, TemplateElement::HelperBlock(block)) => branch(tag, *block),
        (
            Kind::Expression,
            element @ (TemplateElement::Expression(_) | TemplateElement::HtmlExpression(_)),
        ) => Some(Read::Expression(element)),
        (Kind::Partial, mut element) => {
            if let TemplateElement::PartialExpression(partial) = &mut element {
                partial.indent = tag.indent().map(str::to_owned);
            }
            Some(Read::Inclusion(element))
        }
        (Kind::Decorator, element) => Some(Read::Inclusion(element)),
        (_, TemplateElement::HelperBlock(block)) => Some(Read::Block(What::Helper(block))),
        (_, TemplateElement::PartialBlock(block)) => Some(Read::Block(What::Partial(block))),
        (_, TemplateElement::DecoratorBlock(block)) => Some(Read::Block(What::Decorator(block))),
        _ => None,
    }
}

/// The tag with what the crate has to see around it.
fn probe(tag: &Tag<'_>) -> String {
    let (text, line) = (tag.text, if tag.alone { "\n" } else { "" });
    match tag.kind {
        Kind::Partial | Kind::Decorator if !tag.alone => format!("{text}x"),
        Kind::Helper => format!("{text}{line}{{{{/{}}}}}", tag.name()),
        Kind::Raw => format!("{text}{line}{{{{{{{{/{}}}}}}}}}", tag.name()),
        Kind::PartialBlock | Kind::DecoratorBlock => format!("{text}{line}{{{{/}}}}"),
        Kind::Else => format!("{{{{#x}}}}{line}{text}{line}{{{{/x}}}}"),
        _ => text.to_owned(),
    }
}

/// The crate takes `{{elsewhere}}` for a branch, and `{{else.x}}` for a value.
fn branch(tag: &Tag<'_>, block: HelperTemplate) -> Option<Read> {
    let is_chain = block.chain;
    let Some(inverse) = block.inverse else {
        let kind = Kind::Expression;
        return read(&Tag { kind, ..*tag });
    };
    if !is_chain {
        return Some(Read::Branch(None));
    }
    match inverse.elements.into_iter().next() {
        Some(TemplateElement::HelperBlock(condition)) => Some(Read::Branch(Some(condition))),
        _ => None,
    }
}

/// The name with which a tag closes a block of this kind.
pub(super) fn closes<'s>(tag: &Tag<'s>, what: &What) -> Result<&'s str, Fault> {
    let inside = tag.inside();
    let inside = inside.strip_prefix('/').unwrap_or(inside);
    let inside = inside.trim_start_matches(SKIPPED);
    let length = match what {
        What::Helper(_) | What::Decorator(_) => inside.find(|sign| !is_symbol(sign)),
        What::Partial(_) if inside.starts_with('\'') => quoted(inside),
        What::Partial(_) => inside.find(|sign| !is_partial_symbol(sign)),
    };
    let (name, rest) = inside.split_at(length.unwrap_or(0));
    let rest = rest.trim_start_matches(SKIPPED);
    let rest = rest.strip_prefix('~').unwrap_or(rest);
    let rest = rest.trim_start_matches(SKIPPED);
    if rest != tag.closing() {
        let at = tag.end() - rest.len();
        let text = "a tag that closes a block has its name alone";
        return Err(Fault::at(place::of(tag.source, at), text));
    }
    Ok(name)
}

/// The length of a name in quotes.
fn quoted(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 1;
    while *bytes.get(at)? != b'\'' {
        at += if bytes[at..].starts_with(b"\\'") {
            2
        } else {
            1
        };
    }
    (at > 1).then_some(at + 1)
}

pub(super) fn is_symbol(sign: char) -> bool {
    sign.is_ascii_alphanumeric() || "-_$:".contains(sign) || !sign.is_ascii()
}

fn is_partial_symbol(sign: char) -> bool {
    sign.is_ascii_alphanumeric() || "-_@/.".contains(sign) || !sign.is_ascii()
}

/// What is wrong with a tag that the crate does not take.
pub(super) fn unreadable(tag: &Tag<'_>) -> Fault {
    let error = Template::compile(&probe(tag)).err();
    let position = error.as_ref().and_then(TemplateError::pos);
    let at = position.map_or(0, |position| offset(tag.text, position));
    let text = match error.as_ref().map(TemplateError::reason) {
        Some(TemplateErrorReason::InvalidParam(value)) => format!("{value} is not a value"),
        _ => match tag.text[at..].chars().next() {
            Some(sign) => format!("unexpected {sign:?} in this tag"),
            None => String::from("this tag is not complete"),
        },
    };
    Fault::at(place::of(tag.source, tag.start + at), text)
}

/// A tag that has no place here.
pub(super) fn misplaced(tag: &Tag<'_>, text: &str) -> Fault {
    let error = Template::compile(tag.text).err();
    let position = error.as_ref().and_then(TemplateError::pos);
    let at = position.map_or(0, |position| offset(tag.text, position));
    Fault::at(place::of(tag.source, tag.start + at), text)
}

/// The byte at a line and a column; the end where it lies behind.
fn offset(text: &str, (line, column): place::Place) -> usize {
    let mut lines = text.split_inclusive('\n');
    let before = lines.by_ref().take(line - 1).map(str::len).sum::<usize>();
    let in_line = text[before..].char_indices().nth(column - 1);
    in_line.map_or(text.len(), |(at, _)| before + at)
}

/// A place as the crate keeps it.
pub(super) fn mapping() -> TemplateMapping {
    let template = Template::compile("x").ok();
    let mapping = template.and_then(|template| template.mapping.into_iter().next());
    mapping.expect("a text must be a template with one element")
}
