//! Flags of upstream's that mean nothing here: a manifest that sets them works, and the log says why
//! they have no effect.

use std::ffi::OsString;

/// Each with the reason.
const FLAGS: &[(&str, &str)] = &[
    (
        "client-burst",
        "requests to the API server have no limit of their own",
    ),
    (
        "client-qps",
        "requests to the API server have no limit of their own",
    ),
    ("crd-requeue-interval", "the definitions are not converted"),
    (
        "enable-configmaps-caching",
        "what is referred to is read when it changes",
    ),
    (
        "enable-extended-metric-labels",
        "series have the name and namespace of their objects",
    ),
    ("enable-http2", "metrics are served over HTTP/1"),
    (
        "enable-managed-secrets-caching",
        "of Secrets only versions are kept",
    ),
    (
        "enable-secret-api-read-on-cache-mismatch",
        "Secrets are read from the API server",
    ),
    (
        "enable-secrets-caching",
        "what is referred to is read when it changes",
    ),
    (
        "enable-vault-token-cache",
        "stores of one identity always share a token",
    ),
    (
        "experimental-enable-vault-token-cache",
        "stores of one identity always share a token",
    ),
    (
        "experimental-vault-token-cache-size",
        "stores of one identity always share a token",
    ),
    ("leader-election-id", "the Lease is named secrets-operator"),
    (
        "metrics-auth",
        "metrics are served without authentication: limit who reaches the port",
    ),
    ("metrics-secure", "metrics are served over plain HTTP"),
    (
        "vault-token-cache-size",
        "stores of one identity always share a token",
    ),
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
        if value.is_none()
            && arguments.peek_mut().is_some_and(has_value)
            && !name.starts_with("enable")
        {
            arguments.next();
        }
    }
    (rest, said)
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
