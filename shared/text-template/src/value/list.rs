//! `[]T`.

use std::fmt;
use std::sync::Arc;

use super::map::drop_deep;
use super::{Text, Type, Value};

/// A shared, immutable list with the static type of its elements.
#[derive(Clone)]
pub struct List {
    element: &'static Type,
    /// `None` is Go's nil slice: empty, but `null` in JSON.
    items: Option<Arc<Items>>,
}

struct Items(Vec<Value>);

impl Drop for Items {
    fn drop(&mut self) {
        drop_deep(self.0.drain(..));
    }
}

impl List {
    /// A list whose elements have the type `element`.
    pub fn new(element: &'static Type, items: Vec<Value>) -> Self {
        Self {
            element,
            items: Some(Arc::new(Items(items))),
        }
    }

    /// `[]interface {}`.
    pub fn of_any(items: Vec<Value>) -> Self {
        Self::new(&Type::Any, items)
    }

    /// `[]string`.
    pub fn of_strings<T: Into<Text>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::new(
            &Type::String,
            items.into_iter().map(Value::string).collect(),
        )
    }

    /// A list of the same type with other items.
    #[must_use]
    pub fn with_items(&self, items: Vec<Value>) -> Self {
        Self::new(self.element, items)
    }

    /// The nil slice of a type.
    pub fn nil(element: &'static Type) -> Self {
        Self {
            element,
            items: None,
        }
    }

    /// `[]T`.
    pub fn type_of(&self) -> Type {
        Type::List(self.element)
    }

    /// The static type of the elements.
    pub fn element_type(&self) -> Type {
        *self.element
    }

    /// The elements.
    pub fn items(&self) -> &[Value] {
        self.items.as_ref().map_or(&[], |items| &items.0)
    }

    /// How many elements.
    pub fn len(&self) -> usize {
        self.items().len()
    }

    /// No elements?
    pub fn is_empty(&self) -> bool {
        self.items().is_empty()
    }

    /// The nil slice?
    pub fn is_nil(&self) -> bool {
        self.items.is_none()
    }

    /// The elements from `start` up to `end`, which must be in range.
    pub(crate) fn slice(&self, start: usize, end: usize) -> Self {
        Self::new(self.element, self.items()[start..end].to_vec())
    }

    /// The only owner's items, for [`drop_deep`].
    pub(super) fn into_unshared(self) -> Option<Vec<Value>> {
        let mut items = Arc::into_inner(self.items?)?;
        Some(std::mem::take(&mut items.0))
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.type_of())
    }
}
