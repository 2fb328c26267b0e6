//! The variables in scope, and what they hold.

use std::collections::HashMap;

use super::Held;

/// A text may declare any number of variables, and use each as often.
#[derive(Default)]
pub(super) struct Scope<'t> {
    /// In the order of their declaration; of a name that is declared again, both.
    declared: Vec<&'t str>,
    /// What each name holds, the innermost last.
    held: HashMap<&'t str, Vec<Held>>,
}

impl<'t> Scope<'t> {
    pub(super) fn declare(&mut self, name: &'t str, held: Held) {
        self.declared.push(name);
        self.held.entry(name).or_default().push(held);
    }

    pub(super) fn get(&self, name: &str) -> Option<Held> {
        self.held.get(name)?.last().copied()
    }

    /// How many there are: where an inner scope begins.
    pub(super) fn len(&self) -> usize {
        self.declared.len()
    }

    /// Forgets what was declared since.
    pub(super) fn leave(&mut self, len: usize) {
        for name in self.declared.drain(len..) {
            self.held.get_mut(name).and_then(Vec::pop);
        }
    }
}
