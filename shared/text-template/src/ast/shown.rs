//! Nodes as Go prints them.

use std::fmt::{self, Display, Formatter, Write as _};

use super::{Arm, Branch, Command, List, Node, Operand, OperandKind, Pipe, Source, Span};

/// A part of a tree with the source that its spans mean.
#[derive(Clone, Copy)]
pub(crate) struct Shown<'s, T> {
    node: &'s T,
    source: Source<'s>,
}

impl<'s> Source<'s> {
    /// A node of this source, to be displayed.
    pub(crate) fn shown<T>(self, node: &'s T) -> Shown<'s, T> {
        Shown { node, source: self }
    }
}

impl Display for Shown<'_, List> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.node
            .nodes
            .iter()
            .try_for_each(|node| self.source.shown(node).fmt(f))
    }
}

impl Display for Shown<'_, Node> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let source = self.source;
        match self.node {
            Node::Text(span) => f.write_str(source.text(*span)),
            Node::Action { pipe, .. } => write!(f, "{{{{{}}}}}", source.shown(pipe)),
            Node::If(branch) => source.shown(&**branch).write(f, "if"),
            Node::With(branch) => source.shown(&**branch).write(f, "with"),
            Node::Range(branch) => source.shown(&**branch).write(f, "range"),
            Node::Template { name, pipe, .. } => {
                write!(f, "{{{{template {}", crate::fmt::quote(name.as_bytes()))?;
                if let Some(pipe) = pipe {
                    write!(f, " {}", source.shown(pipe))?;
                }
                f.write_str("}}")
            }
            Node::Break { .. } => f.write_str("{{break}}"),
            Node::Continue { .. } => f.write_str("{{continue}}"),
        }
    }
}

impl Shown<'_, Branch> {
    fn write(&self, f: &mut Formatter<'_>, word: &str) -> fmt::Result {
        let source = self.source;
        for (index, Arm { pipe, list }) in self.node.arms.iter().enumerate() {
            let (pipe, list) = (source.shown(pipe), source.shown(list));
            let between = if index == 0 { "" } else { "{{else}}" };
            write!(f, "{between}{{{{{word} {pipe}}}}}{list}")?;
        }
        if let Some(otherwise) = &self.node.otherwise {
            write!(f, "{{{{else}}}}{}", source.shown(otherwise))?;
        }
        self.node
            .arms
            .iter()
            .try_for_each(|_| f.write_str("{{end}}"))
    }
}

impl Display for Shown<'_, Pipe> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { node, source } = *self;
        if !node.declare.is_empty() {
            let sign = if node.assign { "=" } else { ":=" };
            let names: Vec<&str> = node.declare.iter().map(|name| source.text(*name)).collect();
            write!(f, "{} {sign} ", names.join(", "))?;
        }
        for (index, command) in node.commands.iter().enumerate() {
            if index > 0 {
                f.write_str(" | ")?;
            }
            source.shown(command).fmt(f)?;
        }
        Ok(())
    }
}

impl Display for Shown<'_, Command> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let source = self.source;
        for (index, arg) in self.node.args.iter().enumerate() {
            if index > 0 {
                f.write_char(' ')?;
            }
            match &arg.kind {
                OperandKind::Pipe(pipe) => write!(f, "({})", source.shown(&**pipe))?,
                _ => source.shown(arg).fmt(f)?,
            }
        }
        Ok(())
    }
}

impl Display for Shown<'_, Operand> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let source = self.source;
        match &self.node.kind {
            OperandKind::Dot => f.write_char('.'),
            OperandKind::Nil => f.write_str("nil"),
            OperandKind::Bool(value) => value.fmt(f),
            OperandKind::Number(number) => f.write_str(&number.text),
            OperandKind::String { source: span, .. } => f.write_str(source.text(*span)),
            OperandKind::Field(names) => write_fields(f, source, names),
            OperandKind::Variable(name, fields) => {
                f.write_str(source.text(*name))?;
                write_fields(f, source, fields)
            }
            OperandKind::Function(callee) => f.write_str(source.text(callee.name)),
            OperandKind::Pipe(pipe) => source.shown(&**pipe).fmt(f),
            OperandKind::Chain(operand, fields) => {
                match &operand.kind {
                    OperandKind::Pipe(pipe) => write!(f, "({})", source.shown(&**pipe))?,
                    _ => source.shown(&**operand).fmt(f)?,
                }
                write_fields(f, source, fields)
            }
        }
    }
}

fn write_fields(f: &mut Formatter<'_>, source: Source<'_>, names: &[Span]) -> fmt::Result {
    names
        .iter()
        .try_for_each(|name| write!(f, ".{}", source.text(*name)))
}
