//! Names and paths that the pod patch and the agent have to agree on.
//!
//! They are those of the established injector: users, policies and `kubectl` habits match on them.

/// Prefix of the annotations that the injector reads.
pub const ANNOTATION_PREFIX: &str = "vault.hashicorp.com/";

/// The prefix under which OpenBao's users write the same annotations.
pub const OPENBAO_PREFIX: &str = "openbao.org/";

/// Name of the init container that renders before the application starts.
pub const INIT_CONTAINER: &str = "vault-agent-init";

/// Name of the sidecar that keeps tokens, leases and files fresh.
pub const SIDECAR_CONTAINER: &str = "vault-agent";

/// Home directory of the agent: a memory volume of each agent container.
pub const AGENT_HOME: &str = "/home/vault";

/// Where the agent leaves its token for `vault` commands run in its container.
pub const TOKEN_SINK: &str = "/home/vault/.vault-token";

/// Marker that the agent leaves when its first render is complete, and removes when it starts: what a
/// native sidecar's startup probe looks for.
pub const READY_MARKER: &str = "/home/vault/.ready";

/// Sub-command of the agent that looks for [`READY_MARKER`]; it needs no listener.
pub const READY_COMMAND: &str = "ready";

/// Everything that the agent's binary does besides running as an agent, by its sub-commands.
pub const AGENT_COMMANDS: [&str; 7] = [
    READY_COMMAND,
    "status",
    "validate",
    "render",
    "generate-config",
    "token",
    SIGNAL_COMMAND,
];

/// Sub-command of the agent that signals a process of the pod.
pub const SIGNAL_COMMAND: &str = "signal";

/// The signals that [`SIGNAL_COMMAND`] and the keys of the agent's configuration take.
pub const SIGNALS: [&str; 28] = [
    "SIGABRT", "SIGALRM", "SIGBUS", "SIGCHLD", "SIGCONT", "SIGFPE", "SIGHUP", "SIGILL", "SIGINT",
    "SIGIO", "SIGKILL", "SIGPIPE", "SIGPROF", "SIGQUIT", "SIGSEGV", "SIGSTOP", "SIGSYS", "SIGTERM",
    "SIGTRAP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGUSR1", "SIGUSR2", "SIGWINCH",
    "SIGXCPU", "SIGXFSZ",
];

/// Whether [`SIGNAL_COMMAND`] takes a text for a signal: a name in any case, with or without `SIG`, or
/// a number.
///
/// ```
/// use contract::names::is_signal;
/// assert!(is_signal("HUP") && is_signal("sigusr1") && is_signal("1") && !is_signal("nginx"));
/// ```
pub fn is_signal(text: &str) -> bool {
    if let Ok(number) = text.parse::<u8>() {
        return (1..32).contains(&number);
    }
    let upper = text.to_ascii_uppercase();
    let short = upper.strip_prefix("SIG").unwrap_or(&upper);
    SIGNALS.iter().any(|signal| &signal[3..] == short)
}

/// Name of the container port on which a scraper finds the agent.
pub const METRICS_PORT: &str = "vault-metrics";

/// Socket of the agent, for its own user only, that tells `vault-agent status` how it goes.
pub const STATUS_SOCKET: &str = "/home/vault/.status.sock";

/// The agent's pid file.
pub const PID_FILE: &str = "/home/vault/.pid";

/// Name of the memory volume in which an init container leaves token and secrets for the sidecar.
/// Only agent containers mount it.
pub const STATE_VOLUME: &str = "vault-agent-state";

/// Where [`STATE_VOLUME`] is mounted.
pub const STATE_PATH: &str = "/vault/agent-state";

/// Default mount path of the volume that applications read.
pub const SECRETS_PATH: &str = "/vault/secrets";

/// Environment variable that carries the agent's configuration: base64 of JSON.
pub const CONFIG_VARIABLE: &str = "VAULT_CONFIG";

/// Where Kubernetes mounts a pod's service-account token by default.
pub const SERVICE_ACCOUNT_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// Path of the agent's binary in our images; the native flavour starts it directly.
pub const AGENT_BINARY: &str = "/vault-agent";

/// Last path segment of our agent image's name; the flavour `auto` is native when it matches, so
/// that images mirrored into another registry are recognised.
pub const AGENT_IMAGE_NAME: &str = "vault-injector-agent";

/// The longest string that Linux passes on to a program, `NAME=value` and the zero byte behind it
/// (`MAX_ARG_STRLEN`).
pub const LONGEST_VARIABLE: usize = 128 * 1024;

/// The name of a further part of a configuration that is too large for [`CONFIG_VARIABLE`] alone:
/// the second one is `VAULT_CONFIG_2`.
pub fn config_part(number: u32) -> String {
    format!("{CONFIG_VARIABLE}_{number}")
}

/// Whether a variable is such a part: its number is written without leading zeros, and 2 or more.
///
/// ```
/// use contract::names::is_config_part;
/// assert!(is_config_part("VAULT_CONFIG_2") && !is_config_part("VAULT_CONFIG_02"));
/// ```
pub fn is_config_part(name: &str) -> bool {
    part_number(name).is_some()
}

/// The number of such a part.
pub fn part_number(name: &str) -> Option<u32> {
    let digits = name.strip_prefix(CONFIG_VARIABLE)?.strip_prefix('_')?;
    let is_canonical =
        digits.bytes().all(|digit| digit.is_ascii_digit()) && !digits.starts_with('0');
    let number = digits.parse().ok().filter(|_| is_canonical)?;
    (number >= 2).then_some(number)
}

/// The longest value of a variable that Linux passes on to a program.
///
/// ```
/// assert_eq!(contract::names::longest_value("VAULT_CONFIG"), 131_058);
/// ```
pub const fn longest_value(name: &str) -> usize {
    LONGEST_VARIABLE - name.len() - 2
}
