//! What a configuration says, as it was written.

use std::fmt;

/// A place in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line; the first is 1.
    pub line: u32,
    /// The character in the line; the first is 1.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Keys with their values, in the order of the text; a key may repeat.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object {
    /// What the object holds.
    pub items: Vec<Item>,
    pub(crate) syntax: Syntax,
    pub(crate) unread: Option<Position>,
}

/// The language that an object was written in: they differ in how blocks are grouped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Syntax {
    #[default]
    Native,
    Json,
}

impl Object {
    /// Items with the given key, in order.
    pub fn named(&self, name: &str) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(move |item| item.name() == name)
    }

    /// Where the first text stands that was passed over: a key without its value at the end, or
    /// what follows the end of a JSON document. Only the outermost object tells.
    pub fn unread(&self) -> Option<Position> {
        self.unread
    }
}

/// A key with its value, or a block with its labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The name, then the labels of a block. There is always a name.
    pub keys: Vec<Key>,
    /// What was assigned, or the block's body.
    pub value: Value,
    /// Whether it was written with `=` (in JSON with `:`), and not as a block.
    pub assigned: bool,
}

impl Item {
    /// The first key.
    pub fn name(&self) -> &str {
        self.keys.first().map_or("", |key| &key.text)
    }

    /// The keys after the first.
    pub fn labels(&self) -> &[Key] {
        self.keys.get(1..).unwrap_or_default()
    }

    /// Where the item begins.
    pub fn position(&self) -> Position {
        self.keys
            .first()
            .map_or(self.value.position, |key| key.position)
    }
}

/// A name or a label.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// The text, without quotes and escapes.
    pub text: String,
    /// Where it begins.
    pub position: Position,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// The value itself.
    pub kind: ValueKind,
    /// Where it begins.
    pub position: Position,
    /// A whole number's text where it is not the usual one: `0640`, `0x1f`.
    pub(crate) spelling: Option<Box<str>>,
}

impl Value {
    /// A value at its place.
    pub fn new(kind: ValueKind, position: Position) -> Self {
        Self {
            kind,
            position,
            spelling: None,
        }
    }
}

/// What a value can be. `Debug` shows which of these it is and not the value.
#[derive(Clone, PartialEq)]
pub enum ValueKind {
    /// JSON's `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number, in HCL also octal (`0640`) or hexadecimal.
    Integer(i64),
    /// A number with a point or an exponent.
    Float(f64),
    /// Text in quotes or a heredoc, with escapes replaced and `${…}` as written.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// A map, or the body of a block.
    Object(Object),
}

impl ValueKind {
    /// The kind in words, for messages.
    pub fn describe(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number with a fraction",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

impl fmt::Debug for ValueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(values) => f.debug_tuple("List").field(values).finish(),
            Self::Object(object) => f.debug_tuple("Object").field(object).finish(),
            scalar => f.write_str(scalar.describe()),
        }
    }
}
