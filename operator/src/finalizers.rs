//! Finalizers of objects that are held.

use std::fmt::Debug;

use kube::Api;
use kube::api::{Patch, PatchParams};
use kube_support::{CallError, call};
use serde::de::DeserializeOwned;
use serde_json::json;

/// Writes the finalizers of an object that is in this version, so that one of somebody else's is not
/// lost.
///
/// # Errors
/// A conflict, if it has changed meanwhile.
pub(crate) async fn write<K>(
    api: &Api<K>,
    name: &str,
    version: Option<&str>,
    finalizers: &[String],
) -> Result<K, CallError>
where
    K: Clone + DeserializeOwned + Debug,
{
    let patch = json!({"metadata": {
        "finalizers": finalizers,
        "resourceVersion": version,
    }});
    let (parameters, patch) = (PatchParams::default(), Patch::Merge(&patch));
    let doing = format!("write the finalizers of {name}");
    call(&doing, api.patch(name, &parameters, &patch)).await
}
