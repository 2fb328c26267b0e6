//! The two versions of the KV engine: which one a mount is, where its data lies, and what a
//! version-2 answer says about its version. Pure functions.
//!
//! People write `secret/app` and `secret/data/app` and mean the same secret. Version 2 keeps data
//! under `data/` and lists under `metadata/`, and `sys/internal/ui/mounts/<path>` tells which mount
//! a path belongs to.

mod metadata;

use std::time::SystemTime;

use jiff::Timestamp;
use serde::Deserialize;

use crate::json::{JsonError, JsonText};

pub use metadata::{is_latest, metadata_path};

/// A secrets engine's mount, as `sys/internal/ui/mounts/<path>` describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Where it is mounted, with its trailing `/`: `secret/`.
    pub path: String,
    /// The engine: `kv`, `database`, `pki`.
    pub kind: String,
    /// The option `version`; only KV has it.
    pub version: Option<String>,
}

impl Mount {
    /// Version 2 of the KV engine, which needs the paths rewritten.
    pub fn is_kv_v2(&self) -> bool {
        self.kind == "kv" && self.version.as_deref() == Some("2")
    }

    pub(crate) fn from_data(data: &JsonText) -> Result<Self, JsonError> {
        #[derive(Deserialize)]
        struct Raw {
            path: String,
            #[serde(rename = "type")]
            kind: String,
            options: Option<Options>,
        }
        #[derive(Deserialize)]
        struct Options {
            version: Option<String>,
        }
        let raw: Raw = data.parse()?;
        let version = raw.options.and_then(|options| options.version);
        Ok(Self {
            path: raw.path,
            kind: raw.kind,
            version,
        })
    }
}

/// The path to read (or write) for what the user wrote. Anything but KV version 2 is left as it is,
/// and so is a path that names `data/`, `metadata/` or `subkeys/` itself. A query (`?version=2`) is
/// kept.
///
/// `namespace` is the client's (empty for none): Vault reports the mount with it, users write paths
/// without it.
///
/// ```
/// use vault_wire::kv::{Mount, read_path};
///
/// let mount = Mount { path: "secret/".into(), kind: "kv".into(), version: Some("2".into()) };
/// assert_eq!(read_path("secret/app", &mount, ""), "secret/data/app");
/// assert_eq!(read_path("secret/data/app?version=2", &mount, ""), "secret/data/app?version=2");
/// ```
pub fn read_path(raw: &str, mount: &Mount, namespace: &str) -> String {
    rewrite(raw, mount, |path| data_path(path, &mount.path, namespace))
}

/// The path to list for what the user wrote.
pub fn list_path(raw: &str, mount: &Mount) -> String {
    rewrite(raw, mount, |path| {
        listed_path(path, mount.path.trim_end_matches('/'))
    })
}

fn rewrite(raw: &str, mount: &Mount, inner: impl FnOnce(&str) -> String) -> String {
    if !mount.is_kv_v2() {
        return raw.to_owned();
    }
    match raw.split_once('?') {
        Some((path, query)) => format!("{}?{query}", inner(path)),
        None => inner(raw),
    }
}

fn data_path(path: &str, mount: &str, namespace: &str) -> String {
    if path.trim_end_matches('/') == mount.trim_end_matches('/') {
        return join(mount, "data", "");
    }
    let namespace = match namespace.trim_matches('/') {
        "" => String::new(),
        name => format!("{name}/"),
    };
    // A mount that is called like its namespace ("shared-name/") must keep its only segment.
    let below_namespace = mount.len() > namespace.len();
    let mount = match mount.strip_prefix(namespace.as_str()) {
        Some(rest) if below_namespace => rest,
        _ => mount,
    };
    let rest = path.strip_prefix(mount).unwrap_or(path);
    if ["data/", "metadata/", "subkeys/"]
        .iter()
        .any(|prefix| rest.starts_with(prefix))
    {
        return path.to_owned();
    }
    join(mount, "data", rest)
}

fn listed_path(path: &str, mount: &str) -> String {
    let rest = path.strip_prefix(mount).unwrap_or(path);
    let inside = rest.trim_start_matches('/');
    if inside == "metadata" || inside.starts_with("metadata/") {
        return path.to_owned();
    }
    join(mount, "metadata", inside)
}

/// Joins with single slashes, without empty, `.` and `..` segments.
fn join(mount: &str, kind: &str, rest: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in mount.split('/').chain([kind]).chain(rest.split('/')) {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            name => segments.push(name),
        }
    }
    segments.join("/")
}

/// What a KV version-2 answer says about the version it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretVersion {
    /// Counts up with each write.
    pub version: u64,
    /// When the version is or was deleted; `None` when it is not to be.
    pub deletion_time: Option<SystemTime>,
    /// Its data is gone for good.
    pub destroyed: bool,
}

impl SecretVersion {
    /// Reads `data.metadata` of an answer's `data`; `None` when there is none, as with any engine
    /// but KV version 2.
    pub fn from_data(data: &JsonText) -> Option<Self> {
        #[derive(Deserialize)]
        struct Raw {
            metadata: Metadata,
        }
        #[derive(Deserialize)]
        struct Metadata {
            version: u64,
            #[serde(default)]
            deletion_time: String,
            #[serde(default)]
            destroyed: bool,
        }
        let Metadata {
            version,
            deletion_time,
            destroyed,
        } = data.parse::<Raw>().ok()?.metadata;
        let deletion_time = deletion_time
            .parse::<Timestamp>()
            .ok()
            .map(SystemTime::from);
        Some(Self {
            version,
            deletion_time,
            destroyed,
        })
    }

    /// The version cannot be read any more: destroyed, or deleted at or before `now`.
    pub fn is_gone(&self, now: SystemTime) -> bool {
        self.destroyed || self.deletion_time.is_some_and(|time| time <= now)
    }
}

#[cfg(test)]
mod tests;
