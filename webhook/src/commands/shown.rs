//! A manifest as people read it: the agent's configuration in place of its base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use contract::names::CONFIG_VARIABLE;

use injection::workload::Step;

use super::node::{Entry, Node};
use super::yaml;

/// What the variable is called in the profile of OpenBao.
const OPENBAO_VARIABLE: &str = "BAO_CONFIG";

/// What stands in place of the further parts of a configuration.
const ABOVE: &str = "(the rest of the configuration above)";

/// The node with each agent's configuration decoded, a line for each of its values.
pub(super) fn shown(node: &Node) -> Node {
    match node {
        Node::Map(entries) => Node::Map(entries.iter().map(shown_entry).collect()),
        Node::List(list) => Node::List(list.iter().map(shown).collect()),
        other => other.clone(),
    }
}

fn shown_entry(entry: &Entry) -> Entry {
    Entry {
        key: entry.key.clone(),
        line: entry.line,
        value: match &entry.value {
            Node::List(variables) if entry.key == "env" => Node::List(environment(variables)),
            other => shown(other),
        },
    }
}

fn environment(variables: &[Node]) -> Vec<Node> {
    let mut variables = variables.to_vec();
    for name in [CONFIG_VARIABLE, OPENBAO_VARIABLE] {
        // A long configuration goes on in NAME_2, NAME_3 …
        let parts: Vec<usize> = (1..)
            .map_while(|number| {
                let part = if number == 1 {
                    name.to_owned()
                } else {
                    format!("{name}_{number}")
                };
                variables.iter().position(|it| it.text("name") == part)
            })
            .collect();
        let whole: String = parts
            .iter()
            .map(|at| variables[*at].text("value"))
            .collect();
        let Some(text) = decoded(&whole) else {
            continue;
        };
        for (number, at) in parts.into_iter().enumerate() {
            let text = if number == 0 { text.as_str() } else { ABOVE };
            if let Some(value) = variables[at].step_mut(&Step::Key("value".to_owned())) {
                *value = Node::Text(text.to_owned());
            }
        }
    }
    variables
}

/// The JSON in a base64 text, over several lines and in its own order.
fn decoded(text: &str) -> Option<String> {
    let bytes = STANDARD.decode(text).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (value, _) = yaml::read(&text, 1).ok()?;
    // What is not JSON is another's.
    if !matches!(value, Node::Map(_)) {
        return None;
    }
    let lines = serde_json::to_string_pretty(&value).ok()?;
    Some(format!("{lines}\n"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_configuration_in_parts_is_shown_as_one() {
        let text = STANDARD.encode(r#"{"vault":{"address":"http://v"},"exit_after_auth":true}"#);
        let (first, second) = text.split_at(20);
        let pod = json!({"containers": [{"env": [
            {"name": "VAULT_CONFIG", "value": first},
            {"name": "VAULT_CONFIG_2", "value": second},
            {"name": "VAULT_ADDR", "value": "eyJhIjoxfQ=="},
        ]}]});
        let shown = serde_json::to_value(shown(&Node::from(pod))).unwrap();
        let value = |at: usize| shown["containers"][0]["env"][at]["value"].as_str().unwrap();
        assert_eq!(
            value(0),
            "{\n  \"vault\": {\n    \"address\": \"http://v\"\n  },\n  \"exit_after_auth\": true\n}\n"
        );
        assert_eq!(value(1), ABOVE);
        assert_eq!(
            value(2),
            "eyJhIjoxfQ==",
            "only the configuration is decoded"
        );
    }

    #[test]
    fn what_is_no_configuration_stays_as_it_is() {
        let pod = Node::from(json!({"env": [{"name": "VAULT_CONFIG", "value": "mine"}]}));
        assert_eq!(shown(&pod), pod);
    }
}
