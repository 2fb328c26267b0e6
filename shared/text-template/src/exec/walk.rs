//! Nodes: text, actions, conditions, loops, templates.

use super::{At, Slot, State};
use crate::ast::{Arm, Branch, Command, List, Node, Operand, OperandKind, Pipe, Target};
use crate::builtin::Builtin;
use crate::error::Error;
use crate::function::CallError;
use crate::value::Value;

/// Functions that change nothing but the blanks of a text.
const LAYOUT: &[&str] = &[
    "indent",
    "trimSpace",
    "sprig_indent",
    "sprig_nindent",
    "sprig_trim",
];

/// How a list of nodes ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Next,
    Break,
    Continue,
}

impl<'t> State<'t, '_> {
    /// Executes a template of this name with variables of its own.
    pub(super) fn run_template(&mut self, name: &'t str, dot: &Slot) -> Result<(), Error> {
        let Some(list) = self.template.templates.get(name) else {
            let name = crate::fmt::quote(name.as_bytes());
            return Err(self.error(format!("template {name} not defined")));
        };
        let outside = (self.frame, self.variables.len(), self.at, self.current);
        self.frame = self.variables.len();
        self.current = name;
        self.variables.push(("$", dot.clone()));
        let result = self.list(dot, list);
        self.variables.truncate(outside.1);
        (self.frame, _, self.at, self.current) = outside;
        result.map(drop)
    }

    fn list(&mut self, dot: &Slot, list: &'t List) -> Result<Flow, Error> {
        self.deeper(|state| {
            for node in &list.nodes {
                let flow = state.node(dot, node)?;
                if flow != Flow::Next {
                    return Ok(flow);
                }
            }
            Ok(Flow::Next)
        })
    }

    fn node(&mut self, dot: &Slot, node: &'t Node) -> Result<Flow, Error> {
        self.at = At::Node(node);
        self.step()?;
        match node {
            Node::Text(span) => self.write(self.source.text(*span).as_bytes())?,
            Node::Action { pipe, .. } => {
                self.keeps_mask = self.mask.is_some() && self.lays_out(pipe);
                let mask = self.mask.filter(|_| self.keeps_mask);
                let value = self.pipeline(dot, pipe)?;
                if pipe.declare.is_empty() {
                    self.at = At::Node(node);
                    if mask.is_some() {
                        self.mask = None;
                    }
                    self.print(&value)?;
                    self.mask = mask.or(self.mask);
                }
            }
            Node::If(branch) => return self.condition(dot, branch, false),
            Node::With(branch) => return self.condition(dot, branch, true),
            Node::Range(branch) => return self.range(dot, branch, node),
            Node::Template { name, pipe, .. } => self.template(dot, name, pipe.as_ref())?,
            Node::Break { .. } => return Ok(Flow::Break),
            Node::Continue { .. } => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    /// Whether an action prints the output of a template, at most laid out anew. Its text is no value
    /// then, and nothing is decided by it.
    fn lays_out(&self, pipe: &Pipe) -> bool {
        let is_plain = |operand: &Operand| {
            !matches!(operand.kind, OperandKind::Pipe(_) | OperandKind::Chain(..))
        };
        let callee = |command: &Command| match command.args.first()?.kind {
            OperandKind::Function(callee) if command.args.iter().all(is_plain) => Some(callee),
            _ => None,
        };
        let mut callees = pipe.commands.iter().map(callee);
        let is_output = callees.next().flatten().is_some_and(|callee| {
            matches!(callee.target, Target::Builtin(Builtin::ExecuteTemplate))
        });
        is_output
            && pipe.declare.is_empty()
            && callees.all(|callee| {
                callee.is_some_and(|callee| LAYOUT.contains(&self.source.text(callee.name)))
            })
    }

    fn print(&mut self, slot: &Slot) -> Result<(), Error> {
        if let Some(text) = slot.value.as_text() {
            return self.write_value(text.as_bytes());
        }
        if matches!(&slot.value, Value::Object(object) if object.is_channel()) {
            let (node, ty) = (self.at.text(self.source), slot.value.type_name());
            return Err(self.error(format!("can't print {node} of type {ty}")));
        }
        let Some(value) = printable(slot) else {
            return self.write(b"<no value>");
        };
        let text = crate::fmt::sprint(&[value], self.template.limits.output);
        self.write_value(&text.map_err(|error| self.error(error.to_string()))?)
    }

    fn write_value(&mut self, text: &[u8]) -> Result<(), Error> {
        match self.mask {
            Some(mask) if !text.is_empty() => self.write(mask.as_bytes()),
            _ => self.write(text),
        }
    }

    fn condition(&mut self, dot: &Slot, branch: &'t Branch, with: bool) -> Result<Flow, Error> {
        let height = self.variables.len();
        let chosen = self.chosen(dot, branch)?;
        let flow = match (&chosen, &branch.otherwise) {
            (Some((value, list)), _) => self.list(if with { value } else { dot }, list),
            (None, Some(list)) => self.list(dot, list),
            (None, None) => Ok(Flow::Next),
        };
        self.variables.truncate(height);
        flow
    }

    /// The first arm whose value is true.
    fn chosen(
        &mut self,
        dot: &Slot,
        branch: &'t Branch,
    ) -> Result<Option<(Slot, &'t List)>, Error> {
        for arm in &branch.arms {
            let value = self.pipeline(dot, &arm.pipe)?;
            if value.value.is_true() {
                return Ok(Some((value, &arm.list)));
            }
        }
        Ok(None)
    }

    fn template(&mut self, dot: &Slot, name: &'t str, pipe: Option<&'t Pipe>) -> Result<(), Error> {
        if !self.template.templates.contains_key(name) {
            let name = crate::fmt::quote(name.as_bytes());
            return Err(self.error(format!("template {name} not defined")));
        }
        let data = match pipe {
            Some(pipe) => self.pipeline(dot, pipe)?,
            None => Slot::default(),
        };
        self.run_template(name, &data)
    }

    fn range(&mut self, dot: &Slot, branch: &'t Branch, node: &'t Node) -> Result<Flow, Error> {
        let [arm] = &branch.arms[..] else {
            return Ok(Flow::Next);
        };
        let height = self.variables.len();
        let value = self.pipeline(dot, &arm.pipe)?.value;
        let mut turns = Turns {
            arm,
            node,
            height: self.variables.len(),
            run: false,
        };
        let ended = self.turns(&mut turns, &value);
        let flow = match ended {
            Ok(()) if !turns.run => {
                let otherwise = branch.otherwise.as_ref();
                let flow = otherwise.map_or(Ok(Flow::Next), |list| self.list(dot, list));
                // A `break` there ends this loop, although it did not turn; `continue` the outer one's turn.
                flow.map(|flow| match flow {
                    Flow::Break => Flow::Next,
                    flow => flow,
                })
            }
            Ok(()) => Ok(Flow::Next),
            Err(error) => Err(error),
        };
        self.variables.truncate(height);
        flow
    }

    fn turns(&mut self, turns: &mut Turns<'t>, value: &Value) -> Result<(), Error> {
        let single = |state: &Self| {
            if turns.arm.pipe.declare.len() < 2 {
                return Ok(());
            }
            let shown = shown(value);
            Err(state.error(
                CallError::new("can't use ")
                    .value(shown)
                    .words(" to iterate over more than one variable"),
            ))
        };
        match value {
            Value::List(list) => {
                let ty = list.element_type();
                for (index, item) in list.items().iter().enumerate() {
                    let index = Slot::plain(Value::count(index));
                    if self.turn(turns, index, &Slot::typed(item.clone(), ty))? {
                        break;
                    }
                }
            }
            Value::Map(map) => {
                // A loop that changes its map makes the map copy itself.
                self.spend(map.len() / 8)?;
                let (key_type, ty) = (map.key_type(), map.element_type());
                for (key, item) in map.snapshot().entries() {
                    let key = Slot::typed(key.clone(), key_type);
                    if self.turn(turns, key, &Slot::typed(item.clone(), ty))? {
                        break;
                    }
                }
            }
            Value::Object(channel) if channel.is_channel() => {
                for index in 0.. {
                    let Some(item) = channel.receive() else {
                        break;
                    };
                    let index = Slot::plain(Value::count(index));
                    if self.turn(turns, index, &Slot::plain(item))? {
                        break;
                    }
                }
            }
            Value::Int(kind, count) => {
                single(self)?;
                for index in 0..*count {
                    let item = Slot::plain(Value::Int(*kind, index));
                    if self.turn(turns, Slot::default(), &item)? {
                        break;
                    }
                }
            }
            Value::Uint(kind, count) => {
                single(self)?;
                for index in 0..*count {
                    let item = Slot::plain(Value::Uint(*kind, index));
                    if self.turn(turns, Slot::default(), &item)? {
                        break;
                    }
                }
            }
            Value::Nil => {}
            _ => {
                let shown = shown(value);
                return Err(self.error(CallError::new("range can't iterate over ").value(shown)));
            }
        }
        Ok(())
    }

    /// One turn; true where the loop ends.
    fn turn(&mut self, turns: &mut Turns<'t>, index: Slot, item: &Slot) -> Result<bool, Error> {
        turns.run = true;
        let pipe = &turns.arm.pipe;
        let height = turns.height;
        match (&pipe.declare[..], pipe.assign) {
            ([], _) => {}
            ([only], true) => self.assign(self.source.text(*only), item.clone())?,
            ([first, second, ..], true) => {
                self.assign(self.source.text(*first), index)?;
                self.assign(self.source.text(*second), item.clone())?;
            }
            ([_], false) => self.variables[height - 1].1 = item.clone(),
            ([..], false) => {
                self.variables[height - 1].1 = item.clone();
                self.variables[height - 2].1 = index;
            }
        }
        self.at = At::Node(turns.node);
        self.step()?;
        let flow = self.list(item, &turns.arm.list)?;
        self.variables.truncate(height);
        Ok(flow == Flow::Break)
    }
}

/// A loop in progress.
struct Turns<'t> {
    arm: &'t Arm,
    node: &'t Node,
    /// How many variables there are at the start of a turn.
    height: usize,
    run: bool,
}

/// What is printed of a value: of a pointer what it points to, `None` for no value.
pub(crate) fn printable(slot: &Slot) -> Option<Value> {
    match &slot.value {
        Value::Nil => None,
        Value::Pointer(_, Some(record)) => Some(Value::Record(record.clone())),
        value => Some(value.clone()),
    }
}

/// A value in an error's text: short, whatever it is. Of a pointer what it points to.
fn shown(value: &Value) -> String {
    let value = printable(&Slot::plain(value.clone())).unwrap_or_default();
    match crate::fmt::sprint(&[value], 1 << 10) {
        Ok(text) => String::from_utf8_lossy(&text).into_owned(),
        Err(_) => String::from("..."),
    }
}
