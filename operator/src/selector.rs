//! Label selectors.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::core::{Selector, SelectorExt as _};

/// Whether labels match a selector. One that cannot be read matches nothing.
pub(crate) fn matches(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> bool {
    let selector: Result<Selector, _> = selector.clone().try_into();
    selector.is_ok_and(|selector| selector.matches(labels))
}
