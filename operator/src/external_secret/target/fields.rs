//! Which fields of a Secret an object wrote: the API server keeps that by field manager.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Secret;
use serde_json::Value;

/// Keys that a field manager wrote.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) data: BTreeSet<String>,
    pub(super) labels: BTreeSet<String>,
    pub(super) annotations: BTreeSet<String>,
}

impl Written {
    pub(super) fn by(manager: &str, secret: &Secret) -> Self {
        let mut written = Self::default();
        for entry in secret.metadata.managed_fields.iter().flatten() {
            if entry.manager.as_deref() != Some(manager) {
                continue;
            }
            let Some(fields) = &entry.fields_v1 else {
                continue;
            };
            let metadata = &fields.0["f:metadata"];
            written.data.extend(names(&fields.0["f:data"]));
            written.labels.extend(names(&metadata["f:labels"]));
            written
                .annotations
                .extend(names(&metadata["f:annotations"]));
        }
        written
    }
}

fn names(fields: &Value) -> impl Iterator<Item = String> {
    let names = fields.as_object().into_iter().flatten();
    names.filter_map(|(name, _)| name.strip_prefix("f:").map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_this_manager_wrote_counts() {
        let secret: Secret = serde_json::from_value(json!({"metadata": {"managedFields": [
            {"manager": "ours", "operation": "Update", "fieldsV1": {
                "f:data": {".": {}, "f:a": {}},
                "f:metadata": {"f:labels": {"f:x/y": {}}, "f:annotations": {".": {}, "f:n": {}}},
            }},
            {"manager": "theirs", "operation": "Update", "fieldsV1": {"f:data": {"f:b": {}}}},
        ]}}))
        .unwrap();
        let written = Written::by("ours", &secret);
        assert_eq!(written.data, BTreeSet::from(["a".to_owned()]));
        assert_eq!(written.labels, BTreeSet::from(["x/y".to_owned()]));
        assert_eq!(written.annotations, BTreeSet::from(["n".to_owned()]));
    }
}
