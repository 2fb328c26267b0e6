//! Calls: arguments checked against the signature, then the function.

use super::{At, Slot, State};
use crate::ast::{self, Callee, Operand, OperandKind};
use crate::builtin::Builtin;
use crate::error::Error;
use crate::function::{CallError, Signature};
use crate::value::{Method, Type, Value};

/// What a call runs.
pub(super) enum Target {
    Builtin(Builtin),
    Host(usize),
    Method(&'static Method, Value),
}

/// A parameter: a type, or `None` for whatever it is, its absence included.
pub(crate) type Param = Option<Type>;

/// The parameters of a call's target: of a built-in with those that take whatever there is.
enum Params {
    Typed(&'static [Type], Option<Type>),
    Builtin(&'static [Param], Option<Param>),
}

impl From<Signature> for Params {
    fn from(signature: Signature) -> Self {
        Self::Typed(signature.params, signature.variadic)
    }
}

impl Params {
    fn at(&self, index: usize) -> Param {
        match *self {
            Self::Typed(fixed, rest) => fixed.get(index).copied().or(rest),
            Self::Builtin(fixed, rest) => fixed.get(index).copied().or(rest).flatten(),
        }
    }

    /// How many stand fixed, and whether more may follow.
    fn count(&self) -> (usize, bool) {
        match self {
            Self::Typed(fixed, rest) => (fixed.len(), rest.is_some()),
            Self::Builtin(fixed, rest) => (fixed.len(), rest.is_some()),
        }
    }
}

impl<'t> State<'t, '_> {
    pub(super) fn function(
        &mut self,
        dot: &Slot,
        callee: &'t Callee,
        node: At<'t>,
        args: &'t [Operand],
        piped: Option<Slot>,
    ) -> Result<Slot, Error> {
        let target = match callee.target {
            ast::Target::Builtin(builtin) => Target::Builtin(builtin),
            ast::Target::Host(index) => Target::Host(index),
        };
        let name = self.source.text(callee.name);
        self.call(dot, target, name, node, args, piped)
    }

    /// Calls with the arguments after the first word. `node` is what an error of the function names.
    pub(super) fn call(
        &mut self,
        dot: &Slot,
        target: Target,
        name: &str,
        node: At<'t>,
        args: &'t [Operand],
        piped: Option<Slot>,
    ) -> Result<Slot, Error> {
        self.step()?;
        let args = args.get(1..).unwrap_or_default();
        let params = match &target {
            Target::Builtin(builtin) => {
                let (fixed, rest) = builtin.params();
                Params::Builtin(fixed, rest)
            }
            Target::Host(index) => self.template.functions.signature(*index).into(),
            Target::Method(method, _) => method.signature.into(),
        };
        self.check_count(name, &params, args.len(), piped.is_some())?;
        if let Target::Builtin(builtin @ (Builtin::And | Builtin::Or)) = target {
            return self.short_circuit(dot, builtin == Builtin::Or, args, piped);
        }
        let slots = self.arguments(dot, &params, args, piped)?;
        self.spend(work(&target, &slots))?;
        if let Target::Builtin(Builtin::ExecuteTemplate) = target {
            return self.deeper(|state| state.execute_template(&slots, node));
        }
        let callee = matches!(target, Target::Builtin(Builtin::Call)).then(|| args.first());
        self.invoke(target, slots, callee.flatten())
            .map_err(|error| self.failed(name, node, error))
    }

    /// The arguments, each fit for its parameter.
    fn arguments(
        &mut self,
        dot: &Slot,
        params: &Params,
        args: &'t [Operand],
        piped: Option<Slot>,
    ) -> Result<Vec<Slot>, Error> {
        let mut slots = Vec::with_capacity(args.len() + 1);
        for (index, arg) in args.iter().enumerate() {
            slots.push(self.argument(dot, params.at(index), arg)?);
        }
        if let Some(piped) = piped {
            slots.push(self.checked(piped, params.at(args.len()))?);
        }
        Ok(slots)
    }

    /// Runs a function. `callee` is the first written argument of `call`.
    fn invoke(
        &mut self,
        target: Target,
        slots: Vec<Slot>,
        callee: Option<&Operand>,
    ) -> Result<Slot, CallError> {
        let limit = self.template.limits.output;
        let slot = match target {
            Target::Builtin(builtin) => {
                let callee = callee.map(|callee| self.source.shown(callee).to_string());
                builtin.call(callee.as_deref(), slots, limit)?
            }
            Target::Host(index) => {
                Slot::plain(self.host.call(index, &into_values(slots), limit)?)
            }
            Target::Method(method, receiver) => {
                Slot::plain((method.body)(&receiver, &into_values(slots))?)
            }
        };
        let size = slot.value.own_size();
        if size > limit {
            return Err(CallError::new(format!(
                "the value takes more than {limit} bytes"
            )));
        }
        self.made = self.made.saturating_add(size);
        let most = self.template.limits.made;
        if self.made > most {
            return Err(CallError::new(format!(
                "all values of the template together take more than {most} bytes"
            )));
        }
        Ok(slot)
    }

    /// The error of a call.
    fn failed(&mut self, name: &str, node: At<'t>, error: CallError) -> Error {
        self.at = node;
        self.error(error.within(format!("error calling {name}: ")))
    }

    fn check_count(
        &self,
        name: &str,
        params: &Params,
        written: usize,
        piped: bool,
    ) -> Result<(), Error> {
        let (wanted, more) = params.count();
        let given = written + usize::from(piped);
        let words = if more {
            if given >= wanted {
                return Ok(());
            }
            // Go leaves the piped value out of this count.
            format!("want at least {wanted} got {written}")
        } else {
            if given == wanted {
                return Ok(());
            }
            format!("want {wanted} got {given}")
        };
        Err(self.error(format!("wrong number of args for {name}: {words}")))
    }

    /// `and` and `or` give the operand that decides, and do not look further.
    fn short_circuit(
        &mut self,
        dot: &Slot,
        or: bool,
        args: &'t [Operand],
        piped: Option<Slot>,
    ) -> Result<Slot, Error> {
        let mut last = Slot::default();
        for arg in args {
            last = self.argument(dot, None, arg)?;
            if last.value.is_true() == or {
                return Ok(last);
            }
        }
        Ok(piped.unwrap_or(last))
    }

    /// The output of a defined template as a string.
    fn execute_template(&mut self, slots: &[Slot], node: At<'t>) -> Result<Slot, Error> {
        const NAME: &str = "executeTemplate";
        let (name, data) = match slots {
            [name] => (name, Slot::default()),
            [name, data] => (name, Slot::plain(data.value.clone())),
            _ => {
                let given = slots.len();
                let error = CallError::new(format!(
                    "{NAME}: wrong number of arguments, expected 1 or 2, but got {given}"
                ));
                return Err(self.failed(NAME, node, error));
            }
        };
        let name = name
            .value
            .as_text()
            .map(|text| text.to_str_lossy())
            .unwrap_or_default();
        let Some((name, _)) = self.template.templates.get_key_value(&*name) else {
            let error = CallError::new("template: no template ")
                .quoted(name.as_bytes())
                .words(" associated with template ")
                .quoted(self.template.name.as_bytes());
            return Err(self.failed(NAME, node, error));
        };
        let out = std::mem::take(&mut self.out);
        // Its output is a value, which is masked where it is printed, unless all of it is printed.
        let mask = self.mask;
        if !std::mem::take(&mut self.keeps_mask) {
            self.mask = None;
        }
        let result = self.run_template(name, &data);
        self.mask = mask;
        let text = std::mem::replace(&mut self.out, out);
        match result {
            Ok(()) => Ok(Slot::plain(Value::string(text))),
            Err(error) => Err(self.failed(NAME, node, error.into_call_error())),
        }
    }

    /// An argument as written, fit for its parameter.
    pub(super) fn argument(
        &mut self,
        dot: &Slot,
        param: Param,
        arg: &'t Operand,
    ) -> Result<Slot, Error> {
        self.at = At::Operand(arg);
        let value = match &arg.kind {
            OperandKind::Dot => dot.clone(),
            OperandKind::Nil => {
                return match param {
                    None => Ok(Slot::default()),
                    Some(ty) if ty.can_be_nil() => Ok(Slot::typed(ty.zero(), ty)),
                    Some(ty) => Err(self.error(format!("cannot assign nil to {ty}"))),
                };
            }
            OperandKind::Field(names) => self.dot_chain(dot, arg, names, (&[], None))?,
            OperandKind::Variable(name, names) => {
                self.variable_chain(dot, arg, (*name, names), (&[], None))?
            }
            OperandKind::Pipe(pipe) => self.deeper(|state| state.pipeline(dot, pipe))?,
            OperandKind::Function(callee) => {
                self.function(dot, callee, At::Operand(arg), &[], None)?
            }
            OperandKind::Chain(inner, names) => self.chain(dot, arg, inner, names, (&[], None))?,
            _ => return self.literal_argument(param, arg),
        };
        self.checked(value, param)
    }

    /// A literal takes the type of its parameter.
    fn literal_argument(&mut self, param: Param, arg: &'t Operand) -> Result<Slot, Error> {
        let number = match &arg.kind {
            OperandKind::Number(number) => Some(number),
            _ => None,
        };
        let (value, expected) = match param {
            None => return self.literal(arg),
            Some(Type::Any) => {
                return Ok(Slot {
                    any: true,
                    ..self.literal(arg)?
                });
            }
            Some(Type::Bool) => (
                match arg.kind {
                    OperandKind::Bool(value) => Some(Value::Bool(value)),
                    _ => None,
                },
                "bool",
            ),
            Some(ty @ (Type::String | Type::Number)) => (
                match &arg.kind {
                    OperandKind::String { text, .. } if ty == Type::Number => {
                        Some(Value::Number(text.clone()))
                    }
                    OperandKind::String { text, .. } => Some(Value::String(text.clone())),
                    _ => None,
                },
                "string",
            ),
            Some(Type::Int(kind)) => (
                number.and_then(|n| n.int).map(|int| Value::Int(kind, int)),
                "integer",
            ),
            Some(Type::Uint(kind)) => (
                number
                    .and_then(|n| n.uint)
                    .map(|uint| Value::Uint(kind, uint)),
                "unsigned integer",
            ),
            Some(Type::Float64) => (number.and_then(|n| n.float).map(Value::Float), "float"),
            Some(Type::Complex128) => (
                number
                    .and_then(|n| n.complex)
                    .map(|(re, im)| Value::Complex(re, im)),
                "complex",
            ),
            Some(ty) => {
                return Err(self.error(format!(
                    "can't handle {} for arg of type {ty}",
                    self.source.shown(arg)
                )));
            }
        };
        value.map(Slot::plain).ok_or_else(|| {
            self.error(format!(
                "expected {expected}; found {}",
                self.source.shown(arg)
            ))
        })
    }

    /// A value, if it fits its parameter.
    fn checked(&self, slot: Slot, param: Param) -> Result<Slot, Error> {
        let Some(ty) = param else { return Ok(slot) };
        if slot.is_absent() {
            if ty.can_be_nil() {
                return Ok(Slot::typed(ty.zero(), ty));
            }
            return Err(self.error(format!("invalid value; expected {ty}")));
        }
        if matches!(ty, Type::Any) {
            return Ok(Slot { any: true, ..slot });
        }
        if slot.value.type_of() == Some(ty) {
            return Ok(Slot::plain(slot.value));
        }
        match (&slot.value, ty) {
            (Value::Pointer(of, record), Type::Record(wanted)) if *of == wanted => match record {
                Some(record) => Ok(Slot::plain(Value::Record(record.clone()))),
                None => Err(self.error(format!(
                    "dereference of nil pointer of type {}",
                    slot.value.type_name()
                ))),
            },
            (Value::Nil, _) => {
                let got = slot.type_name();
                Err(self.error(format!("wrong type for value; expected {ty}; got {got}")))
            }
            _ => {
                let got = slot.value.type_name();
                Err(self.error(format!("wrong type for value; expected {ty}; got {got}")))
            }
        }
    }
}

/// The steps that a call is worth: most functions look at all of their arguments.
fn work(target: &Target, slots: &[Slot]) -> usize {
    const BYTES_PER_STEP: usize = 2 << 10;
    match target {
        Target::Builtin(builtin) if builtin.is_quick() => 0,
        _ => slots
            .iter()
            .map(|slot| slot.value.own_size() / BYTES_PER_STEP)
            .sum(),
    }
}

fn into_values(slots: Vec<Slot>) -> Vec<Value> {
    slots.into_iter().map(|slot| slot.value).collect()
}
