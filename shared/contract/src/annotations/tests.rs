use super::*;

fn known(key: &str) -> (&'static str, Option<&str>) {
    match classify(key) {
        Classification::Known { spec, name } => (spec.key, name),
        other => panic!("{key} is {other:?}"),
    }
}

#[test]
fn the_longest_entry_that_fits_a_key_is_the_one_meant() {
    let key = |short: &str| format!("vault.hashicorp.com/{short}");
    assert_eq!(known(&key("agent-inject")), ("agent-inject", None));
    assert_eq!(
        known(&key("agent-inject-status")),
        ("agent-inject-status", None)
    );
    assert_eq!(
        known(&key("agent-inject-template-app")),
        ("agent-inject-template", Some("app"))
    );
    assert_eq!(
        known(&key("agent-inject-template-file-app")),
        ("agent-inject-template-file", Some("app"))
    );
    assert_eq!(
        known(&key("preserve-secret-case")),
        ("preserve-secret-case", None)
    );
    assert_eq!(
        known(&key("preserve-secret-case-A")),
        ("preserve-secret-case", Some("A"))
    );
}

#[test]
fn other_peoples_annotations_are_foreign() {
    assert_eq!(classify("sidecar.istio.io/inject"), Classification::Foreign);
}

#[test]
fn a_misspelt_key_is_unknown_and_says_what_was_probably_meant() {
    for (written, meant) in [
        ("agent-injcet", Some("agent-inject")),
        (
            "agent-inject-secrets-config",
            Some("agent-inject-secret-config"),
        ),
        (
            "agent-inject-tempalte-config",
            Some("agent-inject-template-config"),
        ),
        ("agent-limit-cpu", Some("agent-limits-cpu")),
        ("rolle", Some("role")),
        ("completely-different", None),
    ] {
        let key = format!("vault.hashicorp.com/{written}");
        assert_eq!(classify(&key), Classification::Unknown, "{written}");
        assert_eq!(nearest(written).as_deref(), meant, "{written}");
    }
}

#[test]
fn a_key_of_a_megabyte_is_looked_up_in_no_time() {
    assert_eq!(nearest(&"-".repeat(1 << 20)), None);
    let long = format!("agent-inject-secrte-{}", "-a".repeat(1 << 19));
    let meant = nearest(&long).unwrap();
    assert!(meant.starts_with("agent-inject-secret-a-a"));
}

#[test]
fn a_name_with_two_edits_is_near_and_a_long_one_is_not_compared() {
    for (text, known, is_near) in [
        ("confg", "config", true),
        ("cofnig", "config", true),
        ("conf", "config", true),
        ("xonfg", "config", true),
        ("xbcdfe", "abcdef", true),
        ("xconfigx", "config", true),
        ("fig", "config", false),
        ("ab", "ba", true),
        ("a", "", true),
        ("", "ab", false),
        ("abcdefxy", "abcdef", true),
        ("abcdefxyz", "abcdef", false),
        ("bacdfe", "abcdef", true),
    ] {
        assert_eq!(nearest_of(text, [known]).is_some(), is_near, "{text}");
    }
    let long = |length| "a".repeat(length);
    assert!(nearest_of(&long(255), [&*long(256)]).is_some());
    assert!(nearest_of(&long(256), [&*long(257)]).is_none());
    assert!(nearest_of(&long(257), [&*long(256)]).is_none());
}

#[test]
fn a_key_that_needs_a_name_is_unknown_without_one() {
    for key in ["agent-inject-secret", "agent-inject-secret-"] {
        assert_eq!(classify_short(key), Classification::Unknown, "{key}");
    }
    for written in ["agent-inject-secret", "agent-inject-secret-"] {
        assert_eq!(meant(written), Some(Meant::WithName(&SECRET)), "{written}");
    }
}

#[test]
fn keys_of_other_products_have_a_counterpart_or_advice() {
    for (written, ours) in [
        ("vault-addr", "service"),
        ("vault-address", "service"),
        ("address", "service"),
        ("vault-service", "service"),
        ("bao-addr", "service"),
        ("agent-auth-min-backoff", "auth-min-backoff"),
        ("agent-auth-max-backoff", "auth-max-backoff"),
        ("template-engine", "agent-template-engine"),
        ("agent-log-level", "log-level"),
        ("agent-inject-role", "role"),
        ("agent-cache", "agent-cache-enable"),
        ("agent-cache-port", "agent-cache-listener-port"),
        ("secret-db", "agent-inject-secret-db"),
        ("agent-template-file-db", "agent-inject-template-file-db"),
        (
            "agent-inject-left-delimiter-db",
            "agent-template-left-delim-db",
        ),
        (
            "agent-inject-right-delimiter",
            "agent-template-right-delim-NAME",
        ),
        // A misspelt key of ours comes before the name of a secret.
        ("secret-volume-pth", "secret-volume-path"),
    ] {
        assert_eq!(
            meant(written),
            Some(Meant::Key(ours.to_owned())),
            "{written}"
        );
    }
    for written in ["agent-inject-env-DB", "vault-env-from-path", "env-DB"] {
        let Some(Meant::Instead(advice)) = meant(written) else {
            panic!("{written}");
        };
        assert!(advice.contains("agent-inject-template-NAME"), "{advice}");
    }
    assert_eq!(meant("vault-foo"), None);
}

#[test]
fn no_key_of_another_product_is_one_of_ours() {
    let keys = foreign::all().filter(|key| {
        let short = classify_short(key);
        short != Classification::Unknown
    });
    assert_eq!(keys.collect::<Vec<_>>(), Vec::<&str>::new());
    let mut all: Vec<_> = foreign::all().collect();
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count, "each has one counterpart");
}

#[test]
fn keys_are_unique() {
    let mut keys: Vec<_> = TABLE.iter().map(|spec| spec.key).collect();
    keys.sort_unstable();
    let count = keys.len();
    keys.dedup();
    assert_eq!(keys.len(), count);
}

#[test]
fn values_are_read_by_entry_and_errors_name_the_annotation() {
    let annotations = Annotations::new([
        ("vault.hashicorp.com/agent-pre-populate", "tRuE"),
        ("vault.hashicorp.com/agent-inject-secret-b", "kv/b"),
        ("vault.hashicorp.com/agent-inject-secret-A", "kv/a"),
        ("vault.hashicorp.com/agent-inject-secret-", "ignored"),
        ("vault.hashicorp.com/agent-run-as-user", ""),
        ("other/agent-init-first", "true"),
    ]);
    assert_eq!(annotations.bool(&INIT_FIRST, false), Ok(false));
    assert_eq!(annotations.int(&RUN_AS_USER, 100), Ok(0));
    let secrets: Vec<_> = annotations.with_suffix(&SECRET).collect();
    assert_eq!(secrets, [("A", "kv/a"), ("b", "kv/b")]);
    let error = annotations
        .bool(&PRE_POPULATE, true)
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("cannot parse '' as bool: strconv.ParseBool: parsing \"tRuE\""));
    assert!(
        error.ends_with("(annotation vault.hashicorp.com/agent-pre-populate)"),
        "{error}"
    );
}

#[test]
fn both_prefixes_are_read_and_openbaos_counts() {
    for order in [[0, 1, 2], [2, 1, 0]] {
        let all = [
            ("vault.hashicorp.com/role", "vault"),
            ("openbao.org/role", "bao"),
            ("openbao.org/agent-init-first", "maybe"),
        ];
        let annotations = Annotations::new(order.map(|at| all[at]));
        assert_eq!(annotations.get(&ROLE), Some("bao"));
        let error = annotations.bool(&INIT_FIRST, false).unwrap_err();
        assert_eq!(error.key, "openbao.org/agent-init-first");
    }
    assert_eq!(known("openbao.org/role"), ("role", None));
    let alone = Annotations::new([("openbao.org/role", "bao")]);
    assert_eq!(alone.get(&ROLE), Some("bao"));
}

#[test]
fn the_reference_page_is_what_the_table_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/annotations.md");
    let page = std::fs::read_to_string(path).unwrap();
    assert!(
        page == reference_markdown(),
        "docs/annotations.md is stale: run `cargo run -p contract --example annotations-reference > docs/annotations.md`"
    );
}
