//! What an answer means: whether there is a secret, which one it is, and how long it lasts.

use std::sync::Arc;
use std::time::SystemTime;

use vault_wire::kv::{self, Mount, SecretVersion};
use vault_wire::{Lease, Response};

use crate::content_hash::ContentHash;
use crate::lifespan::Lifespan;
use crate::want::Want;

/// A value with what is known of its future.
#[derive(Clone)]
pub(crate) struct Value {
    pub(crate) hash: ContentHash,
    pub(crate) lifespan: Lifespan,
    /// A lease that is ours to renew.
    pub(crate) lease: Option<Lease>,
    /// The version of a KV secret, whose metadata tells whether it is the latest.
    pub(crate) version: Option<u64>,
    /// When the certificate in it ends, by the wall clock.
    pub(crate) certificate_ends: Option<SystemTime>,
}

impl Value {
    /// The value in `response`, which came at `wall` from `path`; `None` if nothing is there.
    pub(crate) fn of(
        want: &Want,
        response: Option<&Response>,
        path: &str,
        mount: Option<&Mount>,
        wall: SystemTime,
    ) -> Option<Self> {
        let Some(response) = response else {
            return Self::of_nothing(want);
        };
        let is_write = matches!(want, Want::Write { .. } | Want::Issue { .. });
        let is_kv_v2 = mount.is_some_and(Mount::is_kv_v2);
        if let Want::List { .. } = want {
            return Some(Self {
                hash: ContentHash::of_names(response),
                lifespan: Lifespan {
                    is_list: true,
                    ..Lifespan::default()
                },
                lease: None,
                version: None,
                certificate_ends: None,
            });
        }
        let version = response.data.as_ref().and_then(SecretVersion::from_data);
        // Data of another engine may look like a version; if the engine is not known, the path tells.
        let may_be_gone = is_kv_v2 || (mount.is_none() && path.contains("/data/"));
        if may_be_gone
            && version
                .as_ref()
                .is_some_and(|version| version.is_gone(wall))
        {
            return None;
        }
        let is_empty =
            response.data.is_none() && response.auth.is_none() && response.wrap_info.is_none();
        if is_empty && !is_write {
            return None;
        }
        let lifespan = Lifespan {
            is_kv_v1: mount.is_some_and(|mount| mount.kind == "kv") && !is_kv_v2,
            is_write,
            ..Lifespan::of(response, wall)
        };
        // A version that the path names never moves.
        let follows_latest = is_kv_v2 && !is_write && !path.contains('?');
        Some(Self {
            hash: match lifespan.rotating() {
                Some(_) => ContentHash::of_rotating(response),
                None => ContentHash::of(response),
            },
            lease: response.lease.clone(),
            version: version
                .filter(|_| follows_latest)
                .map(|version| version.version),
            certificate_ends: lifespan
                .certificate
                .filter(|_| lifespan.lease.is_none())
                .and_then(|left| wall.checked_add(left)),
            lifespan,
        })
    }

    /// A write may be answered with nothing, and a list of nothing is empty.
    fn of_nothing(want: &Want) -> Option<Self> {
        let lifespan = match want {
            Want::Write { .. } => Lifespan {
                is_write: true,
                ..Lifespan::default()
            },
            Want::List { .. } => Lifespan {
                is_list: true,
                ..Lifespan::default()
            },
            Want::Read { .. } | Want::Issue { .. } => return None,
        };
        Some(Self {
            hash: ContentHash::NOTHING,
            lifespan,
            lease: None,
            version: None,
            certificate_ends: None,
        })
    }
}

/// The path that Vault gets.
pub(crate) fn api_path(want: &Want, mount: Option<&Mount>, namespace: &str) -> Arc<str> {
    match (want, mount) {
        (Want::Read { path } | Want::Write { path, .. }, Some(mount)) => {
            kv::read_path(path, mount, namespace).into()
        }
        (Want::List { path }, Some(mount)) => kv::list_path(path, mount).into(),
        (want, _) => Arc::clone(want.path()),
    }
}

#[cfg(test)]
mod tests;
