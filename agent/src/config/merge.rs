//! Several files as one configuration.

use contract::AgentConfig;
use contract::agent_config::DurationText;

/// `later` on top of `earlier`: lists of blocks are joined, switches are on where one of them says
/// so, and of all else the later one counts where it says something.
pub(super) fn merge(earlier: AgentConfig, later: AgentConfig) -> AgentConfig {
    // Taken apart, so that a new key cannot be forgotten.
    let AgentConfig {
        auto_auth,
        exit_after_auth,
        pid_file,
        vault,
        template,
        listener,
        cache,
        template_config,
        disable_idle_connections,
        disable_keep_alives,
        telemetry,
        revoke_on_shutdown,
        revoke_grace,
        api_proxy,
        env_template,
        exec,
        log_level,
        log_format,
        log_file,
        log_rotate_duration,
        log_rotate_bytes,
        log_rotate_max_files,
        cluster_name,
        default_max_request_duration,
    } = later;
    AgentConfig {
        auto_auth: auto_auth.or(earlier.auto_auth),
        exit_after_auth: (exit_after_auth.0 || earlier.exit_after_auth.0).into(),
        pid_file: text(pid_file, earlier.pid_file),
        vault: vault.or(earlier.vault),
        template: joined(earlier.template, template),
        listener: joined(earlier.listener, listener),
        cache: cache.or(earlier.cache),
        template_config: template_config.or(earlier.template_config),
        disable_idle_connections: list(disable_idle_connections, earlier.disable_idle_connections),
        disable_keep_alives: list(disable_keep_alives, earlier.disable_keep_alives),
        telemetry: telemetry.or(earlier.telemetry),
        revoke_on_shutdown: (revoke_on_shutdown.0 || earlier.revoke_on_shutdown.0).into(),
        revoke_grace: pick(revoke_grace, earlier.revoke_grace, DurationText::is_empty),
        api_proxy: api_proxy.or(earlier.api_proxy),
        env_template: joined(earlier.env_template, env_template),
        exec: exec.or(earlier.exec),
        log_level: text(log_level, earlier.log_level),
        log_format: text(log_format, earlier.log_format),
        log_file: text(log_file, earlier.log_file),
        log_rotate_duration: pick(
            log_rotate_duration,
            earlier.log_rotate_duration,
            DurationText::is_empty,
        ),
        log_rotate_bytes: log_rotate_bytes.or(earlier.log_rotate_bytes),
        log_rotate_max_files: log_rotate_max_files.or(earlier.log_rotate_max_files),
        cluster_name: text(cluster_name, earlier.cluster_name),
        default_max_request_duration: pick(
            default_max_request_duration,
            earlier.default_max_request_duration,
            DurationText::is_empty,
        ),
    }
}

fn text(later: String, earlier: String) -> String {
    pick(later, earlier, String::is_empty)
}

fn list(later: Vec<String>, earlier: Vec<String>) -> Vec<String> {
    pick(later, earlier, Vec::is_empty)
}

fn pick<T>(later: T, earlier: T, is_empty: impl Fn(&T) -> bool) -> T {
    if is_empty(&later) { earlier } else { later }
}

fn joined<T>(mut earlier: Vec<T>, later: Vec<T>) -> Vec<T> {
    earlier.extend(later);
    earlier
}
