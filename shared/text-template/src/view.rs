//! A parsed template to look at, for checks of what it says.
//!
//! ```
//! use text_template::{FunctionSet, Options, Template, view::Node};
//!
//! let template = Template::parse("{{ with 1 }}{{ . }}{{ end }}", FunctionSet::default(), &Options::default());
//! let template = template.unwrap();
//! let nodes: Vec<_> = template.root().collect();
//! assert!(matches!(&nodes[..], [Node::With(branch)] if branch.arms().count() == 1));
//! ```

use crate::Template;
use crate::ast::{self, OperandKind, Source};
use crate::error::position;

/// One node of a list.
#[derive(Clone, Copy)]
pub enum Node<'t> {
    /// A pipeline whose result is printed, or that declares a variable.
    Action(Pipe<'t>),
    /// `if`.
    If(Branch<'t>),
    /// `with`: what it has is the dot inside.
    With(Branch<'t>),
    /// `range`.
    Range(Branch<'t>),
    /// `template` and its argument.
    Template(Option<Pipe<'t>>),
    /// Text, without what a trim marker takes away.
    Text(&'t str),
    /// `break` and `continue`.
    Other,
}

/// A block: conditions with what depends on them, and the rest.
#[derive(Clone, Copy)]
pub struct Branch<'t>(Source<'t>, &'t ast::Branch);

/// Commands, each of which gets the result of the one before.
#[derive(Clone, Copy)]
pub struct Pipe<'t>(Source<'t>, &'t ast::Pipe);

/// One value of a command, with the place where it begins.
#[derive(Clone, Copy)]
pub struct Operand<'t>(Source<'t>, &'t ast::Operand);

/// What an operand is.
pub enum Shape<'t> {
    /// `.`
    Dot,
    /// A text in quotes, of UTF-8.
    Text(&'t str),
    /// Fields of the dot.
    Field(Names<'t>),
    /// A variable with its dollar sign, and its fields.
    Variable(&'t str, Names<'t>),
    /// A function by its name.
    Function(&'t str),
    /// A pipeline in parentheses.
    Pipe(Pipe<'t>),
    /// Fields of what stands in front of them.
    Chain(Operand<'t>, Names<'t>),
    /// `nil`, a boolean, a number, or a text that is not UTF-8.
    Other,
}

/// The names of fields, each one of what the name in front of it gives.
#[derive(Clone, Copy)]
pub struct Names<'t>(Source<'t>, &'t [ast::Span]);

impl Template {
    /// The nodes of the template itself.
    pub fn root(&self) -> impl Iterator<Item = Node<'_>> {
        let root = self.templates.get(&self.name);
        root.into_iter()
            .flat_map(|list| nodes(Source(&self.source), list))
    }

    /// The nodes of each template that is defined inside.
    pub fn definitions(&self) -> impl Iterator<Item = impl Iterator<Item = Node<'_>>> {
        let definitions = self
            .templates
            .iter()
            .filter(|(name, _)| **name != self.name);
        definitions.map(|(_, list)| nodes(Source(&self.source), list))
    }

    /// Line and column of a byte of the text, both from 1.
    pub fn place(&self, byte: usize) -> (usize, usize) {
        position(&self.source, byte)
    }
}

fn nodes<'t>(source: Source<'t>, list: &'t ast::List) -> impl Iterator<Item = Node<'t>> {
    list.nodes.iter().map(move |node| match node {
        ast::Node::Action { pipe, .. } => Node::Action(Pipe(source, pipe)),
        ast::Node::If(branch) => Node::If(Branch(source, branch)),
        ast::Node::With(branch) => Node::With(Branch(source, branch)),
        ast::Node::Range(branch) => Node::Range(Branch(source, branch)),
        ast::Node::Template { pipe, .. } => {
            Node::Template(pipe.as_ref().map(|pipe| Pipe(source, pipe)))
        }
        ast::Node::Text(span) => Node::Text(source.text(*span)),
        ast::Node::Break { .. } | ast::Node::Continue { .. } => Node::Other,
    })
}

impl<'t> Branch<'t> {
    /// The conditions, and the nodes that depend on each.
    pub fn arms(self) -> impl Iterator<Item = (Pipe<'t>, impl Iterator<Item = Node<'t>>)> {
        let Self(source, branch) = self;
        let arms = branch.arms.iter();
        arms.map(move |arm| (Pipe(source, &arm.pipe), nodes(source, &arm.list)))
    }

    /// The nodes behind `else`.
    pub fn otherwise(self) -> impl Iterator<Item = Node<'t>> {
        let Self(source, branch) = self;
        branch
            .otherwise
            .iter()
            .flat_map(move |list| nodes(source, list))
    }
}

impl<'t> Pipe<'t> {
    /// The variables that get the result, with their dollar signs.
    pub fn variables(self) -> impl Iterator<Item = &'t str> {
        let Self(source, pipe) = self;
        pipe.declare.iter().map(move |span| source.text(*span))
    }

    /// Whether the variables are there before (`=`).
    pub fn is_assignment(self) -> bool {
        self.1.assign
    }

    /// The operands of each command.
    pub fn commands(self) -> impl Iterator<Item = impl Iterator<Item = Operand<'t>>> {
        let Self(source, pipe) = self;
        let commands = pipe.commands.iter();
        commands.map(move |command| command.args.iter().map(move |it| Operand(source, it)))
    }
}

impl<'t> Names<'t> {
    /// The names, without dots.
    pub fn iter(self) -> impl Iterator<Item = &'t str> {
        let Self(source, spans) = self;
        spans.iter().map(move |span| source.text(*span))
    }
}

impl<'t> Operand<'t> {
    /// The byte at which it begins.
    pub fn start(self) -> usize {
        self.1.pos
    }

    /// What it is.
    pub fn shape(self) -> Shape<'t> {
        let Self(source, operand) = self;
        let names = |spans: &'t [ast::Span]| Names(source, spans);
        match &operand.kind {
            OperandKind::Dot => Shape::Dot,
            OperandKind::String { text, .. } => {
                std::str::from_utf8(text.as_bytes()).map_or(Shape::Other, Shape::Text)
            }
            OperandKind::Field(fields) => Shape::Field(names(fields)),
            OperandKind::Variable(name, fields) => {
                Shape::Variable(source.text(*name), names(fields))
            }
            OperandKind::Function(callee) => Shape::Function(source.text(callee.name)),
            OperandKind::Pipe(pipe) => Shape::Pipe(Pipe(source, pipe)),
            OperandKind::Chain(inner, fields) => {
                Shape::Chain(Operand(source, inner), names(fields))
            }
            OperandKind::Nil | OperandKind::Bool(_) | OperandKind::Number(_) => Shape::Other,
        }
    }
}
