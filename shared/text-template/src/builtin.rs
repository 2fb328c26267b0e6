//! The functions that every template has, and the methods of numbers.

mod compare;
mod element;
mod escape;
mod number;

use crate::exec::Slot;
use crate::fmt;
use crate::function::CallError;
use crate::value::{Type, Value};
pub(crate) use number::METHODS as NUMBER_METHODS;

/// A built-in function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Builtin {
    And,
    Call,
    /// Not one of Go's: registered by name, see `FunctionSet::with_execute_template`.
    ExecuteTemplate,
    Html,
    Index,
    Js,
    Len,
    Not,
    Or,
    Print,
    Printf,
    Println,
    Slice,
    Urlquery,
    Eq,
    Ge,
    Gt,
    Le,
    Lt,
    Ne,
}

type Param = Option<Type>;

/// Takes a value as it is, or its absence.
const RAW: Param = None;
const ANY: Param = Some(Type::Any);

impl Builtin {
    /// Go's own, by name.
    pub(crate) const ALL: &[Self] = &[
        Self::And,
        Self::Call,
        Self::Eq,
        Self::Ge,
        Self::Gt,
        Self::Html,
        Self::Index,
        Self::Js,
        Self::Le,
        Self::Len,
        Self::Lt,
        Self::Ne,
        Self::Not,
        Self::Or,
        Self::Print,
        Self::Printf,
        Self::Println,
        Self::Slice,
        Self::Urlquery,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::And => "and",
            Self::Call => "call",
            Self::ExecuteTemplate => "executeTemplate",
            Self::Html => "html",
            Self::Index => "index",
            Self::Js => "js",
            Self::Len => "len",
            Self::Not => "not",
            Self::Or => "or",
            Self::Print => "print",
            Self::Printf => "printf",
            Self::Println => "println",
            Self::Slice => "slice",
            Self::Urlquery => "urlquery",
            Self::Eq => "eq",
            Self::Ge => "ge",
            Self::Gt => "gt",
            Self::Le => "le",
            Self::Lt => "lt",
            Self::Ne => "ne",
        }
    }

    pub(crate) fn find(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|builtin| builtin.name() == name)
    }

    /// Does it take no longer on larger values?
    pub(crate) fn is_quick(self) -> bool {
        !matches!(
            self,
            Self::Html | Self::Js | Self::Urlquery | Self::Print | Self::Printf | Self::Println
        )
    }

    /// The fixed parameters and the type of the others.
    pub(crate) fn params(self) -> (&'static [Param], Option<Param>) {
        match self {
            Self::And | Self::Or | Self::Eq | Self::Index | Self::Slice | Self::Call => {
                (&[RAW], Some(RAW))
            }
            Self::Html | Self::Js | Self::Urlquery | Self::Print | Self::Println => {
                (&[], Some(ANY))
            }
            Self::ExecuteTemplate | Self::Printf => (&[Some(Type::String)], Some(ANY)),
            Self::Len | Self::Not => (&[RAW], None),
            Self::Ge | Self::Gt | Self::Le | Self::Lt | Self::Ne => (&[RAW, RAW], None),
        }
    }

    /// Runs it. `callee` is the first written argument, `limit` the longest text it may make.
    pub(crate) fn call(
        self,
        callee: Option<&str>,
        slots: Vec<Slot>,
        limit: usize,
    ) -> Result<Slot, CallError> {
        let value = match self {
            Self::Index => return element::index(slots),
            Self::Slice => return element::slice(&slots),
            Self::Len => element::len(&slots[0])?,
            Self::Call => return Err(not_callable(callee, &slots[0])),
            Self::Not => Value::Bool(!slots[0].value.is_true()),
            Self::Eq => Value::Bool(compare::eq(&slots[0], &slots[1..])?),
            Self::Ne => Value::Bool(!compare::eq(&slots[0], &slots[1..])?),
            Self::Lt => Value::Bool(compare::lt(&slots[0], &slots[1])?),
            Self::Le => Value::Bool(compare::le(&slots[0], &slots[1])?),
            Self::Gt => Value::Bool(!compare::le(&slots[0], &slots[1])?),
            Self::Ge => Value::Bool(!compare::lt(&slots[0], &slots[1])?),
            Self::Html => Value::string(escape::html(&joined(&slots, limit)?, limit)?),
            Self::Js => Value::string(escape::js(&joined(&slots, limit)?, limit)?),
            Self::Urlquery => Value::string(escape::url_query(&joined(&slots, limit)?, limit)?),
            Self::Print => Value::string(fmt::sprint(&values(slots), limit)?),
            Self::Println => Value::string(fmt::sprintln(&values(slots), limit)?),
            Self::Printf => {
                let values = values(slots);
                let format = values[0].as_text().cloned().unwrap_or_default();
                Value::string(fmt::sprintf(format.as_bytes(), &values[1..], limit)?)
            }
            // The engine runs these itself.
            Self::And | Self::Or | Self::ExecuteTemplate => Value::Nil,
        };
        Ok(Slot::plain(value))
    }
}

fn values(slots: Vec<Slot>) -> Vec<Value> {
    slots.into_iter().map(|slot| slot.value).collect()
}

/// Arguments as one text, for the escapers.
fn joined(slots: &[Slot], limit: usize) -> Result<fmt::Printed, CallError> {
    let values: Vec<Value> = slots
        .iter()
        .map(|slot| crate::exec::printable(slot).unwrap_or_else(|| Value::string("<no value>")))
        .collect();
    Ok(fmt::sprint(&values, limit)?)
}

/// No value of a template is a function. `callee` is the first argument as written, if it is not
/// piped.
fn not_callable(callee: Option<&str>, slot: &Slot) -> CallError {
    let ty = slot.value.type_name();
    let error = CallError::new("non-function ");
    let error = match (callee, &slot.value) {
        (_, Value::Nil) => return CallError::new("call of nil"),
        (Some(callee), _) => error.words(callee),
        (None, Value::String(text) | Value::Number(text)) => error.value(text.to_str_lossy()),
        (None, _) => error.words(format!("<{ty} Value>")),
    };
    error.words(format!(" of type {ty}"))
}

impl From<fmt::FormatError> for CallError {
    fn from(error: fmt::FormatError) -> Self {
        Self::new(error.to_string())
    }
}
