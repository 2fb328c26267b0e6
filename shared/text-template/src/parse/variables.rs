//! The variables in scope.

use std::collections::HashMap;

/// Variables in the order of their declaration; of a name that is declared again, both.
pub(super) struct Variables<'s> {
    declared: Vec<&'s str>,
    /// How often each name is in scope: a text may declare any number of them, and use each.
    counts: HashMap<&'s str, usize>,
}

impl Default for Variables<'_> {
    fn default() -> Self {
        let mut variables = Self {
            declared: Vec::new(),
            counts: HashMap::new(),
        };
        variables.declare("$");
        variables
    }
}

impl<'s> Variables<'s> {
    pub(super) fn declare(&mut self, name: &'s str) {
        self.declared.push(name);
        *self.counts.entry(name).or_default() += 1;
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.counts.get(name).is_some_and(|count| *count > 0)
    }

    /// Where a scope begins.
    pub(super) fn scope(&self) -> usize {
        self.declared.len()
    }

    /// Forgets what was declared since.
    pub(super) fn leave(&mut self, scope: usize) {
        for name in self.declared.drain(scope..) {
            if let Some(count) = self.counts.get_mut(name) {
                *count -= 1;
            }
        }
    }
}
