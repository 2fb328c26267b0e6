//! The `sink` blocks.

use std::time::Duration;

use serde_json::Value;

use super::Problem;
use crate::agent_config::Sink;

/// Mode of a token file where nothing is said.
const DEFAULT_MODE: u32 = 0o640;

/// A file that holds the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkFile<'a> {
    /// The file.
    pub path: &'a str,
    /// Its mode.
    pub mode: u32,
    /// Its user, where it is given away.
    pub uid: Option<u32>,
    /// Its group, where it is given away.
    pub gid: Option<u32>,
    /// Life of the wrapping around the token.
    pub wrap_ttl: Option<Duration>,
}

/// Encryption for one reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedSink<'a> {
    /// File with the reader's key.
    pub key: &'a str,
    /// Derive the key from the shared secret.
    pub derives: bool,
}

/// Reads where a sink writes.
///
/// # Errors
///
/// What is wrong with it.
pub fn sink_file(sink: &Sink, index: usize) -> Result<SinkFile<'_>, Problem> {
    let place = || format!("auto_auth.sink[{index}]");
    match sink.kind.as_str() {
        "file" => {}
        "" => return Err(Problem::value(place(), "sink type must be specified")),
        other => {
            return Err(Problem::value(
                place(),
                format!("Unknown sink type {other:?}: \"file\" is the only one"),
            ));
        }
    }
    let path = match sink.config.get("path") {
        Some(Value::String(path)) if !path.is_empty() => path,
        _ => {
            return Err(Problem::value(
                place(),
                "'path' not specified for file sink",
            ));
        }
    };
    let id = |key: &str| match sink.config.get(key) {
        None => Ok(None),
        // -1 is how Vault Agent writes "leave it".
        Some(Value::Number(number)) if number.as_i64() == Some(-1) => Ok(None),
        Some(value) => whole_number(value, 10)
            .map(Some)
            .ok_or_else(|| Problem::value(format!("{}.{key}", place()), "not a number of an id")),
    };
    let mode = match sink.config.get("mode") {
        None => DEFAULT_MODE,
        Some(value) => whole_number(value, 8)
            .filter(|mode| *mode <= 0o777)
            .ok_or_else(|| {
                Problem::value(
                    format!("{}.mode", place()),
                    "not a file mode: give octal digits as text (\"0640\"), or a decimal number (416)",
                )
            })?,
    };
    let (uid, gid) = (id("uid")?, id("gid")?);
    let wrap_ttl = sink
        .wrap_ttl
        .duration()
        .map_err(|error| Problem::value(format!("{}.wrap_ttl", place()), error))?;
    Ok(SinkFile {
        path,
        // Zero is how Vault Agent writes "the default".
        mode: if mode == 0 { DEFAULT_MODE } else { mode },
        uid,
        gid,
        wrap_ttl: wrap_ttl.filter(|ttl| !ttl.is_zero()),
    })
}

/// A JSON number (always decimal), or digits as text in the given base.
fn whole_number(value: &Value, base_of_text: u32) -> Option<u32> {
    match value {
        Value::Number(number) => u32::try_from(number.as_u64()?).ok(),
        Value::String(text) => u32::from_str_radix(text, base_of_text).ok(),
        _ => None,
    }
}

/// Encryption for one reader, where it is asked for. The words are those of Vault Agent.
///
/// # Errors
///
/// Half of it is missing, or the kind is unknown.
pub fn sealing(sink: &Sink, index: usize) -> Result<Option<SealedSink<'_>>, Problem> {
    let refuse = |reason: &str| Err(Problem::value(format!("auto_auth.sink[{index}]"), reason));
    let has_aad = !sink.aad.is_empty() || !sink.aad_env_var.is_empty();
    match (sink.dh_type.as_str(), sink.dh_path.as_str()) {
        ("", "") if has_aad => refuse("specifying AAD data without 'dh_type' does not make sense"),
        ("", "") if sink.derive_key.0 => {
            refuse("specifying 'derive_key' data without 'dh_type' does not make sense")
        }
        ("", "") => Ok(None),
        ("", _) => refuse("specifying 'dh_path' without 'dh_type' does not make sense"),
        ("curve25519", "") => refuse("specifying 'dh_type' without 'dh_path' does not make sense"),
        ("curve25519", key) => Ok(Some(SealedSink {
            key,
            derives: sink.derive_key.0,
        })),
        _ => refuse("invalid value for 'dh_type': only \"curve25519\" is supported"),
    }
}
