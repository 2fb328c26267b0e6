//! A `ClusterExternalSecret` becomes an `ExternalSecret` in each namespace that it selects.
//!
//! A finalizer on each of these namespaces says that they hold one, as upstream's does. It goes with
//! the `ExternalSecret`, and at once from a namespace that is being deleted.

mod child;
mod selection;

use std::time::Duration;

use contract::GoDuration;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Patch, PatchParams};
use kube::{Api, ResourceExt};
use kube_support::{CallError, call, call_opt};
use operator_api::{
    ClusterExternalSecret, ClusterExternalSecretStatus, NamespaceFailure, ReadyCondition,
};
use serde_json::json;
use tracing::warn;

use crate::context::Context;
use crate::finalizers;
use crate::metrics::Kind;
use crate::names::Name;
use crate::work::Outcome;
use child::{Child, ChildError};

/// Holds the object until its `ExternalSecret`s are gone.
const FINALIZER: &str = "externalsecrets.external-secrets.io/clusterexternalsecret-cleanup";
/// In front of the object's name: the finalizer of a namespace.
const NAMESPACE_FINALIZER: &str = "externalsecrets.external-secrets.io/ces-";
/// How often the namespaces are checked that have not changed.
const INTERVAL: Duration = Duration::from_secs(3600);

/// Reconciles one object.
pub(crate) async fn reconcile(context: &Context, name: &Name) -> Outcome {
    let Some(object) = context.objects.cluster_external_secret(name) else {
        return Outcome::Settled;
    };
    let work = Work {
        context,
        object: &object,
        finalizer: format!("{NAMESPACE_FINALIZER}{}", name.name),
        api: Api::all(context.client.clone()),
    };
    let outcome = if object.metadata.deletion_timestamp.is_some() {
        work.delete().await
    } else {
        work.sync().await
    };
    match outcome {
        Ok(outcome) => outcome,
        Err(CallError::Conflict { .. }) => Outcome::Now,
        Err(CallError::NotFound { .. }) => Outcome::Settled,
        Err(error) => {
            warn!(cluster_external_secret = %name, %error, "an object was not written");
            Outcome::Retry
        }
    }
}

struct Work<'a> {
    context: &'a Context,
    object: &'a ClusterExternalSecret,
    finalizer: String,
    api: Api<ClusterExternalSecret>,
}

impl Work<'_> {
    async fn delete(&self) -> Result<Outcome, CallError> {
        let finalizers = self.object.finalizers();
        if !finalizers.iter().any(|it| it == FINALIZER) {
            return Ok(Outcome::Settled);
        }
        for namespace in self.held() {
            self.leave(&namespace, &self.names()).await?;
        }
        let mut rest = finalizers.to_vec();
        rest.retain(|it| it != FINALIZER);
        self.patch_finalizers(&rest).await?;
        Ok(Outcome::Settled)
    }

    async fn sync(&self) -> Result<Outcome, CallError> {
        if !self.object.finalizers().iter().any(|it| it == FINALIZER) {
            let mut finalizers = self.object.finalizers().to_vec();
            finalizers.push(FINALIZER.to_owned());
            self.patch_finalizers(&finalizers).await?;
        }
        let name = self.child_name();
        let selected = selection::namespaces(self.context, &self.object.spec);
        for namespace in self.held() {
            let names = self.names();
            if selected.contains(&namespace) {
                let before = names.into_iter().filter(|it| *it != name);
                self.remove_children(&namespace, &before.collect::<Vec<_>>())
                    .await?;
            } else {
                self.leave(&namespace, &names).await?;
            }
        }
        let mut provisioned = Vec::new();
        let mut failed = Vec::new();
        for namespace in selected {
            match self.enter(&namespace, &name).await {
                Ok(()) => provisioned.push(namespace),
                Err(error) => failed.push(NamespaceFailure {
                    namespace,
                    reason: Some(error.to_string()),
                }),
            }
        }
        let has_failed = !failed.is_empty();
        self.write_status(name, provisioned, failed).await?;
        if has_failed {
            return Ok(Outcome::Retry);
        }
        let interval = self.object.spec.refresh_time.as_deref();
        let interval = interval.and_then(|text| text.parse::<GoDuration>().ok());
        let interval = interval.and_then(GoDuration::to_std);
        Ok(Outcome::Again(
            interval.filter(|it| !it.is_zero()).unwrap_or(INTERVAL),
        ))
    }

    fn child_name(&self) -> String {
        let name = self.object.spec.external_secret_name.clone();
        name.filter(|name| !name.is_empty())
            .unwrap_or_else(|| self.object.name_any())
    }

    /// The names that children have or had.
    fn names(&self) -> Vec<String> {
        let before = self.object.status.as_ref();
        let before = before.and_then(|status| status.external_secret_name.clone());
        let mut names = vec![self.child_name()];
        names.extend(before.filter(|before| *before != names[0]));
        names
    }

    /// The namespaces that hold a child, as far as their finalizers say.
    fn held(&self) -> Vec<String> {
        let namespaces = self.context.objects.all_namespaces().into_iter();
        let held = namespaces.filter(|it| it.finalizers().contains(&self.finalizer));
        held.map(|namespace| namespace.name_any()).collect()
    }

    /// Makes the child of a namespace what it should be.
    async fn enter(&self, namespace: &str, name: &str) -> Result<(), ChildError> {
        let child = Child {
            context: self.context,
            owner: self.object,
            name: Name::new(namespace, name),
        };
        child.refuse_foreign()?;
        self.hold(namespace).await?;
        child.write().await
    }

    /// Removes the children of a namespace, and the finalizer.
    async fn leave(&self, namespace: &str, names: &[String]) -> Result<(), CallError> {
        self.remove_children(namespace, names).await?;
        self.patch_namespace(namespace, |finalizers| {
            finalizers.retain(|it| *it != self.finalizer);
        })
        .await
    }

    async fn remove_children(&self, namespace: &str, names: &[String]) -> Result<(), CallError> {
        for name in names {
            let child = Child {
                context: self.context,
                owner: self.object,
                name: Name::new(namespace, name),
            };
            child.delete().await?;
        }
        Ok(())
    }

    async fn hold(&self, namespace: &str) -> Result<(), CallError> {
        self.patch_namespace(namespace, |finalizers| {
            if !finalizers.contains(&self.finalizer) {
                finalizers.push(self.finalizer.clone());
            }
        })
        .await
    }

    /// Changes the finalizers of a namespace, as it is now.
    async fn patch_namespace(
        &self,
        name: &str,
        change: impl Fn(&mut Vec<String>),
    ) -> Result<(), CallError> {
        let api = Api::<Namespace>::all(self.context.client.clone());
        let mut known = self.context.objects.namespace(name);
        loop {
            let Some(namespace) = known else {
                return Ok(());
            };
            let mut finalizers = namespace.finalizers().to_vec();
            change(&mut finalizers);
            if finalizers == namespace.finalizers() {
                return Ok(());
            }
            let version = namespace.metadata.resource_version.as_deref();
            match finalizers::write(&api, name, version, &finalizers).await {
                Ok(namespace) => {
                    self.context.objects.put_namespace(namespace);
                    return Ok(());
                }
                Err(CallError::NotFound { .. }) => return Ok(()),
                // What is known of it is older than what it is.
                Err(CallError::Conflict { .. }) => {
                    let read = call_opt("read the namespace", api.get(name)).await?;
                    known = read.map(Into::into);
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn patch_finalizers(&self, finalizers: &[String]) -> Result<(), CallError> {
        let version = self.object.metadata.resource_version.as_deref();
        let name = self.object.name_any();
        finalizers::write(&self.api, &name, version, finalizers)
            .await
            .map(drop)
    }

    async fn write_status(
        &self,
        name: String,
        provisioned: Vec<String>,
        failed: Vec<NamespaceFailure>,
    ) -> Result<(), CallError> {
        let own = Name::of(self.object);
        self.context
            .metrics
            .ready(Kind::ClusterExternalSecret, &own, failed.is_empty());
        let ready = ReadyCondition {
            r#type: "Ready".to_owned(),
            status: if failed.is_empty() { "True" } else { "False" }.to_owned(),
            message: (!failed.is_empty()).then(|| "one or more namespaces failed".to_owned()),
        };
        let status = ClusterExternalSecretStatus {
            external_secret_name: Some(name),
            failed_namespaces: failed,
            provisioned_namespaces: provisioned,
            conditions: vec![ready],
        };
        if self.object.status.as_ref() == Some(&status) {
            return Ok(());
        }
        // Lists that are empty go: a merge leaves alone what is left out.
        let patch = json!({"status": {
            "externalSecretName": status.external_secret_name,
            "failedNamespaces": some(&status.failed_namespaces),
            "provisionedNamespaces": some(&status.provisioned_namespaces),
            "conditions": status.conditions,
        }});
        let (parameters, patch) = (PatchParams::default(), Patch::Merge(&patch));
        let patched = self.api.patch_status(&own.name, &parameters, &patch);
        let patched = call("write the status of the ClusterExternalSecret", patched).await?;
        self.context.objects.put_cluster_external_secret(patched);
        Ok(())
    }
}

fn some<T>(list: &[T]) -> Option<&[T]> {
    Some(list).filter(|list| !list.is_empty())
}
