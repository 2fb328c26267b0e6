//! Which variables of the environment override what the file has.

use std::path::Path;

use serde_json::json;

use super::*;

fn in_environment(environment: &[(&str, &str)]) -> Settings {
    settings_of(&mk_config(), environment).unwrap()
}

#[test]
fn the_environment_goes_before_the_file() {
    assert_eq!(in_environment(&[]).vault.address, "http://file:8200");
    let settings = in_environment(&[
        ("VAULT_ADDR", "http://env:8200"),
        ("VAULT_CACERT", "/ca.pem"),
        ("VAULT_CACERT_BYTES", "pem"),
        ("VAULT_NAMESPACE", "/team/a/"),
        ("VAULT_TLS_SERVER_NAME", "vault"),
        ("VAULT_CLIENT_TIMEOUT", "5"),
        ("VAULT_MAX_RETRIES", "2"),
    ]);
    let vault = &settings.vault;
    assert_eq!(vault.address, "http://env:8200");
    assert_eq!(vault.ca_cert.as_deref(), Some(Path::new("/ca.pem")));
    assert_eq!(vault.ca_cert_bytes.as_deref(), Some(&b"pem"[..]));
    assert_eq!(vault.namespace.as_deref(), Some("team/a"));
    assert_eq!(vault.tls_server_name.as_deref(), Some("vault"));
    assert_eq!((vault.timeout.as_secs(), vault.max_retries), (5, 2));
    assert!(
        settings
            .command_environment
            .contains(&("VAULT_ADDR".into(), "http://env:8200".into()))
    );
    assert!(
        settings
            .command_environment
            .contains(&("VAULT_CACERT".into(), "/ca.pem".into()))
    );
    assert!(
        !settings
            .command_environment
            .iter()
            .any(|(name, _)| name.contains("TOKEN"))
    );
}

#[test]
fn a_variable_that_is_set_but_empty_puts_the_default_before_the_file() {
    assert_eq!(
        in_environment(&[("VAULT_ADDR", "")]).vault.address,
        "https://127.0.0.1:8200"
    );
}

/// The namespaces of the login and of the secrets.
fn namespaces(
    of_method: &str,
    of_vault: &str,
    environment: &[(&str, &str)],
) -> [Option<String>; 2] {
    let mut config = mk_config();
    config["auto_auth"]["method"]["namespace"] = json!(of_method);
    config["vault"]["namespace"] = json!(of_vault);
    let settings = settings_of(&config, environment).unwrap();
    let login = settings.login.unwrap().namespace;
    let of_secrets = settings.vault.namespace;
    [login.or_else(|| of_secrets.clone()), of_secrets]
}

#[test]
fn the_namespace_of_the_method_is_the_logins_and_holds_for_secrets_only_if_it_is_alone() {
    let both = |login: &str, secrets: &str| {
        [login, secrets].map(|name| (!name.is_empty()).then(|| name.to_owned()))
    };
    let variable = [("VAULT_NAMESPACE", "/env")];
    assert_eq!(namespaces("/m/", "", &[]), both("m", "m"));
    assert_eq!(namespaces("m", "v", &[]), both("m", "v"));
    assert_eq!(namespaces("m", "", &variable), both("m", "env"));
    assert_eq!(namespaces("m", "v", &variable), both("m", "env"));
    assert_eq!(namespaces("", "v", &variable), both("env", "env"));
    assert_eq!(namespaces("", "v/", &[]), both("v", "v"));
    assert_eq!(namespaces("", "", &[]), both("", ""));
    // A variable that is set but empty names the root namespace.
    let root = [("VAULT_NAMESPACE", "")];
    assert_eq!(namespaces("m", "v", &root), both("m", ""));
}

#[test]
fn verification_is_turned_off_by_true_and_by_nothing_else() {
    let skip = |value| {
        in_environment(&[("VAULT_SKIP_VERIFY", value)])
            .vault
            .skip_verify
    };
    assert!(skip("true") && skip("1") && skip("T"));
    assert!(!skip("false") && !skip("0") && !skip(""));
    let mut config = mk_config();
    config["vault"]["tls_skip_verify"] = json!(true);
    let settings = settings_of(&config, &[("VAULT_SKIP_VERIFY", "false")]).unwrap();
    assert!(!settings.vault.skip_verify);
    let error = settings_of(&config, &[("VAULT_SKIP_VERIFY", "maybe")]).unwrap_err();
    assert!(
        error.to_string().starts_with("VAULT_SKIP_VERIFY: "),
        "{error}"
    );
}

#[test]
fn a_proxy_that_cannot_be_one_is_refused_by_its_variable_without_its_password() {
    let environment = [("VAULT_PROXY_ADDR", "socks5://user:canary@proxy")];
    let error = settings_of(&mk_config(), &environment).unwrap_err();
    let error = error.to_string();
    assert!(error.starts_with("VAULT_PROXY_ADDR: "), "{error}");
    assert!(!error.contains("canary"), "{error}");
}
