//! Compiles a template in time that grows with its text alone.
//!
//! The crate counts the line and column of each tag from the start of the text anew, and looks for
//! some ends as far as the last byte, so that a long template takes it minutes. Here each tag is
//! given to it alone, and what it makes of them is put together by its own rules for blocks and
//! blanks. The result is the crate's, positions included: tests hold the two together.
//!
//! ```text
//! text ─► scan: where tags begin and end ─► tag: the crate reads one ─► blocks, text between them
//! ```

mod blank;
mod block;
mod place;
mod scan;
mod tag;
mod text;

use std::borrow::Cow;

use handlebars::template::{Template, TemplateElement, TemplateMapping};

use super::check::Fault;
use block::Open;
use place::{Place, Places};
use scan::{Kind, Scanner, Tag};
use tag::Read;

/// Reads a whole template.
pub(super) fn compile(source: &str) -> Result<Template, Fault> {
    let mut compiler = Compiler {
        source,
        places: Places::new(source),
        templates: vec![Template::new()],
        open: Vec::new(),
        omits_blanks: false,
        omits_line: false,
        mapping: tag::mapping(),
    };
    let scanner = Scanner::new(source);
    let mut at = 0;
    loop {
        let (start, text) = text::until(source, at, "{{");
        compiler.text(at, start, text);
        if start == source.len() {
            return compiler.finish();
        }
        at = compiler.tag(scanner.cuts(start), start)?;
    }
}

struct Compiler<'s> {
    source: &'s str,
    places: Places<'s>,
    /// The template, and inside it the part of each open block that is being read.
    templates: Vec<Template>,
    open: Vec<Open>,
    /// The last tag takes away the blanks behind it (`~}}`).
    omits_blanks: bool,
    /// The last tag stands alone in its line, which goes with it.
    omits_line: bool,
    /// A place as the crate keeps it, which has no constructor.
    mapping: TemplateMapping,
}

impl<'s> Compiler<'s> {
    fn template(&mut self) -> &mut Template {
        let last = self.templates.last_mut();
        last.expect("the template itself must be there until the end")
    }

    fn mapping(&self, (line, column): Place) -> TemplateMapping {
        let mut mapping = self.mapping.clone();
        (mapping.0, mapping.1) = (line, column);
        mapping
    }

    fn push(&mut self, element: TemplateElement, place: Place) {
        let mapping = self.mapping(place);
        let template = self.template();
        template.elements.push(element);
        template.mapping.push(mapping);
    }

    /// What stands between two tags.
    fn text(&mut self, from: usize, to: usize, text: Cow<'_, str>) {
        if from == to {
            return;
        }
        // Blanks behind a tag are no text of their own.
        let blanks = if from == 0 { 0 } else { blank::leading(&text) };
        let only_blanks = from > 0 && blanks == text.len();
        if only_blanks && self.omits_blanks {
            return;
        }
        let text = if self.omits_blanks {
            text.trim_start().to_owned()
        } else if self.omits_line {
            blank::without_line(&text).to_owned()
        } else {
            text.into_owned()
        };
        let place = self.places.at(from + blanks);
        self.push(TemplateElement::RawString(text), place);
        self.omits_line = false;
    }

    /// One tag, or a block whose text is taken as it is; gives the place behind it.
    fn tag(&mut self, cuts: impl Iterator<Item = Tag<'s>>, start: usize) -> Result<usize, Fault> {
        let place = self.places.at(start);
        let mut unread = None;
        for tag in cuts {
            match tag.kind {
                Kind::Comment(text) => {
                    self.takes_line(&tag);
                    self.push(TemplateElement::Comment(text.to_owned()), place);
                    return Ok(tag.end());
                }
                Kind::End => {
                    self.end(&tag, place)?;
                    return Ok(tag.end());
                }
                _ => {}
            }
            scan::check_brackets(&tag)?;
            match tag::read(&tag) {
                Some(read) => return self.element(read, &tag, place),
                None => unread = unread.or(Some(tag)),
            }
        }
        Err(unread.map_or_else(
            || scan::unclosed(self.source, start),
            |tag| tag::unreadable(&tag),
        ))
    }

    fn element(&mut self, read: Read, tag: &Tag<'s>, place: Place) -> Result<usize, Fault> {
        self.takes_blanks(tag);
        match read {
            Read::Expression(element) => self.push(element, place),
            Read::Inclusion(element) => {
                self.takes_line(tag);
                self.push(element, place);
            }
            Read::Block(what) => {
                self.takes_line(tag);
                let mapping = self.mapping(place);
                self.template().mapping.push(mapping);
                self.open.push(Open::new(what, place));
                self.check_depth(tag)?;
                if tag.kind == Kind::Raw {
                    return self.raw(tag);
                }
                self.templates.push(Template::new());
            }
            Read::Branch(condition) => {
                if !self.open.last().is_some_and(Open::takes_branches) {
                    let text = "there is no block that this tag is a branch of";
                    return Err(tag::misplaced(tag, text));
                }
                self.takes_line(tag);
                let body = self.close();
                if let Some(open) = self.open.last_mut() {
                    open.branch(condition.map(|condition| *condition), body);
                }
                self.check_depth(tag)?;
                self.templates.push(Template::new());
            }
        }
        Ok(tag.end())
    }

    /// Blanks around a tag that it takes away by `~`.
    fn takes_blanks(&mut self, tag: &Tag<'_>) {
        if tag.omits_before() {
            self.shorten(str::trim_end);
        }
        self.omits_blanks = tag.omits_after();
    }

    /// The line of a tag that stands alone in it.
    fn takes_line(&mut self, tag: &Tag<'_>) {
        if tag.alone {
            self.shorten(blank::before_trailing);
        }
        self.omits_line = tag.alone;
    }

    /// Shortens the text in front of a tag.
    fn shorten(&mut self, keep: fn(&str) -> &str) {
        if let Some(TemplateElement::RawString(text)) = self.template().elements.last_mut() {
            text.truncate(keep(text).len());
        }
    }

    fn end(&mut self, tag: &Tag<'s>, place: Place) -> Result<(), Fault> {
        let Some(open) = self.open.pop() else {
            return Err(tag::misplaced(
                tag,
                "there is no block that this tag closes",
            ));
        };
        let name = tag::closes(tag, &open.what)?;
        self.takes_blanks(tag);
        self.takes_line(tag);
        if !open.what.closed_by(name) {
            return Err(open.mismatch(name, place));
        }
        let body = self.close();
        self.template().elements.push(open.close(body));
        Ok(())
    }

    /// The text of a block that is taken as it is, and the end of the block.
    fn raw(&mut self, tag: &Tag<'s>) -> Result<usize, Fault> {
        let start = tag.end() + blank::leading(&self.source[tag.end()..]);
        let (end, text) = text::until(self.source, start, "{{{{");
        let text = if self.omits_blanks {
            text.trim_start()
        } else if self.omits_line {
            blank::without_line(&text)
        } else {
            &*text
        };
        let mut body = Template::new();
        let place = self.places.at(start);
        body.elements
            .push(TemplateElement::RawString(text.to_owned()));
        body.mapping.push(self.mapping(place));
        self.templates.push(body);
        let Some(tag) = scan::raw_end(self.source, end) else {
            return Err(self.unclosed(true));
        };
        let place = self.places.at(tag.start);
        self.end(&tag, place)?;
        Ok(tag.end())
    }

    fn close(&mut self) -> Template {
        let last = self.templates.pop();
        last.expect("an open block must have a part that is being read")
    }

    /// Blocks and branches are run through by recursion.
    fn check_depth(&self, tag: &Tag<'_>) -> Result<(), Fault> {
        let branches = self.open.iter().map(Open::branches).sum::<usize>();
        if self.open.len().max(branches) > scan::MAX_NESTING {
            return Err(scan::too_deep(self.source, tag.start));
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Template, Fault> {
        if !self.open.is_empty() {
            return Err(self.unclosed(false));
        }
        Ok(self.close())
    }

    fn unclosed(&self, is_raw: bool) -> Fault {
        let end = place::of(self.source, self.source.len());
        let open = self.open.last();
        open.expect("a block must be open").unclosed(end, is_raw)
    }
}

#[cfg(test)]
mod tests;
