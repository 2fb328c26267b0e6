//! Fields of records, keys of maps, methods.

use super::{At, Slot, State};
use crate::ast::{Operand, OperandKind, Source, Span};
use crate::error::Error;
use crate::exec::call::Target;
use crate::function::CallError;
use crate::template::MissingKey;
use crate::value::{Method, Type, Value};

/// The arguments of a command, its first word included, and what is piped into it.
pub(super) type Given<'t> = (&'t [Operand], Option<Slot>);

impl<'t> State<'t, '_> {
    /// `(pipeline).a.b` and `function.a.b`.
    pub(super) fn chain(
        &mut self,
        dot: &Slot,
        node: &'t Operand,
        inner: &'t Operand,
        names: &'t [Span],
        given: Given<'t>,
    ) -> Result<Slot, Error> {
        self.at = At::Operand(node);
        if matches!(inner.kind, OperandKind::Nil) {
            return Err(self.misuse("indirection through explicit nil in ", node));
        }
        let receiver = self.argument(dot, None, inner)?;
        self.field_chain(dot, receiver, node, names, given)
    }

    /// `$x` and `$x.a.b`.
    pub(super) fn variable_chain(
        &mut self,
        dot: &Slot,
        node: &'t Operand,
        (name, names): (Span, &'t [Span]),
        given: Given<'t>,
    ) -> Result<Slot, Error> {
        self.at = At::Operand(node);
        let value = self.variable(self.source.text(name))?;
        if names.is_empty() {
            let value = value.clone();
            self.not_a_function(given.0, given.1.as_ref())?;
            return Ok(value);
        }
        let (value, names) = walk(self.source, value, names, &given);
        self.field_chain(dot, value, node, names, given)
    }

    /// `.a.b`.
    pub(super) fn dot_chain(
        &mut self,
        dot: &Slot,
        node: &'t Operand,
        names: &'t [Span],
        given: Given<'t>,
    ) -> Result<Slot, Error> {
        self.at = At::Operand(node);
        let (value, names) = walk(self.source, dot, names, &given);
        self.field_chain(dot, value, node, names, given)
    }

    /// Fields one after the other; arguments belong to the last, which may be a method.
    fn field_chain(
        &mut self,
        dot: &Slot,
        mut receiver: Slot,
        node: &'t Operand,
        names: &'t [Span],
        given: Given<'t>,
    ) -> Result<Slot, Error> {
        let Some((last, before)) = names.split_last() else {
            return Ok(receiver);
        };
        for name in before {
            let name = self.source.text(*name);
            receiver = self.field(dot, &receiver, node, name, (&[], None))?;
        }
        self.field(dot, &receiver, node, self.source.text(*last), given)
    }

    fn field(
        &mut self,
        dot: &Slot,
        receiver: &Slot,
        node: &'t Operand,
        name: &'t str,
        (args, piped): Given<'t>,
    ) -> Result<Slot, Error> {
        if receiver.is_absent() {
            if self.template.missing_key == MissingKey::Error {
                let name = crate::fmt::quote(name.as_bytes());
                return Err(self.error(format!("nil data; no entry for key {name}")));
            }
            return Ok(Slot::default());
        }
        if matches!(receiver.value, Value::Nil) {
            let ty = receiver.type_name();
            return Err(self.error(format!("nil pointer evaluating {ty}.{name}")));
        }
        let methods: &'static [Method] = match &receiver.value {
            Value::Number(_) => crate::builtin::NUMBER_METHODS,
            Value::Record(record) | Value::Pointer(_, Some(record)) => record.record_type().methods,
            Value::Object(object) => object.methods(),
            _ => &[],
        };
        if let Some(method) = methods.iter().find(|method| method.signature.name == name) {
            let target = Target::Method(method, receiver.value.clone());
            return self.call(dot, target, name, At::Operand(node), args, piped);
        }
        let has_arguments = args.len() > 1 || piped.is_some();
        match &receiver.value {
            Value::Record(record) | Value::Pointer(_, Some(record)) => {
                if let Some((ty, value)) = record.field(name) {
                    if has_arguments {
                        return Err(self.error(format!(
                            "{name} has arguments but cannot be invoked as function"
                        )));
                    }
                    return Ok(Slot::typed(value.clone(), ty));
                }
            }
            Value::Map(map) if matches!(map.key_type(), Type::String | Type::Any) => {
                if has_arguments {
                    return Err(self.error(format!("{name} is not a method but has arguments")));
                }
                return match map.get_str(name) {
                    Some(value) => Ok(Slot::typed(value, map.element_type())),
                    None => self.missing(name, map.element_type()),
                };
            }
            Value::Pointer(ty, None) if ty.fields.iter().any(|(field, _)| *field == name) => {
                let ty = receiver.type_name();
                return Err(self.error(format!("nil pointer evaluating {ty}.{name}")));
            }
            _ => {}
        }
        let ty = receiver.type_name();
        Err(self.error(format!("can't evaluate field {name} in type {ty}")))
    }

    fn missing(&self, name: &str, element: Type) -> Result<Slot, Error> {
        match self.template.missing_key {
            MissingKey::Invalid => Ok(Slot::default()),
            MissingKey::Zero => Ok(Slot::typed(element.zero(), element)),
            MissingKey::Error => {
                let name = crate::fmt::quote(name.as_bytes());
                let words = CallError::new(format!("map has no entry for key {name}"));
                Err(self.error(words))
            }
        }
    }
}

/// Goes as far along the names as there are plain fields and keys that cannot change, owning nothing
/// on the way: most chains end here. What is left needs methods, a lock or an error.
fn walk<'t>(
    source: Source<'_>,
    from: &Slot,
    mut names: &'t [Span],
    given: &Given<'_>,
) -> (Slot, &'t [Span]) {
    let has_arguments = given.0.len() > 1 || given.1.is_some();
    let (mut value, mut any) = (&from.value, from.any);
    while let [name, rest @ ..] = names {
        if has_arguments && rest.is_empty() {
            break;
        }
        let name = source.text(*name);
        let next = match value {
            Value::Record(record) | Value::Pointer(_, Some(record)) => {
                if record.record_type().methods.is_empty() {
                    record.field(name)
                } else {
                    None
                }
            }
            Value::Map(map) => map.fixed_str(name).map(|value| (map.element_type(), value)),
            _ => None,
        };
        let Some((ty, next)) = next else { break };
        (value, any, names) = (next, matches!(ty, Type::Any), rest);
    }
    let value = value.clone();
    (Slot { value, any }, names)
}
