//! Documents of a file, each with the lines on which it stands. One that cannot be read does not keep
//! the others from being read.

use contract::diagnostics::manifests;
use injection::workload::{Path, Step};
use serde::de::IgnoredAny;

use super::blocks;
use super::node::Node;
use super::report::{Problem, Severity};
use super::unrendered;
use super::yaml::{self, Duplicate};

/// One document of a file.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) file: String,
    /// The first line of the file that says something in this document, counted from 1.
    pub(super) line: usize,
    pub(super) text: String,
    /// Nothing if the document cannot be read.
    pub(super) node: Node,
    /// What is wrong with the document as such.
    pub(super) problems: Vec<Problem>,
    pub(super) is_broken: bool,
}

/// The documents of a text. Those that say nothing are left out.
pub(super) fn split(file: &str, text: &str) -> Vec<Document> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut documents = Vec::new();
    let (mut start, mut current) = (1, String::new());
    for (at, line) in text.split_inclusive('\n').enumerate() {
        let rest = line.strip_prefix("---");
        match rest.filter(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace)) {
            Some(rest) => {
                documents.extend(values(file, start, &std::mem::take(&mut current)));
                start = at + 1;
                // A document may begin behind the marker; its columns stay.
                current = format!("   {rest}");
            }
            None => current.push_str(line),
        }
    }
    documents.extend(values(file, start, &current));
    documents
}

/// The documents between two markers: one, or several values of JSON one after the other.
fn values(file: &str, start: usize, text: &str) -> Vec<Document> {
    let mut documents = Vec::new();
    let mut from = 0;
    if text.trim_start().starts_with(['{', '[']) {
        let mut stream = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
        while let Some(Ok(_)) = stream.next() {
            let to = stream.byte_offset();
            documents.extend(document(file, start, text, from..to));
            from = to;
        }
    }
    documents.extend(document(file, start, text, from..text.len()));
    documents
}

fn document(
    file: &str,
    start: usize,
    text: &str,
    range: std::ops::Range<usize>,
) -> Option<Document> {
    let first = start + text[..range.start].matches('\n').count();
    let text = &text[range];
    let says = |line: &str| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with(['#', '%'])
    };
    let said = text.lines().position(says)?;
    // The line of a marker that says nothing else is none of the document.
    let shown = match text.split_once('\n') {
        Some((line, rest)) if line.starts_with("   ") && !says(line) => rest,
        _ => text,
    };
    let mut document = Document {
        file: file.to_owned(),
        line: first + said,
        text: shown.to_owned(),
        node: Node::Null,
        problems: Vec::new(),
        is_broken: false,
    };
    match yaml::read(text, first) {
        Ok((Node::Null, _)) => return None,
        Ok((node, duplicates)) => {
            document.node = node;
            let problems = duplicates.iter().map(|it| document.duplicate(it));
            document.problems = problems.collect();
            let joined = blocks::joined(text).into_iter();
            let joined: Vec<_> = joined
                .map(|(at, key)| document.joined(first + at, key))
                .collect();
            document.problems.extend(joined);
        }
        Err(fault) => {
            document.is_broken = true;
            let problem = unrendered::of_document(text, first, &fault).map_or_else(
                || document.problem(fault.line, manifests::SYNTAX, fault.to_string()),
                |(line, code, message)| document.problem(line, code, message),
            );
            document.problems.push(problem);
        }
    }
    Some(document)
}

impl Document {
    fn problem(&self, line: usize, code: contract::diagnostics::Code, message: String) -> Problem {
        Problem {
            file: self.file.clone(),
            line,
            severity: Severity::Error,
            object: String::new(),
            annotation: None,
            code,
            message,
            excerpt: None,
        }
    }

    fn joined(&self, line: usize, key: &str) -> Problem {
        let short = short(key).unwrap_or(key);
        let message = format!("{short} is folded (>), which joins its lines: write |");
        Problem {
            severity: Severity::Hint,
            object: title(&self.node),
            annotation: Some(key.to_owned()),
            ..self.problem(line, manifests::FOLDED, message)
        }
    }

    fn duplicate(&self, duplicate: &Duplicate) -> Problem {
        let Duplicate { key, line, first } = duplicate;
        let message = format!(
            "{key} is written twice in one map, first on line {first}: kubectl takes this one; remove \
             one of the two"
        );
        Problem {
            severity: Severity::Warning,
            object: title(&self.node),
            ..self.problem(*line, manifests::DUPLICATE_KEY, message)
        }
    }

    /// The line on which the annotation `key` of a place is written, under either prefix; else that
    /// of the annotation that asks for an agent; else that of the annotations; else that of the place.
    pub(super) fn line_of(&self, place: &Path, key: Option<&str>) -> usize {
        let Some((node, line)) = self.find(place) else {
            return self.line;
        };
        let annotations = node.get("metadata").and_then(|it| it.entry("annotations"));
        let map = annotations.map_or(node, |entry| &entry.value);
        let line = annotations.map_or(line, |entry| entry.line);
        let written = |key: &str| {
            let short = short(key);
            let exact = map.entry(key);
            let same =
                |entry: &&super::node::Entry| short.is_some() && self::short(&entry.key) == short;
            exact.or_else(|| map.entries().iter().find(same))
        };
        let asks = || written("vault.hashicorp.com/agent-inject");
        let entry = key.and_then(written).or_else(asks);
        entry.map_or(line, |entry| entry.line)
    }

    /// What stands in a place, and the line on which it begins.
    fn find(&self, place: &Path) -> Option<(&Node, usize)> {
        let mut node = &self.node;
        let mut line = self.line;
        for step in &place.0 {
            let entry = match step {
                Step::Key(key) => node.entry(key),
                Step::Element(_) => None,
            };
            node = node.step(step)?;
            line = entry
                .map(|it| it.line)
                .or_else(|| node.line())
                .unwrap_or(line);
        }
        Some((node, line))
    }

    /// The places of the objects: the document itself, or the items of a list.
    pub(super) fn objects(&self) -> Vec<Path> {
        let mut places = Vec::new();
        objects(&self.node, &mut Vec::new(), &mut places);
        places
    }

    /// The object in a place.
    pub(super) fn object(&self, place: &Path) -> &Node {
        self.find(place).map_or(&self.node, |(node, _)| node)
    }

    pub(super) fn object_mut(&mut self, place: &Path) -> Option<&mut Node> {
        place
            .0
            .iter()
            .try_fold(&mut self.node, |node, step| node.step_mut(step))
    }
}

fn short(key: &str) -> Option<&str> {
    contract::annotations::split_prefix(key).map(|(_, short)| short)
}

fn objects(node: &Node, steps: &mut Vec<Step>, places: &mut Vec<Path>) {
    let items = match (node, node.get("items")) {
        (_, Some(Node::List(items))) if node.text("kind").ends_with("List") => {
            steps.push(Step::Key("items".to_owned()));
            items
        }
        (Node::List(items), _) if items.iter().any(|it| it.get("kind").is_some()) => items,
        _ => return places.push(Path(steps.clone())),
    };
    for (at, item) in items.iter().enumerate() {
        steps.push(Step::Element(at));
        objects(item, steps, places);
        steps.pop();
    }
    if !matches!(node, Node::List(_)) {
        steps.pop();
    }
}

/// `Deployment/web`; of a patch without a kind `document/web`.
pub(super) fn title(object: &Node) -> String {
    let metadata = object.get("metadata");
    let of = |key| metadata.map_or("", |metadata| metadata.text(key));
    let name = match of("name") {
        "" => of("generateName"),
        name => name,
    };
    match (object.text("kind"), name) {
        ("", "") => "document".to_owned(),
        ("", name) => format!("document/{name}"),
        (kind, "") => kind.to_owned(),
        (kind, name) => format!("{kind}/{name}"),
    }
}

#[cfg(test)]
mod tests;
