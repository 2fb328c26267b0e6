//! The service-account token that the agent logs in with: one of the pod's volumes, or one of the
//! agent's own.

use contract::annotations::{self, Annotations};

use super::denial::RequestError;
use super::objects::{Projected, Token, TokenSource, Volume, VolumeSource};
use super::{Origin, Profile};
use crate::pod::{Metadata, PodView};

/// The token file where the annotation names no volume.
const TOKEN_FILE: &str = "token";

/// Volume of a token that is the agent's own.
const OWN_VOLUME: &str = "vault-agent-token";

/// The shortest life that Kubernetes gives a token, in seconds.
const SHORTEST_LIFE: u64 = 600;

/// Life of a token of the agent's own that does not say, in seconds.
const LIFE: u64 = 3600;

/// A volume with a token, and where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TokenVolume<'p> {
    /// `None` where the cluster adds the pod's token later, and mounts it itself.
    pub(super) volume: Option<&'p str>,
    pub(super) mount_path: &'p str,
    file: &'p str,
    own: Option<OwnToken<'p>>,
}

/// A token that is made for the agent alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct OwnToken<'p> {
    /// `None` is the API server's own audience.
    audience: Option<&'p str>,
    seconds: u64,
}

impl<'p> TokenVolume<'p> {
    /// A token of the agent's own where one is asked for, else the volume that the annotation
    /// names, else the first that a container mounts under a path with `serviceaccount` in it.
    pub(super) fn find(
        annotations: &Annotations<'p>,
        metadata: &Metadata<'_>,
        pod: &'p PodView<'_>,
        profile: Profile,
        origin: Origin<'_>,
    ) -> Result<Self, RequestError> {
        let named = annotations
            .get(&annotations::TOKEN_VOLUME)
            .unwrap_or_default();
        if let Some(own) = OwnToken::asked(annotations)? {
            if !named.is_empty() {
                return Err(RequestError::TwoTokens(
                    annotations.key(&annotations::TOKEN_VOLUME),
                ));
            }
            return Ok(Self {
                volume: Some(OWN_VOLUME),
                mount_path: profile.names().token_path,
                file: TOKEN_FILE,
                own: Some(own),
            });
        }
        if !named.is_empty() {
            return Self::named(named, metadata, pod, profile);
        }
        let mounted = pod
            .mounts()
            .find(|mount| mount.mount_path.contains("serviceaccount"));
        match (mounted, origin) {
            (Some(mount), _) => Ok(Self {
                volume: Some(&mount.name),
                mount_path: &mount.mount_path,
                file: TOKEN_FILE,
                own: None,
            }),
            (None, Origin::Template { .. })
                if pod.automount_service_account_token != Some(false) =>
            {
                Ok(Self {
                    volume: None,
                    mount_path: contract::names::SERVICE_ACCOUNT_TOKEN.trim_end_matches("/token"),
                    file: TOKEN_FILE,
                    own: None,
                })
            }
            (None, _) => Err(RequestError::TokenMount),
        }
    }

    fn named(
        name: &'p str,
        metadata: &Metadata<'_>,
        pod: &'p PodView<'_>,
        profile: Profile,
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
        let mount_path = mount.map_or(profile.names().token_path, |mount| &*mount.mount_path);
        Ok(Self {
            volume: Some(name),
            mount_path,
            file,
            own: None,
        })
    }

    /// The token's file in the agent's containers.
    pub(super) fn path(&self) -> String {
        format!("{}/{}", self.mount_path, self.file)
    }

    /// The volume to add to the pod, where the token is the agent's own.
    pub(super) fn own_volume(&self) -> Option<Volume<'p>> {
        let own = self.own?;
        let service_account_token = Token {
            path: TOKEN_FILE,
            expiration_seconds: own.seconds,
            audience: own.audience,
        };
        Some(Volume {
            name: OWN_VOLUME.into(),
            source: VolumeSource::Projected(Projected {
                sources: [TokenSource {
                    service_account_token,
                }],
            }),
        })
    }
}

impl<'p> OwnToken<'p> {
    fn asked(annotations: &Annotations<'p>) -> Result<Option<Self>, RequestError> {
        let (audience, expiration) = (
            annotations.get(&annotations::TOKEN_AUDIENCE),
            &annotations::TOKEN_EXPIRATION,
        );
        if audience.is_none() && annotations.get(expiration).is_none() {
            return Ok(None);
        }
        let seconds = annotations.uint(expiration, LIFE)?;
        if !(SHORTEST_LIFE..=1 << 32).contains(&seconds) {
            return Err(RequestError::TokenExpiration(annotations.key(expiration)));
        }
        Ok(Some(Self {
            audience: audience.filter(|audience| !audience.is_empty()),
            seconds,
        }))
    }
}
