//! Flags of upstream's that mean nothing here: a manifest that sets them works, and the log says why
//! they have no effect.

use std::ffi::OsString;

const API_LIMIT: &str = "requests to the API server have no limit of their own";
const READ_ON_CHANGE: &str = "what is referred to is read when it changes";
const SHARED: &str = "stores of one identity always share a token";
const VERSIONS: &str = "of Secrets only versions are kept";

/// Each with the reason.
const FLAGS: &[(&str, &str)] = &[
    ("client-burst", API_LIMIT),
    ("client-qps", API_LIMIT),
    ("crd-requeue-interval", "the definitions are not converted"),
    ("enable-aws-session-cache", "stores in AWS are not served"),
    ("enable-configmaps-caching", READ_ON_CHANGE),
    (
        "enable-extended-metric-labels",
        "series have the name and namespace of their objects",
    ),
    ("enable-http2", "metrics are served over HTTP/1"),
    ("enable-managed-secrets-caching", VERSIONS),
    ("enable-partial-cache", VERSIONS),
    ("enable-secret-api-read-on-cache-mismatch", VERSIONS),
    (
        "enable-secret-store-reconciler",
        "stores are always checked",
    ),
    ("enable-secrets-caching", READ_ON_CHANGE),
    ("enable-vault-token-cache", SHARED),
    (
        "experimental-enable-aws-session-cache",
        "stores in AWS are not served",
    ),
    ("experimental-enable-vault-token-cache", SHARED),
    ("experimental-vault-token-cache-size", SHARED),
    ("leader-election-id", "the Lease is named secrets-operator"),
    (
        "metrics-auth",
        "metrics are served without authentication: limit who reaches the port",
    ),
    ("metrics-secure", "metrics are served over plain HTTP"),
    (
        "unsafe-allow-generic-targets",
        "no other resource than a Secret is written",
    ),
    ("vault-token-cache-size", SHARED),
    ("zap-time-encoding", "times are written as RFC 3339"),
];

/// The arguments without those flags, and what to say about each.
pub(crate) fn take(arguments: impl IntoIterator<Item = OsString>) -> (Vec<OsString>, Vec<String>) {
    let mut rest = Vec::new();
    let mut said = Vec::new();
    let mut arguments = arguments.into_iter().peekable();
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy();
        let Some(flag) = text.strip_prefix("--") else {
            rest.push(argument);
            continue;
        };
        let (name, value) = flag
            .split_once('=')
            .map_or((flag, None), |(name, value)| (name, Some(value)));
        let known = FLAGS.iter().find(|(known, _)| *known == name);
        let Some((name, reason)) = known else {
            rest.push(argument);
            continue;
        };
        said.push(format!("--{name} has no effect: {reason}"));
        // A value of its own; a switch has none.
        let has_value = |next: &mut OsString| !next.to_string_lossy().starts_with('-');
        if value.is_none() && arguments.peek_mut().is_some_and(has_value) && !is_switch(name) {
            arguments.next();
        }
    }
    (rest, said)
}

/// A flag that takes no value of its own.
fn is_switch(name: &str) -> bool {
    const PREFIXES: [&str; 4] = ["enable-", "experimental-enable-", "metrics-", "unsafe-"];
    PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_without_a_meaning_goes_with_its_value_and_is_said() {
        let given = [
            "secrets-operator",
            "--client-qps",
            "50",
            "--concurrent=4",
            "--enable-secrets-caching",
            "--metrics-secure=true",
        ];
        let (rest, said) = take(given.map(OsString::from));
        assert_eq!(rest, ["secrets-operator", "--concurrent=4"]);
        assert_eq!(said.len(), 3);
        assert!(
            said[0].starts_with("--client-qps has no effect"),
            "{said:?}"
        );
    }
}
