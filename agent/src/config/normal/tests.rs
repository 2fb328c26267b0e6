use serde_json::json;

use super::*;

fn read(text: &str) -> Result<(Json, Vec<String>), String> {
    let mut unknown = Vec::new();
    let document = hcl::parse(text).unwrap();
    let value = normalised(&document, "a.hcl", &mut unknown).map_err(|error| error.to_string())?;
    Ok((value, unknown.iter().map(ToString::to_string).collect()))
}

#[test]
fn all_ways_to_write_a_method_and_a_sink_are_one() {
    let method = json!([{"type": "kubernetes", "config": {"role": "r"}}]);
    let sink = json!([{"type": "file", "config": {"path": "/t", "mode": 0o640}}]);
    for text in [
        r#"auto_auth { method "Kubernetes" { config { role = "r" } }
           sink "file" { config { path = "/t" mode = 0640 } } }"#,
        r#"auto_auth { method { type = "kubernetes" config = { role = "r" } }
           sinks { sink { type = "file" config = { path = "/t" mode = 416 } } } }"#,
        r#"{"auto_auth": {"method": {"kubernetes": {"config": {"role": "r"}}},
            "sink": [{"file": {"config": [{"path": "/t", "mode": 416}]}}]}}"#,
        r#"{"auto_auth": [{"method": [{"type": "kubernetes", "config": {"role": "r"}}],
            "sinks": {"sink": {"type": "file", "config": {"path": "/t", "mode": 416}}}}]}"#,
        r#"{"auto_auth": [{"method": [{"type": "kubernetes", "config": {"role": "r"}}],
            "sinks": [{"sink": [{"type": "file", "config": {"path": "/t", "mode": 416}}]}]}]}"#,
    ] {
        let (value, unknown) = read(text).unwrap();
        assert_eq!(value["auto_auth"][0]["method"], method, "{text}");
        assert_eq!(value["auto_auth"][0]["sink"], sink, "{text}");
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}

#[test]
fn a_type_that_is_written_is_used_as_it_is_and_a_variable_keeps_its_case() {
    let (value, _) = read(
        r#"listener "TCP" { type = "Unix" }
           env_template "DB_pass" { contents = "x" }
           env_template "B" { contents = "y" }"#,
    )
    .unwrap();
    assert_eq!(value["listener"][0]["type"], "Unix");
    assert_eq!(value["env_template"][0]["name"], "DB_pass");
    let (value, _) =
        read(r#"{"env_template": {"A": {"contents": "x"}, "B": {"contents": "y"}}}"#).unwrap();
    assert_eq!(value["env_template"][1]["name"], "B");
}

#[test]
fn keys_that_nobody_knows_are_found_with_line_and_neighbour() {
    let (_, unknown) = read(
        "exit_after_ath = true\nauto_auth {\n  method \"kubernetes\" {\n    mountpath = \"x\"\n  }\n}\nzzz {}",
    )
    .unwrap();
    assert_eq!(
        unknown,
        [
            "a.hcl:1: unknown key \"exit_after_ath\", did you mean \"exit_after_auth\"?",
            "a.hcl:4: unknown key \"auto_auth.method.mountpath\", did you mean \"mount_path\"?",
            "a.hcl:7: unknown key \"zzz\"",
        ]
    );
}

#[test]
fn templates_and_exec_take_no_unknown_keys() {
    for (text, expected) in [
        (
            "template {\n destinaton = \"/x\" }",
            "a.hcl:2: unknown key \"template[0].destinaton\", did you mean \"destination\"?",
        ),
        (
            "exec { comand = \"x\" }",
            "a.hcl:1: unknown key \"exec.comand\"",
        ),
        (
            "env_template \"A\" { perms = \"0600\" }",
            "a.hcl:1: env_template[A]: 'perms' is not allowed",
        ),
        (
            "template { exec { env { pristin = true } } }",
            "template[0].exec.env.pristin",
        ),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn what_is_refused_says_what_to_do_and_leftovers_pass() {
    let error = read("consul { address = \"x\" }").unwrap_err();
    assert!(
        error.starts_with("a.hcl:1: consul: this agent reads"),
        "{error}"
    );
    let error = read("tpm_cert \"x\" {}").unwrap_err();
    assert!(error.contains("Enterprise"), "{error}");
    let (_, unknown) = read(
        "disable_mlock = true\nlistener \"tcp\" { telemetry { unauthenticated_metrics_access = true } }",
    )
    .unwrap();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn a_block_that_may_stand_once_stands_once() {
    let error = read("vault {}\nvault {}").unwrap_err();
    assert_eq!(
        error,
        "a.hcl:2: one and only one \"vault\" block is required"
    );
    let error = read("auto_auth { method \"a\" {}\n method \"b\" {} }").unwrap_err();
    assert!(error.ends_with("one and only one \"method\" block is required"));
    let (value, _) = read("template { wait { min = \"1s\" }\n wait { min = \"2s\" } }").unwrap();
    assert_eq!(value["template"][0]["wait"], json!([{"min": "2s"}]));
}

#[test]
fn a_bare_number_for_a_templates_duration_is_nanoseconds_or_an_error() {
    let timeout = |text: &str| {
        let (value, _) = read(&format!("template {{ command_timeout = {text} }}"))?;
        Ok::<_, String>(value["template"][0]["command_timeout"].clone())
    };
    assert_eq!(timeout("30000000000").unwrap(), "30000000000ns");
    assert_eq!(timeout("\"30s\"").unwrap(), "30s");
    let error = timeout("30").unwrap_err();
    assert!(
        error.contains("template[0].command_timeout: 30 would be nanoseconds"),
        "{error}"
    );
}
