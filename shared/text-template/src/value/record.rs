//! Structs: a fixed set of named fields. Reading any other is an error.

use std::fmt;
use std::sync::Arc;

use super::{Method, Type, Value};

/// The type of a struct. Two are the same type when they have the same name.
#[derive(Debug)]
pub struct RecordType {
    /// The name with its package, as `%T` shows it: `dependency.Secret`.
    pub name: &'static str,
    /// Field names and their static types, in order.
    pub fields: &'static [(&'static str, Type)],
    /// What can be called on a value of the type.
    pub methods: &'static [Method],
}

impl PartialEq for RecordType {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for RecordType {}

/// A struct's value. Cheap to clone.
#[derive(Clone)]
pub struct Record(Arc<Data>);

struct Data {
    record_type: &'static RecordType,
    values: Vec<Value>,
}

impl Record {
    /// A record with its fields in the order of the type; missing ones are zero, extra ones are
    /// dropped.
    pub fn new(record_type: &'static RecordType, mut values: Vec<Value>) -> Self {
        values.truncate(record_type.fields.len());
        let rest = &record_type.fields[values.len()..];
        values.extend(rest.iter().map(|(_, ty)| ty.zero()));
        Self(Arc::new(Data {
            record_type,
            values,
        }))
    }

    /// All fields zero.
    pub fn zero(record_type: &'static RecordType) -> Self {
        Self::new(record_type, Vec::new())
    }

    /// The type.
    pub fn record_type(&self) -> &'static RecordType {
        self.0.record_type
    }

    /// The fields in order: name, static type, value.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, Type, &Value)> {
        let types = self.0.record_type.fields.iter();
        types
            .zip(&self.0.values)
            .map(|((name, ty), value)| (*name, *ty, value))
    }

    /// Has it no list and no map, which Go does not compare?
    pub(crate) fn is_comparable(&self) -> bool {
        self.fields().all(|(_, ty, value)| match value {
            Value::Record(record) => record.is_comparable(),
            Value::List(_) | Value::Map(_) => false,
            _ => !matches!(ty, Type::List(_) | Type::Map(..)),
        })
    }

    /// Is it the very same record, not just an equal one?
    pub(crate) fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// A field by name, with its static type.
    pub fn field(&self, name: &str) -> Option<(Type, &Value)> {
        self.fields()
            .find(|(field, ..)| *field == name)
            .map(|(_, ty, value)| (ty, value))
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.record_type.name)
    }
}
