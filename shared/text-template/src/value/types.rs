//! Types, as `%T` names them and as parameters ask for them.

use std::fmt;

use super::{RecordType, Value};

/// The width of a signed integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntKind {
    /// `int`
    Int,
    /// `int32`
    Int32,
    /// `int64`
    Int64,
}

/// The width of an unsigned integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UintKind {
    /// `uint`
    Uint,
    /// `uint8`
    Uint8,
    /// `uint64`
    Uint64,
}

/// A type. Composite types point to constants, so that a type is cheap to copy and compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Type {
    /// `interface {}`: takes every value.
    Any,
    /// `bool`
    Bool,
    /// Signed integers.
    Int(IntKind),
    /// Unsigned integers.
    Uint(UintKind),
    /// `float64`
    Float64,
    /// `complex128`
    Complex128,
    /// `string`
    String,
    /// `json.Number`
    Number,
    /// `[]T`
    List(&'static Type),
    /// `map[K]V`
    Map(&'static Type, &'static Type),
    /// A struct.
    Record(&'static RecordType),
    /// A pointer to a struct.
    Pointer(&'static RecordType),
    /// A native object, by its name.
    Object(&'static str),
}

impl Type {
    /// `int`
    pub const INT: Self = Self::Int(IntKind::Int);
    /// `int64`
    pub const INT64: Self = Self::Int(IntKind::Int64);
    /// `[]interface {}`
    pub const ANYS: Self = Self::List(&Self::Any);
    /// `[]string`
    pub const STRINGS: Self = Self::List(&Self::String);
    /// `map[string]interface {}`
    pub const OBJECT: Self = Self::Map(&Self::String, &Self::Any);

    /// May a value of this type be `nil`?
    pub fn can_be_nil(self) -> bool {
        matches!(
            self,
            Self::Any | Self::List(_) | Self::Map(..) | Self::Pointer(_) | Self::Object(_)
        )
    }

    /// The zero value.
    pub fn zero(self) -> Value {
        match self {
            Self::Any | Self::Object(_) => Value::Nil,
            Self::Bool => Value::Bool(false),
            Self::Int(kind) => Value::Int(kind, 0),
            Self::Uint(kind) => Value::Uint(kind, 0),
            Self::Float64 => Value::Float(0.0),
            Self::Complex128 => Value::Complex(0.0, 0.0),
            Self::String => Value::string(""),
            Self::Number => Value::Number("".into()),
            Self::List(element) => Value::List(super::List::nil(element)),
            Self::Map(key, element) => Value::Map(super::Map::nil(key, element)),
            Self::Record(record_type) => Value::Record(super::Record::zero(record_type)),
            Self::Pointer(record_type) => Value::Pointer(record_type, None),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("interface {}"),
            Self::Bool => f.write_str("bool"),
            Self::Int(IntKind::Int) => f.write_str("int"),
            Self::Int(IntKind::Int32) => f.write_str("int32"),
            Self::Int(IntKind::Int64) => f.write_str("int64"),
            Self::Uint(UintKind::Uint) => f.write_str("uint"),
            Self::Uint(UintKind::Uint8) => f.write_str("uint8"),
            Self::Uint(UintKind::Uint64) => f.write_str("uint64"),
            Self::Float64 => f.write_str("float64"),
            Self::Complex128 => f.write_str("complex128"),
            Self::String => f.write_str("string"),
            Self::Number => f.write_str("json.Number"),
            Self::List(element) => write!(f, "[]{element}"),
            Self::Map(key, element) => write!(f, "map[{key}]{element}"),
            Self::Record(record_type) => f.write_str(record_type.name),
            Self::Pointer(record_type) => write!(f, "*{}", record_type.name),
            Self::Object(name) => f.write_str(name),
        }
    }
}
