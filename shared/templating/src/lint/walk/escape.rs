//! What an escape for Helm leaves over where Helm did not take it away.

use text_template::view::{Node, Pipe, Shape};

use super::{Problem, Walk};

/// What the templates of no other language have.
const OURS: [&str; 3] = ["secret \"", "pkiCert \"", ".Data."];

fn is_ours(text: &str) -> bool {
    OURS.iter().any(|ours| text.contains(ours))
}

impl<'t> Walk<'t> {
    /// Helm writes `{{ "{{" }}` and raw texts for what is to be a template afterwards.
    pub(super) fn escaped(&mut self, pipe: Pipe<'t>) {
        if let Some((start, text)) = literal(pipe) {
            self.escape(start, text);
        }
    }

    /// A text that is written as it stands.
    pub(super) fn escape(&mut self, start: usize, text: &'t str) {
        let Some(at) = text.find("{{") else {
            return;
        };
        if is_ours(&text[at..]) {
            self.find(start, Problem::Escape);
        } else {
            self.escape.get_or_insert(start);
        }
    }

    /// An action that is written in pieces. A template that reads something may write one on
    /// purpose, and one of others reads no secret.
    pub(super) fn left_over(&mut self) {
        if let Some(start) = self.escape
            && self.report.reads.is_empty()
            && self.report.is_complete
        {
            let mut written = String::new();
            write(self.template.root(), &mut written);
            for nodes in self.template.definitions() {
                write(nodes, &mut written);
            }
            if is_ours(&written) {
                self.find(start, Problem::Escape);
            }
        }
    }
}

/// The text that is all of an action.
fn literal(pipe: Pipe<'_>) -> Option<(usize, &str)> {
    let mut commands = pipe.commands();
    let mut operands = commands.next()?;
    let operand = operands.next()?;
    match operand.shape() {
        Shape::Text(text) if operands.next().is_none() && commands.next().is_none() => {
            Some((operand.start(), text))
        }
        _ => None,
    }
}

/// What is written whatever is read.
fn write<'t>(nodes: impl Iterator<Item = Node<'t>>, written: &mut String) {
    for node in nodes {
        match node {
            Node::Text(text) => written.push_str(text),
            Node::Action(pipe) => written.push_str(literal(pipe).map_or("", |it| it.1)),
            Node::If(branch) | Node::With(branch) | Node::Range(branch) => {
                for (_, list) in branch.arms() {
                    write(list, written);
                }
                write(branch.otherwise(), written);
            }
            Node::Template(_) | Node::Other => {}
        }
    }
}
