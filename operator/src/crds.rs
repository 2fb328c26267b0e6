//! The definitions of the kinds, as the API server takes them.

/// All definitions as YAML documents.
pub(crate) fn yaml() -> anyhow::Result<String> {
    let mut text = String::new();
    for definition in operator_api::crds() {
        text.push_str("---\n");
        text.push_str(&serde_saphyr::to_string(&definition)?);
    }
    Ok(text)
}
