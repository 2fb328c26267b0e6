//! Templates: Go's language with the functions of sprig and those that upstream adds.
//!
//! ```text
//! ExternalSecret ─▶ apply ─▶ Template ─▶ text-template ─▶ Calls ─▶ sprig (templating)
//!                     │                                     └────▶ functions ─▶ keys, certificates,
//!                     └─ yaml: keys and values                                  dates, passwords, YAML
//! ```
//!
//! A template is what a user wrote, and its text may come from a secret: output, values, steps and the
//! time of costly functions are bounded, and no error shows a value.

mod apply;
mod certificate;
mod date;
mod functions;
mod issue;
mod jwk;
mod key;
mod password;
mod pem;
mod pkcs12;
mod random;
mod rsa;
mod yaml;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use templating::sprig::{Sprig, signatures};
use text_template::{
    Arguments, CallError, FunctionSet, Host, Limits, Map, MissingKey, Options, Type, Value,
};
use thiserror::Error;

pub use self::apply::{
    ApplyError, Desired, Scope, ScopeError, SecretParts, Target, TargetTemplate, TemplateFrom,
    TemplateItem, TemplateSource, apply,
};
use self::functions::{FAMILIES, Function};
use crate::Data;

/// What one template may use up. No Secret holds more than a MiB.
const LIMITS: Limits = Limits {
    output: 4 << 20,
    made: 64 << 20,
    steps: 2_000_000,
    depth: 350,
};

/// What all templates of one Secret may spend in costly functions: about milliseconds.
const BUDGET: u32 = 10_000;

/// What opens and closes an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delimiters {
    /// In front of an action.
    pub left: String,
    /// Behind it.
    pub right: String,
}

impl Default for Delimiters {
    fn default() -> Self {
        Self {
            left: String::from("{{"),
            right: String::from("}}"),
        }
    }
}

/// A template that cannot be read or rendered. Its text is upstream's up to the words of Go's
/// library, in which no value is shown.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TemplateError {
    /// The text is no template.
    #[error("unable to parse template at key {key}: {cause}")]
    Parse {
        /// What the template is called.
        key: String,
        /// Go's words.
        cause: String,
    },
    /// It failed on what it met.
    #[error("unable to execute template at key {key}: {cause}")]
    Execute {
        /// What the template is called.
        key: String,
        /// Go's words.
        cause: String,
    },
}

/// A template that was read.
#[derive(Debug)]
pub struct Template {
    key: String,
    parsed: text_template::Template,
}

/// The functions, in the order in which [`Calls`] counts them: sprig's, then ours.
static FUNCTIONS: LazyLock<FunctionSet> = LazyLock::new(|| {
    let own = FAMILIES.iter().copied().flatten();
    FunctionSet::new(signatures().chain(own.map(|function| function.signature)))
});

static OWN: LazyLock<(usize, Vec<&'static Function>)> = LazyLock::new(|| {
    let own = FAMILIES.iter().copied().flatten();
    (signatures().count(), own.collect())
});

impl Template {
    /// Reads a template. `key` is what errors call it: the key that its output is for.
    ///
    /// # Errors
    /// Mistakes of the language, and functions that there are not.
    pub fn new(key: &str, text: &str, delimiters: &Delimiters) -> Result<Self, TemplateError> {
        Self::parse(key, text, delimiters, MissingKey::Error)
    }

    /// Reads a template in which a key that is not there is `<no value>`, as in those of keys.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn lenient(text: &str) -> Result<Self, TemplateError> {
        Self::parse("value", text, &Delimiters::default(), MissingKey::Invalid)
    }

    fn parse(
        key: &str,
        text: &str,
        delimiters: &Delimiters,
        missing_key: MissingKey,
    ) -> Result<Self, TemplateError> {
        let options = Options {
            name: key,
            left_delimiter: &delimiters.left,
            right_delimiter: &delimiters.right,
            missing_key,
            limits: LIMITS,
        };
        let parsed = text_template::Template::parse(text, FUNCTIONS.clone(), &options);
        let parsed = parsed.map_err(|error| TemplateError::Parse {
            key: key.to_owned(),
            cause: error.to_string(),
        })?;
        Ok(Self {
            key: key.to_owned(),
            parsed,
        })
    }

    /// Renders it on keys and their values.
    ///
    /// # Errors
    /// A key that is not there, a function that fails, a limit that is reached.
    pub fn render(&self, data: &Data) -> Result<Vec<u8>, TemplateError> {
        self.render_within(data, &mut Budget::default())
    }

    fn render_within(&self, data: &Data, budget: &mut Budget) -> Result<Vec<u8>, TemplateError> {
        let entries = data
            .iter()
            .map(|(key, value)| (Value::string(key.as_str()), Value::string(value.as_slice())));
        let dot = Map::new(&Type::String, &Type::String, entries.collect());
        let mut calls = Calls {
            sprig: Sprig::new(),
            budget,
        };
        match self.parsed.execute(dot.into(), &mut calls) {
            Ok(output) => Ok(output.to_vec()),
            Err(error) => Err(TemplateError::Execute {
                key: self.key.clone(),
                cause: error.to_string(),
            }),
        }
    }
}

/// Reads the text that a template rendered as keys and their values: YAML, of which numbers and
/// booleans become texts.
///
/// # Errors
/// Go's words for what is wrong.
pub fn keys_and_values(text: &[u8]) -> Result<BTreeMap<String, String>, String> {
    yaml::read_texts(text)
}

/// What is left to spend.
struct Budget(u32);

impl Default for Budget {
    fn default() -> Self {
        Self(BUDGET)
    }
}

/// Runs the functions of one execution.
struct Calls<'a> {
    sprig: Sprig,
    budget: &'a mut Budget,
}

impl Host for Calls<'_> {
    fn call(
        &mut self,
        function: usize,
        arguments: Arguments<'_>,
        limit: usize,
    ) -> Result<Value, CallError> {
        let (of_sprig, own) = &*OWN;
        let Some(own) = function.checked_sub(*of_sprig).map(|index| own[index]) else {
            return self.sprig.call(function, arguments, limit);
        };
        let left = self.budget.0.checked_sub(own.cost);
        self.budget.0 = left.ok_or_else(|| {
            CallError::new("the templates of this secret compute more keys and hashes than allowed")
        })?;
        (own.body)(arguments, limit)
    }
}

#[cfg(test)]
mod tests;
