//! Reads one document of YAML as `kubectl` does, and remembers the line of each key.
//!
//! Of a key that is written twice the last one counts. Anchors are copied to where they are used, and
//! merge keys (`<<`) give what the map itself does not have. JSON is YAML.

mod fault;
mod scalar;

use std::collections::HashMap;

use granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};

use super::node::{Entry, Node};

pub(super) use fault::{Cause, Fault};

/// So many values may come from aliases: a few lines can ask for billions.
const MAX_COPIED: usize = 1_000_000;

/// Serializing and searching a document recurse.
const MAX_DEPTH: usize = 200;

/// A key that a map has twice.
#[derive(Debug, PartialEq)]
pub(super) struct Duplicate {
    pub(super) key: String,
    pub(super) line: usize,
    pub(super) first: usize,
}

/// Reads the text of one document that begins in this line of its file.
pub(super) fn read(text: &str, first_line: usize) -> Result<(Node, Vec<Duplicate>), Fault> {
    let mut options = Options::default();
    options.emit_comments = false;
    let mut reader = Reader {
        parser: Parser::new_from_str_with_options(text, options),
        before: first_line.saturating_sub(1),
        anchors: HashMap::new(),
        copied: 0,
        duplicates: Vec::new(),
    };
    let node = reader.document()?;
    Ok((node, reader.duplicates))
}

/// The node as YAML.
pub(super) fn print(node: &Node) -> String {
    // Configurations in base64 are longer than any line and have no place to be folded at.
    let options = serde_saphyr::ser_options! { folded_wrap_chars: usize::MAX };
    serde_saphyr::to_string_with_options(node, options)
        .expect("a node must serialize: its keys are text")
}

struct Reader<'t> {
    parser: Parser<'t, StrInput<'t>>,
    /// Lines of the file before the text.
    before: usize,
    anchors: HashMap<usize, Node>,
    copied: usize,
    duplicates: Vec<Duplicate>,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Span), Fault> {
        match self.parser.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => Err(self.syntax(&error)),
            None => Ok((
                Event::StreamEnd,
                Span::empty(granit_parser::Marker::new(0, 1, 0)),
            )),
        }
    }

    fn syntax(&self, error: &ScanError) -> Fault {
        let place = error.marker();
        Fault {
            line: self.before + place.line().max(1),
            column: place.col() + 1,
            cause: Cause::Syntax(error.kind().clone()),
        }
    }

    fn line(&self, span: &Span) -> usize {
        self.before + span.start.line().max(1)
    }

    fn fault(&self, span: &Span, cause: Cause) -> Fault {
        Fault {
            line: self.line(span),
            column: span.start.col() + 1,
            cause,
        }
    }

    fn document(&mut self) -> Result<Node, Fault> {
        let mut document = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(document.unwrap_or(Node::Null)),
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                _ if document.is_some() => return Err(self.fault(&span, Cause::SecondDocument)),
                event => document = Some(self.node(event, &span, 0)?),
            }
        }
    }

    fn node(&mut self, event: Event<'t>, span: &Span, depth: usize) -> Result<Node, Fault> {
        if depth > MAX_DEPTH {
            return Err(self.fault(span, Cause::TooDeep));
        }
        let (node, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                (scalar(&text, style, tag.as_deref()), anchor)
            }
            Event::SequenceStart(_, anchor, _) => (self.list(depth)?, anchor),
            Event::MappingStart(_, anchor, _) => (self.map(depth)?, anchor),
            Event::Alias(anchor) => (self.alias(anchor, span)?, 0),
            _ => return Err(self.fault(span, Cause::Incomplete)),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn alias(&mut self, anchor: usize, span: &Span) -> Result<Node, Fault> {
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(self.fault(span, Cause::AliasInItself));
        };
        self.copied += node.size();
        if self.copied > MAX_COPIED {
            return Err(self.fault(span, Cause::TooManyAliases));
        }
        Ok(node.clone())
    }

    fn list(&mut self, depth: usize) -> Result<Node, Fault> {
        let mut list = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Node::List(list)),
                (event, span) => list.push(self.node(event, &span, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Node, Fault> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut merged: Vec<Node> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            let line = self.line(&span);
            let key = match event {
                Event::MappingEnd => break,
                Event::Scalar(text, style, anchor, _) => {
                    if anchor != 0 {
                        self.anchors.insert(anchor, Node::Text(text.to_string()));
                    }
                    if style == ScalarStyle::Plain && text == "<<" {
                        let (event, span) = self.next()?;
                        merged.push(self.node(event, &span, depth + 1)?);
                        continue;
                    }
                    text.into_owned()
                }
                Event::Alias(anchor) => match self.alias(anchor, &span)? {
                    Node::Text(text) => text,
                    Node::Plain(plain) => plain.written,
                    _ => return Err(self.fault(&span, Cause::Key)),
                },
                _ => return Err(self.fault(&span, Cause::Key)),
            };
            let (event, span) = self.next()?;
            let value = self.node(event, &span, depth + 1)?;
            if let Some(&at) = places.get(&key) {
                let first = std::mem::replace(&mut entries[at].line, line);
                entries[at].value = value;
                self.duplicates.push(Duplicate { key, line, first });
            } else {
                places.insert(key.clone(), entries.len());
                entries.push(Entry { key, line, value });
            }
        }
        merge(&mut entries, places, merged);
        Ok(Node::Map(entries))
    }
}

/// What the map has itself counts, then what is merged first.
fn merge(entries: &mut Vec<Entry>, mut places: HashMap<String, usize>, merged: Vec<Node>) {
    let maps = merged.into_iter().flat_map(|node| match node {
        Node::List(list) => list,
        node => vec![node],
    });
    for entry in maps.flat_map(|node| match node {
        Node::Map(entries) => entries,
        _ => Vec::new(),
    }) {
        if !places.contains_key(&entry.key) {
            places.insert(entry.key.clone(), entries.len());
            entries.push(entry);
        }
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Node {
    let is_tagged = tag.is_some_and(|tag| tag.core_suffix() == Some("str"));
    if style == ScalarStyle::Plain && !is_tagged {
        scalar::plain(text)
    } else {
        Node::Text(text.to_owned())
    }
}

#[cfg(test)]
mod tests;
