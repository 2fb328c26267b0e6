//! Parts of paths. On Linux the paths of URLs and of files are the same.

use memchr::memrchr;
use text_template::{Signature, Value};

use super::{Function, STRING, function};
use crate::functions::bytes;

macro_rules! both {
    ($($name:literal, $os:literal, $doc:literal, $body:expr;)*) => {
        &[$(
            function(Signature::new(concat!("sprig_", $name), STRING), concat!("sprig_", $name, " PATH"), $doc, $body),
            function(Signature::new(concat!("sprig_", $os), STRING), concat!("sprig_", $os, " PATH"), $doc, $body),
        )*]
    };
}

pub(super) const FUNCTIONS: &[Function] = both! {
    "base", "osBase", "The last element of a path.",
        |_, arguments| Ok(Value::string(base(bytes(&arguments[0]))));
    "dir", "osDir", "All but the last element of a path.",
        |_, arguments| {
            let path = bytes(&arguments[0]);
            let end = memrchr(b'/', path).map_or(0, |slash| slash + 1);
            Ok(Value::string(clean(&path[..end])))
        };
    "clean", "osClean", "The shortest path that means the same.",
        |_, arguments| Ok(Value::string(clean(bytes(&arguments[0]))));
    "ext", "osExt", "The ending of a path's last element, with its point.",
        |_, arguments| {
            let name = last(bytes(&arguments[0]));
            Ok(Value::string(memrchr(b'.', name).map_or(&[][..], |point| &name[point..])))
        };
    "isAbs", "osIsAbs", "Whether a path begins at the root.",
        |_, arguments| Ok(bytes(&arguments[0]).starts_with(b"/").into());
};

/// What is behind the last slash.
fn last(path: &[u8]) -> &[u8] {
    memrchr(b'/', path).map_or(path, |slash| &path[slash + 1..])
}

fn base(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|byte| *byte != b'/');
    match end {
        Some(end) => last(&path[..=end]),
        None if path.is_empty() => b".",
        None => b"/",
    }
}

pub(crate) fn clean_path(path: &str) -> String {
    String::from_utf8_lossy(&clean(path.as_bytes())).into_owned()
}

fn clean(path: &[u8]) -> Vec<u8> {
    let rooted = path.starts_with(b"/");
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match (part, parts.last()) {
            (b"" | b".", _) => {}
            (b"..", Some(&last)) if last != b".." => {
                parts.pop();
            }
            (b"..", None) if rooted => {}
            _ => parts.push(part),
        }
    }
    let path = parts.join(&b"/"[..]);
    match (rooted, path.is_empty()) {
        (true, _) => [b"/", &path[..]].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => path,
    }
}
