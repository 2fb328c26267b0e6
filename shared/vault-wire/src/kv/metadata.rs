//! Whether a KV secret has a newer version: asked of its metadata, so that the secret itself travels
//! only when it changed.

use std::collections::BTreeMap;
use std::time::SystemTime;

use jiff::Timestamp;
use serde::Deserialize;

use super::Mount;
use crate::response::Response;

#[derive(Deserialize)]
struct Metadata {
    current_version: u64,
    #[serde(default)]
    versions: BTreeMap<String, Version>,
}

#[derive(Deserialize)]
struct Version {
    #[serde(default)]
    deletion_time: String,
    #[serde(default)]
    destroyed: bool,
}

/// Where the metadata of a data path lies; `None` where `path` is not one of version 2.
pub fn metadata_path(path: &str, mount: &Mount, namespace: &str) -> Option<String> {
    if !mount.is_kv_v2() {
        return None;
    }
    let below_namespace = mount
        .path
        .strip_prefix(namespace.trim_matches('/'))
        .map(|rest| rest.trim_start_matches('/'));
    let mounts = [Some(mount.path.as_str()), below_namespace];
    mounts.into_iter().flatten().find_map(|mount| {
        let rest = path.strip_prefix(mount)?.strip_prefix("data/")?;
        Some(format!("{mount}metadata/{rest}"))
    })
}

/// Whether `version` is the latest and still there, by the metadata that Vault answered.
pub fn is_latest(metadata: Option<&Response>, version: Option<u64>, now: SystemTime) -> bool {
    let data = metadata.and_then(|response| response.data.as_ref());
    let metadata = data.and_then(|data| data.parse::<Metadata>().ok());
    // What cannot be understood is found out by reading the secret.
    match (metadata, version) {
        (Some(metadata), Some(version)) => metadata.has_latest(version, now),
        _ => false,
    }
}

impl Metadata {
    fn has_latest(&self, version: u64, now: SystemTime) -> bool {
        let gone = |version: &Version| {
            let deletion = version.deletion_time.parse::<Timestamp>();
            version.destroyed || deletion.is_ok_and(|time| SystemTime::from(time) <= now)
        };
        let entry = self.versions.get(&version.to_string());
        self.current_version == version && !entry.is_some_and(gone)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::json::JsonText;

    fn mk_mount(path: &str, version: &str) -> Mount {
        Mount {
            path: path.into(),
            kind: "kv".into(),
            version: Some(version.into()),
        }
    }

    #[test]
    fn metadata_lies_beside_the_data() {
        let mount = mk_mount("secret/", "2");
        let path = |path| metadata_path(path, &mount, "");
        assert_eq!(
            path("secret/data/a/b").as_deref(),
            Some("secret/metadata/a/b")
        );
        assert_eq!(path("secret/metadata/a"), None);
        assert_eq!(path("secret/subkeys/a"), None);
        let of_namespace = mk_mount("team/kv/", "2");
        assert_eq!(
            metadata_path("kv/data/a", &of_namespace, "team").as_deref(),
            Some("kv/metadata/a")
        );
        assert_eq!(
            metadata_path("secret/data/a", &mk_mount("secret/", "1"), ""),
            None
        );
    }

    #[test]
    fn only_metadata_that_can_be_read_tells_of_the_latest_version() {
        let latest = |body: &str, version| {
            let response = Response::from_body(JsonText::new(body.to_owned())).unwrap();
            is_latest(Some(&response), version, SystemTime::now())
        };
        let metadata = r#"{"data": {"current_version": 2}}"#;
        assert!(latest(metadata, Some(2)));
        assert!(!latest(metadata, Some(1)) && !latest(metadata, None));
        assert!(!latest(r#"{"data": {"a": 1}}"#, Some(2)) && !latest("{}", Some(2)));
        assert!(!is_latest(None, Some(2), SystemTime::now()));
    }

    #[test]
    fn a_version_is_the_latest_until_another_is_or_it_is_gone() {
        let latest = |metadata: Value| {
            let metadata: Metadata = serde_json::from_value(metadata).unwrap();
            metadata.has_latest(2, SystemTime::now())
        };
        let with = |version: Value| json!({"current_version": 2, "versions": {"2": version}});
        assert!(latest(with(
            json!({"deletion_time": "", "destroyed": false})
        )));
        assert!(latest(with(
            json!({"deletion_time": "2999-01-01T00:00:00Z"})
        )));
        assert!(!latest(with(
            json!({"deletion_time": "2020-01-01T00:00:00Z"})
        )));
        assert!(!latest(with(json!({"destroyed": true}))));
        assert!(!latest(json!({"current_version": 3})));
    }
}
