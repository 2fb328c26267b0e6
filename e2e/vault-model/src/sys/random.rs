//! `sys/tools/random`: bytes that nobody can guess, where the model's seed cannot be guessed.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::answer::{Outcome, Refusal, Secret};
use crate::ids::Ids;
use crate::request::{Operation, Request};

/// The most that one request gets.
const MAX_BYTES: usize = 128 * 1024;

const DEFAULT_BYTES: usize = 32;

/// `random`, `random/{bytes}`, `random/{source}` and `random/{source}/{bytes}`. The source makes no
/// difference.
pub(super) fn handle(path: &str, request: &Request, ids: &mut Ids) -> Outcome {
    if request.operation != Operation::Write {
        return Err(Refusal::unsupported());
    }
    let (source, in_path) = match path.split_once('/') {
        Some((source, bytes)) => (source, bytes),
        None if ["platform", "seal", "all"].contains(&path) => (path, ""),
        None => ("platform", path),
    };
    let count = count(in_path, request.body.get("bytes"))?;
    if !["platform", "seal", "all"].contains(&source) {
        let message = format!(
            "unsupported entropy source {source:?}; must be \"platform\" or \"seal\", or \"all\""
        );
        return Err(Refusal::bad_request(message));
    }
    let format = request.text("format").unwrap_or("base64");
    let bytes: Vec<u8> = std::iter::repeat_with(|| ids.number().to_be_bytes())
        .flatten()
        .take(count)
        .collect();
    let text = match format {
        "base64" => STANDARD.encode(bytes),
        "hex" => bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        }),
        other => {
            let message =
                format!("unsupported encoding format {other:?}; must be \"hex\" or \"base64\"");
            return Err(Refusal::bad_request(message));
        }
    };
    Ok(Secret::data("system", json!({ "random_bytes": text })).into())
}

/// How many bytes: the path's number before that of the body.
fn count(in_path: &str, in_body: Option<&Value>) -> Result<usize, Refusal> {
    let unreadable = |what: &str| Refusal::bad_request(format!("error parsing {what} byte count"));
    let count = match (in_path, in_body) {
        ("", None) => DEFAULT_BYTES,
        ("", Some(Value::String(text))) => text.parse().map_err(|_| unreadable("the"))?,
        ("", Some(value)) => {
            let count = value.as_u64().and_then(|count| count.try_into().ok());
            count.ok_or_else(|| unreadable("the"))?
        }
        (text, _) => text.parse().map_err(|_| unreadable("url-set"))?,
    };
    match count {
        0 => Err(Refusal::bad_request("\"bytes\" cannot be less than 1")),
        MAX_BYTES.. => {
            let message = format!("\"bytes\" should be less than {MAX_BYTES}");
            Err(Refusal::bad_request(message))
        }
        count => Ok(count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::harness::{Harness, ROOT, message, mk_server};

    fn bytes(server: &mut Harness, path: &str, body: Value) -> String {
        let answer = server.done(&format!("sys/tools/random{path}"), body);
        answer["data"]["random_bytes"].as_str().unwrap().to_owned()
    }

    #[test]
    fn as_many_bytes_come_as_are_asked_for_and_others_each_time() {
        let mut server = mk_server();
        let hex = bytes(&mut server, "/9", json!({ "format": "hex" }));
        assert_eq!(hex.len(), 18);
        assert!(hex.chars().all(|digit| digit.is_ascii_hexdigit()));
        assert_ne!(hex, bytes(&mut server, "/9", json!({ "format": "hex" })));
        for (path, body, length) in [
            ("", json!({}), 32),
            ("", json!({ "bytes": 5 }), 5),
            ("", json!({ "bytes": "6" }), 6),
            ("/seal", json!({ "bytes": 7 }), 7),
            ("/all/8", json!({ "bytes": 7 }), 8),
        ] {
            let text = bytes(&mut server, path, body);
            assert_eq!(STANDARD.decode(&text).unwrap().len(), length, "{path}");
        }
    }

    #[test]
    fn too_much_too_little_and_unknown_forms_are_refused() {
        let mut server = mk_server();
        for (path, body, words) in [
            ("/0", json!({}), "cannot be less than 1"),
            ("/131072", json!({}), "should be less than 131072"),
            ("/many", json!({}), "error parsing url-set byte count"),
            ("/dice/8", json!({}), "unsupported entropy source \"dice\""),
            ("", json!({ "bytes": -1 }), "error parsing the byte count"),
            (
                "/8",
                json!({ "format": "x" }),
                "unsupported encoding format \"x\"",
            ),
        ] {
            let refused = server.put(ROOT, &format!("sys/tools/random{path}"), body);
            assert_eq!(refused.0, 400, "{path}");
            assert!(message(&refused).contains(words), "{path}: {refused:?}");
        }
        assert_eq!(server.get(ROOT, "sys/tools/random/8").0, 405);
    }
}
