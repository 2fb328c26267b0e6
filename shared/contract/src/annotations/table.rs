//! The table itself, in the groups in which the reference shows it.

use super::Kind::{
    Bool, Duration, Float, Int, Json, JsonPatch, List, OneOf, Path, Port, Quantity, Template, Text,
    Uint, VaultPath,
};
use super::{AnnotationSpec, Suffix};

/// Defines a constant for each annotation, the groups, and the table of all.
macro_rules! annotations {
    ($($group:ident $title:literal {
        $($name:ident = $key:literal $suffix:ident $kind:expr, $default:literal, $doc:literal;)+
    })+) => {
        $($(
            #[doc = $doc]
            pub const $name: AnnotationSpec = AnnotationSpec {
                key: $key,
                suffix: Suffix::$suffix,
                kind: $kind,
                default: $default,
                doc: $doc,
            };
        )+)+
        /// The annotations in the groups in which people look for them.
        pub const GROUPS: &[(&str, &[&AnnotationSpec])] = &[$(($title, &[$(&$name),+])),+];
        /// Every annotation.
        pub const TABLE: &[&AnnotationSpec] = &[$($(&$name),+),+];
    };
}

annotations! {
    SWITCHES "Switches" {
        INJECT = "agent-inject" None Bool, "absent: no injection",
            "asks for injection; nothing happens without it";
        INJECT_STATUS = "agent-inject-status" None Text, "",
            "`injected` on a pod with an agent stops a second injection; the injector writes it";
        FLAVOR = "agent-flavor" None OneOf(&["native", "compatible"]), "by image",
            "`native` starts our agent directly, `compatible` writes the established pod for a stock image";
        REQUEST_NAMESPACE = "agent-request-namespace" None Text, "the request's namespace",
            "the namespace of the request, for the injector's own use; must not be empty";
        PRE_POPULATE = "agent-pre-populate" None Bool, "`true`",
            "renders all files in an init container, before the application starts";
        PRE_POPULATE_ONLY = "agent-pre-populate-only" None Bool, "`false`",
            "init container only, no sidecar: for Jobs";
        NATIVE_SIDECAR = "agent-native-sidecar" None OneOf(&["true", "false", "auto"]), "`-agent-native-sidecar`",
            "one agent as a native sidecar: it starts before the application and ends after it, and lets Jobs complete";
        STARTUP_TIMEOUT = "agent-startup-timeout" None Duration, "`10m`",
            "how long the startup probe of a native sidecar waits for the first render";
        INIT_FIRST = "agent-init-first" None Bool, "`false`",
            "puts the agent in front of the pod's other init containers, so that they can read secrets";
        INJECT_CONTAINERS = "agent-inject-containers" None List, "all containers",
            "the containers that get the secrets volume; init containers always do";
        SHARE_PROCESS_NAMESPACE = "agent-share-process-namespace" None Bool, "pod's own",
            "sets the pod's shareProcessNamespace, so that a command can signal the application";
        ENABLE_QUIT = "agent-enable-quit" None Bool, "`false`",
            "opens the agent's quit endpoint on its local listener";
        METRICS_PORT = "agent-metrics-port" None Port, "no port",
            "port of the pod on which the agent answers `/agent/v1/metrics`, `ready` and `health`, and nothing else";
        AUTO_AUTH_EXIT_ON_ERR = "agent-auto-auth-exit-on-err" None Bool, "`false`",
            "ends the agent at the first login that fails";
    }
    SECRETS "Secrets, templates and files" {
        SECRET = "agent-inject-secret" Required VaultPath, "",
            "the secret to render, with the default template unless it has one of its own";
        TEMPLATE = "agent-inject-template" Required Template, "the default template",
            "the template of the file";
        TEMPLATE_FILE = "agent-inject-template-file" Required Path, "",
            "a template file in the agent's container, where no inline template is given";
        DEFAULT_TEMPLATE = "agent-inject-default-template" None OneOf(&["map", "json"]), "`map`",
            "how secrets without a template are written: `key: value` lines, or JSON";
        FILE = "agent-inject-file" Required Path, "NAME in lower case",
            "the file's path under the secrets volume, also where it begins with a slash";
        PERMS = "agent-inject-perms" Required Text, "`0644`",
            "the file's mode, octal";
        COMMAND = "agent-inject-command" Required Text, "",
            "a command to run in the agent's container after the file was written";
        LEFT_DELIMITER = "agent-template-left-delim" Required Text, "`{{`",
            "left delimiter of the template's actions";
        RIGHT_DELIMITER = "agent-template-right-delim" Required Text, "`}}`",
            "right delimiter of the template's actions";
        TEMPLATE_ENGINE = "agent-template-engine" Optional OneOf(&["go", "handlebars"]), "`-template-engine`",
            "language of the templates; the default template is always `go`";
        ERROR_ON_MISSING_KEY = "error-on-missing-key" Required Bool, "`false`",
            "makes a key that the secret does not have an error, instead of `<no value>`";
        PRESERVE_SECRET_CASE = "preserve-secret-case" Optional Bool, "`false`",
            "keeps upper case in the file's name";
        SECRET_VOLUME_PATH = "secret-volume-path" Optional Path, "`/vault/secrets`",
            "where the secrets volume is mounted, an absolute path; with NAME, a volume for that file alone";
        INJECT_TOKEN = "agent-inject-token" None Bool, "`false`",
            "writes the Vault token to `token` under the secrets volume";
        TOKEN_PERMS = "agent-inject-token-perms" None Text, "`0640`",
            "mode of that token file, octal";
        SECRETS_READ_ONLY = "agent-secrets-read-only" None Bool, "`false`",
            "mounts the secrets read-only in the application's containers";
        SECRETS_SIZE_LIMIT = "agent-secrets-size-limit" None Quantity, "",
            "size limit of each memory volume";
    }
    VAULT "Connection to Vault" {
        SERVICE = "service" None Text, "`-vault-address`",
            "Vault's address";
        NAMESPACE = "namespace" None Text, "`-vault-namespace`",
            "Vault's namespace";
        PROXY_ADDRESS = "proxy-address" None Text, "`-proxy-address`",
            "HTTPS proxy between agent and Vault";
        TLS_SECRET = "tls-secret" None Text, "",
            "a Secret mounted at `/vault/tls` in the agent's containers, for the next four keys";
        CA_CERT = "ca-cert" None Path, "",
            "PEM file of the authority that signed Vault's certificate";
        CA_KEY = "ca-key" None Path, "",
            "directory of such PEM files (the key's name is historic)";
        CLIENT_CERT = "client-cert" None Path, "",
            "client certificate for Vault";
        CLIENT_KEY = "client-key" None Path, "",
            "key of the client certificate";
        TLS_SERVER_NAME = "tls-server-name" None Text, "the address's host",
            "the name that Vault's certificate has to carry";
        TLS_SKIP_VERIFY = "tls-skip-verify" None Bool, "`false`",
            "does not check Vault's certificate: not for production";
        CLIENT_MAX_RETRIES = "client-max-retries" None Int, "",
            "retries of one request to Vault (`VAULT_MAX_RETRIES`)";
        CLIENT_TIMEOUT = "client-timeout" None Duration, "",
            "deadline of one request to Vault (`VAULT_CLIENT_TIMEOUT`)";
        GO_MAX_PROCS = "go-max-procs" None Int, "",
            "`GOMAXPROCS` of a stock agent";
        LOG_LEVEL = "log-level" None OneOf(&["trace", "debug", "info", "warn", "error"]), "`info`",
            "the agent's log level; empty leaves it to the agent";
        LOG_FORMAT = "log-format" None OneOf(&["standard", "json"]), "`standard`",
            "the agent's log format; empty leaves it to the agent";
    }
    AUTH "Login" {
        ROLE = "role" None Text, "",
            "Vault role of the kubernetes login; required unless `auth-config-role` is given";
        AUTH_TYPE = "auth-type" None Text, "`-vault-auth-type`",
            "auth method";
        AUTH_PATH = "auth-path" None Path, "`-vault-auth-path`",
            "where the auth method is mounted";
        AUTH_CONFIG = "auth-config" Required Text, "",
            "a setting of the auth method, dashes of NAME read as underscores";
        AUTH_MIN_BACKOFF = "auth-min-backoff" None Duration, "`-auth-min-backoff`",
            "shortest pause after a login that failed";
        AUTH_MAX_BACKOFF = "auth-max-backoff" None Duration, "`-auth-max-backoff`",
            "longest pause after a login that failed";
        TOKEN_VOLUME = "agent-service-account-token-volume-name" None Text, "the pod's own token",
            "the volume whose service-account token the agent logs in with; our image never takes a cloud's token by itself";
        TOKEN_AUDIENCE = "agent-token-audience" None Text, "",
            "gives the agent a service-account token of its own, for this audience; the pod needs none then";
        TOKEN_EXPIRATION = "agent-token-expiration-seconds" None Uint, "`3600`",
            "life of such a token, at least 600; alone, it asks for one too";
    }
    AGENT "The agent's containers" {
        IMAGE = "agent-image" None Text, "`-vault-image`",
            "the agent's image";
        IMAGE_PULL_POLICY = "agent-image-pull-policy" None OneOf(&["Always", "IfNotPresent", "Never"]), "the cluster's",
            "when the agent's image is pulled";
        EXTRA_ENV = "agent-extra-env" Required Text, "",
            "the environment variable NAME of the agent's containers";
        CONFIGMAP = "agent-configmap" None Text, "",
            "a ConfigMap with the agent's own configuration, `config.hcl` and `config-init.hcl`";
        EXTRA_SECRET = "agent-extra-secret" None Text, "",
            "a Secret mounted at `/vault/custom` in the agent's containers";
        COPY_VOLUME_MOUNTS = "agent-copy-volume-mounts" None Text, "",
            "a container whose volume mounts the agent's containers get too; our image's own mounts come first";
        JSON_PATCH = "agent-json-patch" None JsonPatch, "",
            "changes to the sidecar, applied last";
        INIT_JSON_PATCH = "agent-init-json-patch" None JsonPatch, "",
            "changes to the init container, applied last";
        LIMITS_CPU = "agent-limits-cpu" None Quantity, "`-cpu-limit`",
            "processor limit; empty removes it. With our image, a built-in request above it becomes equal";
        LIMITS_MEM = "agent-limits-mem" None Quantity, "`-memory-limit`",
            "memory limit; empty removes it. With our image, a built-in request above it becomes equal";
        LIMITS_EPHEMERAL = "agent-limits-ephemeral" None Quantity, "`-ephemeral-storage-limit`",
            "ephemeral storage limit; empty removes it";
        REQUESTS_CPU = "agent-requests-cpu" None Quantity, "`-cpu-request`",
            "processor request; empty removes it. With our image, a built-in limit below it becomes equal";
        REQUESTS_MEM = "agent-requests-mem" None Quantity, "`-memory-request`",
            "memory request; empty removes it. With our image, a built-in limit below it becomes equal";
        REQUESTS_EPHEMERAL = "agent-requests-ephemeral" None Quantity, "`-ephemeral-storage-request`",
            "ephemeral storage request; empty removes it";
        RUN_AS_USER = "agent-run-as-user" None Int, "`-run-as-user`",
            "user id of the agent";
        RUN_AS_GROUP = "agent-run-as-group" None Int, "`-run-as-group`",
            "group id of the agent";
        RUN_AS_SAME_USER = "agent-run-as-same-user" None Bool, "`-run-as-same-user`",
            "runs the agent as the user of the pod's first container, with our image else of the pod";
        SET_SECURITY_CONTEXT = "agent-set-security-context" None Bool, "`-set-security-context`",
            "`false` leaves the security context of the agent's containers to the cluster";
        SECCOMP_PROFILE = "agent-seccomp-profile" None OneOf(&["RuntimeDefault", "Unconfined", "none"]), "by flavor",
            "seccomp profile of the agent's containers; native has `RuntimeDefault`, compatible `none`";
        REVOKE_ON_SHUTDOWN = "agent-revoke-on-shutdown" None Bool, "`-revoke-on-shutdown`",
            "revokes the token when the pod ends";
        REVOKE_GRACE = "agent-revoke-grace" None Uint, "`5`",
            "seconds between the pod's end and the revocation";
    }
    TUNING "Cache, rendering, telemetry" {
        CACHE_ENABLE = "agent-cache-enable" None Bool, "`false`",
            "opens the agent's caching listener, and hands tokens and leases from init container to sidecar";
        CACHE_USE_AUTO_AUTH_TOKEN = "agent-cache-use-auto-auth-token" None Text, "`true`",
            "whether the listener adds the agent's token: `true`, `false`, `force`";
        CACHE_LISTENER_PORT = "agent-cache-listener-port" None Text, "`8200`",
            "port of the listener, on 127.0.0.1";
        CACHE_REQUIRE_REQUEST_HEADER = "agent-cache-require-request-header" None Bool, "by flavor",
            "the listener refuses requests to Vault and `cache-clear` without the header `X-Vault-Request: true`, and requests of web pages; native has `true`, compatible `false`";
        CACHE_EXIT_ON_ERR = "agent-cache-exit-on-err" None Bool, "`false`",
            "ends the agent when a handed-over cache cannot be read";
        EXIT_ON_RETRY_FAILURE = "template-config-exit-on-retry-failure" None Bool,
            "`-template-config-exit-on-retry-failure`",
            "ends the agent when a secret cannot be had before the first render";
        STATIC_SECRET_RENDER_INTERVAL = "template-static-secret-render-interval" None Duration,
            "`-template-static-secret-render-interval`",
            "how often secrets without a lease are read again";
        MAX_CONNECTIONS_PER_HOST = "template-max-connections-per-host" None Int, "",
            "most connections from the agent to Vault";
        LEASE_RENEWAL_THRESHOLD = "template-lease-renewal-threshold" None Float, "",
            "the part of a lease after which a secret that cannot be renewed is read again";
        DISABLE_IDLE_CONNECTIONS = "agent-disable-idle-connections" None List,
            "`-disable-idle-connections`",
            "parts of the agent that keep no idle connections: `auto-auth`, `caching`, `templating`";
        DISABLE_KEEP_ALIVES = "agent-disable-keep-alives" None List, "`-disable-keep-alives`",
            "parts of the agent that use a connection once: `auto-auth`, `caching`, `templating`";
        TELEMETRY = "agent-telemetry" Required Json, "",
            "a setting of the agent's telemetry block, dashes of NAME read as underscores";
    }
}
