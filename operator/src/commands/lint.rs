//! What admission and reconciling would say about manifests.

use secret_sync::validate::{self, Problems, Scope};

use super::manifests::{Manifests, Object};

/// One line a problem.
pub(super) fn problems(manifests: &Manifests) -> Vec<String> {
    let mut problems = Vec::new();
    for document in &manifests.documents {
        let found = match &document.object {
            Object::Broken(reason) => vec![reason.clone()],
            Object::ExternalSecret(object) => texts(validate::external_secret(&object.spec)),
            Object::SecretStore(store) => {
                let namespace = store.metadata.namespace.as_deref().unwrap_or_default();
                texts(validate::store(&store.spec, Scope::Namespace(namespace)))
            }
            Object::ClusterSecretStore(store) => {
                texts(validate::store(&store.spec.0, Scope::Cluster))
            }
        };
        problems.extend(
            found
                .iter()
                .map(|text| format!("{}: {text}", document.title)),
        );
    }
    problems
}

fn texts(checked: Result<(), Problems>) -> Vec<String> {
    checked
        .err()
        .map(|it| it.texts().to_vec())
        .unwrap_or_default()
}
