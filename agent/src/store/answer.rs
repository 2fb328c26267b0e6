//! What an answer of Vault's means: a value, its identity, and its outlook.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use templating::{Found, Secret};
use vault_wire::kv::SecretVersion;
use vault_wire::{LeaseId, Response};
use zeroize::Zeroizing;

use super::fetch::FetchError;
use super::mounts::Engine;
use super::{certificate, facts};
use crate::schedule::Facts;
use crate::state::Kept;

/// What a fetch found.
pub(super) enum Answer {
    /// The version that is there is the one that we have.
    Same,
    /// A value. In a box, because it is much larger.
    New(Box<Fetched>),
}

/// A value with what is known of its future.
pub(super) struct Fetched {
    pub(super) found: Found,
    pub(super) identity: Identity,
    pub(super) outlook: Outlook,
    /// For the next process, where something is kept for it.
    pub(super) kept: Option<Kept>,
}

/// What is known of a value's future.
#[derive(Default)]
pub(super) struct Outlook {
    pub(super) facts: Facts,
    pub(super) lease: Option<HeldLease>,
    /// The version of a KV secret, whose metadata tells whether it is the latest.
    pub(super) version: Option<u64>,
}

/// A lease that is ours to renew.
pub(super) struct HeldLease {
    pub(super) id: LeaseId,
    pub(super) duration: Duration,
}

/// What makes two answers the same: data and lease, but neither request id nor remaining time.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Identity([u8; 32]);

pub(super) fn secret(
    response: &Response,
    path: &str,
    engine: &Engine,
    is_write: bool,
    now: SystemTime,
    keeps: bool,
) -> Result<Answer, FetchError> {
    let is_kv_v2 = matches!(engine, Engine::Known(mount) if mount.is_kv_v2());
    let version = response.data.as_ref().and_then(SecretVersion::from_data);
    let missing = || FetchError::Missing {
        path: path.to_owned(),
    };
    // Data of another engine may look like a version; where the engine is not known, the path tells.
    let may_be_gone = is_kv_v2 || (*engine == Engine::Unknown && path.contains("/data/"));
    if may_be_gone && version.as_ref().is_some_and(|version| version.is_gone(now)) {
        return Err(missing());
    }
    let no_content =
        response.data.is_none() && response.auth.is_none() && response.wrap_info.is_none();
    if no_content && !is_write {
        return Err(missing());
    }
    let facts = Facts {
        is_kv_v1: matches!(engine, Engine::Known(mount) if mount.kind == "kv" && !is_kv_v2),
        is_write,
        ..facts::of(response, now)
    };
    let secret = Secret::from_response(response.body.as_str().as_bytes())?;
    let lease = HeldLease::of(response);
    let kept = keeps.then(|| Kept {
        mount: match engine {
            Engine::Known(mount) => Some((**mount).clone()),
            Engine::Unknown => None,
        },
        ..keep(response, path, now)
    });
    // A version that the template names never moves.
    let follows_latest = is_kv_v2 && !is_write && !path.contains('?');
    Ok(Answer::New(Box::new(Fetched {
        found: Found::Secret(Some(Arc::new(secret))),
        identity: match facts.rotating() {
            Some(_) => Identity::of_rotating(response),
            None => Identity::of_secret(response),
        },
        outlook: Outlook {
            facts,
            lease,
            version: version
                .filter(|_| follows_latest)
                .map(|version| version.version),
        },
        kept,
    })))
}

pub(super) fn pki(
    response: &Response,
    path: &str,
    now: SystemTime,
    keeps: bool,
) -> Result<Answer, FetchError> {
    let certificate = certificate::read(response.data.as_ref())?;
    Ok(Answer::New(Box::new(Fetched {
        found: Found::Pki(Arc::new(certificate)),
        identity: Identity::of_secret(response),
        outlook: Outlook {
            facts: Facts {
                is_write: true,
                ..facts::of(response, now)
            },
            lease: HeldLease::of(response),
            version: None,
        },
        kept: keeps.then(|| keep(response, path, now)),
    })))
}

fn keep(response: &Response, path: &str, now: SystemTime) -> Kept {
    Kept {
        body: Zeroizing::new(response.body.as_str().to_owned()),
        since: now,
        path: path.to_owned(),
        mount: None,
        // A login among secrets is a child of the token too.
        is_leased: response.lease.is_some() || response.auth.is_some(),
    }
}

impl HeldLease {
    fn of(response: &Response) -> Option<Self> {
        response.lease.as_ref().map(|lease| Self {
            id: lease.id.clone(),
            duration: lease.duration,
        })
    }
}

/// Nothing to list is an empty list, not an error.
pub(super) fn list(mut names: Vec<String>, path: String, keeps: bool) -> Answer {
    names.sort();
    let kept = keeps.then(|| Kept {
        body: Zeroizing::new(serde_json::to_string(&names).expect("names must serialise")),
        since: SystemTime::now(),
        path,
        mount: None,
        is_leased: false,
    });
    Answer::New(Box::new(Fetched {
        identity: Identity::of_names(&names),
        found: Found::List(Arc::new(names)),
        outlook: Outlook {
            facts: Facts {
                is_list: true,
                ..Facts::default()
            },
            ..Outlook::default()
        },
        kept,
    }))
}

impl Fetched {
    /// A write that Vault has nothing to say about.
    pub(super) fn nothing() -> Self {
        Self {
            found: Found::Secret(None),
            identity: Identity([0; 32]),
            outlook: Outlook {
                facts: Facts {
                    is_write: true,
                    ..Facts::default()
                },
                ..Outlook::default()
            },
            kept: None,
        }
    }
}

impl Identity {
    fn of_secret(response: &Response) -> Self {
        let data = response.data.as_ref().map_or("", |data| data.as_str());
        let lease = response
            .lease
            .as_ref()
            .map_or("", |lease| lease.id.as_str());
        let mut hash = Sha256::new();
        hash.update(lease);
        hash.update([0]);
        hash.update(data);
        if data.is_empty() {
            // A login or a wrapped answer: each is another.
            hash.update(&response.request_id);
        }
        Self(hash.finalize().into())
    }

    /// Without the remaining time, which is another in each answer.
    fn of_rotating(response: &Response) -> Self {
        type Data<'a> = BTreeMap<&'a str, &'a RawValue>;
        let data = response.data.as_ref();
        let Some(mut data) = data.and_then(|data| data.parse::<Data<'_>>().ok()) else {
            return Self::of_secret(response);
        };
        data.remove("ttl");
        let mut hash = Sha256::new();
        for (key, value) in data {
            hash.update(key);
            hash.update([0]);
            hash.update(value.get());
            hash.update([0]);
        }
        Self(hash.finalize().into())
    }

    fn of_names(names: &[String]) -> Self {
        let mut hash = Sha256::new();
        for name in names {
            hash.update(name);
            hash.update([0]);
        }
        Self(hash.finalize().into())
    }
}
