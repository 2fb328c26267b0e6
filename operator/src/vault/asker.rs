//! What stores refer to, as the objects see it that use them.

use std::sync::Arc;

use kube::Client;
use operator_api::SecretKeySelector;
use secret_sync::Data;
use zeroize::Zeroizing;

use crate::fault::Fault;
use crate::names::{Name, StoreId};
use crate::references::{Kind, References};
use crate::work::Key;

/// Who asks for a store's secrets: it decides whose credentials are read.
#[derive(Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub(crate) client: &'a Client,
    pub(crate) references: &'a References,
    /// The operator's own account, if it is lent.
    pub(crate) own_identity: Option<&'a Name>,
    /// Whether servers on this machine may be asked.
    pub(crate) allows_local: bool,
    /// The object that hears of changes.
    pub(crate) key: &'a Key,
    pub(crate) store: &'a StoreId,
    /// The namespace of the object that uses the store.
    pub(crate) namespace: &'a str,
}

impl Asker<'_> {
    /// Where an object is that the store refers to. A store of a namespace refers to its own alone.
    pub(super) fn namespace_of<'n>(&'n self, explicit: Option<&'n str>) -> &'n str {
        if self.store.is_of_cluster() {
            explicit.unwrap_or(self.namespace)
        } else {
            &self.store.0.namespace
        }
    }

    /// What an object holds that the store refers to.
    pub(crate) async fn object(
        &self,
        kind: Kind,
        name: &str,
        namespace: Option<&str>,
    ) -> Result<Option<Arc<Data>>, Fault> {
        let name = Name::new(self.namespace_of(namespace), name);
        let read = self.references.get(kind, &name, self.key).await;
        read.map_err(Fault::new)
    }

    /// The value that a selector names.
    pub(crate) async fn secret(
        &self,
        selector: &SecretKeySelector,
        default_key: &str,
    ) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let name = selector.name.as_deref().unwrap_or_default();
        let namespace = selector.namespace.as_deref();
        let Some(data) = self.object(Kind::Secret, name, namespace).await? else {
            return Err(Fault::new(format!(
                "cannot get Kubernetes secret {name:?} from namespace {:?}: secrets {name:?} not found",
                self.namespace_of(namespace),
            )));
        };
        let key = selector.key.as_deref().filter(|key| !key.is_empty());
        let key = key.unwrap_or(default_key);
        let value = data
            .get(key)
            .cloned()
            .ok_or_else(|| Fault::new(format!("cannot find secret data for key: {key:?}")))?;
        Ok(Zeroizing::new(value))
    }

    pub(super) async fn text(
        &self,
        selector: &SecretKeySelector,
        default_key: &str,
    ) -> Result<Zeroizing<String>, Fault> {
        let value = self.secret(selector, default_key).await?;
        let name = selector.name.as_deref().unwrap_or_default();
        match std::str::from_utf8(&value) {
            Ok(text) => Ok(Zeroizing::new(text.to_owned())),
            Err(_) => Err(Fault::new(format!(
                "a value of secret {name:?} is not UTF-8"
            ))),
        }
    }
}
