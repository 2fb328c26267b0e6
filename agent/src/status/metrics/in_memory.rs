//! The JSON that the established agent answers with where nobody asks for another format.

use std::time::SystemTime;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Snapshot, families};

/// Groups of the established names, whose parts are separated by dots.
const GROUPS: [&str; 5] = ["auth", "command", "proxy", "cache", "template"];

/// The snapshot at `now`. A counter says how much it has counted since the start.
pub fn in_memory(snapshot: &Snapshot, now: SystemTime) -> String {
    let (mut gauges, mut counters) = (Vec::new(), Vec::new());
    for ((name, kind, _), samples) in families(snapshot) {
        let name = dotted(name);
        for (label, value) in samples {
            let mut labels = Map::new();
            if let Some((key, label)) = label {
                labels.insert(key.to_owned(), label.into());
            }
            if kind == "counter" {
                let sample = json!({"Name": name, "Count": value, "Sum": value, "Labels": labels});
                counters.push(sample);
            } else {
                gauges.push(json!({"Name": name, "Value": value, "Labels": labels}));
            }
        }
    }
    let none: [Value; 0] = [];
    let answer = json!({
        "Timestamp": Timestamp::try_from(now)
            .unwrap_or_default()
            .strftime("%Y-%m-%d %H:%M:%S +0000 UTC")
            .to_string(),
        "Gauges": gauges,
        "Points": none,
        "Counters": counters,
        "Samples": none,
    });
    answer.to_string()
}

/// `vault_agent_auth_success` is `vault.agent.auth.success` here.
fn dotted(name: &str) -> String {
    let own = name.strip_prefix("vault_agent_").unwrap_or(name);
    match own.split_once('_') {
        Some((group, rest)) if GROUPS.contains(&group) => format!("vault.agent.{group}.{rest}"),
        _ => format!("vault.agent.{own}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::super::super::{ProxyCounts, TemplateStatus, TokenStatus};
    use super::*;

    #[test]
    fn counters_and_gauges_have_the_established_names() {
        let snapshot = Snapshot {
            ready: true,
            token: TokenStatus {
                logins: 2,
                ..TokenStatus::default()
            },
            templates: vec![TemplateStatus {
                destination: "/vault/secrets/app".to_owned(),
                renders: 3,
                ..TemplateStatus::default()
            }],
            proxy: ProxyCounts {
                client_error: 4,
                cache_hits: 5,
                ..ProxyCounts::default()
            },
            ..Snapshot::default()
        };
        let now = UNIX_EPOCH + Duration::from_secs(3661);
        let json: Value = serde_json::from_str(&in_memory(&snapshot, now)).unwrap();
        assert_eq!(json["Timestamp"], "1970-01-01 01:01:01 +0000 UTC");
        let counters = json["Counters"].as_array().unwrap();
        for (name, count) in [
            ("vault.agent.auth.success", 2),
            ("vault.agent.template.renders_total", 3),
            ("vault.agent.proxy.client_error", 4),
            ("vault.agent.cache.hit", 5),
        ] {
            let found = counters.iter().find(|counter| counter["Name"] == name);
            assert_eq!(found.unwrap()["Count"], count, "{name}");
        }
        let gauges = json["Gauges"].as_array().unwrap();
        let authenticated = json!({"Name": "vault.agent.authenticated", "Value": 0, "Labels": {}});
        assert!(gauges.contains(&authenticated), "{gauges:?}");
    }
}
