//! Keys that are annotations of ours under a prefix that the injector does not read.

use contract::annotations::{self, Classification};
use contract::names::{ANNOTATION_PREFIX, OPENBAO_PREFIX};

/// What prefixes are written instead of the slash of ours, as names that may hold none are.
const WITHOUT_SLASH: [&str; 6] = [
    "vault-hashicorp-com-",
    "vault.hashicorp.com-",
    "vault.hashicorp.com.",
    "openbao-org-",
    "openbao.org-",
    "openbao.org.",
];

/// Whether a key is ours, or meant to be. A key without any prefix is meant to be one only in a map
/// of annotations.
pub(super) fn concerns(key: &str, is_annotation: bool) -> bool {
    annotations::split_prefix(key).is_some()
        || corrected(key).is_some_and(|_| is_annotation || key.contains('/'))
}

/// The key that one under a wrong prefix is meant to be.
pub(super) fn corrected(key: &str) -> Option<String> {
    if annotations::split_prefix(key).is_some() {
        return None;
    }
    let (written, short) = match key.split_once('/') {
        Some((host, short)) if is_known(short) && is_meant(host, short) => (host, short),
        Some(_) => return None,
        None => without_slash(key)?,
    };
    let prefix = if written.contains("bao") || nearest_host(written) == Some(OPENBAO_HOST) {
        OPENBAO_PREFIX
    } else {
        ANNOTATION_PREFIX
    };
    Some(format!("{prefix}{short}"))
}

const VAULT_HOST: &str = "vault.hashicorp.com";
const OPENBAO_HOST: &str = "openbao.org";

fn nearest_host(host: &str) -> Option<&'static str> {
    annotations::nearest_of(host, [VAULT_HOST, OPENBAO_HOST])
}

/// Products of others have vault in their prefixes, too, and roles and services of their own. What
/// begins with `agent-` is ours.
fn is_meant(host: &str, short: &str) -> bool {
    let names = |word: &str| host.contains(word);
    nearest_host(&host.to_ascii_lowercase()).is_some()
        || names("openbao")
        || host == "hashicorp.com"
        || (names("hashicorp") && names("vault"))
        || (short.starts_with("agent-") && (names("vault") || names("bao") || names("hashicorp")))
        || short.starts_with("agent-inject-secret")
        || short.starts_with("agent-inject-template")
}

fn without_slash(key: &str) -> Option<(&str, &str)> {
    let written = WITHOUT_SLASH
        .iter()
        .find(|written| key.starts_with(**written));
    let at = match written {
        Some(written) => written.len(),
        None if key.starts_with("agent-inject") => 0,
        None => return None,
    };
    let (written, short) = key.split_at(at);
    is_known(short).then_some((written, short))
}

fn is_known(short: &str) -> bool {
    matches!(
        annotations::classify_short(short),
        Classification::Known { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_prefix_is_told_from_another_products() {
        for (key, right) in [
            ("vault.hashicop.com/role", "vault.hashicorp.com/role"),
            ("Vault.HashiCorp.com/role", "vault.hashicorp.com/role"),
            (
                "valut.hashicorp.com/agent-inject",
                "vault.hashicorp.com/agent-inject",
            ),
            (
                "hashicorp.com/agent-inject",
                "vault.hashicorp.com/agent-inject",
            ),
            ("vault.io/agent-inject", "vault.hashicorp.com/agent-inject"),
            ("openbao.openbao.org/role", "openbao.org/role"),
            (
                "bao.openbao.org/agent-inject-secret-a",
                "openbao.org/agent-inject-secret-a",
            ),
            ("openboa.org/agent-inject", "openbao.org/agent-inject"),
            (
                "vault-hashicorp-com-agent-requests-cpu",
                "vault.hashicorp.com/agent-requests-cpu",
            ),
            ("agent-inject", "vault.hashicorp.com/agent-inject"),
        ] {
            assert_eq!(corrected(key).as_deref(), Some(right), "{key}");
        }
        for key in [
            "vault.hashicorp.com/role",
            "vault.hashicorp.com/no-such-key",
            "openbao.org/agent-inject",
            "vault.security.banzaicloud.io/vault-role",
            "vault.security.banzaicloud.io/role",
            "iam.example.com/role",
            "prometheus.io/port",
            "consul.hashicorp.com/service",
            "example.com/agent-inject",
            "role",
            "agent-image",
        ] {
            assert_eq!(corrected(key), None, "{key}");
        }
    }
}
