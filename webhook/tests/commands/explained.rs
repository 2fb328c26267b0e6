//! `explain` of a word, and of what other products call an annotation.

use serde_json::Value;

use super::{run, succeeded, text};

#[test]
fn a_word_lists_all_keys_and_messages_that_have_it() {
    let printed = succeeded(&["explain", "template"], "");
    for expected in [
        "vault.hashicorp.com/agent-inject-template-NAME\n",
        "vault.hashicorp.com/agent-template-left-delim-NAME\n",
        "VI-1211\n    invalid default template type\n",
    ] {
        assert!(printed.contains(expected), "{printed}");
    }
    assert!(!printed.contains("vault.hashicorp.com/role"), "{printed}");
    let found = succeeded(&["explain", "-o", "json", "template"], "");
    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!(
        found["messages"][0]["code"].as_str().unwrap().get(..3),
        Some("VI-")
    );
    assert!(
        found["annotations"].as_array().unwrap().len() > 5,
        "{found}"
    );
}

#[test]
fn a_code_goes_without_its_prefix() {
    for code in ["VI-1201", "vi-1201", "1201"] {
        let printed = succeeded(&["explain", code], "");
        assert!(printed.starts_with("VI-1201"), "{printed}");
    }
}

#[test]
fn what_others_call_an_annotation_is_found_here() {
    for (theirs, ours) in [
        ("vault-addr", "service"),
        ("vault.hashicorp.com/vault-address", "service"),
        ("vault.security.banzaicloud.io/vault-role", "role"),
        ("agent-log-level", "log-level"),
        (
            "agent-inject-left-delimiter-cfg",
            "agent-template-left-delim-NAME",
        ),
    ] {
        let printed = succeeded(&["explain", theirs], "");
        let heading = format!("{theirs} is called vault.hashicorp.com/{ours} here.\n");
        assert!(printed.starts_with(&heading), "{printed}");
        assert!(printed.contains("\nvalue:    "), "{printed}");
    }
    let printed = succeeded(&["explain", "address"], "");
    assert!(
        printed.starts_with("vault.hashicorp.com/service\n"),
        "{printed}"
    );
    let printed = succeeded(&["explain", "agent-inject-env-DB"], "");
    assert!(
        printed.starts_with(
            "agent-inject-env-DB: there is no such annotation; the agent writes files"
        ),
        "{printed}"
    );
    let output = run(&["explain", "temlate"], "");
    let expected = "temlate: no such annotation: did you mean template?\n";
    assert_eq!(text(&output.stderr), expected);
    let output = run(&["explain", "zzzzzz"], "");
    assert_eq!(output.status.code(), Some(1));
    let expected = "zzzzzz: no such annotation: vault-injector explain lists all\n";
    assert_eq!(text(&output.stderr), expected);
}
