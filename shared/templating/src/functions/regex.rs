//! Regular expressions of the RE2 kind: linear in the text, no look-around, no back references.

mod class;
mod expand;
mod fold;
mod reader;
mod syntax;

use std::borrow::Cow;
use std::ops::Deref;

use regex_lite::{Regex, RegexBuilder};
use text_template::buffer::append;
use text_template::fmt::Printed;
use text_template::{Arguments, CallError, Signature, Type, Value};

use self::syntax::{Translated, translate};
use super::{Function, function, utf8};
use crate::pass::Pass;

/// Bytes that a compiled expression may take. With those of the text they say how long a search
/// takes at worst.
const SIZE_LIMIT: usize = 256 << 10;
const TEXT_LIMIT: usize = 1 << 20;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        Signature::new("regexMatch", &[Type::String, Type::String]),
        "regexMatch EXPRESSION STRING",
        "Whether an expression matches anywhere in a string.",
        |_, arguments| {
            Ok(compiled(&arguments[0])?
                .is_match(&searched(&arguments[1])?)
                .into())
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

pub(super) fn compiled(expression: &Value) -> Result<Expression, CallError> {
    let source = utf8(expression);
    let failed = |why: String, part: &str| {
        CallError::new(format!("error parsing regexp: {why}: `"))
            .value(part)
            .words("`")
    };
    let Translated { pattern, names } =
        translate(&source).map_err(|misfit| failed(misfit.why.into(), &misfit.part))?;
    let regex = built(&pattern).map_err(|error| failed(error.to_string(), &source))?;
    Ok(Expression { regex, names })
}

fn built(pattern: &str) -> Result<Regex, regex_lite::Error> {
    RegexBuilder::new(pattern).size_limit(SIZE_LIMIT).build()
}

/// An expression that is no function's argument; nothing where it is none.
pub(crate) fn expression(source: &str) -> Option<Regex> {
    built(&translate(source).ok()?.pattern).ok()
}

pub(super) fn searched(argument: &Value) -> Result<Cow<'_, str>, CallError> {
    let text = utf8(argument);
    if text.len() > TEXT_LIMIT {
        return Err(CallError::new(format!(
            "the text is longer than {TEXT_LIMIT} bytes"
        )));
    }
    Ok(text)
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
    let regex = compiled(expression)?;
    let (replacement, text) = (utf8(replacement), self::searched(searched)?);
    let mut out = Printed::default();
    let mut copied = 0;
    for captures in regex.captures_iter(&text) {
        let Some(whole) = captures.get(0) else {
            continue;
        };
        append(&mut out, text[copied..whole.start()].as_bytes());
        if expand {
            expand::expand(&mut out, &replacement, &captures, &regex.names);
        } else {
            append(&mut out, replacement.as_bytes());
        }
        copied = whole.end();
        pass.check_size(out.len())?;
    }
    append(&mut out, text[copied..].as_bytes());
    Ok(Value::string(out))
}
