//! The columns of `kubectl get`: those of CRDs, and few for other kinds.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::kinds::Kind;

/// A column.
#[derive(Debug)]
pub(super) struct Column {
    name: String,
    kind: String,
    path: String,
    priority: i64,
}

/// Name, what the kind shows, and age.
pub(super) fn of(kind: &Kind, custom: &[Value]) -> Vec<Column> {
    let column = |name: &str, kind: &str, path: &str| Column {
        name: name.to_owned(),
        kind: kind.to_owned(),
        path: path.to_owned(),
        priority: 0,
    };
    let mut columns = vec![column("Name", "string", ".metadata.name")];
    match kind.resource().as_str() {
        "secrets" => {
            columns.push(column("Type", "string", ".type"));
            columns.push(column("Data", "count", ".data"));
        }
        "configmaps" => columns.push(column("Data", "count", ".data")),
        "namespaces" => columns.push(column("Status", "string", ".status.phase")),
        "events" => {
            columns[0] = column("Last Seen", "date", ".lastTimestamp");
            columns.push(column("Type", "string", ".type"));
            columns.push(column("Reason", "string", ".reason"));
            columns.push(column("Object", "string", ".involvedObject.name"));
            columns.push(column("Message", "string", ".message"));
            return columns;
        }
        _ => {}
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    columns.extend(custom.iter().map(|column| Column {
        name: text(&column["name"]),
        kind: text(&column["type"]),
        path: text(&column["jsonPath"]),
        priority: column["priority"].as_i64().unwrap_or_default(),
    }));
    if !columns.iter().any(|it| it.name.eq_ignore_ascii_case("age")) {
        columns.push(column("Age", "date", ".metadata.creationTimestamp"));
    }
    columns
}

impl Column {
    pub(super) fn definition(&self) -> Value {
        let kind = match self.kind.as_str() {
            "count" => "integer",
            "date" => "string",
            kind => kind,
        };
        json!({
            "name": self.name,
            "type": kind,
            "format": if self.name == "Name" { "name" } else { "" },
            "description": "",
            "priority": self.priority,
        })
    }

    pub(super) fn cell(&self, object: &Value) -> Value {
        let found = follow(object, &self.path);
        match self.kind.as_str() {
            "count" => found
                .and_then(Value::as_object)
                .map_or(0, serde_json::Map::len)
                .into(),
            "date" => found
                .and_then(Value::as_str)
                .map(age)
                .unwrap_or_default()
                .into(),
            _ => found.cloned().unwrap_or_default(),
        }
    }
}

/// How long ago something was.
fn age(time: &str) -> String {
    let Ok(time) = time.parse::<Timestamp>() else {
        return "<unknown>".to_owned();
    };
    let seconds = Timestamp::now().duration_since(time).as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7200 => format!("{}m", seconds / 60),
        7200..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// The value at a JSON path of keys and of conditions by their type: `.a.b[?(@.type=="Ready")].c`.
fn follow<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let Some(path) = path.strip_prefix('.') else {
        return path.is_empty().then_some(value);
    };
    if let Some((list, rest)) = path.split_once("[?(@.")
        && !list.contains('.')
    {
        let (condition, rest) = rest.split_once(")]")?;
        let (key, wanted) = condition.split_once("==")?;
        let wanted = wanted.trim().trim_matches(['"', '\'']);
        let mut items = value.get(list)?.as_array()?.iter();
        return follow(items.find(|item| item[key.trim()] == wanted)?, rest);
    }
    let end = path.find('.').unwrap_or(path.len());
    follow(value.get(&path[..end])?, &path[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_keys_and_conditions() {
        let object = json!({"status": {"conditions": [{"type": "Ready", "reason": "Synced"}]}});
        let path = ".status.conditions[?(@.type==\"Ready\")].reason";
        assert_eq!(follow(&object, path), Some(&json!("Synced")));
        assert_eq!(follow(&object, ".status.refreshTime"), None);
    }
}
