//! Which namespaces may use a store of the cluster.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::ResourceExt as _;
use operator_api::StoreCondition;
use templating::go::Regexp;

use crate::context::Context;
use crate::selector::matches;

/// Whether one of the conditions holds, or there is none.
pub(crate) fn allows(context: &Context, conditions: &[StoreCondition], namespace: &str) -> bool {
    conditions.is_empty() || conditions.iter().any(|it| holds(context, it, namespace))
}

fn holds(context: &Context, condition: &StoreCondition, namespace: &str) -> bool {
    if condition.namespaces.iter().any(|name| name == namespace) {
        return true;
    }
    if condition.namespace_regexes.iter().any(|expression| {
        Regexp::new(expression).is_ok_and(|expression| expression.is_match(namespace))
    }) {
        return true;
    }
    let selector = condition.namespace_selector.as_ref();
    selector.is_some_and(|selector| selects(context, selector, namespace))
}

fn selects(context: &Context, selector: &LabelSelector, namespace: &str) -> bool {
    let Some(object) = context.objects.namespace(namespace) else {
        return false;
    };
    matches(selector, object.labels())
}
