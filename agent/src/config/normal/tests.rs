use serde_json::json;

use super::*;

fn mk_normalised(text: &str) -> Normalised {
    let document = hcl::parse(text).unwrap();
    let earlier = AgentConfig::default();
    normalised(&document, "a.hcl", &earlier, &mut Places::default())
}

fn read(text: &str) -> Result<(Json, Vec<String>), String> {
    let read = mk_normalised(text);
    if !read.problems.is_empty() {
        return Err(problems(text).join("\n"));
    }
    let unknown = read.unknown.iter().map(ToString::to_string);
    Ok((Json::Object(read.tree), unknown.collect()))
}

fn problems(text: &str) -> Vec<String> {
    let problems = mk_normalised(text).problems;
    problems.iter().map(ToString::to_string).collect()
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
fn a_value_of_another_type_is_said_with_its_line_and_what_is_taken() {
    let switch = "true or false (as text also 1, t, T, TRUE, True, 0, f, F, FALSE, False)";
    for (text, expected) in [
        ("auto_auth = 3", "1: auto_auth: takes a block, not a whole number".to_owned()),
        ("pid_file = [\"/p\"]", "1: pid_file: takes text, not a list".to_owned()),
        ("{\n\"vault\": {\n\"address\": null}}", "3: vault.address: takes text, not null".to_owned()),
        (
            "template {\n  left_delimiter =\n    5\n}",
            "3: template[0].left_delimiter: takes text, not a whole number".to_owned(),
        ),
        (
            "listener \"tcp\" {\n  tls_disable = \"maybe\"\n}",
            format!("2: listener[0].tls_disable: takes {switch}, not another text"),
        ),
        (
            "exit_after_auth = 2",
            format!("1: exit_after_auth: takes {switch}, not a whole number"),
        ),
        (
            "vault { retry { num_retries = 1.5 } }",
            "1: vault.retry.num_retries: takes a whole number, not a number with a fraction".to_owned(),
        ),
        (
            "template_config { lease_renewal_threshold = \"NaN\" }",
            "1: template_config.lease_renewal_threshold: takes a number, not such text".to_owned(),
        ),
        (
            "template { command = {} }",
            "1: template[0].command: takes text or a list of texts, not an object".to_owned(),
        ),
        (
            "template { exec { command = [[]] } }",
            "1: template[0].exec.command: takes text or a list of texts, not a list of something else"
                .to_owned(),
        ),
        (
            "template { wait = 5 }",
            "1: template[0].wait: takes text or a block, not a whole number".to_owned(),
        ),
        (
            "template { command_timeout = [] }",
            "1: template[0].command_timeout: takes true or false, text or a number, not a list".to_owned(),
        ),
        (
            "auto_auth { method \"kubernetes\" { config = \"role\" } }",
            "1: auto_auth.method.config: takes a block, not text".to_owned(),
        ),
        (
            "env_template \"A\" { contents = true }",
            "1: env_template[A].contents: takes text, not true or false".to_owned(),
        ),
    ] {
        assert_eq!(problems(text), [format!("a.hcl:{expected}")], "{text}");
    }
}

#[test]
fn every_problem_of_a_text_is_found_and_the_rest_is_read() {
    let text = "pid_file = 1\nlog_level = \"info\"\ntemplate { perm = \"0600\" }\n\
                template { destination = 2 }\nvault {}\nvault {}\nconsul {}";
    let read = mk_normalised(text);
    let lines: Vec<_> = problems(text)
        .iter()
        .map(|problem| problem.split(':').nth(1).unwrap().to_owned())
        .collect();
    assert_eq!(lines, ["1", "3", "4", "6", "7"]);
    let tree = Json::Object(read.tree);
    assert_eq!(
        tree,
        json!({"log_level": "info", "template": [{}, {}], "vault": [{}]})
    );
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

#[test]
fn a_text_without_a_unit_is_no_duration_in_a_template_and_seconds_elsewhere() {
    let words = |text: &str, reason: &str| {
        format!("{text}: time: {reason}: write a duration with its unit, such as \"30s\"")
    };
    for (key, path) in [
        ("command_timeout = \"@\"", "command_timeout"),
        ("exec { timeout = \"@\" }", "exec.timeout"),
        ("exec { kill_timeout = \"@\" }", "exec.kill_timeout"),
        ("exec { splay = \"@\" }", "exec.splay"),
        ("wait { min = \"@\" }", "wait.min"),
        ("wait { max = \"@\" }", "wait.max"),
    ] {
        let found = |duration| {
            let text = format!("template {{ {} }}", key.replace('@', duration));
            problems(&text)
        };
        let place = format!("a.hcl:1: template[0].{path}");
        assert_eq!(
            found("30"),
            [words(&place, "missing unit in duration \"30\"")]
        );
        assert_eq!(
            found("5d"),
            [words(&place, "unknown unit \"d\" in duration \"5d\"")]
        );
        for good in ["30s", "0", "1h30m", ""] {
            assert!(found(good).is_empty(), "{path} = {good:?}");
        }
    }
    for elsewhere in [
        "revoke_grace = \"30\"",
        "template_config { static_secret_render_interval = \"30\" }",
        "auto_auth { method \"kubernetes\" { min_backoff = \"30\" max_backoff = 60 wrap_ttl = \"5d\" } }",
    ] {
        assert_eq!(problems(elsewhere), [""; 0], "{elsewhere}");
    }
}
