//! The flags and the variables that win over them.

use clap::{ArgAction, Args, Parser};
use contract::values::{parse_bool, parse_float, parse_int};

use super::resources::ResourceFlags;
use super::serving::ServingFlags;
use injection::settings::{DefaultTemplate, Engine, FlavorSetting, NativeSidecarSetting, Profile};

/// Gives pods their secrets from Vault or OpenBao: a mutating admission webhook.
///
/// Flags take one dash or two. Each flag has an environment variable that wins over it where it is
/// not empty: `AGENT_INJECT_` and the flag's name in capitals, with `VAULT_ADDR`, `PROXY_ADDR` and
/// `MEM_…` where the flag says vault-address, proxy-address and memory-….
#[derive(Debug, Parser)]
#[command(
    name = "vault-injector",
    bin_name = "vault-injector",
    version,
    args_override_self = true,
    max_term_width = 100
)]
pub(super) struct Server {
    #[command(flatten)]
    pub(super) flags: Flags,
    /// What else is on the line
    #[arg(hide = true)]
    pub(super) words: Vec<String>,
}

/// The flags of the injector.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// Address to listen on, host:port
    #[arg(long, default_value = ":8080")]
    pub(super) listen: String,
    /// trace, debug, info, warn or error
    #[arg(long, default_value = "info")]
    pub(super) log_level: String,
    /// standard or json
    #[arg(long, default_value = "standard")]
    pub(super) log_format: String,
    #[command(flatten)]
    pub(super) serving: ServingFlags,
    /// Path of the metrics; empty turns them off
    #[arg(long, default_value = "/metrics")]
    pub(super) telemetry_path: String,
    /// How long to report not ready, and still answer, before leaving: longer than the cluster takes to
    /// send nobody here any more
    #[arg(long, default_value = "10s")]
    pub(super) shutdown_delay: String,

    /// Address of Vault (required)
    #[arg(long, alias = "bao-address", default_value = "")]
    pub(super) vault_address: String,
    /// Image of the agent; without one, this version's own agent, or a stock image for the
    /// compatible flavor
    #[arg(long, alias = "bao-image", default_value = "")]
    pub(super) vault_image: String,
    /// auto, native or compatible; auto is native where the image is our own agent
    #[arg(long, default_value = "auto")]
    pub(super) agent_flavor: FlavorSetting,
    /// Auth method of the agents
    #[arg(long, alias = "bao-auth-type", default_value = "kubernetes")]
    pub(super) vault_auth_type: String,
    /// Where the auth method is mounted
    #[arg(long, alias = "bao-auth-path", default_value = "auth/kubernetes")]
    pub(super) vault_auth_path: String,
    /// Namespace in Vault
    #[arg(long, alias = "bao-namespace", default_value = "")]
    pub(super) vault_namespace: String,
    /// PEM of the authority of Vault's certificate, or base64 of it
    #[arg(long, alias = "bao-cacert-bytes", default_value = "")]
    pub(super) vault_cacert_bytes: String,
    /// HTTPS proxy between agents and Vault
    #[arg(long, default_value = "")]
    pub(super) proxy_address: String,
    /// Shortest pause of an agent after a login that failed
    #[arg(long, default_value = "")]
    pub(super) auth_min_backoff: String,
    /// Longest pause of an agent after a login that failed
    #[arg(long, default_value = "")]
    pub(super) auth_max_backoff: String,

    /// Revoke an agent's token when its pod ends
    #[arg(long, default_value = "false", value_parser = parse_bool, action = ArgAction::Set,
          num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) revoke_on_shutdown: bool,
    /// User id of the agents
    #[arg(long, default_value = "100", value_parser = parse_int, allow_negative_numbers = true)]
    pub(super) run_as_user: i64,
    /// Group id of the agents
    #[arg(long, default_value = "1000", value_parser = parse_int, allow_negative_numbers = true)]
    pub(super) run_as_group: i64,
    /// Run agents as the user of the pod's first container
    #[arg(long, default_value = "false", value_parser = parse_bool, action = ArgAction::Set,
          num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) run_as_same_user: bool,
    /// Give agents a security context; false leaves it to the cluster
    #[arg(long, default_value = "true", value_parser = parse_bool, action = ArgAction::Set,
          num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) set_security_context: bool,
    /// How secrets without a template are written: map or json
    #[arg(long, default_value = "map")]
    pub(super) default_template: DefaultTemplate,
    #[command(flatten)]
    pub(super) resources: ResourceFlags,
    /// End an agent when a secret cannot be had before the first render
    #[arg(long, default_value = "true", value_parser = parse_bool, action = ArgAction::Set,
          num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) template_config_exit_on_retry_failure: bool,
    /// How often agents read secrets without a lease again
    #[arg(long, default_value = "")]
    pub(super) template_static_secret_render_interval: String,
    /// Most connections of an agent to Vault; 0 leaves it to the agent
    #[arg(long, default_value = "0", value_parser = parse_int, allow_negative_numbers = true)]
    pub(super) template_max_connections_per_host: i64,
    /// The part of a lease after which a secret that cannot be renewed is read again; native
    /// flavor only; 0 leaves it to the agent
    #[arg(long, default_value = "0", value_parser = parse_number, allow_negative_numbers = true)]
    pub(super) template_lease_renewal_threshold: f64,
    /// Parts of the agents that keep no idle connections: auto-auth, caching, templating
    #[arg(long, default_value = "")]
    pub(super) disable_idle_connections: String,
    /// Parts of the agents that use a connection once: auto-auth, caching, templating
    #[arg(long, default_value = "")]
    pub(super) disable_keep_alives: String,

    /// true, false or auto: whether an agent of the native flavor is a native sidecar; auto is true
    /// where every node surely runs one
    #[arg(long, default_value = "auto")]
    pub(super) agent_native_sidecar: NativeSidecarSetting,
    /// Language of the templates: go or handlebars
    #[arg(long, default_value = "go")]
    pub(super) template_engine: Engine,
    /// vault or openbao: whose names containers, volumes and a stock agent's variables have
    #[arg(long, default_value = "vault")]
    pub(super) profile: Profile,
    /// In the profile openbao: write annotations of Vault's prefix under OpenBao's
    #[arg(long, default_value = "true", value_parser = parse_bool, action = ArgAction::Set,
          num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) rewrite_vault_annotations: bool,
    /// Refuse pods with what is surely a mistake, instead of warning
    #[arg(long, default_value = "false", value_parser = parse_bool, action = ArgAction::Set,
          num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) strict: bool,
}

/// Flags and their variables.
pub(super) const VARIABLES: [(&str, &str); 44] = [
    ("listen", "AGENT_INJECT_LISTEN"),
    ("log-level", "AGENT_INJECT_LOG_LEVEL"),
    ("log-format", "AGENT_INJECT_LOG_FORMAT"),
    ("telemetry-path", "AGENT_INJECT_TELEMETRY_PATH"),
    ("shutdown-delay", "AGENT_INJECT_SHUTDOWN_DELAY"),
    ("vault-address", "AGENT_INJECT_VAULT_ADDR"),
    ("vault-image", "AGENT_INJECT_VAULT_IMAGE"),
    ("agent-flavor", "AGENT_INJECT_AGENT_FLAVOR"),
    ("vault-auth-type", "AGENT_INJECT_VAULT_AUTH_TYPE"),
    ("vault-auth-path", "AGENT_INJECT_VAULT_AUTH_PATH"),
    ("vault-namespace", "AGENT_INJECT_VAULT_NAMESPACE"),
    ("vault-cacert-bytes", "AGENT_INJECT_VAULT_CACERT_BYTES"),
    ("proxy-address", "AGENT_INJECT_PROXY_ADDR"),
    ("auth-min-backoff", "AGENT_INJECT_AUTH_MIN_BACKOFF"),
    ("auth-max-backoff", "AGENT_INJECT_AUTH_MAX_BACKOFF"),
    ("revoke-on-shutdown", "AGENT_INJECT_REVOKE_ON_SHUTDOWN"),
    ("run-as-user", "AGENT_INJECT_RUN_AS_USER"),
    ("run-as-group", "AGENT_INJECT_RUN_AS_GROUP"),
    ("run-as-same-user", "AGENT_INJECT_RUN_AS_SAME_USER"),
    ("set-security-context", "AGENT_INJECT_SET_SECURITY_CONTEXT"),
    ("default-template", "AGENT_INJECT_DEFAULT_TEMPLATE"),
    ("cpu-request", "AGENT_INJECT_CPU_REQUEST"),
    ("cpu-limit", "AGENT_INJECT_CPU_LIMIT"),
    ("memory-request", "AGENT_INJECT_MEM_REQUEST"),
    ("memory-limit", "AGENT_INJECT_MEM_LIMIT"),
    (
        "ephemeral-storage-request",
        "AGENT_INJECT_EPHEMERAL_REQUEST",
    ),
    ("ephemeral-storage-limit", "AGENT_INJECT_EPHEMERAL_LIMIT"),
    (
        "template-config-exit-on-retry-failure",
        "AGENT_INJECT_TEMPLATE_CONFIG_EXIT_ON_RETRY_FAILURE",
    ),
    (
        "template-static-secret-render-interval",
        "AGENT_INJECT_TEMPLATE_STATIC_SECRET_RENDER_INTERVAL",
    ),
    (
        "template-max-connections-per-host",
        "AGENT_INJECT_TEMPLATE_MAX_CONNECTIONS_PER_HOST",
    ),
    (
        "template-lease-renewal-threshold",
        "AGENT_INJECT_TEMPLATE_LEASE_RENEWAL_THRESHOLD",
    ),
    (
        "disable-idle-connections",
        "AGENT_INJECT_DISABLE_IDLE_CONNECTIONS",
    ),
    ("disable-keep-alives", "AGENT_INJECT_DISABLE_KEEP_ALIVES"),
    ("agent-native-sidecar", "AGENT_INJECT_AGENT_NATIVE_SIDECAR"),
    ("template-engine", "AGENT_INJECT_TEMPLATE_ENGINE"),
    ("profile", "AGENT_INJECT_PROFILE"),
    (
        "rewrite-vault-annotations",
        "AGENT_INJECT_REWRITE_VAULT_ANNOTATIONS",
    ),
    ("strict", "AGENT_INJECT_STRICT"),
    // OpenBao's names of what stands above: the last of two wins.
    ("vault-address", "AGENT_INJECT_BAO_ADDR"),
    ("vault-image", "AGENT_INJECT_BAO_IMAGE"),
    ("vault-auth-type", "AGENT_INJECT_BAO_AUTH_TYPE"),
    ("vault-auth-path", "AGENT_INJECT_BAO_AUTH_PATH"),
    ("vault-namespace", "AGENT_INJECT_BAO_NAMESPACE"),
    ("vault-cacert-bytes", "AGENT_INJECT_BAO_CACERT_BYTES"),
];

/// A number that an agent's configuration can hold: JSON has no word for the others.
fn parse_number(text: &str) -> Result<f64, String> {
    let number = parse_float(text).map_err(|error| error.to_string())?;
    if number.is_finite() {
        Ok(number)
    } else {
        Err(format!("{text} is not a number such as 0.9"))
    }
}
