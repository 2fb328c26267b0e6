//! The Secret of an `ExternalSecret`: whether it is right, and how it is written.

mod fields;
mod mutate;

use k8s_openapi::api::core::v1::Secret;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams, Preconditions};
use kube::{Api, ResourceExt};
use kube_support::{CallError, call, call_opt};
use operator_api::{CreationPolicy, ExternalSecret};
use secret_sync::{Data, Desired, data_hash, field_manager};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use mutate::Mutated;

use super::{Failed, Retry};
use crate::context::Context;
use crate::fault::Fault;
use crate::names::{DATA_HASH, MANAGED, MANAGED_TRUE, Name};
use crate::template::with_sources;
use crate::verified::{Seen, Wanted};
use crate::work::Key;

/// What a write did.
pub(super) enum Written {
    Created,
    Updated,
    Unchanged,
    /// Somebody else was faster.
    Conflict,
}

/// What is known about the Secret.
enum Look {
    Unknown,
    Absent,
    There(Box<Secret>),
}

/// See the module.
pub(super) struct Target<'a> {
    context: &'a Context,
    object: &'a ExternalSecret,
    own: Name,
    pub(super) name: Name,
    api: Api<Secret>,
    look: Look,
}

impl<'a> Target<'a> {
    pub(super) fn new(context: &'a Context, object: &'a ExternalSecret) -> Self {
        let name = crate::objects::target(object);
        Self {
            context,
            object,
            own: Name::of(object),
            api: Api::namespaced(context.client.clone(), &name.namespace),
            name,
            look: Look::Unknown,
        }
    }

    pub(super) fn is_there(&self) -> bool {
        matches!(self.look, Look::There(_))
    }

    /// Whether the Secret is as it was written. One that nobody owns is right whatever it is; where none
    /// is written, there is nothing that could be right.
    pub(super) async fn is_valid(&mut self) -> Result<bool, CallError> {
        match self.object.spec.target.creation_policy {
            CreationPolicy::Orphan => return Ok(true),
            CreationPolicy::None => return Ok(false),
            _ => {}
        }
        if let Some(version) = self.context.objects.secret(&self.name)
            && let Some(seen) = self.seen(&version)
        {
            return Ok(seen.is_whole);
        }
        let secret = self.read().await?;
        let is_whole = secret.as_ref().is_some_and(is_whole);
        if let Some(secret) = &secret {
            self.note(secret, None);
        }
        Ok(is_whole)
    }

    /// What was seen of this version.
    fn seen(&self, version: &str) -> Option<Seen> {
        let seen = self.context.verified.get(&self.own)?;
        (seen.target == self.name && seen.version == version).then_some(seen)
    }

    fn note(&self, secret: &Secret, wanted: Option<Wanted>) {
        let version = secret.resource_version().unwrap_or_default();
        if is_managed(secret) {
            self.context.objects.put_secret(&self.name, &version);
        }
        let seen = Seen {
            target: self.name.clone(),
            is_whole: is_whole(secret),
            wanted,
            version,
        };
        self.context.verified.put(self.own.clone(), seen);
    }

    async fn read(&self) -> Result<Option<Secret>, CallError> {
        call_opt("read the Secret", self.api.get(&self.name.name)).await
    }

    /// Reads the Secret. One without the label gets it, no matter who made it: from then on its changes are
    /// followed. Whether it got it just now.
    pub(super) async fn look(&mut self) -> Result<bool, CallError> {
        let mut is_new = false;
        let secret = match self.read().await? {
            Some(secret) if !is_managed(&secret) => {
                let patch = json!({"metadata": {"labels": {MANAGED: MANAGED_TRUE}}});
                let parameters = PatchParams {
                    field_manager: Some(field_manager(&self.own.name)),
                    ..PatchParams::default()
                };
                let patch = Patch::Merge(&patch);
                is_new = true;
                let patched = self.api.patch(&self.name.name, &parameters, &patch);
                call_opt("label the Secret", patched).await?
            }
            secret => secret,
        };
        self.look = secret.map_or(Look::Absent, |secret| Look::There(Box::new(secret)));
        Ok(is_new)
    }

    /// Deletes the Secret if the object controls it. Whether it did.
    pub(super) async fn delete_own(&self) -> Result<bool, CallError> {
        let Some(secret) = self.read().await? else {
            return Ok(false);
        };
        let uid = self.object.metadata.uid.as_deref().unwrap_or_default();
        let mut owners = secret.owner_references().iter();
        if !owners.any(|owner| owner.uid == uid && owner.controller == Some(true)) {
            return Ok(false);
        }
        let parameters = DeleteParams {
            preconditions: Some(Preconditions {
                uid: secret.uid(),
                resource_version: None,
            }),
            ..DeleteParams::default()
        };
        let deleted = self.api.delete(&self.name.name, &parameters);
        Ok(call_opt("delete the Secret", deleted).await?.is_some())
    }

    /// Writes the Secret with this data, unless it is like that.
    pub(super) async fn write(&mut self, data: &Data, key: &Key) -> Result<Written, Failed> {
        let failed = |error: CallError| Failed::new("could not update secret", api_fault(&error));
        let template = match &self.object.spec.target.template {
            Some(template) => {
                let read = with_sources(self.context, key, &self.name.namespace, template).await;
                Some(read.map_err(|fault| {
                    Failed::new(
                        "could not update secret",
                        fault.within("could not apply template: "),
                    )
                })?)
            }
            None => None,
        };
        let policy = self.object.spec.target.creation_policy;
        let desired = Desired {
            template: template.as_ref(),
            labels: self.object.labels().clone(),
            annotations: self.object.annotations().clone(),
            keep_existing: matches!(
                policy,
                CreationPolicy::Merge | CreationPolicy::CreateOrMerge
            ),
            delimiters: self.context.settings.delimiters.clone(),
        };
        // As if there was none: what it is made from, apart from what is there.
        let fresh = mutate::mutate(self.object, &desired, data, None)?.secret;
        let wanted = digest(&fresh);
        if matches!(self.look, Look::Unknown) {
            match self.context.objects.secret(&self.name) {
                Some(version) => {
                    if self
                        .seen(&version)
                        .is_some_and(|seen| seen.wanted == Some(wanted))
                    {
                        return Ok(Written::Unchanged);
                    }
                    self.look().await.map_err(failed)?;
                }
                None => match self.create(&fresh, wanted).await {
                    Ok(()) => return Ok(Written::Created),
                    // There is one that nobody has labeled yet.
                    Err(CallError::Conflict { .. }) => {
                        self.look().await.map_err(failed)?;
                    }
                    Err(error) => return Err(failed(error)),
                },
            }
        }
        let Look::There(existing) = &self.look else {
            return match self.create(&fresh, wanted).await {
                Ok(()) => Ok(Written::Created),
                Err(CallError::Conflict { .. }) => Ok(Written::Conflict),
                Err(error) => Err(failed(error)),
            };
        };
        let mutated = mutate::mutate(self.object, &desired, data, Some(existing));
        let Mutated { secret, refused } = mutated.map_err(|failed| self.unless_gone(failed))?;
        if secret == **existing {
            self.note(existing, Some(wanted).filter(|_| refused.is_none()));
            return refused.map_or(Ok(Written::Unchanged), Err);
        }
        let parameters = self.parameters();
        let replaced = self.api.replace(&self.name.name, &parameters, &secret);
        match call("update the Secret", replaced).await {
            Ok(secret) => {
                self.note(&secret, Some(wanted).filter(|_| refused.is_none()));
                refused.map_or(Ok(Written::Updated), Err)
            }
            Err(CallError::Conflict { .. }) => Ok(Written::Conflict),
            Err(error) => Err(failed(error)),
        }
    }

    /// An owner that is gone takes its Secret along as soon as the garbage collector sees it.
    fn unless_gone(&self, mut failed: Failed) -> Failed {
        let Look::There(secret) = &self.look else {
            return failed;
        };
        let mut owners = secret.owner_references().iter();
        let Some(owner) = owners.find(|it| it.controller == Some(true)) else {
            return failed;
        };
        let name = Name::new(&self.name.namespace, &owner.name);
        let there = self.context.objects.external_secret(&name);
        let is_there = there.is_some_and(|object| {
            object.metadata.uid.as_deref() == Some(&owner.uid)
                && object.metadata.deletion_timestamp.is_none()
        });
        if owner.kind == "ExternalSecret" && !is_there {
            failed.again = Retry::Soon;
        }
        failed
    }

    async fn create(&self, secret: &Secret, wanted: Wanted) -> Result<(), CallError> {
        let parameters = self.parameters();
        let created = self.api.create(&parameters, secret);
        let created = call("create the Secret", created).await?;
        self.note(&created, Some(wanted));
        Ok(())
    }

    /// The API server keeps which fields an object wrote under this name.
    fn parameters(&self) -> PostParams {
        PostParams {
            field_manager: Some(field_manager(&self.own.name)),
            ..PostParams::default()
        }
    }
}

/// The API server's own words.
fn api_fault(error: &CallError) -> Fault {
    match error {
        CallError::Refused { message, .. } | CallError::Forbidden { message, .. } => {
            Fault::new(message)
        }
        error => Fault::new(error),
    }
}

fn is_managed(secret: &Secret) -> bool {
    secret
        .labels()
        .get(MANAGED)
        .is_some_and(|it| it == MANAGED_TRUE)
}

/// Whether the digest that a Secret carries is that of its data.
fn is_whole(secret: &Secret) -> bool {
    let data = mutate::data_of(secret);
    secret.annotations().get(DATA_HASH) == Some(&data_hash(&data))
}

fn digest(secret: &Secret) -> Wanted {
    // Secrets are maps in order: the same one has the same text.
    let text = serde_json::to_vec(secret).unwrap_or_default();
    let digest = Sha256::digest(&text);
    drop(zeroize::Zeroizing::new(text));
    digest.into()
}
