//! Which objects of a list or a watch a client asks for.

use serde_json::Value;

use crate::refusal::Refusal;

/// Label and field selectors. Sets (`in`, `notin`) are not understood.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selector {
    labels: Vec<Requirement>,
    fields: Vec<Requirement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Requirement {
    Equal(String, String),
    Unequal(String, String),
    Present(String),
    Absent(String),
}

impl Selector {
    pub(crate) fn parse(labels: &str, fields: &str) -> Result<Self, Refusal> {
        Ok(Self {
            labels: requirements(labels)?,
            fields: requirements(fields)?,
        })
    }

    pub(crate) fn matches(&self, object: &Value) -> bool {
        let labels = &object["metadata"]["labels"];
        let label = |key: &str| labels.get(key).and_then(Value::as_str).map(str::to_owned);
        let field = |path: &str| {
            let pointer = format!("/{}", path.replace('.', "/"));
            let value = object.pointer(&pointer).and_then(Value::as_str);
            Some(value.unwrap_or_default().to_owned())
        };
        self.labels.iter().all(|it| it.holds(label)) && self.fields.iter().all(|it| it.holds(field))
    }
}

impl Requirement {
    fn holds(&self, read: impl Fn(&str) -> Option<String>) -> bool {
        match self {
            Self::Equal(key, value) => read(key).as_ref() == Some(value),
            Self::Unequal(key, value) => read(key).as_ref() != Some(value),
            Self::Present(key) => read(key).is_some(),
            Self::Absent(key) => read(key).is_none(),
        }
    }
}

fn requirements(text: &str) -> Result<Vec<Requirement>, Refusal> {
    let parts = text.split(',').map(str::trim).filter(|it| !it.is_empty());
    parts
        .map(|part| {
            if part.contains(['(', ' ']) {
                let message = format!("this stand-in does not understand the selector {part:?}");
                return Err(Refusal::bad_request(message));
            }
            let owned = |text: &str| text.to_owned();
            Ok(if let Some((key, value)) = part.split_once("!=") {
                Requirement::Unequal(owned(key), owned(value))
            } else if let Some((key, value)) = part.split_once('=') {
                let value = value.strip_prefix('=').unwrap_or(value);
                Requirement::Equal(owned(key), owned(value))
            } else if let Some(key) = part.strip_prefix('!') {
                Requirement::Absent(owned(key))
            } else {
                Requirement::Present(owned(part))
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_requirement_has_to_hold() {
        let object = json!({"metadata": {"name": "a", "labels": {"app": "web"}}});
        let is = |labels, fields| Selector::parse(labels, fields).unwrap().matches(&object);
        assert!(is("app=web", "metadata.name=a"));
        assert!(is("app==web,app,!tier,tier!=db", ""));
        assert!(!is("app=web,tier=db", ""));
        assert!(!is("", "metadata.name=b"));
        assert!(Selector::parse("app in (web)", "").is_err());
    }
}
