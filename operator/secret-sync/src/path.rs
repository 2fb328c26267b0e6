//! Where the key of an `ExternalSecret` lies in Vault.

use operator_api::KvVersion;
use thiserror::Error;

/// A key that is not asked for.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PathError {
    /// It would leave the mount of its store.
    #[error("key {0:?} has a segment \".\" or \"..\": a key stays inside of its store's path")]
    Escapes(String),
    /// A store without a path, and a key that does not name the mount, either.
    #[error("provided Path isn't a valid kv v2 path")]
    NotKvV2,
    /// A store of version 1 without a path.
    #[error("a store of version v1 has no metadata")]
    NoMetadata,
}

/// Where a store keeps its secrets.
#[derive(Clone, Copy, Debug)]
pub struct Location<'a> {
    /// The mount and what comes below it; `None` if keys begin with it.
    pub path: Option<&'a str>,
    /// How the engine there lays out its paths.
    pub version: KvVersion,
}

impl Location<'_> {
    /// The API path of a key's data. A key may repeat the store's path and, with version 2, its
    /// `data/`.
    ///
    /// # Errors
    /// A key that leaves the mount.
    ///
    /// ```
    /// use operator_api::KvVersion;
    /// use secret_sync::Location;
    ///
    /// let store = Location { path: Some("secret"), version: KvVersion::V2 };
    /// assert_eq!(store.data_path("app")?, "secret/data/app");
    /// assert_eq!(store.data_path("secret/data/app")?, "secret/data/app");
    /// assert!(store.data_path("../other/data/app").is_err());
    /// # Ok::<(), secret_sync::PathError>(())
    /// ```
    pub fn data_path(&self, key: &str) -> Result<String, PathError> {
        stay_inside(key)?;
        let Some(mount) = self.path else {
            return Ok(match self.version {
                KvVersion::V1 => key.to_owned(),
                KvVersion::V2 => with_data(key),
            });
        };
        let below = key
            .strip_prefix(mount)
            .and_then(|rest| rest.strip_prefix('/'));
        Ok(match self.version {
            KvVersion::V1 => format!("{mount}/{}", below.unwrap_or(key)),
            KvVersion::V2 => {
                let below = below.map_or(key, |rest| rest.strip_prefix("data/").unwrap_or(rest));
                format!("{mount}/data/{below}")
            }
        })
    }

    /// The API path of a key's metadata, which is also where a folder is listed. Unlike with data,
    /// the key does not repeat the store's path.
    ///
    /// # Errors
    /// A key that leaves the mount, or that has no metadata.
    pub fn metadata_path(&self, key: &str) -> Result<String, PathError> {
        stay_inside(key)?;
        match (self.path, self.version) {
            (Some(mount), KvVersion::V1) => Ok(format!("{mount}/{key}")),
            (Some(mount), KvVersion::V2) => Ok(format!("{mount}/metadata/{key}")),
            (None, KvVersion::V1) => Err(PathError::NoMetadata),
            (None, KvVersion::V2) if key.contains("data") => {
                Ok(key.replacen("/data/", "/metadata/", 1))
            }
            (None, KvVersion::V2) => Err(PathError::NotKvV2),
        }
    }
}

/// Vault's own clients join such segments, and so would leave the mount.
fn stay_inside(key: &str) -> Result<(), PathError> {
    let is_outside = key
        .split('/')
        .any(|segment| segment == "." || segment == "..");
    if is_outside {
        return Err(PathError::Escapes(key.to_owned()));
    }
    Ok(())
}

/// The first segment is the mount, unless the key has a `data/` somewhere.
fn with_data(key: &str) -> String {
    if key.contains("/data/") {
        return key.to_owned();
    }
    match key.split_once('/') {
        Some((mount, rest)) => format!("{mount}/data/{rest}"),
        None => format!("{key}/data"),
    }
}
