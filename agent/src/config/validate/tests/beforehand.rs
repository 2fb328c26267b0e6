//! The check that the injector runs before there is a pod, against what a start says.

use serde_json::json;

use super::*;

#[test]
fn what_the_injector_checks_beforehand_is_what_the_agent_says() {
    let mut several = mk_config();
    several["auto_auth"]["method"] = json!({"type": "gcp", "config": {"type": "iam"}});
    several["template"][0]["perms"] = json!("rw");
    several["vault"]["address"] = json!("vault:8200");
    several["disable_keep_alives"] = json!(["all"]);
    several["revoke_grace"] = json!("soon");
    several["listener"] = json!([{"type": "tcp", "tls_disable": true, "address": "x:http"}]);
    let mut idle = mk_config();
    idle["template"] = json!([]);
    idle["auto_auth"]["sink"] = json!([]);
    let listener = json!({"cache": {"use_auto_auth_token": "maybe"}, "listener": [{"type": "x"}]});
    for config in [mk_config(), several, idle, listener, json!({})] {
        let read = serde_json::from_value(config.clone()).unwrap();
        let beforehand = check::problems(&read, check::Reader::OurAgent);
        let said = settings_of(&config, &[]);
        let said: Vec<_> = said.err().into_iter().flatten().collect();
        let said: Vec<_> = said.iter().map(ToString::to_string).collect();
        // The address is read as a whole by the agent, with words that name it.
        let beforehand = beforehand.iter().map(ToString::to_string);
        let beforehand: Vec<_> = beforehand
            .filter(|text| !text.starts_with("vault.address"))
            .collect();
        let said: Vec<_> = said
            .into_iter()
            .filter(|text| !text.starts_with("vault.address"))
            .collect();
        assert_eq!(beforehand, said, "{config}");
    }
}
