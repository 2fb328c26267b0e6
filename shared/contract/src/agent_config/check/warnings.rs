//! What the agent accepts although it has no effect, or hardly the one that is meant.

use std::path::Path;

use serde_json::Value;

use super::{Problem, place};
use crate::agent_config::AgentConfig;

/// All of it, each with the key that it stands under.
///
/// ```
/// use contract::agent_config::check::warnings;
///
/// let text = r#"{ "telemetry": {}, "pid_file": "/run/agent.pid" }"#;
/// let config = serde_json::from_str(text)?;
/// let found = warnings(&config);
/// assert_eq!(found.len(), 1);
/// assert_eq!(found[0].key(), Some("telemetry"));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn warnings(config: &AgentConfig) -> Vec<Problem> {
    let telemetry = config.telemetry.as_ref();
    let telemetry = telemetry.map(|_| {
        let reason = "this block is not supported and ignored: metrics need no block";
        Problem::value("telemetry", reason)
    });
    telemetry
        .into_iter()
        .chain(consistency(config))
        .chain(same_file(config))
        .collect()
}

/// A community server ignores what Vault Agent sends for it, too.
fn consistency(config: &AgentConfig) -> Option<Problem> {
    let proxy = config.api_proxy.as_ref()?;
    (proxy.enforce_consistency == "always").then(|| {
        let reason = "\"always\" has no effect: requests are passed on as they come, and a standby \
                      of Vault Enterprise may answer a read before it has seen the preceding write";
        Problem::value("api_proxy.enforce_consistency", reason)
    })
}

/// Files that two blocks write.
fn same_file(config: &AgentConfig) -> Vec<Problem> {
    let sinks = config.auto_auth.iter().flat_map(|block| &block.sink);
    let sinks = sinks.enumerate().filter_map(|(index, sink)| {
        let path = sink.config.get("path").and_then(Value::as_str)?;
        let place = format!("auto_auth.sink[{index}]");
        Some((place.clone(), format!("{place}.config"), path))
    });
    let templates = config.template.iter().enumerate().map(|(index, block)| {
        let (short, long) = (format!("template[{index}]"), place(block, index));
        (short, format!("{long}.destination"), &*block.destination)
    });
    let mut known: Vec<(String, &Path)> = Vec::new();
    let mut found = Vec::new();
    for (place, key, path) in sinks.chain(templates).filter(|it| !it.2.is_empty()) {
        let path = Path::new(path);
        match known.iter().find(|(_, other)| *other == path) {
            Some((other, _)) => {
                let reason = format!(
                    "{other} writes the same file, and the last one to write it wins: give each its own"
                );
                found.push(Problem::value(key, reason));
            }
            None => known.push((place, path)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(config: Value) -> Vec<String> {
        let config = serde_json::from_value(config).unwrap();
        warnings(&config).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_file_that_two_blocks_write_is_named_with_both() {
        let template = |path: &str| json!({"destination": path, "contents": "x"});
        let sink = |path: &str| json!({"type": "file", "config": {"path": path}});
        let config = json!({
            "auto_auth": {"sink": [sink("/t"), sink("/u"), sink("/t/")]},
            "template": [template("/a"), template("/b"), template("//a"), template("/u"), template("")],
        });
        let words = "writes the same file, and the last one to write it wins: give each its own";
        assert_eq!(
            told(config),
            [
                format!("auto_auth.sink[2].config: auto_auth.sink[0] {words}"),
                format!("template[2] (//a).destination: template[0] {words}"),
                format!("template[3] (/u).destination: auto_auth.sink[1] {words}"),
            ]
        );
        let empty = json!({"template": [template(""), template("")]});
        assert_eq!(told(empty), [""; 0]);
    }

    #[test]
    fn consistency_is_accepted_and_warned_of_only_where_it_is_asked_for() {
        let with = |value: &str| told(json!({"api_proxy": {"enforce_consistency": value}}));
        assert_eq!(with("never"), [""; 0]);
        let found = with("always");
        assert_eq!(found.len(), 1);
        let start = "api_proxy.enforce_consistency: \"always\" has no effect";
        assert!(found[0].starts_with(start), "{found:?}");
    }
}
