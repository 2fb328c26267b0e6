//! The service-account token that the agent logs in with: one of the pod's volumes, or one of the
//! agent's own.
//!
//! Upstream takes the first mount with `serviceaccount` in its path, which may be a cloud's token or a
//! directory of the application. The compatible flavor does so, too, and warns; the native one takes the
//! token that Kubernetes gives the pod.

use std::collections::{BTreeMap, BTreeSet};

use contract::annotations::{self, Annotations};

use super::cloud;
use crate::pod::{self, Metadata, PodView};
use crate::vocabulary::denial::{RequestError, Unmounted};
use crate::vocabulary::flavor::Flavor;
use crate::vocabulary::objects::{Projected, Token, TokenSource, Volume, VolumeSource};
use crate::vocabulary::origin::Origin;
use crate::vocabulary::profile::Profile;

/// The token file where the annotation names no volume.
const TOKEN_FILE: &str = "token";

/// Volume of a token that is the agent's own.
const OWN_VOLUME: &str = "vault-agent-token";

/// Where Kubernetes mounts the pod's token.
const STANDARD: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The auth methods that log in with a service-account token.
const METHODS: [&str; 2] = ["kubernetes", "jwt"];

/// So many mounts at the standard place are searched for the pod's token.
const MOST_STANDARD: usize = 16;

/// The shortest life that Kubernetes gives a token, in seconds.
const SHORTEST_LIFE: u64 = 600;

/// Life of a token of the agent's own that does not say, in seconds.
const LIFE: u64 = 3600;

/// A volume with a token, and where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TokenVolume<'p> {
    /// `None` where the cluster adds the pod's token later, and mounts it itself.
    pub(crate) volume: Option<&'p str>,
    pub(crate) mount_path: &'p str,
    file: &'p str,
    own: Option<OwnToken<'p>>,
    /// Whether it is only taken because there is nothing better.
    is_last_resort: bool,
}

/// A token that is made for the agent alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct OwnToken<'p> {
    /// `None` is the API server's own audience.
    audience: Option<&'p str>,
    seconds: u64,
}

/// What decides which token a pod's agent gets, besides the annotations.
#[derive(Clone, Copy)]
pub(crate) struct Search<'r, 'p> {
    pub(crate) metadata: &'r Metadata<'r>,
    pub(crate) pod: &'p PodView<'p>,
    pub(crate) profile: Profile,
    pub(crate) flavor: Flavor,
    pub(crate) origin: Origin<'p>,
    /// The auth method.
    pub(crate) method: &'r str,
}

/// Whether an auth method logs in with a service-account token.
pub(crate) fn is_for(method: &str) -> bool {
    METHODS.contains(&method)
}

impl<'p> TokenVolume<'p> {
    /// A token of the agent's own where one is asked for, else the volume that the annotation
    /// names, else the one that the flavor takes.
    pub(crate) fn find(
        annotations: &Annotations<'p>,
        search: Search<'_, 'p>,
    ) -> Result<Self, RequestError> {
        let Search { pod, profile, .. } = search;
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
                own: Some(own),
                ..Self::STANDARD
            });
        }
        if !named.is_empty() {
            return Self::named(named, search.metadata, pod, profile);
        }
        let found = if search.flavor.keeps_mistakes() {
            Self::first_mounted(pod).or_else(|| Self::added_later(pod, search.origin))
        } else {
            Self::of_pod(pod, profile, search.origin)
        };
        match found {
            Some(found) => Ok(found),
            // Another method does not read it.
            None if !search.flavor.keeps_mistakes() && !is_for(search.method) => Ok(Self::STANDARD),
            None if search.flavor.keeps_mistakes() => {
                Err(RequestError::TokenMount { unmounted: None })
            }
            None => Self::last_resort(pod).ok_or_else(|| RequestError::TokenMount {
                unmounted: unmounted(pod).map(Box::new),
            }),
        }
    }

    /// The token that the cluster mounts.
    const STANDARD: Self = Self {
        volume: None,
        mount_path: STANDARD,
        file: TOKEN_FILE,
        own: None,
        is_last_resort: false,
    };

    /// The first volume that a container mounts under a path with `serviceaccount` in it.
    fn first_mounted(pod: &'p PodView<'_>) -> Option<Self> {
        let mut mounts = pod.mounts();
        let mount = mounts.find(|mount| mount.mount_path.contains("serviceaccount"))?;
        Some(Self {
            volume: Some(&mount.name),
            mount_path: &mount.mount_path,
            ..Self::STANDARD
        })
    }

    /// The pod's own token, which the API server has not added yet.
    fn added_later(pod: &PodView<'_>, origin: Origin<'_>) -> Option<Self> {
        let is_added = matches!(origin, Origin::Template { .. })
            && pod.automount_service_account_token != Some(false);
        is_added.then_some(Self::STANDARD)
    }

    /// The token that Kubernetes gives the pod, else the first that is for the API server.
    pub(crate) fn of_pod(
        pod: &'p PodView<'_>,
        profile: Profile,
        origin: Origin<'_>,
    ) -> Option<Self> {
        let volume = |name: &str| pod.volumes.iter().find(|volume| &*volume.name == name);
        let is_standard =
            |mount: &&pod::Mount<'_>| mount.mount_path.trim_end_matches('/') == STANDARD;
        let mut standard = pod.mounts().filter(is_standard).take(MOST_STANDARD);
        let standard = standard.find_map(|mount| {
            Some(Self {
                volume: Some(&mount.name),
                file: file_of_pod(volume(&mount.name))?,
                ..Self::STANDARD
            })
        });
        standard
            .or_else(|| Self::added_later(pod, origin))
            .or_else(|| {
                let (volume, token) = pod.volumes.iter().find_map(|volume| {
                    let mut tokens = volume.tokens();
                    let token = tokens.find(|it| it.audience.is_empty() && !it.path.is_empty());
                    Some((volume, token?))
                })?;
                let mount = pod.mounts().find(|mount| *mount.name == *volume.name);
                Some(Self {
                    volume: Some(&volume.name),
                    mount_path: mount.map_or(profile.names().token_path, |it| &*it.mount_path),
                    file: &token.path,
                    ..Self::STANDARD
                })
            })
    }

    /// A token for somebody else than the API server and the clouds, mounted where tokens are: the JWT
    /// of another issuer, or one for Vault itself.
    fn last_resort(pod: &'p PodView<'_>) -> Option<Self> {
        let named = pod.volumes.iter().map(|volume| (&*volume.name, volume));
        let volumes: BTreeMap<&str, _> = named.collect();
        let mut mounts = pod.mounts().filter(|mount| {
            let path = &*mount.mount_path;
            path.contains("serviceaccount") && !cloud::is_path_of_a_cloud(path)
        });
        mounts.find_map(|mount| {
            let volume = volumes.get(&*mount.name)?;
            let has_token = volume.is_secret() || volume.tokens().next().is_some();
            let file = file_of_pod(Some(volume)).filter(|_| has_token)?;
            Some(Self {
                volume: Some(&mount.name),
                mount_path: &mount.mount_path,
                file,
                is_last_resort: true,
                ..Self::STANDARD
            })
        })
    }

    /// Whether it is only taken because there is nothing better.
    pub(crate) fn is_last_resort(&self) -> bool {
        self.is_last_resort
    }

    /// Whether it is made for the agent alone.
    pub(crate) fn is_own(&self) -> bool {
        self.own.is_some()
    }

    /// Whether both are the same place.
    pub(crate) fn is_at(&self, other: &Self) -> bool {
        let path = |token: &Self| token.mount_path.trim_end_matches('/');
        path(self) == path(other)
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
            ..Self::STANDARD
        })
    }

    /// The token's file in the agent's containers.
    pub(crate) fn path(&self) -> String {
        format!("{}/{}", self.mount_path, self.file)
    }

    /// The volume to add to the pod, where the token is the agent's own.
    pub(crate) fn own_volume(&self) -> Option<Volume<'p>> {
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

/// The first token in a volume that no container mounts.
fn unmounted(pod: &PodView<'_>) -> Option<Unmounted> {
    let mounted: BTreeSet<&str> = pod.mounts().map(|mount| &*mount.name).collect();
    let volumes = pod.volumes.iter();
    let mut unmounted = volumes.filter(|volume| !mounted.contains(&*volume.name));
    unmounted.find_map(|volume| {
        let mut tokens = volume.tokens();
        let token = tokens.find(|token| !cloud::is_for_a_cloud(&token.audience))?;
        Some(Unmounted {
            volume: volume.name.to_string(),
            audience: token.audience.to_string(),
        })
    })
}

/// The token's file in a volume at the standard place; none where the tokens in it are clouds'.
fn file_of_pod<'p>(volume: Option<&'p pod::Volume<'_>>) -> Option<&'p str> {
    let tokens = || volume.into_iter().flat_map(pod::Volume::tokens);
    if tokens().next().is_none() {
        return Some(TOKEN_FILE);
    }
    let of_the_api_server = tokens().find(|token| token.audience.is_empty());
    let token = of_the_api_server
        .or_else(|| tokens().find(|token| !cloud::is_for_a_cloud(&token.audience)))?;
    Some(if token.path.is_empty() {
        TOKEN_FILE
    } else {
        &token.path
    })
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
