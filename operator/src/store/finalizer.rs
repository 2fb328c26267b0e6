//! A store stays while a `PushSecret` may have to delete from it.

use kube::Api;
use kube_support::CallError;
use operator_api::{ClusterSecretStore, PushDeletionPolicy, PushSecret, SecretStore};

use crate::context::Context;
use crate::finalizers;
use crate::names::{PUSH_FINALIZER, STORE_FINALIZER, StoreId};
use crate::objects::Store;

/// Adds the finalizer to a store, or takes it away.
pub(super) async fn keep(context: &Context, id: &StoreId, store: &Store) -> Result<(), CallError> {
    if !context.settings.serves_push_secrets {
        return Ok(());
    }
    let users = context.objects.pushing_to(id, store);
    let is_needed = users.iter().any(|object| may_delete(object));
    let Some(wanted) = changed(&store.finalizers, is_needed, store.is_deleting) else {
        return Ok(());
    };
    let (name, version) = (id.name(), Some(&*store.version));
    let written: Store = if id.is_of_cluster() {
        let api = Api::<ClusterSecretStore>::all(context.client.clone());
        finalizers::write(&api, name, version, &wanted)
            .await?
            .into()
    } else {
        let api = Api::<SecretStore>::namespaced(context.client.clone(), &id.0.namespace);
        finalizers::write(&api, name, version, &wanted)
            .await?
            .into()
    };
    context.objects.put_store(id, written);
    Ok(())
}

/// Whether an object deletes from its stores at its end. One that has done so already does not.
fn may_delete(object: &PushSecret) -> bool {
    let mut finalizers = object.metadata.finalizers.iter().flatten();
    let has_ended = object.metadata.deletion_timestamp.is_some()
        && !finalizers.any(|finalizer| finalizer == PUSH_FINALIZER);
    object.spec.deletion_policy == PushDeletionPolicy::Delete && !has_ended
}

/// The finalizers that a store should have; `None` if it has them.
fn changed(before: &[String], is_needed: bool, is_deleting: bool) -> Option<Vec<String>> {
    let is_there = before.iter().any(|finalizer| finalizer == STORE_FINALIZER);
    match (is_there, is_needed) {
        // An object that is being deleted takes no new ones.
        (false, true) if !is_deleting => {
            let mut finalizers = before.to_vec();
            finalizers.push(STORE_FINALIZER.to_owned());
            Some(finalizers)
        }
        (true, false) => {
            let others = before.iter().filter(|it| *it != STORE_FINALIZER);
            Some(others.cloned().collect())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_held_while_it_is_needed_and_other_finalizers_stay() {
        let other = vec!["a/b".to_owned()];
        let both = vec!["a/b".to_owned(), STORE_FINALIZER.to_owned()];
        assert_eq!(changed(&other, true, false), Some(both.clone()));
        assert_eq!(changed(&other, true, true), None);
        assert_eq!(changed(&both, true, true), None);
        assert_eq!(changed(&both, false, true), Some(other.clone()));
        assert_eq!(changed(&other, false, false), None);
    }

    #[test]
    fn an_object_that_has_deleted_already_holds_no_store() {
        let mut object = PushSecret::new("push", operator_api::PushSecretSpec::default());
        assert!(!may_delete(&object));
        object.spec.deletion_policy = PushDeletionPolicy::Delete;
        assert!(may_delete(&object));
        object.metadata.deletion_timestamp = Some(
            k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(jiff::Timestamp::UNIX_EPOCH),
        );
        assert!(!may_delete(&object));
        object.metadata.finalizers = Some(vec![PUSH_FINALIZER.to_owned()]);
        assert!(may_delete(&object));
    }
}
