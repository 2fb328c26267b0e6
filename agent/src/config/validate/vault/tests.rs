use super::*;

fn mk_environment(pairs: &[(&str, &str)]) -> Environment {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn mk_flags(text: &str) -> ClientFlags {
    let flag = || Some(text.to_owned());
    ClientFlags {
        address: flag(),
        ca_cert: flag(),
        ca_path: flag(),
        client_cert: flag(),
        client_key: flag(),
        tls_server_name: flag(),
        namespace: flag(),
        ..ClientFlags::default()
    }
}

fn mk_file(text: &str) -> Written {
    Written {
        address: text.to_owned(),
        ca_cert: text.to_owned(),
        ca_path: text.to_owned(),
        client_cert: text.to_owned(),
        client_key: text.to_owned(),
        tls_server_name: text.to_owned(),
        namespace: text.to_owned(),
        ..Written::default()
    }
}

/// Address, CA file, CA directory, client certificate, its key, server name, namespace.
fn texts(client: &ClientConfig) -> [Option<String>; 7] {
    let path = |path: &Option<std::path::PathBuf>| Some(path.as_ref()?.display().to_string());
    [
        Some(client.address.clone()),
        path(&client.ca_cert),
        path(&client.ca_path),
        path(&client.client_cert),
        path(&client.client_key),
        client.tls_server_name.clone(),
        client.namespace.clone(),
    ]
}

const NAMES: [&str; 7] = [
    "ADDR",
    "CACERT",
    "CAPATH",
    "CLIENT_CERT",
    "CLIENT_KEY",
    "TLS_SERVER_NAME",
    "NAMESPACE",
];

fn mk_all(prefix: &str, value: &str) -> Vec<(String, String)> {
    let names = NAMES.iter();
    names
        .map(|name| (format!("{prefix}{name}"), value.to_owned()))
        .collect()
}

#[test]
fn a_flag_wins_over_a_variable_and_a_variable_over_the_file() {
    let all = |text: &str| [(); 7].map(|()| Some(text.to_owned()));
    let of = |flags: &ClientFlags, environment: Vec<(String, String)>| {
        let environment = environment.into_iter().collect();
        texts(&client_config(&mk_file("file"), "method", flags, &environment).unwrap())
    };
    let none = ClientFlags::default();
    assert_eq!(of(&none, Vec::new()), all("file"));
    assert_eq!(of(&none, mk_all("BAO_", "bao")), all("bao"));
    let both = [mk_all("BAO_", "bao"), mk_all("VAULT_", "vault")].concat();
    assert_eq!(of(&none, both.clone()), all("vault"));
    assert_eq!(of(&mk_flags("flag"), both), all("flag"));
    let mut default = all("");
    default.fill(None);
    default[0] = Some(DEFAULT_ADDRESS.to_owned());
    assert_eq!(of(&none, mk_all("VAULT_", "")), default);
}

#[test]
fn the_methods_namespace_holds_where_no_other_is_given() {
    let of = |file: &str| {
        let file = Written {
            namespace: file.to_owned(),
            ..Written::default()
        };
        let flags = ClientFlags::default();
        client_config(&file, "/method/", &flags, &Environment::default())
            .unwrap()
            .namespace
    };
    assert_eq!(of("").as_deref(), Some("method"));
    assert_eq!(of("file/").as_deref(), Some("file"));
}

#[test]
fn verification_is_off_only_where_a_true_value_says_so() {
    let of = |flag: Option<bool>, variable: Option<&str>, file: bool| {
        let flags = ClientFlags {
            tls_skip_verify: flag,
            ..ClientFlags::default()
        };
        let file = Written {
            tls_skip_verify: file.into(),
            ..Written::default()
        };
        let variable = variable.map(|value| ("VAULT_SKIP_VERIFY", value));
        let environment = mk_environment(variable.as_slice());
        client_config(&file, "", &flags, &environment).map(|client| client.skip_verify)
    };
    let cases = [
        (None, None, false, false),
        (None, None, true, true),
        (None, Some("false"), true, false),
        (None, Some(""), true, true),
        (None, Some("1"), false, true),
        (Some(false), Some("true"), true, false),
        (Some(true), Some("false"), false, true),
    ];
    for (flag, variable, file, expected) in cases {
        let found = of(flag, variable, file).unwrap();
        assert_eq!(found, expected, "{flag:?} {variable:?} {file}");
    }
    let error = of(None, Some("perhaps"), false).unwrap_err().to_string();
    assert!(error.starts_with("VAULT_SKIP_VERIFY: "), "{error}");
}

#[test]
fn variables_of_the_client_are_read_and_named_where_they_are_wrong() {
    let of = |name: &str, value: &str| {
        let environment = mk_environment(&[(name, value)]);
        client_config(
            &Written::default(),
            "",
            &ClientFlags::default(),
            &environment,
        )
    };
    assert_eq!(
        of("VAULT_CLIENT_TIMEOUT", "5").unwrap().timeout.as_secs(),
        5
    );
    assert_eq!(
        of("BAO_CLIENT_TIMEOUT", "2m").unwrap().timeout.as_secs(),
        120
    );
    assert_eq!(of("VAULT_MAX_RETRIES", "3").unwrap().max_retries, 3);
    assert!(!of("VAULT_DISABLE_REDIRECTS", "t").unwrap().follow_redirects);
    assert!(
        of("VAULT_RATE_LIMIT", "10:20")
            .unwrap()
            .rate_limit
            .is_some()
    );
    for name in [
        "VAULT_CLIENT_TIMEOUT",
        "BAO_MAX_RETRIES",
        "VAULT_RATE_LIMIT",
        "VAULT_DISABLE_REDIRECTS",
    ] {
        let error = of(name, "x-1").unwrap_err().to_string();
        assert!(error.starts_with(&format!("{name}: ")), "{error}");
    }
}

#[test]
fn a_local_agent_is_asked_by_commands_and_never_by_the_agent() {
    let environment = mk_environment(&[
        ("VAULT_ADDR", "https://server"),
        ("VAULT_AGENT_ADDR", "http://agent"),
    ]);
    let flags = ClientFlags::default();
    let command = client_of_flags(&flags, &environment).unwrap();
    assert_eq!(command.address, "http://agent");
    let agent = client_config(&Written::default(), "", &flags, &environment).unwrap();
    assert_eq!(agent.address, "https://server");
    let address = server_address(&flags, &environment).unwrap();
    assert_eq!(address, "https://server");
}

#[test]
fn each_address_of_a_list_is_checked_and_a_command_asks_the_first() {
    let flags = ClientFlags::default();
    let environment = mk_environment(&[("VAULT_ADDR", ",https://a:1, https://b,")]);
    let agent = client_config(&Written::default(), "", &flags, &environment).unwrap();
    assert_eq!(agent.address, ",https://a:1, https://b,");
    check_address(&agent, &flags, &environment).unwrap();
    let command = client_of_flags(&flags, &environment).unwrap();
    assert_eq!(command.address, "https://a:1");
    let written = Written {
        address: "https://a, b:8200".to_owned(),
        ..Written::default()
    };
    let error = |environment: &Environment| {
        let client = client_config(&written, "", &flags, environment).unwrap();
        let checked = check_address(&client, &flags, environment);
        checked.unwrap_err().to_string()
    };
    let words = error(&mk_environment(&[]));
    assert!(
        words.starts_with("vault.address: Vault address \"b:8200\": it must begin with http://"),
        "{words}"
    );
    let words = error(&mk_environment(&[("VAULT_ADDR", "unix://vault.sock")]));
    assert!(words.starts_with("VAULT_ADDR: "), "{words}");
}
