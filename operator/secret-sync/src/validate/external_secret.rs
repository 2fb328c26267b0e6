//! An `ExternalSecret`.

use std::collections::BTreeSet;

use operator_api::{
    CreationPolicy, DataFrom, DataFromSource, DeletionPolicy, ExternalSecretSpec, Template,
};

use super::{ACCOUNT_NAME, ACCOUNT_TOKEN, BOOTSTRAP_TOKEN, Problems, duration};

/// Whether the `ExternalSecret` can be done.
///
/// # Errors
/// All that is wrong with it.
pub fn external_secret(spec: &ExternalSecretSpec) -> Result<(), Problems> {
    // Upstream reads the durations before it looks at anything.
    if let Err(error) = duration(&spec.refresh_interval) {
        return Problems::of(vec![error]);
    }
    let mut texts = Vec::new();
    policies(spec, &mut texts);
    if spec.data.is_empty() && spec.data_from.is_empty() {
        texts.push("either data or dataFrom should be specified".to_owned());
    }
    if let Some(template) = &spec.target.template {
        secret_type(template, &mut texts);
        if spec.target.manifest.is_none() {
            targets(template, &mut texts);
        }
    }
    texts.extend(spec.data_from.iter().filter_map(source));
    if spec.target.deletion_policy == DeletionPolicy::Retain {
        let mut keys = BTreeSet::new();
        let twice = spec
            .data
            .iter()
            .filter(|entry| !keys.insert(&entry.secret_key));
        texts.extend(twice.map(|entry| format!("duplicate secretKey found: {}", entry.secret_key)));
    }
    windows(spec, &mut texts);
    Problems::of(texts)
}

fn policies(spec: &ExternalSecretSpec, texts: &mut Vec<String>) {
    let creation = spec.target.creation_policy;
    match spec.target.deletion_policy {
        DeletionPolicy::Delete
            if matches!(
                creation,
                CreationPolicy::Merge | CreationPolicy::None | CreationPolicy::CreateOrMerge
            ) =>
        {
            texts.push(
                "deletionPolicy=Delete must not be used when the controller doesn't own the secret. \
                 Please set creationPolicy=Owner"
                    .to_owned(),
            );
        }
        DeletionPolicy::Merge if creation == CreationPolicy::None => texts.push(
            "deletionPolicy=Merge must not be used with creationPolicy=None. There is no Secret to \
             merge with"
                .to_owned(),
        ),
        _ => {}
    }
}

/// A Secret of such a type would let its author act as somebody else.
fn secret_type(template: &Template, texts: &mut Vec<String>) {
    match template.r#type.as_deref() {
        Some(kind @ BOOTSTRAP_TOKEN) => {
            texts.push(format!("template.type={kind:?} is not allowed"));
        }
        Some(kind @ ACCOUNT_TOKEN) => {
            let metadata = template.metadata.as_ref();
            if metadata.is_some_and(|it| it.annotations.contains_key(ACCOUNT_NAME)) {
                texts.push(format!(
                    "template.type={kind:?} with annotation {ACCOUNT_NAME:?} is not allowed"
                ));
            }
            let into_annotations = |target: &str| target.eq_ignore_ascii_case("annotations");
            if template
                .template_from
                .iter()
                .any(|from| into_annotations(&from.target))
            {
                texts.push(format!(
                    "template.type={kind:?} with templateFrom target Annotations is not allowed"
                ));
            }
        }
        _ => {}
    }
}

fn targets(template: &Template, texts: &mut Vec<String>) {
    for (index, from) in template.template_from.iter().enumerate() {
        let is_known = ["", "data", "annotations", "labels"]
            .iter()
            .any(|known| from.target.eq_ignore_ascii_case(known));
        if !is_known {
            texts.push(format!(
                "template.templateFrom[{index}].target={:?} is not allowed for a Secret: use Data, \
                 Annotations or Labels",
                from.target
            ));
        }
    }
}

fn source(from: &DataFrom) -> Option<String> {
    let is_generator = matches!(from.source_ref, Some(DataFromSource::GeneratorRef(_)));
    let sources = [from.extract.is_some(), from.find.is_some(), is_generator];
    if sources.into_iter().filter(|it| *it).count() > 1 {
        return Some("extract, find, or generatorRef cannot be set at the same time".to_owned());
    }
    if from.extract.is_none() && from.find.is_none() && from.source_ref.is_none() {
        return Some("either extract, find, or sourceRef must be set to dataFrom".to_owned());
    }
    None
}

fn windows(spec: &ExternalSecretSpec, texts: &mut Vec<String>) {
    let windows = spec.sync_windows.iter().flat_map(|it| &it.windows);
    for (index, window) in windows.enumerate() {
        if let Err(error) = duration(&window.duration) {
            texts.push(format!("syncWindows.windows[{index}].duration: {error}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::*;

    /// An object with one entry and these further fields.
    fn problems(fields: &Value) -> Vec<String> {
        let mut spec = json!({
            "secretStoreRef": {"name": "vault"},
            "data": [{"secretKey": "a", "remoteRef": {"key": "app"}}],
        });
        for (name, value) in fields.as_object().unwrap() {
            spec[name] = value.clone();
        }
        let spec = ExternalSecretSpec::deserialize(&spec).unwrap();
        match external_secret(&spec) {
            Ok(()) => Vec::new(),
            Err(problems) => problems.texts().to_vec(),
        }
    }

    fn problem(fields: &Value) -> String {
        let mut problems = problems(fields);
        assert_eq!(problems.len(), 1, "{fields}: {problems:?}");
        problems.remove(0)
    }

    #[test]
    fn what_is_complete_is_accepted() {
        assert!(problems(&json!({})).is_empty());
        assert!(problems(&json!({"dataFrom": [{"find": {"path": "app"}}], "data": []})).is_empty());
        let orphan = json!({"target": {"creationPolicy": "Orphan", "deletionPolicy": "Delete"}});
        assert!(problems(&orphan).is_empty());
    }

    #[test]
    fn a_secret_that_is_not_ours_is_not_deleted() {
        for policy in ["Merge", "None", "CreateOrMerge"] {
            let target = json!({"target": {"creationPolicy": policy, "deletionPolicy": "Delete"}});
            assert!(
                problem(&target).contains("deletionPolicy=Delete"),
                "{policy}"
            );
        }
        let target = json!({"target": {"creationPolicy": "None", "deletionPolicy": "Merge"}});
        assert!(problem(&target).contains("There is no Secret to merge with"));
    }

    #[test]
    fn a_key_comes_once_unless_it_may_go() {
        let entry = json!({"secretKey": "a", "remoteRef": {"key": "app"}});
        let data = json!({"data": [entry, entry]});
        assert_eq!(problem(&data), "duplicate secretKey found: a");
        let mut merged = data;
        merged["target"] = json!({"deletionPolicy": "Merge"});
        assert!(problems(&merged).is_empty());
    }

    #[test]
    fn secrets_that_give_access_to_the_cluster_are_refused() {
        let template = |template: Value| json!({"target": {"template": template}});
        let token = "kubernetes.io/service-account-token";
        let refused = [
            json!({"type": "bootstrap.kubernetes.io/token"}),
            json!({"type": token, "templateFrom": [{"literal": "a: b", "target": "annotations"}]}),
        ];
        for refused in refused {
            assert!(problem(&template(refused)).ends_with("is not allowed"));
        }
        assert!(problems(&template(json!({"type": token}))).is_empty());
    }

    #[test]
    fn targets_and_windows_are_named() {
        let template = json!({"templateFrom": [{"literal": "a: b", "target": "spec.x"}]});
        let in_secret = json!({"target": {"template": template}});
        assert!(problem(&in_secret).starts_with("template.templateFrom[0].target=\"spec.x\""));
        let manifest = json!({"apiVersion": "v1", "kind": "ConfigMap"});
        let elsewhere = json!({"target": {"template": template, "manifest": manifest}});
        assert!(problems(&elsewhere).is_empty());
        let windows = json!([{"schedule": "@daily", "duration": "long"}]);
        let windows = json!({"syncWindows": {"kind": "deny", "windows": windows}});
        assert!(problem(&windows).starts_with("syncWindows.windows[0].duration: "));
    }
}
