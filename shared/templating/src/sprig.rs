//! The functions of sprig under their own names, for programs whose templates have no secrets to ask
//! for: those that depend on nothing but their arguments.
//!
//! They are as the newest libraries under sprig have them, the others as those that Vault Agent was
//! built with. The difference: a text such as `7.9` counts as the whole number 7, not as 0.
//!
//! ```
//! use templating::sprig::{Sprig, signatures};
//! use text_template::{FunctionSet, Options, Template, Value};
//!
//! let functions = FunctionSet::new(signatures());
//! let template = Template::parse(r#"{{ "a" | upper }}"#, functions, &Options::default())?;
//! assert_eq!(*template.execute(Value::Nil, &mut Sprig::new())?, b"A");
//! # Ok::<(), text_template::Error>(())
//! ```

use std::sync::LazyLock;

use text_template::{Arguments, CallError, Host, Signature, Value};

use crate::functions::{Entry, SPRIG_PREFIX, sprig_rows};
use crate::pass::Pass;
use crate::{Context, Found, Request, Secrets};

/// The functions that take texts as whole numbers.
const WHOLE: &[&str] = &[
    "add",
    "add1",
    "biggest",
    "div",
    "int",
    "int64",
    "max",
    "min",
    "mod",
    "mul",
    "mustSlice",
    "slice",
    "sub",
];

/// What can be called, in the order in which [`Sprig`] counts its functions.
pub fn signatures() -> impl Iterator<Item = Signature> {
    sprig_rows().map(|row| {
        let signature = row.signature();
        let name = signature.name.strip_prefix(SPRIG_PREFIX);
        Signature {
            name: name.unwrap_or(signature.name),
            ..signature
        }
    })
}

/// Runs the functions in one execution of a template.
pub struct Sprig(Pass<'static>);

impl Sprig {
    /// For an execution that begins.
    pub fn new() -> Self {
        const CONTEXT: &Context<'_> = &Context {
            secrets: &NoSecrets,
            env: &|_| None,
            now: None,
            sandbox: None,
            mask: None,
        };
        static ENTRIES: LazyLock<Vec<Entry>> =
            LazyLock::new(|| sprig_rows().map(Entry::Known).collect());
        Self(Pass::new(CONTEXT, &ENTRIES))
    }
}

impl Default for Sprig {
    fn default() -> Self {
        Self::new()
    }
}

impl Host for Sprig {
    fn call(
        &mut self,
        function: usize,
        arguments: Arguments<'_>,
        limit: usize,
    ) -> Result<Value, CallError> {
        static IS_WHOLE: LazyLock<Vec<bool>> = LazyLock::new(|| {
            let known = signatures().map(|signature| WHOLE.contains(&signature.name));
            known.collect()
        });
        if IS_WHOLE[function] && arguments.iter().any(|value| before_point(value).is_some()) {
            let whole = |value: &Value| before_point(value).unwrap_or_else(|| value.clone());
            let arguments: Vec<Value> = arguments.iter().map(whole).collect();
            return self.0.call(function, &arguments, limit);
        }
        self.0.call(function, arguments, limit)
    }
}

/// Of a text of digits with a point in it what stands in front.
fn before_point(value: &Value) -> Option<Value> {
    let Value::String(text) = value else {
        return None;
    };
    let text = std::str::from_utf8(text.as_bytes()).ok()?;
    let (whole, fraction) = text.split_once('.')?;
    let digits = whole.strip_prefix(['+', '-']).unwrap_or(whole);
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(digits) || !is_digits(fraction) {
        return None;
    }
    Some(if digits.is_empty() { "0" } else { whole }.into())
}

/// Nobody asks for secrets here.
struct NoSecrets;

impl Secrets for NoSecrets {
    fn lookup(&self, _: &Request) -> Option<Found> {
        None
    }
}
