#![allow(
    clippy::disallowed_methods,
    reason = "configurations of tests hold no secrets"
)]

use super::*;

fn mk_environment(value: &str) -> Environment {
    let pair = (CONFIG_VARIABLE.to_owned(), value.to_owned());
    [pair].into_iter().collect()
}

fn mk_directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(directory.path().join(name), text).unwrap();
    }
    directory
}

fn load(path: &Path) -> Result<Loaded, ConfigError> {
    load_from(&[Source::Path(path.into())], &Environment::default())
}

fn load_from(sources: &[Source], environment: &Environment) -> Result<Loaded, ConfigError> {
    Ok(Loaded::of(sources, environment, false).whole()?)
}

/// All that is said of these files, with their names in the place of their paths.
fn problems(files: &[(&str, &str)], strict: bool) -> Vec<String> {
    let directory = mk_directory(files);
    let sources = [Source::Path(directory.path().into())];
    let environment = Environment::default();
    let loaded = Loaded::of(&sources, &environment, strict);
    let problems = loaded.settings(Overrides::default(), &environment);
    let directory = format!("{}/", directory.path().display());
    let problems = problems.unwrap_err();
    let problems = problems
        .iter()
        .map(|problem| problem.to_string().replace(&directory, ""));
    problems.collect()
}

#[test]
fn the_variables_are_the_default_and_the_flag_wins() {
    let environment = mk_environment("e30=");
    let choose = |flags: &[&str], environment: &Environment| {
        let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        Source::choose(&flags, environment)
    };
    let variable = |name: &str| Source::Variable(name.to_owned());
    let path = |path: &str| Source::Path(path.into());
    assert_eq!(
        choose(&[], &environment).unwrap(),
        [variable("VAULT_CONFIG")]
    );
    let chosen = choose(&["env:OTHER", "/a.json"], &environment).unwrap();
    assert_eq!(chosen, [variable("OTHER"), path("/a.json")]);
    let pair = ("VAULT_AGENT_CONFIG_PATH".to_owned(), "/b".to_owned());
    let chosen = choose(&[], &[pair].into_iter().collect()).unwrap();
    assert_eq!(chosen, [path("/b")]);
    let error = choose(&[], &Environment::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("Must specify exactly at least one config path using -config")
    );
}

#[test]
fn a_variable_holds_base64_of_json_or_hcl() {
    let load = |value: &str| {
        load_from(
            &[Source::Variable(CONFIG_VARIABLE.into())],
            &mk_environment(value),
        )
    };
    // {"pid_file":"/p"}
    let loaded = load("eyJwaWRfZmlsZSI6\nIi9wIn0=\n").unwrap();
    assert_eq!(loaded.config.pid_file, "/p");
    // pid_file = "/p"
    let loaded = load("cGlkX2ZpbGUgPSAiL3AiCg==").unwrap();
    assert_eq!(loaded.config.pid_file, "/p");
    assert!(matches!(load("{}"), Err(ConfigError::Base64 { .. })));
    // {"exit_after_auth":"maybe"}
    let odd = load("eyJleGl0X2FmdGVyX2F1dGgiOiJtYXliZSJ9").unwrap_err();
    assert!(
        odd.to_string()
            .starts_with("VAULT_CONFIG:1: exit_after_auth: takes true or false"),
        "{odd}"
    );
    let unset = load_from(&[Source::Variable("X".into())], &Environment::default());
    assert!(unset.unwrap_err().to_string().contains("X is not set"));
}

#[test]
fn a_file_that_is_not_there_and_a_text_that_is_none_are_named() {
    let error = load(Path::new("/nowhere/agent.json")).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("cannot read /nowhere/agent.json")
    );
    let directory = mk_directory(&[("a.hcl", "pid_file = \"/p\"\nvault {\n")]);
    let error = load(directory.path()).unwrap_err().to_string();
    assert!(error.contains("a.hcl: line 3"), "{error}");
}

#[test]
fn a_directory_is_read_by_name_without_what_editors_leave() {
    let directory = mk_directory(&[
        ("b.json", r#"{"pid_file": "/b", "exit_after_auth": false}"#),
        ("a.hcl", "pid_file = \"/a\"\nexit_after_auth = true"),
        (".#c.hcl", "pid_file = \"/c\""),
        ("d.hcl~", "pid_file = \"/d\""),
        ("e.txt", "pid_file = \"/e\""),
    ]);
    std::fs::create_dir(directory.path().join("f.hcl")).unwrap();
    let config = load(directory.path()).unwrap().config;
    assert_eq!(config.pid_file, "/b");
    assert!(config.exit_after_auth.0);
}

#[test]
fn a_later_file_replaces_blocks_and_adds_templates() {
    let directory = mk_directory(&[
        (
            "1.hcl",
            r#"
            vault { address = "http://one" ca_cert = "/ca" }
            template { destination = "/1" contents = "x" }
            listener "tcp" { address = "127.0.0.1:1" }"#,
        ),
        (
            "2.hcl",
            r#"
            vault { address = "http://two" }
            template { destination = "/2" contents = "x" }
            listener "unix" { address = "/s" }"#,
        ),
    ]);
    let config = load(directory.path()).unwrap().config;
    let vault = config.vault.unwrap();
    assert_eq!(
        (vault.address.as_str(), vault.ca_cert.as_str()),
        ("http://two", "")
    );
    assert_eq!((config.template.len(), config.listener.len()), (2, 2));
}

#[test]
fn all_problems_of_all_files_are_said_with_their_places() {
    let login = "auto_auth { method \"kubernetes\" { config { role = \"r\" } } }\n";
    let found = problems(
        &[
            (
                "1.hcl",
                &format!("{login}pid_file = []\ntemplate {{ destinaton = \"/1\" }}"),
            ),
            (
                "2.hcl",
                "template {\n contents = \"x\"\n destination = 2 }\nexit_after_ath = true",
            ),
            (
                "3.hcl",
                "listener \"tcp\" {\n\n role = \"admin\" tls_disable = true }\ncache {}",
            ),
            (
                "4.hcl",
                "vault { retry { num_retries = true } }\nrevoke_grace = \"soon\"",
            ),
        ],
        true,
    );
    assert_eq!(
        found,
        [
            "1.hcl:2: pid_file: takes text, not a list",
            "1.hcl:3: unknown key \"template[0].destinaton\", did you mean \"destination\"?",
            "2.hcl:3: template[1].destination: takes text, not a whole number",
            "4.hcl:1: vault.retry.num_retries: takes a whole number, not true or false",
            "2.hcl:4: unknown key \"exit_after_ath\", did you mean \"exit_after_auth\"?",
            "3.hcl:3: listener[0].role: unknown role \"admin\": give default or metrics_only",
            "4.hcl:2: revoke_grace: time: invalid duration \"soon\"",
        ]
    );
}

#[test]
fn a_problem_has_the_place_of_the_block_that_counts() {
    let found = problems(
        &[
            (
                "1.hcl",
                "auto_auth {\n method \"kubernetes\" {\n config {\n role = \"r\" } } }",
            ),
            (
                "2.hcl",
                "\nauto_auth {\n\n method \"kubernetes\" {} }\ntemplate {\n contents = \"x\" destination = \"/x\" }",
            ),
        ],
        false,
    );
    assert_eq!(
        found,
        ["2.hcl:4: auto_auth.method.config: missing 'role' value"]
    );
    let variable = r#"{"exec": {"command": ["a"]},
        "auto_auth": {"method": {"type": "kubernetes", "config": {"role": "r"}}},
        "env_template": [
        {"name": "A", "contents": "x"},
        {"name": "B", "contents": "x",
         "engine": "jinja"}]}"#;
    let found = problems(&[("a.json", variable)], false);
    assert!(
        found[0].starts_with("a.json:6: env_template[B].engine: "),
        "{found:?}"
    );
}

#[test]
fn a_problem_of_one_template_hides_no_problem_of_another_block() {
    let login = "auto_auth { method \"kubernetes\" { config { role = \"r\" } } }\n";
    let templates = "template {\n contents = \"x\"\n destinaton = \"/0\"\n}\n\
                     template {\n destination = \"/1\"\n}\n\
                     template {\n contents = \"x\"\n destination = \"/2\"\n perms = \"rw\"\n}\n\
                     disable_keep_alives = [\"all\"]\n";
    let found = problems(&[("a.hcl", &format!("{login}{templates}"))], false);
    let starts = [
        "a.hcl:4: unknown key \"template[0].destinaton\"",
        "a.hcl:14: unknown disable_keep_alives value: all",
        "a.hcl:6: template: must specify exactly one of 'source' or 'contents'",
        "a.hcl:12: template[2] (/2).perms: ",
    ];
    assert_eq!(found.len(), starts.len(), "{found:?}");
    for (problem, start) in found.iter().zip(starts) {
        assert!(problem.starts_with(start), "{problem:?} lacks {start:?}");
    }
}

#[test]
fn rules_between_blocks_have_the_line_of_one_of_them() {
    let login = "auto_auth {\n method \"kubernetes\" { config { role = \"r\" } }\n}\n";
    for (text, expected) in [
        ("", "a.hcl:1: auto_auth requires at least one sink"),
        (
            "exec { command = \"x\" }",
            "a.hcl:4: must specify at least one 'env_template' element",
        ),
        (
            "exec {\n command = \"x\"\n restart_on_secret_changes = \"x\"\n}\n\
             env_template \"A\" { contents = \"a\" }",
            "a.hcl:6: 'exec.restart_on_secret_changes' unexpected value: \"x\"",
        ),
        (
            "exec { command = \"x\" }\nenv_template \"A\" {}",
            "a.hcl:5: env_template[A]: must specify exactly one of",
        ),
        (
            "template {\n contents = \"a\"\n destination = \"/a\"\n}\napi_proxy {}",
            "a.hcl:8: api_proxy requires at least 1 listener",
        ),
    ] {
        let found = problems(&[("a.hcl", &format!("{login}{text}"))], false);
        assert!(
            found.iter().any(|problem| problem.starts_with(expected)),
            "{found:?} lacks {expected:?}"
        );
    }
}

#[test]
fn an_empty_directory_is_named_unless_there_is_another_configuration() {
    let empty = mk_directory(&[("agent.yaml", "")]);
    let path = empty.path().display().to_string();
    let error = load(empty.path()).unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "{path}: the directory has no configuration: put at least one file into it whose name ends \
             in .hcl or .json"
        )
    );
    let other = mk_directory(&[("a.hcl", "pid_file = \"/p\"")]);
    let sources = [empty.path(), other.path()].map(|path| Source::Path(path.into()));
    let loaded = load_from(&sources, &Environment::default()).unwrap();
    assert_eq!(loaded.config.pid_file, "/p");
}

#[test]
fn what_only_follows_from_another_problem_is_not_said() {
    // Neither a template without a destination nor an agent without a login.
    let found = problems(
        &[("a.hcl", "auto_auth = 3\ntemplate { destination = 5 }")],
        false,
    );
    assert_eq!(found.len(), 2, "{found:?}");
    let found = problems(
        &[
            ("a.hcl", "vault {"),
            ("b.hcl", "listener \"tcp\" { address = 1 }"),
        ],
        false,
    );
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("a.hcl: line 1"), "{found:?}");
}

#[test]
fn a_configuration_in_several_variables_is_read_as_one() {
    let config = r#"{"vault": {"address": "http://vault:8200"}, "pid_file": "/a/long/path"}"#;
    let encoded = STANDARD.encode(config);
    let (first, second) = encoded.split_at(41);
    let variables = |second: &str| -> Environment {
        let pairs = [("VAULT_CONFIG", first), ("VAULT_CONFIG_2", second)];
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        pairs.into_iter().map(own).collect()
    };
    let sources = [Source::Variable(CONFIG_VARIABLE.to_owned())];
    let loaded = load_from(&sources, &variables(second)).unwrap();
    assert_eq!(loaded.config.pid_file, "/a/long/path");
    let foreign = load_from(&sources, &variables("production")).unwrap_err();
    let foreign = foreign.to_string();
    assert!(
        foreign.starts_with("VAULT_CONFIG to VAULT_CONFIG_2"),
        "{foreign}"
    );
}
