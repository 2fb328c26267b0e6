//! One `ExternalSecret` of a `ClusterExternalSecret`.

use std::collections::BTreeMap;

use contract::GoDuration;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::api::{DeleteParams, PostParams};
use kube::{Api, Resource, ResourceExt};
use kube_support::{CallError, call, call_opt};
use operator_api::{ClusterExternalSecret, ExternalSecret, ExternalSecretSpec};
use thiserror::Error;

use crate::context::Context;
use crate::names::Name;

/// The annotation that children get from their owner.
const FORCE_SYNC: &str = "external-secrets.io/force-sync";

/// Why a namespace has no child.
#[derive(Debug, Error)]
pub(super) enum ChildError {
    #[error("external secret already exists in namespace")]
    Foreign,
    #[error("{0}")]
    Call(#[from] CallError),
}

/// See the module.
pub(super) struct Child<'a> {
    pub(super) context: &'a Context,
    pub(super) owner: &'a ClusterExternalSecret,
    pub(super) name: Name,
}

impl Child<'_> {
    fn api(&self) -> Api<ExternalSecret> {
        Api::namespaced(self.context.client.clone(), &self.name.namespace)
    }

    fn is_own(&self, object: &ExternalSecret) -> bool {
        let mut owners = object.owner_references().iter();
        let uid = self.owner.metadata.uid.as_deref();
        owners.any(|it| it.controller == Some(true) && Some(&*it.uid) == uid)
    }

    /// # Errors
    /// Somebody else has an `ExternalSecret` of this name.
    pub(super) fn refuse_foreign(&self) -> Result<(), ChildError> {
        match self.context.objects.external_secret(&self.name) {
            Some(object) if !self.is_own(&object) => Err(ChildError::Foreign),
            _ => Ok(()),
        }
    }

    /// Makes it what its owner wants.
    pub(super) async fn write(&self) -> Result<(), ChildError> {
        let wanted = self.wanted();
        let Some(before) = self.context.objects.external_secret(&self.name) else {
            return match call("create the ExternalSecret", self.create(&wanted)).await {
                // The watch makes work of it.
                Ok(_) => Ok(()),
                // It is somebody else's, or ours from a moment ago.
                Err(CallError::Conflict { .. }) => {
                    let doing = "read the ExternalSecret";
                    let there = call_opt(doing, self.api().get(&self.name.name)).await?;
                    match there {
                        Some(object) if !self.is_own(&object) => Err(ChildError::Foreign),
                        _ => Ok(()),
                    }
                }
                Err(error) => Err(error.into()),
            };
        };
        let is_same = before.spec == wanted.spec
            && before.labels() == wanted.labels()
            && before.annotations() == wanted.annotations();
        if is_same {
            return Ok(());
        }
        let mut object = (*before).clone();
        object.metadata.labels = wanted.metadata.labels;
        object.metadata.annotations = wanted.metadata.annotations;
        object.spec = wanted.spec;
        let (api, parameters) = (self.api(), PostParams::default());
        let replaced = api.replace(&self.name.name, &parameters, &object);
        call("update the ExternalSecret", replaced).await?;
        Ok(())
    }

    async fn create(&self, wanted: &ExternalSecret) -> kube::Result<ExternalSecret> {
        self.api().create(&PostParams::default(), wanted).await
    }

    fn wanted(&self) -> ExternalSecret {
        let spec = ExternalSecretSpec {
            refresh_interval: as_go_writes(&self.owner.spec.external_secret_spec.refresh_interval),
            ..self.owner.spec.external_secret_spec.clone()
        };
        let metadata = self.owner.spec.external_secret_metadata.clone();
        let metadata = metadata.unwrap_or_default();
        let mut annotations = metadata.annotations;
        if let Some(value) = self.owner.annotations().get(FORCE_SYNC) {
            annotations.insert(FORCE_SYNC.to_owned(), value.clone());
        }
        let owner = OwnerReference {
            api_version: ClusterExternalSecret::api_version(&()).into_owned(),
            kind: "ClusterExternalSecret".to_owned(),
            name: self.owner.name_any(),
            uid: self.owner.metadata.uid.clone().unwrap_or_default(),
            controller: Some(true),
            block_owner_deletion: Some(true),
        };
        let mut object = ExternalSecret::new(&self.name.name, spec);
        object.metadata = ObjectMeta {
            name: Some(self.name.name.to_string()),
            namespace: Some(self.name.namespace.to_string()),
            labels: some(metadata.labels),
            annotations: some(annotations),
            owner_references: Some(vec![owner]),
            ..ObjectMeta::default()
        };
        object
    }

    /// Deletes it, unless it is somebody else's.
    pub(super) async fn delete(&self) -> Result<(), CallError> {
        let known = self.context.objects.external_secret(&self.name);
        let Some(object) = known.filter(|object| self.is_own(object)) else {
            return Ok(());
        };
        if object.metadata.deletion_timestamp.is_some() {
            return Ok(());
        }
        let parameters = DeleteParams::default();
        let api = self.api();
        let deleted = api.delete(&self.name.name, &parameters);
        call_opt("delete the ExternalSecret", deleted)
            .await
            .map(drop)
    }
}

fn some(map: BTreeMap<String, String>) -> Option<BTreeMap<String, String>> {
    Some(map).filter(|map| !map.is_empty())
}

/// A duration as upstream writes it into its children; what is none stays as it is.
fn as_go_writes(text: &str) -> String {
    let read = text.parse::<GoDuration>();
    read.map_or_else(|_| text.to_owned(), |duration| duration.to_string())
}
