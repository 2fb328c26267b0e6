//! `secret`, `secrets` and `pkiCert`: what Vault is asked for. A call whose answer is not there yet notes the
//! request down and returns an untyped nil (`secrets`: an empty list), whose fields are nil as well, so that one pass
//! finds as many requests as it can.

pub(crate) mod path;

use std::collections::BTreeMap;

use text_template::{Arguments, CallError, List, Signature, Type, Value};

use path::Use;

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
        Signature::variadic("pkiCert", &[], Type::String),
        "pkiCert PATH [KEY=VALUE]...",
        "A certificate that is issued once and renewed in time: Cert, Key, CA, CAChain.",
        pki_cert,
    ),
];

/// Arguments of the form `KEY=VALUE`; empty ones are left out.
fn pairs(arguments: Arguments<'_>) -> Result<BTreeMap<String, String>, CallError> {
    let mut data = BTreeMap::new();
    for pair in arguments.iter().filter(|pair| !bytes(pair).is_empty()) {
        let text = utf8(pair);
        let Some((key, value)) = text.split_once('=') else {
            return Err(CallError::new("not k=v pair ").quoted(bytes(pair)));
        };
        data.insert(key.trim().to_owned(), value.trim().to_owned());
    }
    Ok(data)
}

fn secret(pass: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    let Some((path, rest)) = arguments.split_first() else {
        return Ok(Value::Nil);
    };
    let data = pairs(rest)?;
    // Even an empty argument makes it a write.
    let request = if rest.is_empty() {
        Request::Read {
            path: path::read("read", path, Use::Relative)?,
        }
    } else {
        Request::Write {
            path: path::read("write", path, Use::Any)?,
            data,
        }
    };
    match pass.lookup(request.clone()) {
        Some(Found::Secret(Some(secret))) => pass.secret(request, &secret),
        // A write that Vault answered without a body.
        Some(_) => Ok(Value::Pointer(&SECRET, None)),
        None => Ok(Value::Nil),
    }
}

fn secrets(pass: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    let mut names: Vec<String> = Vec::new();
    if !bytes(&arguments[0]).is_empty() {
        let request = Request::List {
            path: path::read("list", &arguments[0], Use::Any)?,
        };
        if let Some(Found::List(found)) = pass.lookup(request) {
            names.clone_from(&found);
            names.sort_unstable();
        }
    }
    Ok(List::of_strings(names).into())
}

fn pki_cert(pass: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    let Some((path, rest)) = arguments.split_first() else {
        return Ok(Value::Nil);
    };
    let request = Request::Pki {
        data: pairs(rest)?,
        path: path::read("pki", path, Use::Relative)?,
    };
    Ok(match pass.lookup(request) {
        Some(Found::Pki(certificate)) => certificate.value(),
        _ => Value::Nil,
    })
}
