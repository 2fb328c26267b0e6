//! Execution of a tree.
//!
//! A [`Slot`] is a value with what Go's reflection would still know about it: whether it came out
//! of an `interface {}`. That decides between `<no value>` and `<nil>` and shows in messages.
//! `State::at` is the node that an error names; it is moved exactly where Go moves its own.

mod call;
mod field;
mod walk;

use crate::ast::{Command, Node, Operand, OperandKind, Pipe, Source};
use crate::error::{Details, Error, Phase, position};
use crate::fmt::Printed;
use crate::function::{CallError, Host};
use crate::template::Template;
use crate::value::Value;
pub(crate) use walk::printable;

/// A value on its way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slot {
    pub(crate) value: Value,
    /// Taken out of an `interface {}`. `nil` without it is the absence of a value.
    pub(crate) any: bool,
}

impl Slot {
    pub(crate) fn plain(value: Value) -> Self {
        Self { value, any: false }
    }

    pub(crate) fn typed(value: Value, ty: crate::value::Type) -> Self {
        Self {
            value,
            any: matches!(ty, crate::value::Type::Any),
        }
    }

    /// Go's zero `reflect.Value`.
    pub(crate) fn is_absent(&self) -> bool {
        !self.any && matches!(self.value, Value::Nil)
    }

    /// The static type's name.
    pub(crate) fn type_name(&self) -> String {
        if self.any {
            String::from("interface {}")
        } else {
            self.value.type_name()
        }
    }
}

/// With a `mask`, that stands in the output in place of each text that an action prints.
pub(crate) fn run(
    template: &Template,
    dot: Value,
    host: &mut dyn Host,
    mask: Option<&str>,
) -> Result<Printed, Error> {
    let mut state = State {
        template,
        source: Source(&template.source),
        host,
        mask,
        keeps_mask: false,
        // Most outputs are about as long as their template, and growing a secret wipes what it leaves.
        out: Printed::new(Vec::with_capacity(template.source.len().min(1 << 16))),
        variables: Vec::new(),
        frame: 0,
        at: At::Start,
        current: &template.name,
        depth: 0,
        steps: 0,
        made: 0,
    };
    state.run_template(&template.name, &Slot::plain(dot))?;
    Ok(state.out)
}

/// The node that an error names.
#[derive(Clone, Copy)]
enum At<'t> {
    Start,
    Node(&'t Node),
    Pipe(&'t Pipe),
    Command(&'t Command),
    Operand(&'t Operand),
}

impl At<'_> {
    fn pos(self) -> usize {
        match self {
            Self::Start => 0,
            Self::Node(node) => match node {
                Node::Text(span) => span.start,
                Node::Action { pos, .. }
                | Node::Template { pos, .. }
                | Node::Break { pos }
                | Node::Continue { pos } => *pos,
                Node::If(branch) | Node::With(branch) | Node::Range(branch) => branch.pos,
            },
            Self::Pipe(pipe) => pipe.pos,
            Self::Command(command) => command.pos,
            Self::Operand(operand) => operand.pos,
        }
    }

    fn text(self, source: Source<'_>) -> String {
        match self {
            Self::Start => String::new(),
            Self::Node(node) => source.shown(node).to_string(),
            Self::Pipe(pipe) => source.shown(pipe).to_string(),
            Self::Command(command) => source.shown(command).to_string(),
            Self::Operand(operand) => source.shown(operand).to_string(),
        }
    }
}

struct State<'t, 'h> {
    template: &'t Template,
    source: Source<'t>,
    host: &'h mut dyn Host,
    mask: Option<&'h str>,
    /// The next output of `executeTemplate` is printed, and masked where it is made.
    keeps_mask: bool,
    out: Printed,
    variables: Vec<(&'t str, Slot)>,
    /// Where the variables of the current template begin.
    frame: usize,
    at: At<'t>,
    /// The name of the template that is being executed.
    current: &'t str,
    depth: usize,
    steps: u64,
    /// Bytes of the values that functions made so far.
    made: usize,
}

impl<'t> State<'t, '_> {
    /// The error of the current node.
    fn error(&self, message: impl Into<CallError>) -> Error {
        let (line, column) = position(&self.template.source, self.at.pos());
        Error(Box::new(Details {
            phase: Phase::Execute,
            template: self.template.name.to_string(),
            line,
            column,
            node: Some((self.current.to_owned(), self.at.text(self.source))),
            message: message.into(),
            unknown_function: None,
            open_block: None,
        }))
    }

    /// Counts a step of work.
    fn step(&mut self) -> Result<(), Error> {
        self.spend(1)
    }

    /// Counts several steps.
    fn spend(&mut self, steps: usize) -> Result<(), Error> {
        self.steps = self
            .steps
            .saturating_add(u64::try_from(steps).unwrap_or(u64::MAX));
        if self.steps > self.template.limits.steps {
            let limit = self.template.limits.steps;
            return Err(self.error(format!("the template takes more than {limit} steps")));
        }
        Ok(())
    }

    /// Runs `work` one level deeper.
    fn deeper<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth >= self.template.limits.depth {
            return Err(self.error(format!("exceeded maximum template depth ({})", self.depth)));
        }
        self.depth += 1;
        let result = work(self);
        self.depth -= 1;
        result
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let limit = self.template.limits.output;
        if self.out.len() + bytes.len() > limit {
            return Err(self.error(format!("the output is longer than {limit} bytes")));
        }
        crate::buffer::append(&mut self.out, bytes);
        Ok(())
    }

    fn variable(&self, name: &str) -> Result<&Slot, Error> {
        let known = self.variables[self.frame..].iter().rev();
        match known.into_iter().find(|(known, _)| *known == name) {
            Some((_, slot)) => Ok(slot),
            None => Err(self.error(format!("undefined variable: {name}"))),
        }
    }

    fn assign(&mut self, name: &str, slot: Slot) -> Result<(), Error> {
        let known = self.variables[self.frame..].iter_mut().rev();
        match known.into_iter().find(|(known, _)| *known == name) {
            Some((_, place)) => {
                *place = slot;
                Ok(())
            }
            None => Err(self.error(format!("undefined variable: {name}"))),
        }
    }

    /// The value of a pipeline, which also declares or assigns its variables.
    fn pipeline(&mut self, dot: &Slot, pipe: &'t Pipe) -> Result<Slot, Error> {
        self.at = At::Pipe(pipe);
        let mut value = None;
        for command in &pipe.commands {
            let result = self.command(dot, command, value)?;
            // What a pipeline passes on has lost its interface.
            value = Some(Slot::plain(result.value));
        }
        let value = value.unwrap_or_default();
        for name in &pipe.declare {
            let name = self.source.text(*name);
            if pipe.assign {
                self.assign(name, value.clone())?;
            } else {
                self.variables.push((name, value.clone()));
            }
        }
        Ok(value)
    }

    /// A command; `piped` is the value of the command before it.
    fn command(
        &mut self,
        dot: &Slot,
        command: &'t Command,
        piped: Option<Slot>,
    ) -> Result<Slot, Error> {
        self.step()?;
        let args = &command.args[..];
        let first = &args[0];
        match &first.kind {
            OperandKind::Field(names) => {
                return self.dot_chain(dot, first, names, (args, piped));
            }
            OperandKind::Chain(inner, names) => {
                return self.chain(dot, first, inner, names, (args, piped));
            }
            OperandKind::Function(callee) => {
                self.at = At::Operand(first);
                return self.function(dot, callee, At::Command(command), args, piped);
            }
            OperandKind::Pipe(pipe) => {
                self.not_a_function(args, piped.as_ref())?;
                return self.deeper(|state| state.pipeline(dot, pipe));
            }
            OperandKind::Variable(name, names) => {
                return self.variable_chain(dot, first, (*name, names), (args, piped));
            }
            _ => {}
        }
        self.at = At::Operand(first);
        self.not_a_function(args, piped.as_ref())?;
        match &first.kind {
            OperandKind::Dot => Ok(dot.clone()),
            OperandKind::Nil => Err(self.error("nil is not a command")),
            _ => self.literal(first),
        }
    }

    /// A bool, number or string that stands for itself.
    fn literal(&mut self, operand: &'t Operand) -> Result<Slot, Error> {
        Ok(Slot::plain(match &operand.kind {
            OperandKind::Bool(value) => Value::Bool(*value),
            OperandKind::String { text, .. } => Value::String(text.clone()),
            OperandKind::Number(number) => {
                self.at = At::Operand(operand);
                number
                    .ideal()
                    .ok_or_else(|| self.error(format!("{} overflows int", number.text)))?
            }
            _ => Value::Nil,
        }))
    }

    fn not_a_function(&self, args: &[Operand], piped: Option<&Slot>) -> Result<(), Error> {
        if args.len() > 1 || piped.is_some() {
            return Err(self.misuse("can't give argument to non-function ", &args[0]));
        }
        Ok(())
    }

    fn misuse(&self, words: &str, node: &Operand) -> Error {
        self.error(format!("{words}{}", self.source.shown(node)))
    }
}

impl From<String> for CallError {
    fn from(words: String) -> Self {
        Self::new(words)
    }
}

impl From<&str> for CallError {
    fn from(words: &str) -> Self {
        Self::new(words)
    }
}
