//! Admission warnings, and what becomes of them where the injector is strict.

use serde_json::json;

use super::*;

#[test]
fn unknown_keys_are_warned_of_with_the_nearest_known_one() {
    assert_eq!(
        warned(&[
            ("agent-injcet-secret-a", "x"),
            ("error-on-missing-key", "true"),
            ("zzz", "")
        ]),
        [
            "annotation error-on-missing-key needs a -NAME behind it and is ignored",
            "unknown annotation agent-injcet-secret-a is ignored: did you mean agent-inject-secret-a?",
            "unknown annotation zzz is ignored",
        ]
    );
}

#[test]
fn keys_of_other_products_are_told_what_is_written_here() {
    assert_eq!(
        warned(&[
            ("vault-addr", "https://v"),
            ("agent-inject-env-DB", "secret/db#password"),
            ("agent-inject-secret-", "secret/db"),
        ]),
        [
            "annotation agent-inject-secret- has no name behind the dash and is ignored: write \
             agent-inject-secret-NAME",
            "unknown annotation agent-inject-env-DB is ignored: the agent writes files, not variables: \
             write KEY=value lines with agent-inject-template-NAME, and let the container's command \
             read the file",
            "unknown annotation vault-addr is ignored: did you mean service?",
        ]
    );
}

#[test]
fn a_pod_that_asks_with_a_misspelt_key_is_told() {
    let pod = json!({"metadata": {"annotations": {format!("{PREFIX}agent-injcet"): "true"}}});
    let outcome = decided(&pod, &mk_settings());
    assert!(matches!(outcome.decision, Decision::Skip(Skip::NotAsked)));
    assert!(
        outcome.warnings[0]
            .text()
            .contains("did you mean agent-inject?")
    );
}

#[test]
fn a_command_for_a_shell_is_warned_of_only_where_there_is_none() {
    let annotations = [
        ("agent-inject-secret-a", "kv/a"),
        ("agent-inject-command-a", "reload $(pidof app)"),
        COMPATIBLE,
    ];
    assert_eq!(
        warned(&annotations[..2]),
        [
            "agent-inject-command-a needs a shell: use our -busybox image, or agent-flavor compatible \
             with a stock image"
        ]
    );
    assert_eq!(warned(&annotations), [""; 0]);
    let with_shell = ("agent-image", "example/vault-injector-agent:0.1.0-busybox");
    let annotations = [annotations[0], annotations[1], with_shell];
    assert_eq!(warned(&annotations), [""; 0]);
    let plain = [
        annotations[0],
        ("agent-inject-command-a", "/vault-agent status"),
    ];
    assert_eq!(warned(&plain), [""; 0]);
}

#[test]
fn a_json_patch_that_writes_a_shell_line_is_warned_of() {
    let patch = r#"[{"op":"replace","path":"/args/0","value":"sleep 1 && /vault-agent"}]"#;
    assert_eq!(
        warned(&[("agent-json-patch", patch)]),
        ["the JSON patch sets a shell line as args/0, but there is no shell"]
    );
}

#[test]
fn a_warning_is_cut_for_admission_so_that_its_code_fits_in() {
    let long = format!("{PREFIX}agent-{}", "ä".repeat(300));
    let outcome = decided(&mk_pod(&[(&long, "x")]), &mk_settings());
    let admitted = outcome.warnings[0].for_admission().unwrap();
    assert_eq!(admitted.chars().count(), 256, "{admitted}");
    assert!(admitted.ends_with("ä… [VI-1001]"), "{admitted}");
    assert!(outcome.warnings[0].text().ends_with("is ignored"));
}

#[test]
fn secrets_and_templates_that_do_not_belong_together_are_warned_of() {
    for (annotations, expected) in [
        (
            &[("agent-inject-template-a", "{{ 1 }}")][..],
            &["agent-inject-template-a has no agent-inject-secret-a beside it"][..],
        ),
        (
            &[
                ("agent-inject-secret-Foo", "kv/a"),
                ("agent-inject-template-foo", "{{ 1 }}"),
            ],
            &[
                "agent-inject-template-foo: its secret is written Foo, in another case",
                "secrets Foo and foo write the same file: give one another with agent-inject-file-foo",
            ],
        ),
        (
            &[
                ("agent-inject-secret-a", "kv/a"),
                ("agent-inject-perms-A", "0640"),
                ("agent-inject-command-b", "/bin/x"),
            ],
            &[
                "agent-inject-perms-A is ignored: its secret is written a, in another case",
                "agent-inject-command-b is ignored: there is no agent-inject-secret-b",
            ],
        ),
        (
            &[("agent-inject-secret-a", "secret/data/a")],
            &[
                "agent-inject-secret-a: on KV v2 the default template writes data and metadata: write \
                 agent-inject-template-a: '{{ with secret \"secret/data/a\" }}{{ range $k, $v := \
                 .Data.data }}{{ $k }}={{ $v }}{{ \"\\n\" }}{{ end }}{{ end }}'",
            ],
        ),
    ] {
        assert_eq!(warned(annotations), expected);
    }
}

#[test]
fn a_template_that_does_not_parse_is_warned_of_with_its_place() {
    let secret = ("agent-inject-secret-a", "kv/a");
    let broken = warned(&[secret, ("agent-inject-template-a", "x\n{{ frobnicate 1 }}")]);
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert!(
        broken[0].starts_with("agent-inject-template-a does not parse: line 2, column 4:"),
        "{broken:?}"
    );
    let misspelt = warned(&[secret, ("agent-inject-template-a", "{{ secrt }}")]);
    assert!(
        misspelt[0].ends_with("(did you mean \"secret\"?)"),
        "{misspelt:?}"
    );
    let delimited = [
        secret,
        (
            "agent-inject-template-a",
            "{{ frobnicate }}<< with secret \"kv/a\" >>1<< end >>",
        ),
        ("agent-template-left-delim-a", "<<"),
        ("agent-template-right-delim-a", ">>"),
    ];
    assert_eq!(warned(&delimited), [""; 0]);
}

#[test]
fn handlebars_templates_are_read_in_their_own_language_and_know_each_other() {
    let pod = |page| {
        warned(&[
            ("agent-template-engine", "handlebars"),
            ("agent-inject-secret-key", "kv/a"),
            ("agent-inject-template-key", "{{#if true}}x{{/if}}"),
            ("agent-inject-secret-page", "kv/a"),
            ("agent-inject-template-page", page),
        ])
    };
    assert_eq!(pod("<{{> key}}>"), [""; 0]);
    let broken = pod("<{{> kye}}>");
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert!(broken[0].contains("there is no partial"), "{broken:?}");
}

#[test]
fn values_that_are_not_what_their_annotation_takes_are_warned_of() {
    for (key, value, expected) in [
        (
            "agent-init-first",
            "",
            "agent-init-first is empty, which means false",
        ),
        ("role", "app ", "role begins or ends with a blank"),
        (
            "agent-cache-listener-port",
            "http",
            "agent-cache-listener-port is not a port number",
        ),
        (
            "agent-disable-keep-alives",
            "auto-auth, caching",
            "agent-disable-keep-alives has blanks around a comma, which are taken for part of the names",
        ),
        (
            "agent-inject-containers",
            "app,web",
            "agent-inject-containers names a container that the pod does not have, \"web\": it has app",
        ),
    ] {
        assert_eq!(warned(&[(key, value)]), [expected], "{key}");
    }
    for (key, value) in [
        ("client-timeout", "60"),
        ("log-level", "WARN"),
        ("agent-inject-containers", "app"),
    ] {
        assert_eq!(warned(&[(key, value)]), [""; 0], "{key}");
    }
}

#[test]
fn a_strict_injector_refuses_what_is_surely_a_mistake_and_warns_of_the_rest() {
    let settings = Settings {
        strict: true,
        ..mk_settings()
    };
    let decision = |annotations: &[(&str, &str)]| decided(&mk_pod(annotations), &settings).decision;
    let Decision::Deny(denial) = decision(&[("agent-inject-secert-a", "x")]) else {
        panic!("not denied");
    };
    assert_eq!(
        denial.to_string(),
        "refused, because this injector is strict: unknown annotation agent-inject-secert-a is \
         ignored: did you mean agent-inject-secret-a?"
    );
    let unsure = [("agent-inject-secret-a", "secret/data/a")];
    assert!(matches!(decision(&unsure), Decision::Inject(_)));
    let off = [("agent-inject", "false"), ("agent-inject-secert-a", "x")];
    assert!(matches!(decision(&off), Decision::Skip(Skip::TurnedOff)));

    let annotations = json!({format!("{PREFIX}agent-injcet"): "true"});
    let misspelt = json!({"metadata": {"annotations": annotations}});
    let decision = decided(&misspelt, &settings).decision;
    assert!(
        matches!(decision, Decision::Deny(Denial::Strict(_))),
        "{decision:?}"
    );
}

#[test]
fn an_empty_agent_inject_is_told_if_the_pod_has_annotations_for_an_agent() {
    for value in [json!(""), json!(null)] {
        let mut pod = mk_pod(&[]);
        pod["metadata"]["annotations"][format!("{PREFIX}agent-inject")] = value;
        let outcome = decided(&pod, &mk_settings());
        assert!(matches!(outcome.decision, Decision::Skip(Skip::TurnedOff)));
        let text = outcome.warnings[0].text();
        assert!(text.starts_with("agent-inject is empty, which means false, and "));
        assert!(text.ends_with(r#"write agent-inject: "true""#), "{text}");
        let alone = json!({format!("{PREFIX}agent-inject"): pod["metadata"]["annotations"][format!("{PREFIX}agent-inject")]});
        pod["metadata"]["annotations"] = alone;
        assert_eq!(decided(&pod, &mk_settings()).warnings, []);
    }
    assert_eq!(warned(&[("agent-inject", "false")]), [""; 0]);
}

#[test]
fn a_misspelt_name_of_a_secret_is_told_with_the_one_that_is_meant() {
    let secret = ("agent-inject-secret-config", "kv/a");
    assert_eq!(
        warned(&[secret, ("agent-inject-template-confg", "x")]),
        [
            "agent-inject-template-confg has no agent-inject-secret-confg beside it: did you mean \
             agent-inject-template-config?"
        ]
    );
    assert_eq!(
        warned(&[secret, ("agent-inject-perms-cofnig", "0640")]),
        [
            "agent-inject-perms-cofnig is ignored: there is no agent-inject-secret-cofnig; did you mean \
             agent-inject-perms-config?"
        ]
    );
    // A name of two letters is near to too many.
    for (secret, near) in [("ab", false), ("abc", true)] {
        let secret = format!("agent-inject-secret-{secret}");
        let texts = warned(&[(&*secret, "kv/a"), ("agent-inject-perms-abd", "0640")]);
        assert_eq!(texts.len(), 1, "{texts:?}");
        assert_eq!(texts[0].contains("did you mean"), near, "{texts:?}");
    }
}

#[test]
fn an_empty_path_is_told_unless_a_template_says_what_to_read() {
    let empty = ("agent-inject-secret-a", "");
    assert_eq!(
        warned(&[empty]),
        [
            "agent-inject-secret-a is empty and is ignored, because no template says what to read: write \
             the path of a secret, or add agent-inject-template-a"
        ]
    );
    let template = r#"{{ with secret "kv/a" }}{{ .Data.x }}{{ end }}"#;
    assert_eq!(
        warned(&[empty, ("agent-inject-template-a", template)]),
        [""; 0]
    );
}
