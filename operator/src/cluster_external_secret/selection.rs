//! Which namespaces get an `ExternalSecret`.

use std::collections::BTreeSet;

use kube::ResourceExt;
use operator_api::ClusterExternalSecretSpec;

use crate::context::Context;
use crate::selector::matches;

/// The namespaces that the object names or selects, without those that are being deleted.
pub(super) fn namespaces(context: &Context, spec: &ClusterExternalSecretSpec) -> BTreeSet<String> {
    let namespaces = context.objects.all_namespaces().into_iter();
    let alive = namespaces.filter(|it| it.metadata.deletion_timestamp.is_none());
    let selected = alive.filter(|namespace| {
        let mut selectors = spec
            .namespace_selectors
            .iter()
            .chain(&spec.namespace_selector);
        spec.namespaces.contains(&namespace.name_any())
            || selectors.any(|selector| matches(selector, namespace.labels()))
    });
    selected.map(|namespace| namespace.name_any()).collect()
}
