//! Keys of other products, and those that people guess: what each is written as here.
//!
//! Where they come from: the reference of Bank-Vaults' `vault.security.banzaicloud.io/…`, public
//! manifests with keys that no release of upstream has had, and the flags and variables of the
//! injector and of Vault itself.

#[allow(
    clippy::wildcard_imports,
    reason = "nearly every annotation has another name"
)]
use super::*;

/// What a key is written as here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Counterpart {
    /// A key without the prefix, with the name that was written, or `NAME` where there was none.
    Key(String),
    /// There is none; what to do instead.
    Instead(&'static str),
}

/// Variables of the environment, which the agent cannot set.
const VARIABLES: &str = "the agent writes files, not variables: write KEY=value lines with \
    agent-inject-template-NAME, and let the container's command read the file";

/// Our key, and what others call it, separated by blanks. Where ours takes a name, theirs may be
/// followed by one.
const SAME: &[(&AnnotationSpec, &str)] = &[
    (
        &INJECT,
        "inject agent agent-enable agent-enabled agent-injection agent-inject-enabled enabled \
         inject-agent vault-inject",
    ),
    (
        &SECRET,
        "secret agent-secret agent-inject-vault-secret inject-secret vault-secret \
         vault-agent-inject-secret",
    ),
    (
        &TEMPLATE,
        "template agent-template inject-template vault-template vault-agent-inject-template",
    ),
    (&TEMPLATE_FILE, "agent-template-file template-file"),
    (&TEMPLATE_ENGINE, "template-engine"),
    (&AUTH_MIN_BACKOFF, "agent-auth-min-backoff min-backoff"),
    (&AUTH_MAX_BACKOFF, "agent-auth-max-backoff max-backoff"),
    (&DEFAULT_TEMPLATE, "agent-default-template default-template"),
    (
        &FILE,
        "agent-file agent-inject-filename agent-inject-path file",
    ),
    (
        &PERMS,
        "agent-inject-mode agent-inject-permission agent-inject-permissions agent-perms perms",
    ),
    (&COMMAND, "agent-command command"),
    (
        &LEFT_DELIMITER,
        "agent-inject-left-delim agent-inject-left-delimiter agent-left-delim \
         agent-template-left-delimiter left-delim left-delimiter",
    ),
    (
        &RIGHT_DELIMITER,
        "agent-inject-right-delim agent-inject-right-delimiter agent-right-delim \
         agent-template-right-delimiter right-delim right-delimiter",
    ),
    (
        &PRESERVE_SECRET_CASE,
        "agent-preserve-secret-case agent-inject-preserve-secret-case",
    ),
    (
        &ERROR_ON_MISSING_KEY,
        "agent-error-on-missing-key agent-inject-error-on-missing-key",
    ),
    (
        &SECRET_VOLUME_PATH,
        "agent-inject-volume-path agent-secret-volume-path agent-volume-path agent-secrets-path \
         secrets-path secrets-volume-path volume-path",
    ),
    (
        &INJECT_CONTAINERS,
        "agent-containers containers inject-containers",
    ),
    (
        &PRE_POPULATE_ONLY,
        "agent-exit-after-auth agent-init-only agent-inject-init-only \
         agent-inject-pre-populate-only exit-after-auth pre-populate-only",
    ),
    (&PRE_POPULATE, "agent-inject-pre-populate pre-populate"),
    (&INIT_FIRST, "agent-inject-init-first init-first"),
    (
        &SERVICE,
        "addr address agent-address agent-inject-address agent-inject-service \
         agent-inject-vault-addr agent-inject-vault-address agent-service agent-vault-addr \
         agent-vault-address server url vault-addr vault-address vault-server vault-service \
         vault-url",
    ),
    (
        &NAMESPACE,
        "agent-inject-namespace agent-namespace agent-vault-namespace vault-namespace",
    ),
    (
        &PROXY_ADDRESS,
        "agent-proxy-address http-proxy https-proxy proxy proxy-addr vault-proxy-address",
    ),
    (&TLS_SECRET, "agent-tls-secret vault-tls-secret"),
    (
        &CA_CERT,
        "agent-ca-cert ca-certificate cacert tls-ca-cert vault-ca-cert vault-cacert",
    ),
    (&CA_KEY, "ca-path capath vault-ca-path vault-capath"),
    (
        &CLIENT_CERT,
        "client-certificate tls-cert tls-client-cert vault-client-cert",
    ),
    (&CLIENT_KEY, "tls-client-key tls-key vault-client-key"),
    (
        &TLS_SERVER_NAME,
        "agent-tls-server-name vault-tls-server-name",
    ),
    (
        &TLS_SKIP_VERIFY,
        "agent-tls-skip-verify insecure insecure-skip-verify skip-verify vault-skip-verify",
    ),
    (&CLIENT_TIMEOUT, "agent-client-timeout vault-client-timeout"),
    (
        &CLIENT_MAX_RETRIES,
        "agent-client-max-retries max-retries vault-max-retries",
    ),
    (
        &LOG_LEVEL,
        "agent-inject-log-level agent-log-level vault-log-level",
    ),
    (
        &LOG_FORMAT,
        "agent-inject-log-format agent-log-format vault-env-log-format vault-log-format",
    ),
    (
        &ROLE,
        "agent-auth-role agent-inject-role agent-inject-vault-role agent-role agent-vault-role \
         auth-role kubernetes-role role-name vault-role",
    ),
    (
        &AUTH_TYPE,
        "agent-auth-type agent-inject-auth-type auth-method auth-method-type vault-auth-method \
         vault-auth-type",
    ),
    (
        &AUTH_PATH,
        "agent-auth-path agent-inject-auth-path auth-method-path auth-mount auth-mount-path \
         mount-path vault-auth-path vault-path",
    ),
    (&AUTH_CONFIG, "agent-auth-config auth-method-config"),
    (
        &TOKEN_VOLUME,
        "agent-token-volume-name service-account-token-volume-name token-volume-name \
         vault-serviceaccount-token-volume-name",
    ),
    (
        &TOKEN_AUDIENCE,
        "agent-audience agent-service-account-token-audience audience auth-audience \
         token-audience",
    ),
    (
        &IMAGE,
        "agent-inject-image image vault-image vault-agent-image",
    ),
    (
        &IMAGE_PULL_POLICY,
        "image-pull-policy vault-image-pull-policy vault-env-image-pull-policy",
    ),
    (
        &EXTRA_ENV,
        "agent-env agent-environment agent-extra-envs extra-env",
    ),
    (
        &CONFIGMAP,
        "agent-config agent-config-map agent-inject-configmap configmap vault-agent-configmap",
    ),
    (&EXTRA_SECRET, "agent-inject-extra-secret extra-secret"),
    (
        &COPY_VOLUME_MOUNTS,
        "agent-copy-mounts agent-inject-copy-volume-mounts copy-volume-mounts",
    ),
    (
        &LIMITS_CPU,
        "agent-cpu-limit agent-inject-limits-cpu cpu-limit limits-cpu vault-env-cpu-limit",
    ),
    (
        &LIMITS_MEM,
        "agent-inject-limits-mem agent-limits-memory agent-mem-limit agent-memory-limit \
         limits-mem limits-memory memory-limit vault-env-memory-limit",
    ),
    (
        &LIMITS_EPHEMERAL,
        "agent-ephemeral-storage-limit agent-limits-ephemeral-storage",
    ),
    (
        &REQUESTS_CPU,
        "agent-cpu-request agent-inject-requests-cpu cpu-request requests-cpu \
         vault-env-cpu-request",
    ),
    (
        &REQUESTS_MEM,
        "agent-inject-requests-mem agent-mem-request agent-memory-request agent-requests-memory \
         memory-request requests-mem requests-memory vault-env-memory-request",
    ),
    (
        &REQUESTS_EPHEMERAL,
        "agent-ephemeral-storage-request agent-requests-ephemeral-storage",
    ),
    (&RUN_AS_USER, "agent-uid run-as-user uid"),
    (&RUN_AS_GROUP, "agent-gid gid run-as-group"),
    (&RUN_AS_SAME_USER, "run-as-same-user"),
    (
        &SET_SECURITY_CONTEXT,
        "agent-security-context set-security-context",
    ),
    (
        &REVOKE_ON_SHUTDOWN,
        "agent-inject-revoke-on-shutdown revoke-on-shutdown",
    ),
    (
        &CACHE_ENABLE,
        "agent-cache agent-cache-enabled agent-enable-cache agent-inject-cache-enable \
         cache-enable",
    ),
    (
        &CACHE_LISTENER_PORT,
        "agent-cache-port agent-listener-port cache-listener-port",
    ),
    (
        &CACHE_REQUIRE_REQUEST_HEADER,
        "agent-require-request-header agent-listener-require-request-header \
         agent-inject-require-request-header require-request-header",
    ),
    (
        &CACHE_USE_AUTO_AUTH_TOKEN,
        "agent-cache-auto-auth-token agent-cache-use-auto-auth agent-use-auto-auth-token \
         cache-use-auto-auth-token",
    ),
    (
        &STATIC_SECRET_RENDER_INTERVAL,
        "agent-static-secret-render-interval agent-template-static-secret-render-interval \
         static-secret-render-interval",
    ),
    (
        &EXIT_ON_RETRY_FAILURE,
        "agent-exit-on-retry-failure agent-template-config-exit-on-retry-failure \
         exit-on-retry-failure",
    ),
    (
        &SHARE_PROCESS_NAMESPACE,
        "agent-inject-share-process-namespace share-process-namespace",
    ),
];

/// What has no key here. Each may be followed by a name.
const INSTEAD: &[(&str, &str)] = &[
    (
        VARIABLES,
        "agent-inject-env agent-env-inject agent-inject-as-env env \
         inject-env secret-env vault-env vault-env-from-path",
    ),
    (
        "the agent renews and writes files again by itself",
        "vault-env-daemon vault-agent vault-agent-once",
    ),
    (
        "each template is an annotation: agent-inject-template-NAME",
        "vault-ct-configmap vault-ct-inject-in-initcontainers vault-configfile-path",
    ),
    (
        "leave agent-inject out to be let alone",
        "mutate mutate-configmap mutate-probes",
    ),
    (
        "the agent's file system is read-only already",
        "readonly-root-fs",
    ),
    (
        "it is agent-service-account-token-volume-name or agent-token-audience that choose the \
         token",
        "vault-serviceaccount service-account",
    ),
];

/// What `short`, another product's key without its prefix, is written as here. Misspelt keys are for
/// [`nearest`](super::nearest()).
///
/// ```
/// use contract::annotations::{Counterpart, counterpart};
///
/// assert_eq!(counterpart("vault-addr"), Some(Counterpart::Key("service".to_owned())));
/// ```
pub fn counterpart(short: &str) -> Option<Counterpart> {
    find(short).map(|(_, counterpart)| counterpart)
}

/// The same, and whether the key is another's whole, without a name behind it.
pub(super) fn find(short: &str) -> Option<(bool, Counterpart)> {
    // OpenBao's names are those of Vault, but for the first word.
    let of_vault = short
        .strip_prefix("bao-")
        .map(|rest| format!("vault-{rest}"));
    let short = of_vault.as_deref().unwrap_or(short);
    let same = SAME.iter().flat_map(|(spec, theirs)| {
        let takes_name = spec.suffix != Suffix::None;
        let fits = named(short, theirs).filter(move |(_, name)| name.is_empty() || takes_name);
        fits.map(|(length, name)| (length, name, Counterpart::Key(spec.written_for(name))))
    });
    let instead = INSTEAD.iter().flat_map(|(text, theirs)| {
        let fits = named(short, theirs);
        fits.map(|(length, name)| (length, name, Counterpart::Instead(text)))
    });
    // The longest fits best: `template-file-x` is a file, and no template called `file-x`.
    same.chain(instead)
        .max_by_key(|(length, ..)| *length)
        .map(|(_, name, counterpart)| (name.is_empty(), counterpart))
}

/// Those of `theirs` that a text is, by length, each with the name behind it, which may be empty.
fn named<'t>(text: &'t str, theirs: &'static str) -> impl Iterator<Item = (usize, &'t str)> {
    theirs.split_ascii_whitespace().filter_map(move |their| {
        let name = after(text, their)?;
        Some((their.len(), name))
    })
}

/// The name behind `key`, which may be empty; none where the text is another key.
fn after<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    match text.strip_prefix(key)? {
        "" => Some(""),
        rest => rest.strip_prefix('-'),
    }
}

impl AnnotationSpec {
    /// The key with this name, or with `NAME` where it needs one and there is none.
    pub fn written_for(&self, name: &str) -> String {
        match (self.suffix, name) {
            (Suffix::None, _) | (Suffix::Optional, "") => self.key.to_owned(),
            (Suffix::Required, "") => format!("{}-NAME", self.key),
            (_, name) => format!("{}-{name}", self.key),
        }
    }
}

/// Every key that has a counterpart.
#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    let same = SAME.iter().map(|(_, theirs)| *theirs);
    let instead = INSTEAD.iter().map(|(_, theirs)| *theirs);
    same.chain(instead).flat_map(str::split_ascii_whitespace)
}
