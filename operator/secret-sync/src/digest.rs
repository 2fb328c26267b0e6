//! The digests by which an operator finds its own work again. They are taken of Go's `%+v`, so that a
//! Secret which External Secrets Operator wrote counts as written.

use std::collections::BTreeMap;
use std::fmt::Write;

use sha3::{Digest, Sha3_224};

use crate::Data;

/// The prefix of the field managers that write Secrets.
const FIELD_MANAGER: &str = "externalsecrets.external-secrets.io/";
/// The longest name of a field manager, in bytes: that of a label's value.
const FIELD_MANAGER_LIMIT: usize = 63;

/// SHA3-224 of a text, in hexadecimal.
fn sha3_224(text: &str) -> String {
    let mut hex = String::with_capacity(56);
    for byte in Sha3_224::digest(text.as_bytes()) {
        write!(hex, "{byte:02x}").expect("writing to a String must succeed");
    }
    hex
}

/// The value of the annotation `reconcile.external-secrets.io/data-hash`.
///
/// ```
/// let empty = secret_sync::data_hash(&secret_sync::Data::new());
/// assert_eq!(empty, "74a974446e359fb3e6baff9bd0058950e6edd0f040888d9989b0a11b");
/// ```
pub fn data_hash(data: &Data) -> String {
    let mut text = String::from("map[");
    for (index, (key, value)) in data.iter().enumerate() {
        let space = if index == 0 { "" } else { " " };
        write!(text, "{space}{key}:[").expect("writing to a String must succeed");
        for (index, byte) in value.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            write!(text, "{space}{byte}").expect("writing to a String must succeed");
        }
        text.push(']');
    }
    text.push(']');
    sha3_224(&text)
}

/// The value of the label `reconcile.external-secrets.io/created-by`: whose Secret it is.
pub fn owner_label(namespace: &str, name: &str) -> String {
    sha3_224(&format!("{namespace}/{name}"))
}

/// The `syncedResourceVersion` of an object: another one asks for a refresh.
pub fn resource_version(
    generation: i64,
    annotations: &BTreeMap<String, String>,
    labels: &BTreeMap<String, String>,
) -> String {
    let text = format!(
        "{{annotations:{} labels:{}}}",
        shown(annotations),
        shown(labels)
    );
    format!("{generation}-{}", sha3_224(&text))
}

fn shown(map: &BTreeMap<String, String>) -> String {
    let entries: Vec<_> = map
        .iter()
        .map(|(key, value)| format!("{key}:{value}"))
        .collect();
    format!("map[{}]", entries.join(" "))
}

/// The field manager under which the keys of an `ExternalSecret` are written: Kubernetes keeps which
/// ones it wrote. A name that does not fit is replaced by its digest.
pub fn field_manager(name: &str) -> String {
    let manager = format!("{FIELD_MANAGER}{name}");
    if manager.len() > FIELD_MANAGER_LIMIT {
        return format!("{FIELD_MANAGER}sha3/{}", sha3_224(name));
    }
    manager
}
