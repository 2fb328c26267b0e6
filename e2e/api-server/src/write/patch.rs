//! Patches, in the forms that clients send.

use serde_json::Value;

use crate::refusal::Refusal;

/// The form of a patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PatchKind {
    Json,
    Merge,
    /// As [`PatchKind::Merge`], but for its directives: what this server holds has few lists.
    Strategic,
    Apply,
}

/// A patch.
#[derive(Debug)]
pub(crate) struct Patch {
    pub(crate) kind: PatchKind,
    pub(crate) body: Value,
}

impl Patch {
    /// Reads a patch of this content type.
    pub(crate) fn parse(content_type: &str, body: &[u8]) -> Result<Self, Refusal> {
        let kind = match content_type.split(';').next().unwrap_or_default().trim() {
            "application/json-patch+json" => PatchKind::Json,
            "application/merge-patch+json" => PatchKind::Merge,
            "application/strategic-merge-patch+json" => PatchKind::Strategic,
            "application/apply-patch+yaml" => PatchKind::Apply,
            other => {
                let message = format!("this stand-in does not understand a patch of type {other}");
                return Err(Refusal::new(415, "UnsupportedMediaType", message));
            }
        };
        let invalid = |error: String| Refusal::bad_request(format!("invalid patch: {error}"));
        let mut body: Value = if kind == PatchKind::Apply {
            let text = std::str::from_utf8(body).map_err(|error| invalid(error.to_string()))?;
            serde_saphyr::from_str(text).map_err(|error| invalid(error.to_string()))?
        } else {
            serde_json::from_slice(body).map_err(|error| invalid(error.to_string()))?
        };
        if kind == PatchKind::Strategic {
            drop_directives(&mut body);
        }
        Ok(Self { kind, body })
    }

    pub(super) fn apply(&self, object: &mut Value) -> Result<(), Refusal> {
        if self.kind != PatchKind::Json {
            json_patch::merge(object, &self.body);
            return Ok(());
        }
        let invalid = |error: String| Refusal::new(422, "Invalid", error);
        let operations = serde_json::from_value::<json_patch::Patch>(self.body.clone())
            .map_err(|error| Refusal::bad_request(error.to_string()))?;
        json_patch::patch(object, &operations).map_err(|error| invalid(error.to_string()))
    }
}

/// `$setElementOrder` and the like say how lists are merged.
fn drop_directives(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|key, _| !key.starts_with('$'));
            map.values_mut().for_each(drop_directives);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_directives),
        _ => {}
    }
}
