//! The tree of a template. What stands in it as written is a [`Span`] of the source; every node knows
//! its byte offset and can be [`shown`](Source::shown) as Go prints it, because error messages quote it.

mod shown;

use crate::value::{Text, Value};

/// A template's text, of which its tree has spans.
#[derive(Clone, Copy)]
pub(crate) struct Source<'s>(pub(crate) &'s str);

/// A piece of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl<'s> Source<'s> {
    /// The text of a span of this source.
    pub(crate) fn text(self, span: Span) -> &'s str {
        &self.0[span.start..span.end]
    }
}

/// A run of nodes.
#[derive(Debug, Default)]
pub(crate) struct List {
    pub(crate) nodes: Vec<Node>,
}

/// What stands at the top level of a template or block.
#[derive(Debug)]
pub(crate) enum Node {
    Text(Span),
    Action {
        pos: usize,
        pipe: Pipe,
    },
    If(Box<Branch>),
    With(Box<Branch>),
    Range(Box<Branch>),
    Template {
        pos: usize,
        name: Box<str>,
        pipe: Option<Pipe>,
    },
    Break {
        pos: usize,
    },
    Continue {
        pos: usize,
    },
}

#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) pos: usize,
    /// The first, and one for each `else if` or `else with`; of a loop one alone.
    pub(crate) arms: Vec<Arm>,
    pub(crate) otherwise: Option<List>,
}

#[derive(Debug)]
pub(crate) struct Arm {
    pub(crate) pipe: Pipe,
    pub(crate) list: List,
}

#[derive(Debug)]
pub(crate) struct Pipe {
    pub(crate) pos: usize,
    /// `=` instead of `:=`.
    pub(crate) assign: bool,
    /// Names with their dollar sign.
    pub(crate) declare: Vec<Span>,
    pub(crate) commands: Vec<Command>,
}

#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) pos: usize,
    pub(crate) args: Vec<Operand>,
}

#[derive(Debug)]
pub(crate) struct Operand {
    pub(crate) pos: usize,
    pub(crate) kind: OperandKind,
}

#[derive(Debug)]
pub(crate) enum OperandKind {
    Dot,
    Nil,
    Bool(bool),
    Number(Box<Number>),
    String {
        source: Span,
        text: Text,
    },
    Field(Vec<Span>),
    /// Name with its dollar sign, then fields.
    Variable(Span, Vec<Span>),
    Function(Callee),
    Pipe(Box<Pipe>),
    /// Fields of a function call or a parenthesised pipeline.
    Chain(Box<Operand>, Vec<Span>),
}

/// A function as the parser resolved it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Callee {
    pub(crate) name: Span,
    pub(crate) target: Target,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Builtin(crate::builtin::Builtin),
    /// Index in the function set.
    Host(usize),
}

/// A numeric literal and what it can stand for.
#[derive(Debug, Default)]
pub(crate) struct Number {
    pub(crate) text: Box<str>,
    pub(crate) int: Option<i64>,
    pub(crate) uint: Option<u64>,
    pub(crate) float: Option<f64>,
    pub(crate) complex: Option<(f64, f64)>,
}

impl Number {
    /// The value where no type is asked for, or `None` where the literal overflows an int.
    pub(crate) fn ideal(&self) -> Option<Value> {
        let rune = self.text.starts_with('\'');
        let hex = self.text.trim_start_matches(['+', '-']).starts_with(['0'])
            && self.text.contains(['x', 'X'])
            && !self.text.contains(['p', 'P']);
        if let (Some((re, im)), None) = (self.complex, self.float) {
            return Some(Value::Complex(re, im));
        }
        match (self.float, self.int) {
            (Some(float), _) if !rune && !hex && self.text.contains(['.', 'e', 'E', 'p', 'P']) => {
                Some(Value::Float(float))
            }
            (_, Some(int)) => Some(Value::int(int)),
            _ => None,
        }
    }
}

impl List {
    /// Nothing but white space: such a definition yields to another of its name.
    pub(crate) fn is_blank(&self, source: Source<'_>) -> bool {
        self.nodes.iter().all(|node| match node {
            Node::Text(span) => source.text(*span).trim_ascii().is_empty(),
            _ => false,
        })
    }
}
