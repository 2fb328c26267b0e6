//! The keys of a Secret: what is made of names that Kubernetes does not take.

use std::collections::BTreeMap;
use std::fmt::Write;

use operator_api::ConversionStrategy;
use thiserror::Error;

/// The longest key of a Secret, in bytes.
const LIMIT: usize = 253;

/// Keys that cannot be the keys of a Secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Two names became one.
    #[error("secret name collision during conversion: {0}")]
    Collision(String),
    /// Kubernetes does not take them: the reason for the first, as upstream gives it, and the others.
    #[error(
        "invalid secret keys (TIP: use rewrite or conversionStrategy to change keys): {}",
        .0.join(": and ")
    )]
    Invalid(Vec<String>),
}

/// A key without characters that a Secret's key may not have: letters and digits of all scripts stay,
/// and so do `-`, `.` and `_`. Others become `_`, or with [`ConversionStrategy::Unicode`] `_U`, their
/// code point in at least four hexadecimal digits, and `_`.
pub fn convert_key(strategy: ConversionStrategy, key: &str) -> String {
    let mut converted = String::with_capacity(key.len());
    for c in key.chars() {
        if c.is_alphanumeric() || matches!(c, '-' | '.' | '_') {
            converted.push(c);
        } else if strategy == ConversionStrategy::Default {
            converted.push('_');
        } else {
            write!(converted, "_U{:04x}_", u32::from(c)).expect("writing to a String must succeed");
        }
    }
    converted
}

/// Converts all keys.
///
/// # Errors
/// Two keys that become one.
pub fn convert_keys<T>(
    strategy: ConversionStrategy,
    entries: impl IntoIterator<Item = (String, T)>,
) -> Result<BTreeMap<String, T>, KeyError> {
    let mut converted = BTreeMap::new();
    for (key, value) in entries {
        let key = convert_key(strategy, &key);
        if converted.contains_key(&key) {
            return Err(KeyError::Collision(key));
        }
        converted.insert(key, value);
    }
    Ok(converted)
}

/// What a key was before it was converted with [`ConversionStrategy::Unicode`]: `_U`, four to six
/// hexadecimal digits and `_` become the character.
pub fn restore_key(key: &str) -> String {
    let mut restored = String::with_capacity(key.len());
    let mut rest = key;
    while let Some(at) = rest.find("_U") {
        restored.push_str(&rest[..at]);
        let behind = &rest[at + 2..];
        let code = behind.split_once('_').and_then(|(digits, behind)| {
            let is_code = (4..=6).contains(&digits.len())
                && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            let c = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
            is_code.then_some((c, behind))
        });
        if let Some((c, behind)) = code {
            restored.push(c);
            rest = behind;
        } else {
            restored.push_str("_U");
            rest = behind;
        }
    }
    restored.push_str(rest);
    restored
}

/// Takes the entries that a Secret can have: one without a key is dropped.
///
/// # Errors
/// Names all keys that are too long or have other characters than letters and digits of ASCII, `-`,
/// `.` and `_`.
pub fn validate_keys<T>(entries: &mut BTreeMap<String, T>) -> Result<(), KeyError> {
    entries.remove("");
    let invalid: Vec<_> = entries.keys().filter_map(|key| refusal(key)).collect();
    if invalid.is_empty() {
        return Ok(());
    }
    Err(KeyError::Invalid(invalid))
}

/// Why a key cannot be one of a Secret, in upstream's words.
fn refusal(key: &str) -> Option<String> {
    if key.len() > LIMIT {
        return Some(format!(
            "key has length {} but max is {LIMIT}: {key}",
            key.len()
        ));
    }
    // As upstream: letters of other scripts are left to the API server, which refuses them.
    let is_valid = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_');
    let invalid = key.chars().find(|c| !is_valid(*c))?;
    Some(format!(
        "key has invalid character {invalid}, only alphanumeric, '-', '.' and '_' are allowed: {key}"
    ))
}
