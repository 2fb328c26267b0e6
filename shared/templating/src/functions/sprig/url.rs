//! URLs into their parts and back.

use memchr::{memchr, memrchr};
use text_template::buffer::append;
use text_template::fmt::Printed;
use text_template::{CallError, Map, Signature, Text, Type, Value};

use super::{Function, STRING, function};
use crate::functions::bytes;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        Signature::new("sprig_urlParse", STRING),
        "sprig_urlParse STRING",
        "A URL's scheme, host, hostname, path, query, opaque, fragment and userinfo.",
        |_, arguments| parse(bytes(&arguments[0])),
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

fn parse(text: &[u8]) -> Result<Value, CallError> {
    let failed = |why: &str| Err(CallError::new(format!("unable to parse url: {why}")));
    let (text, fragment) = split_once(text, b'#').unwrap_or((text, b""));
    if text.iter().any(u8::is_ascii_control) {
        return failed("invalid control character in URL");
    }
    let scheme = memchr(b':', text).filter(|at| {
        let name = &text[..*at];
        name.first().is_some_and(u8::is_ascii_alphabetic)
            && name
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
    });
    if scheme.is_none() && text.starts_with(b":") {
        return failed("missing protocol scheme");
    }
    let (scheme, rest) = scheme.map_or((&b""[..], text), |at| (&text[..at], &text[at + 1..]));
    let (rest, query) = split_once(rest, b'?').unwrap_or((rest, b""));
    let (mut authority, mut path, mut opaque) = (&b""[..], rest, &b""[..]);
    if let Some(rest) = rest.strip_prefix(b"//") {
        let end = memchr(b'/', rest).unwrap_or(rest.len());
        (authority, path) = rest.split_at(end);
    } else if !scheme.is_empty() && !rest.starts_with(b"/") && !rest.is_empty() {
        (path, opaque) = (b"", rest);
    } else if split_once(rest, b'/')
        .map_or(rest, |(first, _)| first)
        .contains(&b':')
    {
        return failed("first path segment in URL cannot contain colon");
    }
    let (userinfo, host) = memrchr(b'@', authority).map_or((&b""[..], authority), |at| {
        (&authority[..at], &authority[at + 1..])
    });
    if !userinfo.is_ascii() {
        return failed("net/url: invalid userinfo");
    }
    let (hostname, port) = match host.strip_prefix(b"[") {
        Some(rest) => match memrchr(b']', rest) {
            Some(end) => (&rest[..end], &rest[end + 1..]),
            None => return failed("missing ']' in host"),
        },
        None => host.split_at(memchr(b':', host).unwrap_or(host.len())),
    };
    match port.strip_prefix(b":") {
        None if !port.is_empty() => return failed("invalid port after host"),
        Some(digits) if !digits.iter().all(u8::is_ascii_digit) => {
            return failed("invalid port after host");
        }
        _ => {}
    }
    let scheme = scheme.to_ascii_lowercase();
    let entries: [(&str, &[u8]); 8] = [
        ("scheme", &scheme),
        ("host", host),
        ("hostname", hostname),
        ("path", &unescaped(path)?),
        ("query", query),
        ("opaque", opaque),
        ("fragment", &unescaped(fragment)?),
        ("userinfo", userinfo),
    ];
    let entries = entries
        .map(|(key, value)| (key.into(), Value::string(value)))
        .to_vec();
    Ok(Map::open(&Type::String, &Type::Any, entries).into())
}

fn split_once(text: &[u8], mark: u8) -> Option<(&[u8], &[u8])> {
    memchr(mark, text).map(|at| (&text[..at], &text[at + 1..]))
}

fn unescaped(text: &[u8]) -> Result<Vec<u8>, CallError> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied();
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
    Ok(out)
}

fn escaped(text: &[u8], allowed: &str) -> String {
    let mut out = String::new();
    for byte in text {
        let c = char::from(*byte);
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
    let part = |key: &str| -> Result<Text, CallError> {
        let Some(value) = map.get_str(key) else {
            return Ok(Text::default());
        };
        value.as_text().cloned().ok_or_else(|| {
            let ty = value.type_name();
            CallError::new(format!(
                "unable to parse {key} key, must be of type string, but {ty} found"
            ))
        })
    };
    let (scheme, host, path) = (part("scheme")?, part("host")?, part("path")?);
    let (opaque, query, fragment) = (part("opaque")?, part("query")?, part("fragment")?);
    let userinfo = part("userinfo")?;
    if !userinfo.as_bytes().is_ascii() {
        return Err(CallError::new(
            "unable to parse userinfo in dict: net/url: invalid userinfo",
        ));
    }
    let mut out = Printed::default();
    let mut push = |text: &[u8]| append(&mut out, text);
    if !scheme.is_empty() {
        push(scheme.as_bytes());
        push(b":");
    }
    if opaque.is_empty() {
        if !(scheme.is_empty() && host.is_empty() && userinfo.is_empty()) {
            if !(host.is_empty() && path.is_empty() && userinfo.is_empty()) {
                push(b"//");
            }
            if !userinfo.is_empty() {
                push(escaped(userinfo.as_bytes(), "-_.~$&+,;=:").as_bytes());
                push(b"@");
            }
            push(escaped(host.as_bytes(), "-_.~!$&'()*+,;=:[]<>\"").as_bytes());
        }
        if !path.is_empty() && !path.as_bytes().starts_with(b"/") && !host.is_empty() {
            push(b"/");
        }
        push(escaped(path.as_bytes(), "-_.~$&+,/:;=@").as_bytes());
    } else {
        push(opaque.as_bytes());
    }
    if !query.is_empty() {
        push(b"?");
        push(query.as_bytes());
    }
    if !fragment.is_empty() {
        push(b"#");
        push(escaped(fragment.as_bytes(), "-_.~$&+,/:;=?@!()*").as_bytes());
    }
    Ok(Value::string(out))
}
