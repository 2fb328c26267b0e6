//! Parts of paths. On Linux the paths of URLs and of files are the same.

use text_template::{Signature, Value};

use super::{Function, STRING, function};
use crate::functions::utf8;

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
        |_, arguments| Ok(Value::string(base(&utf8(&arguments[0]))));
    "dir", "osDir", "All but the last element of a path.",
        |_, arguments| {
            let path = utf8(&arguments[0]);
            let end = path.rfind('/').map_or(0, |slash| slash + 1);
            Ok(Value::string(clean_path(&path[..end])))
        };
    "clean", "osClean", "The shortest path that means the same.",
        |_, arguments| Ok(Value::string(clean_path(&utf8(&arguments[0]))));
    "ext", "osExt", "The ending of a path's last element, with its point.",
        |_, arguments| {
            let path = utf8(&arguments[0]);
            let name = path.rsplit('/').next().unwrap_or_default();
            Ok(Value::string(name.rfind('.').map_or("", |point| &name[point..])))
        };
    "isAbs", "osIsAbs", "Whether a path begins at the root.",
        |_, arguments| Ok(utf8(&arguments[0]).starts_with('/').into());
};

fn base(path: &str) -> String {
    let trimmed = path.trim_end_matches('/');
    match (path, trimmed.rsplit('/').next()) {
        ("", _) => String::from("."),
        (_, None | Some("")) => String::from("/"),
        (_, Some(name)) => name.to_owned(),
    }
}

pub(crate) fn clean_path(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match (part, parts.last()) {
            ("" | ".", _) => {}
            ("..", Some(&last)) if last != ".." => {
                parts.pop();
            }
            ("..", None) if rooted => {}
            _ => parts.push(part),
        }
    }
    let path = parts.join("/");
    match (rooted, path.is_empty()) {
        (true, _) => format!("/{path}"),
        (false, true) => String::from("."),
        (false, false) => path,
    }
}
