//! From what an `ExternalSecret` reads to its Secret.

use k8s_openapi::api::core::v1::Secret;
use kube::api::{DeleteParams, ListParams};
use kube::{Api, ResourceExt};
use kube_support::{CallError, call, call_opt};
use operator_api::{CreationPolicy, DeletionPolicy, ExternalSecret};
use secret_sync::{Data, owner_label, validate};

use super::fetch::Fetch;
use super::target::{Target, Written};
use super::{Failed, Synced, Work};
use crate::events::reference;
use crate::fault::Fault;
use crate::names::{CREATED_BY, Name};

impl Work<'_> {
    /// Fetches and writes; events about what was done.
    pub(super) async fn run(
        &self,
        object: &ExternalSecret,
        target: &mut Target<'_>,
        bound: &mut String,
    ) -> Result<Synced, Failed> {
        let spec = &object.spec;
        if spec.target.manifest.is_some() {
            return Err(Failed::for_good(
                "invalid generic target",
                Fault::new(
                    "generic targets are disabled. Enable with --unsafe-allow-generic-targets flag",
                ),
            ));
        }
        if let Err(problems) = validate::external_secret(spec) {
            let fault = Fault::new(problems);
            return Err(Failed::for_good(
                "could not get secret data from provider",
                fault,
            ));
        }
        let written = |error: CallError| Failed::new("could not update secret", Fault::new(error));
        if spec.target.creation_policy != CreationPolicy::Owner
            && target.look().await.map_err(written)?
        {
            return Ok(Synced::Conflict);
        }
        let fetch = Fetch::new(
            self.context,
            &self.key,
            object,
            &self.name.namespace,
            self.since,
        );
        let (fetched, said) = fetch.run().await;
        for said in said {
            self.context.events.record(reference(object), said);
        }
        let data = fetched
            .map_err(|fault| Failed::new("could not get secret data from provider", fault))?;
        if data.is_empty() {
            match spec.target.deletion_policy {
                DeletionPolicy::Delete => return self.delete_secret(object, target).await,
                DeletionPolicy::Retain => return Ok(Synced::Retained),
                DeletionPolicy::Merge => {}
            }
        }
        self.write_secret(object, target, &data, bound).await
    }

    async fn delete_secret(
        &self,
        object: &ExternalSecret,
        target: &Target<'_>,
    ) -> Result<Synced, Failed> {
        if object.spec.target.creation_policy != CreationPolicy::Owner {
            let fault = Fault::new("deletionPolicy Delete needs creationPolicy Owner");
            return Err(Failed::for_good("could not delete secret", fault));
        }
        let failed = |error| Failed::new("could not delete secret", Fault::new(error));
        if target.delete_own().await.map_err(failed)? {
            let text = "secret deleted due to DeletionPolicy=Delete";
            self.say(object, false, "Deleted", text);
        }
        Ok(Synced::Deleted)
    }

    async fn write_secret(
        &self,
        object: &ExternalSecret,
        target: &mut Target<'_>,
        data: &Data,
        bound: &mut String,
    ) -> Result<Synced, Failed> {
        let policy = object.spec.target.creation_policy;
        match policy {
            CreationPolicy::None => return Ok(Synced::Unchanged),
            CreationPolicy::Merge if !target.is_there() => return Ok(Synced::Missing),
            _ => {}
        }
        if policy == CreationPolicy::Owner && !bound.is_empty() && *bound != *target.name.name {
            self.delete_orphans(object, &target.name).await?;
        }
        let written = target.write(data, &self.key).await;
        if written.is_ok() || target.is_there() {
            target.name.name.as_ref().clone_into(bound);
        }
        let written = written?;
        Ok(match written {
            Written::Created => {
                self.say(object, false, "Created", "secret created");
                Synced::Written
            }
            Written::Updated => {
                self.say(object, false, "Updated", "secret updated");
                Synced::Written
            }
            Written::Unchanged => Synced::Unchanged,
            Written::Conflict => Synced::Conflict,
        })
    }

    /// Deletes Secrets of other names that the object owned before.
    async fn delete_orphans(&self, object: &ExternalSecret, keep: &Name) -> Result<(), Failed> {
        let failed =
            |error: CallError| Failed::new("could not delete orphaned secrets", Fault::new(error));
        let api = Api::<Secret>::namespaced(self.context.client.clone(), &self.name.namespace);
        let label = owner_label(&self.name.namespace, &self.name.name);
        let parameters = ListParams::default().labels(&format!("{CREATED_BY}={label}"));
        let orphans = call(
            "list the Secrets of an ExternalSecret",
            api.list_metadata(&parameters),
        );
        for orphan in orphans.await.map_err(failed)? {
            let name = orphan.name_any();
            if name == *keep.name {
                continue;
            }
            let parameters = DeleteParams::default();
            let deleted = api.delete(&name, &parameters);
            call_opt("delete an orphaned Secret", deleted)
                .await
                .map_err(failed)?;
            let text = "secret deleted due to DeletionPolicy=Delete";
            self.say(object, false, "Deleted", text);
        }
        Ok(())
    }
}
