//! Which of the pod's volumes holds the service-account token that the agent logs in with.

use contract::annotations::{self, Annotations};

use super::denial::RequestError;
use crate::pod::{Metadata, PodView};

/// Where a token volume is mounted that no container mounts.
const UNMOUNTED_PATH: &str = "/var/run/secrets/vault.hashicorp.com/serviceaccount";

/// The token file where the annotation names no volume.
const TOKEN_FILE: &str = "token";

/// A volume with a token, and where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TokenVolume<'p> {
    pub(super) volume: &'p str,
    pub(super) mount_path: &'p str,
    file: &'p str,
}

impl<'p> TokenVolume<'p> {
    /// The volume that the annotation names, else the first that a container mounts under a path
    /// with `serviceaccount` in it.
    pub(super) fn find(
        annotations: &Annotations<'p>,
        metadata: &Metadata<'_>,
        pod: &'p PodView<'_>,
    ) -> Result<Self, RequestError> {
        let named = annotations
            .get(&annotations::TOKEN_VOLUME)
            .unwrap_or_default();
        if !named.is_empty() {
            return Self::named(named, metadata, pod);
        }
        pod.mounts()
            .find(|mount| mount.mount_path.contains("serviceaccount"))
            .map(|mount| Self {
                volume: &mount.name,
                mount_path: &mount.mount_path,
                file: TOKEN_FILE,
            })
            .ok_or(RequestError::TokenMount)
    }

    fn named(
        name: &'p str,
        metadata: &Metadata<'_>,
        pod: &'p PodView<'_>,
    ) -> Result<Self, RequestError> {
        let mount = pod.mounts().find(|mount| &*mount.name == name);
        let volume = pod.volumes.iter().find(|volume| &*volume.name == name);
        let volume = match (volume, mount) {
            (Some(volume), _) => volume,
            (None, Some(_)) => {
                return Err(RequestError::TokenVolumeUndefined {
                    volume: name.to_owned(),
                    pod: metadata.name.to_string(),
                });
            }
            (None, None) => return Err(RequestError::TokenVolume(name.to_owned())),
        };
        let file = volume.token_file().filter(|file| !file.is_empty());
        let file = file.ok_or_else(|| RequestError::TokenPath(name.to_owned()))?;
        let mount_path = mount.map_or(UNMOUNTED_PATH, |mount| &*mount.mount_path);
        Ok(Self {
            volume: name,
            mount_path,
            file,
        })
    }

    /// The token's file in the agent's containers.
    pub(super) fn path(&self) -> String {
        format!("{}/{}", self.mount_path, self.file)
    }
}
