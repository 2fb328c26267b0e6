//! Local files: read, and written once the pass is complete.

use text_template::buffer::append;
use text_template::fmt::Printed;
use text_template::{Arguments, CallError, Signature, Type, Value};

use super::sprig::clean_path;
use super::{Function, bytes, function, utf8};
use crate::effect::FileWrite;
use crate::pass::Pass;
use crate::{Found, Request};

const PATH_OWNER_MODE: &[Type] = &[Type::String, Type::String, Type::String, Type::String];

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        Signature::new("file", &[Type::String]),
        "file PATH",
        "The content of a local file.",
        file,
    ),
    function(
        Signature::variadic("writeToFile", PATH_OWNER_MODE, Type::String),
        "writeToFile PATH USER GROUP MODE [FLAGS] CONTENT",
        "Writes a further file when the template is complete. Flags: append, newline.",
        write_to_file,
    ),
];

fn write_to_file(pass: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    let Some(([path, user, group, mode], rest)) = arguments.split_first_chunk() else {
        return Ok(Value::from(""));
    };
    let (flags, content) = match rest {
        [content] => (std::borrow::Cow::default(), content),
        [flags, content] => (utf8(flags), content),
        _ => {
            let given = arguments.len();
            return Err(CallError::new(format!(
                "writeToFile: wrong number of arguments, expected 5 or 6, but got {given}"
            )));
        }
    };
    if bytes(path).is_empty() {
        return Err(CallError::new("writeToFile: the path is empty"));
    }
    let mode = u32::from_str_radix(&utf8(mode), 8)
        .ok()
        .filter(|mode| *mode <= 0o7777);
    let mode = mode.ok_or_else(|| {
        CallError::new("writeToFile: the mode must be an octal number such as \"0640\"")
    })?;
    let flag = |name: &str| flags.split(',').any(|flag| flag.trim() == name);
    let mut text = Printed::default();
    append(&mut text, bytes(content));
    if flag("newline") {
        append(&mut text, b"\n");
    }
    pass.write(FileWrite {
        path: utf8(path).into_owned(),
        user: utf8(user).into_owned(),
        group: utf8(group).into_owned(),
        mode,
        append: flag("append"),
        content: text,
    })?;
    Ok(Value::from(""))
}

fn file(pass: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    if bytes(&arguments[0]).is_empty() {
        return Ok(Value::from(""));
    }
    let path = clean_path(utf8(&arguments[0]).trim());
    let request = Request::File {
        path: path.clone(),
        sandbox: pass.context.sandbox.map(Into::into),
    };
    match pass.lookup(request) {
        Some(Found::File(content)) => Ok(Value::string(content.as_slice())),
        Some(Found::Refused(reason)) => Err(CallError::new("'")
            .value(path)
            .words(format!("' cannot be read: {reason}"))),
        _ => Ok(Value::from("")),
    }
}
