//! The process environment as a value, so that tests need not change the real one.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use vault_login::Variables;

/// Variables by name. A variable that is set but empty counts as set.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment(Arc<BTreeMap<String, String>>);

impl Environment {
    /// The environment of this process. What is not UTF-8 is left out.
    pub fn of_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// The variable `VAULT_{name}`, else OpenBao's `BAO_{name}`.
    pub fn vault(&self, name: &str) -> Option<Variable<'_>> {
        ["VAULT_", "BAO_"].into_iter().find_map(|prefix| {
            let name = format!("{prefix}{name}");
            let value = self.get(&name)?;
            Some(Variable { name, value })
        })
    }

    /// The names of all variables.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl Variables for Environment {
    fn get(&self, name: &str) -> Option<&str> {
        Self::get(self, name)
    }
}

/// A variable that is set.
#[derive(Clone, PartialEq, Eq)]
pub struct Variable<'a> {
    /// Its name, as it is set.
    pub name: String,
    /// Its value, which may be a secret.
    pub value: &'a str,
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(Arc::new(pairs.into_iter().collect()))
    }
}

/// Values may be secrets: only the names show.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// As above.
impl fmt::Debug for Variable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Variable").field(&self.name).finish()
    }
}
