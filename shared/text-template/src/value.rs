//! What a template works on: Go's kinds as far as a template can see them.
//!
//! A clone never copies data: text, lists, maps and records are shared. Text is wiped when its last
//! owner goes.

mod list;
mod map;
mod object;
mod record;
mod text;
mod types;

use std::fmt;
use std::sync::Arc;

pub use list::List;
pub use map::{Map, MapError};
pub use object::{Arguments, Method, Object};
pub use record::{Record, RecordType};
pub use text::Text;
pub use types::{IntKind, Type, UintKind};

/// A value.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Value {
    /// `nil` without a type.
    #[default]
    Nil,
    /// `bool`.
    Bool(bool),
    /// `int`, `int32` or `int64`.
    Int(IntKind, i64),
    /// `uint`, `uint8` or `uint64`.
    Uint(UintKind, u64),
    /// `float64`.
    Float(f64),
    /// `complex128`: real and imaginary part.
    Complex(f64, f64),
    /// `string`.
    String(Text),
    /// `json.Number`: a kind of string that keeps a number's literal text.
    Number(Text),
    /// `[]T`.
    List(List),
    /// `map[K]V`.
    Map(Map),
    /// A struct.
    Record(Record),
    /// `*T` of a struct; `None` is a nil pointer.
    Pointer(&'static RecordType, Option<Record>),
    /// A native object: a pointer that has methods and shows nothing else.
    Object(Arc<dyn Object>),
}

impl Value {
    /// An `int`.
    pub fn int(value: i64) -> Self {
        Self::Int(IntKind::Int, value)
    }

    /// An `int` that counts something in memory.
    pub fn count(value: usize) -> Self {
        Self::int(i64::try_from(value).unwrap_or(i64::MAX))
    }

    /// A `string`.
    pub fn string(text: impl Into<Text>) -> Self {
        Self::String(text.into())
    }

    /// The type, `None` for `nil`.
    pub fn type_of(&self) -> Option<Type> {
        Some(match self {
            Self::Nil => return None,
            Self::Bool(_) => Type::Bool,
            Self::Int(kind, _) => Type::Int(*kind),
            Self::Uint(kind, _) => Type::Uint(*kind),
            Self::Float(_) => Type::Float64,
            Self::Complex(..) => Type::Complex128,
            Self::String(_) => Type::String,
            Self::Number(_) => Type::Number,
            Self::List(list) => list.type_of(),
            Self::Map(map) => map.type_of(),
            Self::Record(record) => Type::Record(record.record_type()),
            Self::Pointer(record_type, _) => Type::Pointer(record_type),
            Self::Object(object) => Type::Object(object.type_name()),
        })
    }

    /// The type's name as `%T` prints it, `<nil>` for `nil`.
    pub fn type_name(&self) -> String {
        self.type_of()
            .map_or_else(|| String::from("<nil>"), |ty| ty.to_string())
    }

    /// Go's truth: false for `nil`, false, zero and everything empty.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Int(_, value) => *value != 0,
            Self::Uint(_, value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Complex(re, im) => *re != 0.0 || *im != 0.0,
            Self::String(text) | Self::Number(text) => !text.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Record(_) | Self::Object(_) => true,
            Self::Pointer(_, record) => record.is_some(),
        }
    }

    /// `nil` in any of its types: untyped, a nil list or map, a nil pointer.
    pub fn is_nil(&self) -> bool {
        match self {
            Self::Nil | Self::Pointer(_, None) => true,
            Self::List(list) => list.is_nil(),
            Self::Map(map) => map.is_nil(),
            _ => false,
        }
    }

    /// About how many bytes the value takes, without what nests in it.
    pub fn own_size(&self) -> usize {
        match self {
            Self::String(text) | Self::Number(text) => text.len(),
            Self::List(list) => list.len().saturating_mul(size_of::<Self>()),
            Self::Map(map) => map.len().saturating_mul(2 * size_of::<Self>()),
            _ => 0,
        }
    }

    /// The text of a value whose kind is string.
    pub fn as_text(&self) -> Option<&Text> {
        match self {
            Self::String(text) | Self::Number(text) => Some(text),
            _ => None,
        }
    }

    /// The record behind a struct or a pointer to one.
    pub fn as_record(&self) -> Option<&Record> {
        match self {
            Self::Record(record) | Self::Pointer(_, Some(record)) => Some(record),
            _ => None,
        }
    }
}

/// Shows the type alone: a value may be a secret.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.type_name())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::string(value)
    }
}

impl From<List> for Value {
    fn from(value: List) -> Self {
        Self::List(value)
    }
}

impl From<Map> for Value {
    fn from(value: Map) -> Self {
        Self::Map(value)
    }
}
