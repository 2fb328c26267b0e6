//! Names that the operator writes into the cluster: those of External Secrets Operator, so that the
//! objects of either are the other's, too.

use std::fmt;
use std::sync::Arc;

use operator_api::{StoreKind, StoreRef};

/// The label of a Secret that is kept up.
pub(crate) const MANAGED: &str = "reconcile.external-secrets.io/managed";
/// Its value.
pub(crate) const MANAGED_TRUE: &str = "true";
/// The label of a Secret that is owned: whose it is.
pub(crate) const CREATED_BY: &str = "reconcile.external-secrets.io/created-by";
/// The annotation with the digest of a Secret's data.
pub(crate) const DATA_HASH: &str = "reconcile.external-secrets.io/data-hash";
/// Holds an `ExternalSecret` until its Secret is tidied up.
pub(crate) const FINALIZER: &str = "externalsecrets.external-secrets.io/externalsecret-cleanup";

/// Holds a `PushSecret` until what it has written is deleted.
pub(crate) const PUSH_FINALIZER: &str = "pushsecret.externalsecrets.io/finalizer";
/// Holds a store while a `PushSecret` may have to delete from it.
pub(crate) const STORE_FINALIZER: &str = "secretstore.externalsecrets.io/finalizer";

/// An object's namespace and name; without a namespace one of the cluster.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name {
    pub(crate) namespace: Arc<str>,
    pub(crate) name: Arc<str>,
}

impl Name {
    pub(crate) fn new(namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
        }
    }

    /// That of an object from the API server.
    pub(crate) fn of<K: kube::Resource>(object: &K) -> Self {
        let metadata = object.meta();
        Self::new(
            metadata.namespace.as_deref().unwrap_or_default(),
            metadata.name.as_deref().unwrap_or_default(),
        )
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            f.write_str(&self.name)
        } else {
            write!(f, "{}/{}", self.namespace, self.name)
        }
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A store: one of a namespace, or one of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct StoreId(pub(crate) Name);

impl StoreId {
    /// The store that an object of `namespace` refers to.
    pub(crate) fn of(reference: &StoreRef, namespace: &str) -> Self {
        let name = reference.name.as_deref().unwrap_or_default();
        match reference.kind.unwrap_or_default() {
            StoreKind::SecretStore => Self(Name::new(namespace, name)),
            StoreKind::ClusterSecretStore => Self(Name::new("", name)),
        }
    }

    pub(crate) fn is_of_cluster(&self) -> bool {
        self.0.namespace.is_empty()
    }

    pub(crate) fn kind(&self) -> &'static str {
        if self.is_of_cluster() {
            "ClusterSecretStore"
        } else {
            "SecretStore"
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }
}
