//! The agent's configuration, made from what the pod asks for.

use std::collections::BTreeMap;
use std::num::NonZeroU16;

use contract::agent_config::{
    AgentApi, AgentConfig, AutoAuth, Cache, Command, DurationText, Listener, Method, PermsText,
    Persist, Sink, Template, TemplateConfig, Vault,
};
use serde_json::Value;

use super::volumes::CACHE_PATH;
use crate::ask::InjectRequest;
use crate::ask::arrangement::Role;
use crate::ask::secrets::{Content, Secret};
use crate::vocabulary::paths;

/// The auth method that reads the token under another name.
const JWT: &str = "jwt";

/// Room for most configurations, in bytes.
const SIZE: usize = 2048;

/// The configurations of a pod's agents: one, and what differs between the roles.
pub(crate) struct AgentConfigs<'a> {
    asked: &'a InjectRequest<'a>,
    config: AgentConfig,
}

impl<'a> AgentConfigs<'a> {
    pub(crate) fn new(asked: &'a InjectRequest<'a>) -> Self {
        Self {
            asked,
            config: common(asked),
        }
    }

    /// The configuration that was written last.
    pub(crate) fn into_config(self) -> AgentConfig {
        self.config
    }

    /// The configuration of one container, as JSON.
    pub(crate) fn json(&mut self, role: Role) -> Vec<u8> {
        let (asked, config) = (self.asked, &mut self.config);
        config.exit_after_auth = (role == Role::Init).into();
        let (listener, cache) = listener_and_cache(asked, role);
        let metrics = asked.metrics_port_of(role).map(metrics_listener);
        config.listener = listener.into_iter().chain(metrics).collect();
        config.cache = cache;
        // An init container never revokes: that would end the leases before the application starts. A
        // native sidecar ends after the application and has nothing to wait for.
        let revokes = asked.revokes_itself() && role == Role::Sidecar;
        let grace = match asked.revoke_after {
            Some(seconds) if revokes && !asked.agents.is_native() => format!("{seconds}s"),
            _ => String::new(),
        };
        config.revoke_on_shutdown = revokes.into();
        config.revoke_grace = DurationText::new(&grace);
        let mut json = Vec::with_capacity(SIZE);
        serde_json::to_writer(&mut json, config)
            .expect("a configuration must serialise: its keys are text");
        json
    }
}

/// What all roles have in common.
fn common(asked: &InjectRequest<'_>) -> AgentConfig {
    let tuning = &asked.tuning;
    let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect();
    AgentConfig {
        auto_auth: Some(AutoAuth {
            method: Some(method(asked)),
            sink: sinks(asked),
            ..AutoAuth::default()
        }),
        pid_file: asked.inside().pid_file.to_owned(),
        vault: Some(vault(asked)),
        template: asked.secrets.iter().map(template).collect(),
        template_config: Some(TemplateConfig {
            exit_on_retry_failure: tuning.exit_on_retry_failure.into(),
            static_secret_render_interval: DurationText::new(tuning.static_secret_render_interval),
            max_connections_per_host: Some(tuning.max_connections_per_host)
                .filter(|count| *count != 0),
            lease_renewal_threshold: Some(tuning.lease_renewal_threshold)
                .filter(|part| *part != 0.0),
        }),
        disable_idle_connections: owned(&tuning.disable_idle_connections),
        disable_keep_alives: owned(&tuning.disable_keep_alives),
        telemetry: tuning.telemetry.clone(),
        ..AgentConfig::default()
    }
}

fn method(asked: &InjectRequest<'_>) -> Method {
    let login = &asked.login;
    let token = Value::from(asked.token.path());
    let mut config = if login.kind == JWT && !asked.flavor.keeps_mistakes() {
        // The cluster replaces the token, and both agent containers read it.
        BTreeMap::from([
            ("path".to_owned(), token),
            ("remove_jwt_after_reading".to_owned(), Value::from(false)),
        ])
    } else {
        BTreeMap::from([("token_path".to_owned(), token)])
    };
    config.extend(
        login
            .config
            .iter()
            .map(|(key, value)| (key.clone(), Value::from(*value))),
    );
    if !login.role.is_empty() {
        config.insert("role".to_owned(), Value::from(login.role));
    }
    Method {
        kind: login.kind.to_owned(),
        mount_path: login.path.to_owned(),
        min_backoff: DurationText::new(login.min_backoff),
        max_backoff: DurationText::new(login.max_backoff),
        namespace: asked.vault.namespace.to_owned(),
        config,
        exit_on_err: login.exit_on_err.into(),
        ..Method::default()
    }
}

fn sinks(asked: &InjectRequest<'_>) -> Vec<Sink> {
    let file = |path: String| Sink {
        kind: "file".to_owned(),
        config: BTreeMap::from([("path".to_owned(), Value::from(path))]),
        ..Sink::default()
    };
    let mut sinks = vec![file(asked.inside().token_sink.to_owned())];
    if asked.inject_token {
        let mut sink = file(paths::join(asked.volume_path, "token"));
        // In JSON a mode is a decimal number.
        let mode = asked.extras.token_mode;
        let mode = mode.map(|mode| ("mode".to_owned(), Value::from(mode)));
        sink.config.extend(mode);
        sinks.push(sink);
    }
    sinks
}

fn vault(asked: &InjectRequest<'_>) -> Vault {
    let vault = &asked.vault;
    Vault {
        address: vault.address.to_owned(),
        ca_cert: vault.ca_cert.to_owned(),
        ca_path: vault.ca_path.to_owned(),
        tls_skip_verify: vault.tls_skip_verify.into(),
        client_cert: vault.client_cert.to_owned(),
        client_key: vault.client_key.to_owned(),
        tls_server_name: vault.tls_server_name.to_owned(),
        ..Vault::default()
    }
}

fn template(secret: &Secret<'_>) -> Template {
    let (contents, source) = match &secret.content {
        Content::Inline(text) => (*text, ""),
        Content::File(path) => ("", *path),
        Content::Default { text, .. } => (text.as_str(), ""),
    };
    Template {
        destination: secret.destination.clone(),
        contents: contents.to_owned(),
        source: source.to_owned(),
        engine: (secret.engine == templating::Engine::Handlebars)
            .then(|| secret.engine.name().to_owned()),
        left_delimiter: secret.left_delimiter.to_owned(),
        right_delimiter: secret.right_delimiter.to_owned(),
        command: (!secret.command.is_empty()).then(|| Command::Line(secret.command.to_owned())),
        perms: PermsText::new(secret.perms),
        error_on_missing_key: secret.error_on_missing_key.into(),
        ..Template::default()
    }
}

/// A listener is there for the cache, or for the quit endpoint alone, which comes with an empty
/// cache block then.
fn listener_and_cache(asked: &InjectRequest<'_>, role: Role) -> (Option<Listener>, Option<Cache>) {
    let cache = cache(asked, role);
    let quit = asked.tuning.enable_quit;
    if cache.is_none() && !quit {
        return (None, None);
    }
    let listener = Listener {
        kind: "tcp".to_owned(),
        address: format!("127.0.0.1:{}", asked.cache.port),
        tls_disable: true.into(),
        require_request_header: asked.cache.require_request_header.into(),
        agent_api: quit.then(|| AgentApi {
            enable_quit: true.into(),
        }),
        ..Listener::default()
    };
    (Some(listener), Some(cache.unwrap_or_default()))
}

/// On all addresses of the pod, so that Prometheus reaches it, and without a way to Vault.
fn metrics_listener(port: NonZeroU16) -> Listener {
    Listener {
        kind: "tcp".to_owned(),
        address: format!(":{port}"),
        tls_disable: true.into(),
        role: "metrics_only".to_owned(),
        ..Listener::default()
    }
}

fn cache(asked: &InjectRequest<'_>, role: Role) -> Option<Cache> {
    let persists = asked.persists_cache();
    let sidecar_alone = asked.cache.enable && asked.agents.has_sidecar() && role == Role::Sidecar;
    if !persists && !sidecar_alone {
        return None;
    }
    Some(Cache {
        use_auto_auth_token: asked.cache.use_auto_auth_token.to_owned(),
        persist: persists.then(|| Persist {
            kind: "kubernetes".to_owned(),
            path: CACHE_PATH.to_owned(),
            exit_on_err: asked.cache.exit_on_err.into(),
            ..Persist::default()
        }),
    })
}
