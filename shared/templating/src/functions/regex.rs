//! Regular expressions of the RE2 kind: linear in the text, no look-around, no back references.

mod class;
mod expand;
mod reader;
mod searched;
mod syntax;
mod unicode;

use std::borrow::Cow;
use std::ops::Deref;

use regex::{Regex, RegexBuilder};
use text_template::buffer::append;
use text_template::fmt::Printed;
use text_template::{Arguments, CallError, Signature, Type, Value};

use self::searched::Searched;
use self::syntax::{Misfit, Translated, misfit, translate};
pub(super) use self::unicode::{class, contains};
use super::{Function, bytes, function, utf8};
use crate::pass::Pass;

const TEXT_LIMIT: usize = 1 << 20;
/// Bytes that a compiled expression may take where the text is short: a class of Unicode repeated a
/// hundred times takes half of them.
const SIZE_LIMIT: usize = 4 << 20;
/// As many for the longest text: a class of Unicode fits. Both together say how long a search takes
/// at worst.
const LONG_TEXT_SIZE_LIMIT: usize = 64 << 10;
/// The bytes of a compiled expression times its groups say how much room a search takes at worst.
const ROOM_LIMIT: usize = 64 << 20;
/// How deep an expression may nest: a group that is repeated counts twice. The engine compiles it on
/// the stack.
const NEST_LIMIT: u32 = 250;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        Signature::new("regexMatch", &[Type::String, Type::String]),
        "regexMatch EXPRESSION STRING",
        "Whether an expression matches anywhere in a string.",
        |_, arguments| {
            let text = searched(&arguments[1])?;
            Ok(compiled(&arguments[0], &text)?.is_match(&text).into())
        },
    ),
    function(
        Signature::new(
            "regexReplaceAll",
            &[Type::String, Type::String, Type::String],
        ),
        "regexReplaceAll EXPRESSION REPLACEMENT STRING",
        "Replaces all matches; $1 and ${1} stand for what a group matched.",
        replace_all,
    ),
];

/// An expression and the names of its groups.
pub(super) struct Expression {
    regex: Regex,
    names: Vec<Option<String>>,
}

impl Deref for Expression {
    type Target = Regex;

    fn deref(&self) -> &Regex {
        &self.regex
    }
}

/// An expression that was read, and is not yet compiled for a text.
pub(super) struct Parsed<'a> {
    source: Cow<'a, str>,
    translated: Translated,
}

pub(super) fn parsed(expression: &Value) -> Result<Parsed<'_>, CallError> {
    let source = utf8(expression);
    if let Cow::Owned(_) = source {
        return Err(CallError::new("error parsing regexp: invalid UTF-8"));
    }
    match translate(&source) {
        Ok(translated) => Ok(Parsed { source, translated }),
        Err(misfit) => Err(failed(misfit)),
    }
}

impl Parsed<'_> {
    /// For a search in one text: the longer it is, the smaller the expression has to be.
    pub(super) fn compiled(self, text: &str) -> Result<Expression, CallError> {
        self.compiled_for(text.len())
    }

    /// For texts of so many bytes.
    fn compiled_for(self, length: usize) -> Result<Expression, CallError> {
        let Translated { pattern, names } = self.translated;
        let regex = match built(&pattern, names.len(), length) {
            Err(regex::Error::CompiledTooBig(_)) => misfit("expression too large", &self.source),
            // What was translated is an expression: it may be too deep only.
            Err(_) => misfit("expression nests too deeply", &self.source),
            Ok(regex) => Ok(regex),
        };
        let regex = regex.map_err(failed)?;
        Ok(Expression { regex, names })
    }
}

/// An expression for a search in one text.
pub(super) fn compiled(expression: &Value, text: &str) -> Result<Expression, CallError> {
    parsed(expression)?.compiled(text)
}

fn failed(misfit: Misfit) -> CallError {
    CallError::new(format!("error parsing regexp: {}: `", misfit.why))
        .value(misfit.part)
        .words("`")
}

fn built(pattern: &str, groups: usize, text: usize) -> Result<Regex, regex::Error> {
    let limit = LONG_TEXT_SIZE_LIMIT
        .saturating_mul(TEXT_LIMIT / text.max(1))
        .min(ROOM_LIMIT / (groups + 1))
        .min(SIZE_LIMIT);
    RegexBuilder::new(pattern)
        .size_limit(limit)
        .nest_limit(NEST_LIMIT)
        .build()
}

/// An expression for short texts that is no function's argument; nothing where it is none.
pub(crate) fn expression(source: &str) -> Option<Regex> {
    let Translated { pattern, names } = translate(source).ok()?;
    built(&pattern, names.len(), 0).ok()
}

pub(super) fn searched(argument: &Value) -> Result<Searched<'_>, CallError> {
    let searched = Searched::new(bytes(argument));
    if searched.len() > TEXT_LIMIT {
        return Err(CallError::new(format!(
            "the text is longer than {TEXT_LIMIT} bytes"
        )));
    }
    Ok(searched)
}

fn replace_all(pass: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    replaced(pass, [&arguments[0], &arguments[1], &arguments[2]], true)
}

/// `expand` groups in the replacement, or take it as it is.
pub(super) fn replaced(
    pass: &Pass<'_>,
    [expression, replacement, searched]: [&Value; 3],
    expand: bool,
) -> Result<Value, CallError> {
    let text = self::searched(searched)?;
    let expression = compiled(expression, &text)?;
    let out = expression.replaced(bytes(replacement), &text, expand, |size| {
        pass.check_size(size)
    })?;
    Ok(Value::string(out))
}

impl Expression {
    /// `check` hears how long the result gets.
    fn replaced(
        &self,
        replacement: &[u8],
        text: &Searched<'_>,
        expand: bool,
        check: impl Fn(usize) -> Result<(), CallError>,
    ) -> Result<Printed, CallError> {
        let mut out = Printed::default();
        let mut copied = 0;
        for captures in self.regex.captures_iter(text) {
            let Some(whole) = captures.get(0) else {
                continue;
            };
            append(&mut out, text.bytes(copied..whole.start()));
            if expand {
                let group = |group| captures.get(group).map(|found| text.bytes(found.range()));
                expand::expand(&mut out, replacement, group, &self.names);
            } else {
                append(&mut out, replacement);
            }
            copied = whole.end();
            check(out.len())?;
        }
        append(&mut out, text.bytes(copied..text.len()));
        Ok(out)
    }
}

/// The longest text that a [`Regexp`] searches, and that comes of it, in bytes.
const NAME_LIMIT: usize = 16 << 10;

/// An expression for names, as `regexp.Compile` takes it.
///
/// ```
/// let expression = templating::go::Regexp::new("^app/(.*)$")?;
/// assert_eq!(expression.replace_all("app/db", "$1")?, "db");
/// # Ok::<(), text_template::CallError>(())
/// ```
pub struct Regexp(Expression);

impl Regexp {
    /// Reads an expression.
    ///
    /// # Errors
    /// Go's text for what is wrong. It quotes the expression.
    pub fn new(expression: &str) -> Result<Self, CallError> {
        let value = Value::string(expression);
        parsed(&value)?.compiled_for(NAME_LIMIT).map(Self)
    }

    /// Whether it matches anywhere in a name of at most 16 KiB.
    pub fn is_match(&self, name: &str) -> bool {
        name.len() <= NAME_LIMIT && self.0.is_match(name)
    }

    /// Replaces all matches; `$1` and `${name}` stand for what a group matched.
    ///
    /// # Errors
    /// A name, or a result, of more than 16 KiB.
    pub fn replace_all(&self, name: &str, replacement: &str) -> Result<String, CallError> {
        let check = |size| {
            if size > NAME_LIMIT {
                return Err(CallError::new(format!(
                    "the name is longer than {NAME_LIMIT} bytes"
                )));
            }
            Ok(())
        };
        check(name.len())?;
        let text = Searched::new(name.as_bytes());
        let out = self
            .0
            .replaced(replacement.as_bytes(), &text, true, check)?;
        Ok(String::from_utf8_lossy(&out).into_owned())
    }
}
