//! A Secret as its object wants it, given what is there.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::{Resource, ResourceExt};
use operator_api::{CreationPolicy, ExternalSecret, GROUP};
use secret_sync::{Data, Desired, SecretParts, apply, data_hash, field_manager, owner_label};

use super::fields::Written;
use crate::external_secret::Failed;
use crate::fault::Fault;
use crate::names::{CREATED_BY, DATA_HASH, MANAGED, MANAGED_TRUE, Name};

/// The data of a Secret.
pub(super) fn data_of(secret: &Secret) -> Data {
    let data = secret.data.iter().flatten();
    data.map(|(key, value)| (key.clone(), value.0.clone()))
        .collect()
}

/// What an object wants of its Secret.
pub(super) struct Mutated {
    pub(super) secret: Secret,
    /// Why the data is not what the object wants.
    pub(super) refused: Option<Failed>,
}

/// The Secret that the object wants, with all of `existing` that is none of its business.
pub(super) fn mutate(
    object: &ExternalSecret,
    desired: &Desired<'_>,
    data: &Data,
    existing: Option<&Secret>,
) -> Result<Mutated, Failed> {
    let own = Name::of(object);
    let target = crate::objects::target(object);
    let policy = object.spec.target.creation_policy;
    let mut secret = existing.cloned().unwrap_or_default();
    secret.metadata.name = Some(target.name.to_string());
    secret.metadata.namespace = Some(target.namespace.to_string());
    owners(object, policy, &mut secret)?;
    let parts = existing.map(|existing| others(&own, existing));
    let parts = apply(desired, data, parts.as_ref()).map_err(|error| {
        let fault = Fault::new(format!("could not apply template: {error}"));
        Failed::new("could not update secret", fault)
    })?;
    write_parts(&own, policy, parts, &mut secret);
    let is_immutable = object.spec.target.immutable == Some(true);
    let Some(existing) = existing.filter(|it| it.immutable == Some(true)) else {
        if is_immutable {
            secret.immutable = Some(true);
        }
        return Ok(secret.into());
    };
    let hash = |secret: &Secret| secret.annotations().get(DATA_HASH).cloned();
    if data_of(existing) == data_of(&secret) && hash(existing) == hash(&secret) {
        return Ok(secret.into());
    }
    if is_immutable {
        // It stays as it was made.
        return Ok(existing.clone().into());
    }
    // Its labels and annotations follow, and the digest shows that it is not what is wanted.
    secret.data.clone_from(&existing.data);
    let fault = Fault::new(format!(
        "unable to update secret {}: secret is immutable",
        target.name
    ));
    let words = "could not update secret, target is immutable";
    Ok(Mutated {
        secret,
        refused: Some(Failed::for_good(words, fault)),
    })
}

impl From<Secret> for Mutated {
    fn from(secret: Secret) -> Self {
        Self {
            secret,
            refused: None,
        }
    }
}

fn owners(
    object: &ExternalSecret,
    policy: CreationPolicy,
    secret: &mut Secret,
) -> Result<(), Failed> {
    let uid = object.metadata.uid.clone().unwrap_or_default();
    let owners = secret.metadata.owner_references.get_or_insert_default();
    let name = secret.metadata.name.as_deref().unwrap_or_default();
    let words = format!("unable to mutate secret {name}: ");
    let controller = owners.iter().find(|it| it.controller == Some(true));
    let other = controller.filter(|it| it.uid != uid);
    if let Some(other) = other
        && other.kind == "ExternalSecret"
        && other.api_version.starts_with(GROUP)
    {
        let fault = Fault::new(format!(
            "{words}secret is owned by another ExternalSecret: {}",
            other.name
        ));
        let words = "target is owned by another ExternalSecret";
        return Err(Failed::for_good(words, fault));
    }
    if policy != CreationPolicy::Owner {
        owners.retain(|owner| owner.uid != uid);
        none_if_empty(&mut secret.metadata.owner_references);
        return Ok(());
    }
    if let Some(other) = other {
        let namespace = secret.metadata.namespace.as_deref().unwrap_or_default();
        let fault = Fault::new(format!(
            "{words}could not set controller reference on secret: Object {namespace}/{name} is \
             already owned by another {} controller {}",
            other.kind, other.name
        ));
        let words = "failed to take ownership of target secret";
        return Err(Failed::for_good(words, fault));
    }
    let own = OwnerReference {
        api_version: ExternalSecret::api_version(&()).into_owned(),
        kind: "ExternalSecret".to_owned(),
        name: object.name_any(),
        uid: uid.clone(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    };
    match owners.iter_mut().find(|owner| owner.uid == uid) {
        // An object of v1beta1 was its owner before: a reference is rewritten for nothing else.
        Some(before) => {
            before.controller = own.controller;
            before.block_owner_deletion = own.block_owner_deletion;
        }
        None => owners.push(own),
    }
    Ok(())
}

/// What a Secret has that the object did not write.
fn others(own: &Name, existing: &Secret) -> SecretParts {
    let written = Written::by(&field_manager(&own.name), existing);
    let mut parts = SecretParts {
        kind: existing.type_.clone().unwrap_or_default(),
        data: data_of(existing),
        labels: existing.labels().clone(),
        annotations: existing.annotations().clone(),
        finalizers: existing.finalizers().to_vec(),
    };
    parts.data.retain(|key, _| !written.data.contains(key));
    parts.labels.retain(|key, _| !written.labels.contains(key));
    parts
        .annotations
        .retain(|key, _| !written.annotations.contains(key));
    parts
}

fn write_parts(own: &Name, policy: CreationPolicy, parts: SecretParts, secret: &mut Secret) {
    let SecretParts {
        kind,
        data,
        mut labels,
        mut annotations,
        finalizers,
    } = parts;
    let owner = owner_label(&own.namespace, &own.name);
    labels.insert(MANAGED.to_owned(), MANAGED_TRUE.to_owned());
    if policy == CreationPolicy::Owner {
        labels.insert(CREATED_BY.to_owned(), owner);
    } else if labels.get(CREATED_BY) == Some(&owner) {
        labels.remove(CREATED_BY);
    }
    annotations.insert(DATA_HASH.to_owned(), data_hash(&data));
    let metadata = &mut secret.metadata;
    metadata.labels = Some(labels);
    metadata.annotations = Some(annotations);
    metadata.finalizers = Some(finalizers);
    none_if_empty(&mut metadata.finalizers);
    secret.type_ = Some(if kind.is_empty() {
        "Opaque".to_owned()
    } else {
        kind
    });
    let data = data
        .into_iter()
        .map(|(key, value)| (key, ByteString(value)));
    let data: BTreeMap<_, _> = data.collect();
    // The API server leaves out what is empty.
    secret.data = Some(data).filter(|data| !data.is_empty());
}

fn none_if_empty<T>(list: &mut Option<Vec<T>>) {
    if list.as_ref().is_some_and(Vec::is_empty) {
        *list = None;
    }
}

#[cfg(test)]
mod tests;
