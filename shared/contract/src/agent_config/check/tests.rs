use serde_json::{Value, json};

use super::*;

fn mk_config() -> Value {
    json!({
        "auto_auth": {
            "method": {"type": "kubernetes", "config": {"role": "app"}},
            "sink": [{"type": "file", "config": {"path": "/t"}}],
        },
        "vault": {"address": "https://vault:8200"},
        "template": [{"destination": "/d", "contents": "x"}],
    })
}

fn said(config: Value) -> Vec<String> {
    let config = serde_json::from_value(config).unwrap();
    let found = problems(&config, Reader::OurAgent);
    found.iter().map(ToString::to_string).collect()
}

/// What is said of the usual configuration with one value changed.
fn with(pointer: &str, value: Value) -> Vec<String> {
    let mut config = mk_config();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    config.pointer_mut(parent).unwrap()[key] = value;
    said(config)
}

#[test]
fn a_usual_configuration_has_no_problems() {
    assert_eq!(said(mk_config()), [""; 0]);
}

#[test]
fn each_block_says_what_is_wrong_with_it() {
    for (pointer, value, words) in [
        (
            "/auto_auth/method/type",
            json!("Kubernetes"),
            "auto_auth.method: unknown auth method \"Kubernetes\": this agent knows kubernetes, jwt, \
             approle, cert, token_file, aws, gcp, azure",
        ),
        (
            "/auto_auth/method/type",
            json!("jwt"),
            "auto_auth.method.config: missing 'path' value",
        ),
        (
            "/auto_auth/method/max_backoff",
            json!("1s"),
            "auth handler: min_backoff cannot be greater than max_backoff",
        ),
        (
            "/auto_auth/method/min_backoff",
            json!("5 min"),
            "auto_auth.method.min_backoff: time: unknown unit \" min\" in duration \"5 min\"",
        ),
        (
            "/template/0/perms",
            json!("rw-r-----"),
            "template[0] (/d).perms: perms: \"rw-r-----\" is not a file mode: give octal digits such \
             as \"0640\", at most \"7777\"",
        ),
        (
            "/vault/address",
            json!("vault:8200"),
            "vault.address: it must begin with http://, https:// or unix://",
        ),
        (
            "/vault/address",
            json!("https://vault:8200?token=hvs.x"),
            "vault.address: it must not have a query or fragment: write it without ? and # and what \
             follows",
        ),
        (
            "/vault/address",
            json!("https://vault:70000/v"),
            "vault.address: its port must be a number up to 65535",
        ),
        (
            "/vault/address",
            json!("https://[::1]:x"),
            "vault.address: its port must be a number up to 65535",
        ),
        (
            "/vault/address",
            json!("https://app:canary@vault:8200"),
            "vault.address: it must not hold a user name or password: leave out what is before the @",
        ),
        (
            "/disable_keep_alives",
            json!(["proxy"]),
            "unknown disable_keep_alives value: proxy; it takes auto-auth, caching, proxying, \
             templating",
        ),
        (
            "/listener",
            json!([{"type": "tcp", "tls_disable": true, "address": "127.0.0.1:http"}]),
            "listener[0].address: \"127.0.0.1:http\" is not a host and a port, such as \
             127.0.0.1:8200, localhost:8200 or [::1]:8200",
        ),
        (
            "/revoke_grace",
            json!("x"),
            "revoke_grace: time: invalid duration \"x\"",
        ),
    ] {
        assert_eq!(with(pointer, value), [words], "{pointer}");
    }
}

#[test]
fn a_template_without_a_destination_has_to_write_its_text_itself() {
    let words = "template[0].destination: a destination is required: only a template whose whole text \
                 goes through writeToFile does without";
    assert_eq!(with("/template/0/destination", json!("")), [words]);
    for template in [
        json!({"contents": "{{ \"x\" | writeToFile \"/a\" \"\" \"\" \"0600\" }}"}),
        json!({"source": "/t.tmpl"}),
    ] {
        assert_eq!(with("/template", json!([template])), [""; 0]);
    }
}

#[test]
fn all_blocks_are_checked_in_the_order_of_the_agent() {
    let mut config = mk_config();
    config["auto_auth"]["method"]["type"] = json!("gcp");
    config["template"][0]["perms"] = json!("x");
    config["template_config"] = json!({"static_secret_render_interval": "x"});
    let said = said(config);
    let keys: Vec<_> = said
        .iter()
        .map(|words| words.split(": ").next().unwrap())
        .collect();
    assert_eq!(
        keys,
        [
            "auto_auth.method.config",
            "template[0] (/d).perms",
            "template_config.static_secret_render_interval",
        ]
    );
}

#[test]
fn levels_and_formats_are_read_in_any_case() {
    assert_eq!("WARNING".parse(), Ok(LogLevel::Warn));
    assert_eq!("".parse(), Ok(LogLevel::Info));
    assert_eq!("Json".parse(), Ok(LogFormat::Json));
    assert_eq!(
        "verbose".parse::<LogLevel>().unwrap_err().to_string(),
        "unknown log level \"verbose\": use trace, debug, info, notice, warn or error"
    );
    assert!("text".parse::<LogFormat>().is_err());
}

#[test]
fn the_stock_agent_has_methods_of_its_own_and_other_wishes() {
    let said = |kind: &str, settings: Value| {
        let mut config = mk_config();
        config["auto_auth"]["method"] = json!({"type": kind, "config": settings});
        let config = serde_json::from_value(config).unwrap();
        let found = problems(&config, Reader::StockAgent);
        found.first().map_or_else(String::new, ToString::to_string)
    };
    let ldap = json!({"username": "u", "password_file_path": "/p"});
    assert_eq!(said("ldap", ldap), "");
    assert_eq!(said("gcp", json!({"type": "iam", "role": "app"})), "");
    assert_eq!(
        said("jwt", json!({"token_path": "/t", "role": "app"})),
        "auto_auth.method.config: missing 'path' value"
    );
    let unknown = said("userpass", json!({}));
    assert!(unknown.contains("kerberos, ldap, oci"), "{unknown}");
}
