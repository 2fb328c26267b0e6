//! The auth methods of the stock Vault Agent, which knows more of them and asks for other settings.

use std::collections::BTreeMap;

use serde_json::Value;

use super::options::{MethodError, Options};

/// Its methods, and the settings that each has to have.
const METHODS: &[(&str, &[&str])] = &[
    ("kubernetes", &["role"]),
    ("jwt", &["path", "role"]),
    ("approle", &["role_id_file_path"]),
    ("cert", &[]),
    ("token_file", &["token_file_path"]),
    ("aws", &["type", "role"]),
    ("gcp", &["type", "role"]),
    ("azure", &["role", "resource"]),
    ("alicloud", &["role", "region"]),
    ("cf", &["role"]),
    (
        "kerberos",
        &[
            "username",
            "service",
            "realm",
            "keytab_path",
            "krb5conf_path",
        ],
    ),
    ("ldap", &["username", "password_file_path"]),
    ("oci", &["type", "role"]),
];

/// The names of its methods.
pub const STOCK_METHODS: &[&str] = &{
    let mut names = [""; METHODS.len()];
    let mut at = 0;
    while at < METHODS.len() {
        names[at] = METHODS[at].0;
        at += 1;
    }
    names
};

/// Checks what the stock agent asks of a method.
///
/// # Errors
///
/// It has no such method, or a setting is missing.
pub fn stock_method(kind: &str, config: &BTreeMap<String, Value>) -> Result<(), MethodError> {
    let required = METHODS.iter().find(|(name, _)| *name == kind);
    let (_, required) = required.ok_or_else(|| MethodError::Unknown {
        name: kind.to_owned(),
        known: STOCK_METHODS,
        refused: false,
    })?;
    let options = Options::new(config);
    required
        .iter()
        .try_for_each(|key| options.required(key).map(drop))
}
