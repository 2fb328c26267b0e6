//! The agent's telemetry block (`agent-telemetry-KEY`).
//!
//! A value is JSON where it parses as JSON, else text. The block is then read by a table of types,
//! as the established agent's is: one value of the wrong type drops the whole block, and unknown or
//! empty settings go.

use contract::annotations::{self, Annotations};
use serde_json::{Map, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Text,
    Int,
    Bool,
    /// A boolean whose `false` differs from none.
    Choice,
    Texts,
}

const SETTINGS: &[(&str, Type)] = &[
    ("usage_gauge_period", Type::Text),
    ("maximum_gauge_cardinality", Type::Int),
    ("disable_hostname", Type::Bool),
    ("enable_hostname_label", Type::Bool),
    ("lease_metrics_epsilon", Type::Text),
    ("num_lease_metrics_buckets", Type::Int),
    ("add_lease_metrics_namespace_labels", Type::Bool),
    ("filter_default", Type::Choice),
    ("prefix_filter", Type::Texts),
    ("statsite_address", Type::Text),
    ("statsd_address", Type::Text),
    ("circonus_api_token", Type::Text),
    ("circonus_api_app", Type::Text),
    ("circonus_api_url", Type::Text),
    ("circonus_submission_interval", Type::Text),
    ("circonus_submission_url", Type::Text),
    ("circonus_check_id", Type::Text),
    ("circonus_check_force_metric_activation", Type::Bool),
    ("circonus_check_instance_id", Type::Text),
    ("circonus_check_search_tag", Type::Text),
    ("circonus_check_display_name", Type::Text),
    ("circonus_check_tags", Type::Text),
    ("circonus_broker_id", Type::Text),
    ("circonus_broker_select_tag", Type::Text),
    ("dogstatsd_addr", Type::Text),
    ("dogstatsd_tags", Type::Texts),
    ("prometheus_retention_time", Type::Text),
    ("stackdriver_project_id", Type::Text),
    ("stackdriver_location", Type::Text),
    ("stackdriver_namespace", Type::Text),
    ("stackdriver_debug_logs", Type::Bool),
];

/// The block, or `None` where there is none or a value is of the wrong type.
pub(crate) fn telemetry(annotations: &Annotations<'_>) -> Option<Map<String, Value>> {
    let mut given = annotations.with_suffix(&annotations::TELEMETRY).peekable();
    given.peek()?;
    let mut block = Map::new();
    for (name, text) in given {
        let key = name.replace('-', "_");
        // Go reads keys in any case.
        let known = SETTINGS
            .iter()
            .find(|(setting, _)| setting.eq_ignore_ascii_case(&key));
        let Some((setting, kind)) = known else {
            continue;
        };
        let value = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
        if let Some(value) = typed(value, *kind)? {
            block.insert((*setting).to_owned(), value);
        }
    }
    Some(block)
}

/// `None` for the wrong type, `Some(None)` for empty.
#[expect(
    clippy::option_option,
    reason = "wrong and empty are different answers"
)]
fn typed(value: Value, kind: Type) -> Option<Option<Value>> {
    let filled = |value: Value, is_filled: bool| Some(is_filled.then_some(value));
    match (kind, value) {
        (_, Value::Null) => Some(None),
        (Type::Text, Value::String(text)) => {
            let is_filled = !text.is_empty();
            filled(Value::String(text), is_filled)
        }
        (Type::Bool, Value::Bool(on)) => filled(Value::Bool(on), on),
        (Type::Choice, Value::Bool(on)) => filled(Value::Bool(on), true),
        (Type::Int, Value::Number(number)) => {
            let int = whole(&number)?;
            filled(Value::from(int), int != 0)
        }
        (Type::Texts, Value::Array(list)) if list.iter().all(Value::is_string) => {
            let is_filled = !list.is_empty();
            filled(Value::Array(list), is_filled)
        }
        _ => None,
    }
}

/// The number as an integer, however it is written.
fn whole(number: &serde_json::Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        let float = number.as_f64().filter(|float| float.fract() == 0.0)?;
        format!("{float:.0}").parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn block(settings: &[(&str, &str)]) -> Option<Value> {
        let keys: Vec<_> = settings
            .iter()
            .map(|(key, value)| (annotations::TELEMETRY.full_key_for(key), *value))
            .collect();
        telemetry(&Annotations::new(
            keys.iter().map(|(key, value)| (key.as_str(), *value)),
        ))
        .map(Value::Object)
    }

    #[test]
    fn values_get_the_types_of_their_settings() {
        let settings = [
            ("disable-hostname", "true"),
            ("maximum_gauge_cardinality", "3.0"),
            ("prefix_filter", r#"["+a"]"#),
            ("prometheus_retention_time", "24h"),
            ("filter-default", "false"),
            ("enable-hostname-label", "false"),
            ("statsd-address", "null"),
        ];
        let expected = json!({
            "disable_hostname": true, "maximum_gauge_cardinality": 3, "prefix_filter": ["+a"],
            "prometheus_retention_time": "24h", "filter_default": false,
        });
        assert_eq!(block(&settings), Some(expected));
    }

    #[test]
    fn one_wrong_type_drops_the_block_and_an_unknown_setting_leaves_it_empty() {
        assert_eq!(
            block(&[("statsd-address", "1234"), ("disable-hostname", "true")]),
            None
        );
        assert_eq!(block(&[("maximum-gauge-cardinality", "1.5")]), None);
        assert_eq!(block(&[("future-setting", "1")]), Some(json!({})));
        assert_eq!(block(&[]), None);
    }
}
