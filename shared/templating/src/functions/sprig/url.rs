//! URLs into their parts and back.

use text_template::{CallError, Map, Signature, Type, Value};

use super::{Function, STRING, function};
use crate::functions::utf8;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        Signature::new("sprig_urlParse", STRING),
        "sprig_urlParse STRING",
        "A URL's scheme, host, hostname, path, query, opaque, fragment and userinfo.",
        |_, arguments| parse(&utf8(&arguments[0])),
    ),
    function(
        Signature::new("sprig_urlJoin", &[Type::OBJECT]),
        "sprig_urlJoin MAP",
        "A URL of its parts.",
        |_, arguments| match &arguments[0] {
            Value::Map(map) => join(map),
            _ => Ok("".into()),
        },
    ),
];

fn parse(text: &str) -> Result<Value, CallError> {
    let failed = |why: &str| Err(CallError::new(format!("unable to parse url: {why}")));
    let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
    if text.contains(|c: char| c.is_ascii_control()) {
        return failed("invalid control character in URL");
    }
    let scheme = text.find(':').filter(|at| {
        let name = &text[..*at];
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    });
    if scheme.is_none() && text.starts_with(':') {
        return failed("missing protocol scheme");
    }
    let (scheme, rest) = scheme.map_or(("", text), |at| (&text[..at], &text[at + 1..]));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (mut authority, mut path, mut opaque) = ("", rest, "");
    if let Some(rest) = rest.strip_prefix("//") {
        let end = rest.find('/').unwrap_or(rest.len());
        (authority, path) = rest.split_at(end);
    } else if !scheme.is_empty() && !rest.starts_with('/') && !rest.is_empty() {
        (path, opaque) = ("", rest);
    } else if rest
        .split('/')
        .next()
        .is_some_and(|part| part.contains(':'))
    {
        return failed("first path segment in URL cannot contain colon");
    }
    let (userinfo, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let hostname = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    let scheme = scheme.to_ascii_lowercase();
    let entries = [
        ("scheme", &*scheme),
        ("host", host),
        ("hostname", hostname),
        ("path", &unescaped(path)?),
        ("query", query),
        ("opaque", opaque),
        ("fragment", &unescaped(fragment)?),
        ("userinfo", userinfo),
    ];
    let entries = entries
        .map(|(key, value)| (key.into(), value.into()))
        .to_vec();
    Ok(Map::open(&Type::String, &Type::Any, entries).into())
}

fn unescaped(text: &str) -> Result<String, CallError> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let digits = [bytes.next(), bytes.next()]
            .map(|digit| digit.and_then(|digit| char::from(digit).to_digit(16)));
        let [Some(high), Some(low)] = digits else {
            return Err(CallError::new("unable to parse url: invalid URL escape"));
        };
        out.push(u8::try_from(high * 16 + low).unwrap_or(0));
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

fn escaped(text: &str, allowed: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        let c = char::from(byte);
        if c.is_ascii_alphanumeric() || allowed.contains(c) {
            out.push(c);
        } else {
            out.extend(['%', hex_digit(byte >> 4), hex_digit(byte & 15)]);
        }
    }
    out
}

fn hex_digit(value: u8) -> char {
    char::from_digit(value.into(), 16).map_or('0', |digit| digit.to_ascii_uppercase())
}

fn join(map: &Map) -> Result<Value, CallError> {
    let part = |key: &str| -> Result<String, CallError> {
        match map.get_str(key) {
            None => Ok(String::new()),
            Some(value) if value.as_text().is_some() => Ok(utf8(&value).into_owned()),
            Some(value) => {
                let ty = value.type_name();
                Err(CallError::new(format!(
                    "unable to parse {key} key, must be of type string, but {ty} found"
                )))
            }
        }
    };
    let mut out = String::new();
    let (scheme, host, path) = (part("scheme")?, part("host")?, part("path")?);
    let (opaque, query, fragment) = (part("opaque")?, part("query")?, part("fragment")?);
    let userinfo = part("userinfo")?;
    if !scheme.is_empty() {
        out.push_str(&scheme);
        out.push(':');
    }
    if opaque.is_empty() {
        if !(scheme.is_empty() && host.is_empty() && userinfo.is_empty()) {
            if !(host.is_empty() && path.is_empty() && userinfo.is_empty()) {
                out.push_str("//");
            }
            if !userinfo.is_empty() {
                out.push_str(&escaped(&userinfo, "-_.~$&+,;=:"));
                out.push('@');
            }
            out.push_str(&host);
        }
        if !path.is_empty() && !path.starts_with('/') && !host.is_empty() {
            out.push('/');
        }
        out.push_str(&escaped(&path, "-_.~$&+,/:;=@"));
    } else {
        out.push_str(&opaque);
    }
    for (mark, text) in [
        ('?', query),
        ('#', escaped(&fragment, "-_.~$&+,/:;=?@!()*")),
    ] {
        if !text.is_empty() {
            out.push(mark);
            out.push_str(&text);
        }
    }
    Ok(Value::string(out))
}
