//! `secret`, `secrets` and `file`: what is fetched. A call whose answer is not there yet notes the
//! request down and gives the empty value, so that one pass finds as many requests as it can.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use text_template::{Arguments, CallError, List, Signature, Type, Value};

use super::{Function, bytes, function, utf8};
use crate::pass::Pass;
use crate::secret::SECRET;
use crate::{Found, Request};

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        Signature::variadic("secret", &[], Type::String),
        "secret PATH [KEY=VALUE]...",
        "Reads a secret; with any further argument, writes and gives the answer.",
        secret,
    ),
    function(
        Signature::new("secrets", &[Type::String]),
        "secrets PATH",
        "The names below a path, sorted; folders end in a slash.",
        secrets,
    ),
    function(
        Signature::new("file", &[Type::String]),
        "file PATH",
        "The content of a local file.",
        file,
    ),
];

/// An API path without the spaces and slashes around it.
fn api_path(kind: &str, written: &Value) -> Result<String, CallError> {
    let path = utf8(written);
    let path = path.trim().trim_matches('/');
    if path.is_empty() {
        return Err(CallError::new(format!(
            "vault.{kind}: invalid format: \"\""
        )));
    }
    Ok(path.to_owned())
}

fn secret(pass: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    let nothing = Value::Pointer(&SECRET, None);
    let Some((path, rest)) = arguments.split_first() else {
        return Ok(nothing);
    };
    let mut data = BTreeMap::new();
    for pair in rest.iter().filter(|pair| !bytes(pair).is_empty()) {
        let text = utf8(pair);
        let Some((key, value)) = text.split_once('=') else {
            return Err(CallError::new("not k=v pair ").quoted(bytes(pair)));
        };
        data.insert(key.trim().to_owned(), value.trim().to_owned());
    }
    // Even an empty argument makes it a write.
    let request = if rest.is_empty() {
        Request::Read {
            path: api_path("read", path)?,
        }
    } else {
        Request::Write {
            path: api_path("write", path)?,
            data,
        }
    };
    Ok(match pass.lookup(request) {
        Some(Found::Secret(Some(secret))) => secret.value(),
        _ => nothing,
    })
}

fn secrets(pass: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    let mut names: Vec<String> = Vec::new();
    if !bytes(&arguments[0]).is_empty() {
        let request = Request::List {
            path: api_path("list", &arguments[0])?,
        };
        if let Some(Found::List(found)) = pass.lookup(request) {
            names.clone_from(&found);
            names.sort_unstable();
        }
    }
    Ok(List::of_strings(names).into())
}

fn file(pass: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    let path = utf8(&arguments[0]);
    if path.is_empty() {
        return Ok(Value::from(""));
    }
    if pass
        .context
        .sandbox
        .is_some_and(|sandbox| !is_inside(Path::new(&*path), sandbox))
    {
        return Err(CallError::new("'")
            .value(path)
            .words("' is outside of sandbox"));
    }
    Ok(
        match pass.lookup(Request::File {
            path: path.into_owned(),
        }) {
            Some(Found::File(content)) => Value::string(content.as_slice()),
            _ => Value::from(""),
        },
    )
}

/// Does a path, links followed, lie below the sandbox?
fn is_inside(path: &Path, sandbox: &Path) -> bool {
    resolved(path).starts_with(resolved(sandbox))
}

/// The real path; of one that does not exist, the path without `.` and `..`.
fn resolved(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| {
        let mut out = PathBuf::new();
        for component in path.components() {
            match component {
                Component::ParentDir => {
                    out.pop();
                }
                Component::CurDir => {}
                other => out.push(other),
            }
        }
        out
    })
}
