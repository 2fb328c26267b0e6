//! The tree of a template. Every node knows its byte offset and prints itself as Go prints it,
//! because error messages quote it.

use std::fmt::{self, Display, Formatter, Write as _};

use crate::value::{Text, Value};

/// A run of nodes.
#[derive(Debug, Default)]
pub(crate) struct List {
    pub(crate) nodes: Vec<Node>,
}

/// What stands at the top level of a template or block.
#[derive(Debug)]
pub(crate) enum Node {
    Text {
        pos: usize,
        text: Box<[u8]>,
    },
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
    pub(crate) declare: Vec<Box<str>>,
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
        source: Box<str>,
        text: Text,
    },
    Field(Vec<Box<str>>),
    /// Name with its dollar sign, then fields.
    Variable(Box<str>, Vec<Box<str>>),
    Function(Callee),
    Pipe(Box<Pipe>),
    /// Fields of a function call or a parenthesised pipeline.
    Chain(Box<Operand>, Vec<Box<str>>),
}

/// A function as the parser resolved it.
#[derive(Clone, Debug)]
pub(crate) struct Callee {
    pub(crate) name: Box<str>,
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
    pub(crate) fn is_blank(&self) -> bool {
        self.nodes.iter().all(|node| match node {
            Node::Text { text, .. } => text.trim_ascii().is_empty(),
            _ => false,
        })
    }
}

impl Display for List {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.nodes.iter().try_for_each(|node| node.fmt(f))
    }
}

impl Display for Node {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { text, .. } => f.write_str(&String::from_utf8_lossy(text)),
            Self::Action { pipe, .. } => write!(f, "{{{{{pipe}}}}}"),
            Self::If(branch) => branch.write(f, "if"),
            Self::With(branch) => branch.write(f, "with"),
            Self::Range(branch) => branch.write(f, "range"),
            Self::Template { name, pipe, .. } => {
                write!(f, "{{{{template {}", crate::fmt::quote(name.as_bytes()))?;
                if let Some(pipe) = pipe {
                    write!(f, " {pipe}")?;
                }
                f.write_str("}}")
            }
            Self::Break { .. } => f.write_str("{{break}}"),
            Self::Continue { .. } => f.write_str("{{continue}}"),
        }
    }
}

impl Branch {
    fn write(&self, f: &mut Formatter<'_>, word: &str) -> fmt::Result {
        for (index, Arm { pipe, list }) in self.arms.iter().enumerate() {
            let between = if index == 0 { "" } else { "{{else}}" };
            write!(f, "{between}{{{{{word} {pipe}}}}}{list}")?;
        }
        if let Some(otherwise) = &self.otherwise {
            write!(f, "{{{{else}}}}{otherwise}")?;
        }
        self.arms.iter().try_for_each(|_| f.write_str("{{end}}"))
    }
}

impl Display for Pipe {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if !self.declare.is_empty() {
            let sign = if self.assign { "=" } else { ":=" };
            write!(f, "{} {sign} ", self.declare.join(", "))?;
        }
        write_joined(f, &self.commands, " | ")
    }
}

impl Display for Command {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, arg) in self.args.iter().enumerate() {
            if index > 0 {
                f.write_char(' ')?;
            }
            match &arg.kind {
                OperandKind::Pipe(pipe) => write!(f, "({pipe})")?,
                _ => arg.fmt(f)?,
            }
        }
        Ok(())
    }
}

impl Display for Operand {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            OperandKind::Dot => f.write_char('.'),
            OperandKind::Nil => f.write_str("nil"),
            OperandKind::Bool(value) => value.fmt(f),
            OperandKind::Number(number) => f.write_str(&number.text),
            OperandKind::String { source, .. } => f.write_str(source),
            OperandKind::Field(names) => write_fields(f, names),
            OperandKind::Variable(name, fields) => {
                f.write_str(name)?;
                write_fields(f, fields)
            }
            OperandKind::Function(callee) => f.write_str(&callee.name),
            OperandKind::Pipe(pipe) => pipe.fmt(f),
            OperandKind::Chain(operand, fields) => {
                match &operand.kind {
                    OperandKind::Pipe(pipe) => write!(f, "({pipe})")?,
                    _ => operand.fmt(f)?,
                }
                write_fields(f, fields)
            }
        }
    }
}

fn write_fields(f: &mut Formatter<'_>, names: &[Box<str>]) -> fmt::Result {
    names.iter().try_for_each(|name| write!(f, ".{name}"))
}

fn write_joined<T: Display>(f: &mut Formatter<'_>, items: &[T], between: &str) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            f.write_str(between)?;
        }
        item.fmt(f)?;
    }
    Ok(())
}
