use super::*;

const GUIDE: &str = r#"
# Vault policy for the application
path "secret/data/production/api-service" {
  capabilities = ["read"]
}
"#;

fn mk_policies(text: &str) -> (Policies, Vec<String>) {
    let mut policies = Policies::new();
    policies.set("app", Policy::parse(text).unwrap());
    (policies, vec!["app".into(), "default".into()])
}

fn allows(text: &str, path: &str, capability: Capability) -> bool {
    let (policies, names) = mk_policies(text);
    policies.allow(&names, path, &[capability])
}

#[test]
fn the_guides_policy_reads_one_path() {
    assert!(allows(
        GUIDE,
        "secret/data/production/api-service",
        Capability::Read
    ));
    assert!(!allows(
        GUIDE,
        "secret/data/production/api-service",
        Capability::Update
    ));
    assert!(!allows(
        GUIDE,
        "secret/data/production/other",
        Capability::Read
    ));
    assert!(!allows(
        GUIDE,
        "secret/data/production/api-service/below",
        Capability::Read
    ));
}

#[test]
fn a_star_is_any_rest_and_a_plus_one_segment() {
    let text = r#"path "secret/data/*" { capabilities = ["read"] }
        path "team/+/app" { capabilities = ["list"] }"#;
    assert!(allows(text, "secret/data/a/b", Capability::Read));
    assert!(allows(text, "secret/data/", Capability::Read));
    assert!(!allows(text, "secret/metadata/a", Capability::Read));
    assert!(allows(text, "team/red/app", Capability::List));
    assert!(!allows(text, "team/red/blue/app", Capability::List));
}

#[test]
fn the_most_specific_rule_decides_and_deny_wins() {
    let text = r#"
        path "secret/*" { capabilities = ["read"] }
        path "secret/+/app" { capabilities = ["update"] }
        path "secret/private/*" { capabilities = ["deny"] }
        path "secret/private/mine" { capabilities = ["read"] }
        path "double" { capabilities = ["read"] }
        path "double" { capabilities = ["deny"] }"#;
    assert!(allows(text, "secret/x", Capability::Read));
    assert!(!allows(text, "secret/private/x", Capability::Read));
    assert!(allows(text, "secret/private/mine", Capability::Read));
    // Both wildcards begin at the same place; the one that ends in * is the weaker.
    assert!(allows(text, "secret/x/app", Capability::Update));
    assert!(!allows(text, "secret/x/app", Capability::Read));
    assert!(!allows(text, "double", Capability::Read));
}

#[test]
fn every_token_may_look_after_itself() {
    assert!(allows("", "auth/token/lookup-self", Capability::Read));
    assert!(allows("", "sys/leases/renew", Capability::Update));
    assert!(!allows("", "sys/leases/revoke", Capability::Update));
}

#[test]
fn root_may_do_everything() {
    let (policies, _) = mk_policies("");
    assert!(policies.allow(&["root".into()], "sys/mounts/x", &[Capability::Update]));
}

#[test]
fn a_mount_is_visible_to_whoever_may_do_something_in_it() {
    let (policies, names) = mk_policies(GUIDE);
    assert!(policies.touch(&names, "secret/"));
    assert!(!policies.touch(&names, "database/"));
    let (policies, names) = mk_policies(r#"path "+/creds/app" { capabilities = ["read"] }"#);
    assert!(policies.touch(&names, "database/"));
}

#[test]
fn other_attributes_and_all_comments_are_skipped() {
    let text = r#"
        // comment
        path "a" { /* "b" { */ capabilities = ["read", "list",] min_wrapping_ttl = "1s"
          allowed_parameters = { "x" = ["1", { "y" = [] }] }
          control_group { factor "f" { identity { approvals = 1 } } }
        }"#;
    assert!(allows(text, "a", Capability::List));
    assert!(!allows(text, "b", Capability::Read));
}

#[test]
fn what_is_not_a_policy_is_refused() {
    for text in [
        "path x {}",
        r#"path "x" {"#,
        r#"path "x" { capabilities = ["fly"] }"#,
        "rule {}",
        r#"path "x"#,
    ] {
        assert!(Policy::parse(text).is_err(), "{text}");
    }
}
