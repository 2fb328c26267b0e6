//! Functions that a template may call: what the parser and the checks of a call must know. What a
//! function does is the [`Host`]'s affair.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::value::{Arguments, MapError, Type, Value};

/// A function's name and parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The name by which a template calls it.
    pub name: &'static str,
    /// The fixed parameters.
    pub params: &'static [Type],
    /// The type of any number of further arguments.
    pub variadic: Option<Type>,
}

impl Signature {
    /// A function of fixed parameters.
    pub const fn new(name: &'static str, params: &'static [Type]) -> Self {
        Self {
            name,
            params,
            variadic: None,
        }
    }

    /// A function that takes any number of `rest` after its fixed parameters.
    pub const fn variadic(name: &'static str, params: &'static [Type], rest: Type) -> Self {
        Self {
            name,
            params,
            variadic: Some(rest),
        }
    }
}

/// The functions that a template may call besides Go's own. A function here hides a built-in of the
/// same name. A clone shares the set.
#[derive(Clone, Debug, Default)]
pub struct FunctionSet(Arc<Table>);

#[derive(Clone, Debug, Default)]
struct Table {
    entries: Vec<Signature>,
    by_name: BTreeMap<&'static str, usize>,
    execute_template: Option<&'static str>,
}

impl FunctionSet {
    /// A set of functions. The host is later called with a function's index in this order.
    pub fn new(signatures: impl IntoIterator<Item = Signature>) -> Self {
        let entries: Vec<_> = signatures.into_iter().collect();
        let by_name = entries
            .iter()
            .enumerate()
            .map(|(index, entry)| (entry.name, index))
            .collect();
        Self(Arc::new(Table {
            entries,
            by_name,
            execute_template: None,
        }))
    }

    /// Adds, under this name, the function that gives the output of a defined template as a string:
    /// it needs the engine itself.
    #[must_use]
    pub fn with_execute_template(mut self, name: &'static str) -> Self {
        Arc::make_mut(&mut self.0).execute_template = Some(name);
        self
    }

    /// All names, those of Go's own functions included.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0
            .by_name
            .keys()
            .copied()
            .chain(self.0.execute_template)
            .chain(Self::builtin_names())
    }

    /// The names of Go's own functions.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        crate::builtin::Builtin::ALL
            .iter()
            .map(|builtin| builtin.name())
    }

    pub(crate) fn find(&self, name: &str) -> Option<crate::ast::Target> {
        use crate::ast::Target;
        use crate::builtin::Builtin;
        if let Some(index) = self.0.by_name.get(name) {
            return Some(Target::Host(*index));
        }
        if self.0.execute_template == Some(name) {
            return Some(Target::Builtin(Builtin::ExecuteTemplate));
        }
        Builtin::find(name).map(Target::Builtin)
    }

    pub(crate) fn signature(&self, index: usize) -> Signature {
        self.0.entries[index]
    }
}

/// Runs the functions of a [`FunctionSet`]: what a render knows, and what it notes down.
pub trait Host {
    /// Calls the function with this index. The arguments fit its signature. `limit` is how many
    /// bytes a text may have that the function makes.
    fn call(
        &mut self,
        function: usize,
        arguments: Arguments<'_>,
        limit: usize,
    ) -> Result<Value, CallError>;
}

/// A host without functions.
#[derive(Debug, Default)]
pub struct NoHost;

impl Host for NoHost {
    fn call(&mut self, _: usize, _: Arguments<'_>, _: usize) -> Result<Value, CallError> {
        Err(CallError::new("no such function"))
    }
}

/// Why a call failed: words, and the values that Go's text would quote. They are kept apart,
/// because a value may be a secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct CallError {
    parts: Vec<Part>,
    is_of_fixed_map: bool,
}

#[derive(Clone, PartialEq, Eq)]
enum Part {
    Words(String),
    Value(String),
}

impl CallError {
    /// An error that begins with these words.
    pub fn new(words: impl Into<String>) -> Self {
        Self {
            parts: vec![Part::Words(words.into())],
            is_of_fixed_map: false,
        }
    }

    /// Whether a [fixed](MapError::Fixed) map was to be changed: with a map of its own, the same call
    /// may work.
    pub fn is_of_fixed_map(&self) -> bool {
        self.is_of_fixed_map
    }

    /// Adds words: never a value of a template.
    #[must_use]
    pub fn words(mut self, words: impl Into<String>) -> Self {
        self.parts.push(Part::Words(words.into()));
        self
    }

    /// Adds a value.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.parts.push(Part::Value(value.into()));
        self
    }

    /// Adds a value in quotes, as `%q` writes it.
    #[must_use]
    pub fn quoted(self, value: &[u8]) -> Self {
        let quoted = crate::fmt::quote(value);
        let inner = &quoted[1..quoted.len() - 1];
        self.words("\"").value(inner).words("\"")
    }

    /// Puts these words in front.
    #[must_use]
    pub fn within(mut self, words: impl Into<String>) -> Self {
        self.parts.insert(0, Part::Words(words.into()));
        self
    }

    /// The whole text, with values.
    pub fn reveal(&self) -> String {
        self.show(str::to_owned)
    }

    /// The text with every value put through `show`.
    pub fn show(&self, mut show: impl FnMut(&str) -> String) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Words(words) => text.push_str(words),
                Part::Value(value) => text.push_str(&show(value)),
            }
        }
        text
    }
}

impl From<MapError> for CallError {
    fn from(error: MapError) -> Self {
        Self {
            is_of_fixed_map: error == MapError::Fixed,
            ..Self::new(error.to_string())
        }
    }
}

/// Without values.
impl fmt::Debug for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "CallError({})",
            self.show(|_| String::from("[redacted]"))
        )
    }
}
