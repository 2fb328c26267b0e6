//! A Vault set up as the guide does, and an agent to run against it.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use contract::AgentConfig;
use dev_vault::{Config, DevVault};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::layer::SubscriberExt;
use vault_agent::config::{ConfigError, Environment, Overrides, Settings, Source};
use vault_agent::exit::Failure;
use vault_agent::log::{Format, LogLayer};
use vault_agent::reload::{Reload, Watched};

/// Longer than anything here takes, even on a busy machine.
const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) const KV: &str = "secret/data/production/api-service";

/// Prints the key of the guide's secret.
pub(crate) const KV_TEMPLATE: &str =
    r#"key={{ with secret "secret/production/api-service" }}{{ .Data.data.api_key }}{{ end }}"#;

/// Prints a database user of the guide's role.
pub(crate) const DATABASE_TEMPLATE: &str =
    r#"{{ with secret "database/creds/api-role" }}{{ .Data.username }}{{ end }}"#;

pub(crate) struct World {
    pub(crate) vault: DevVault,
    pub(crate) dir: TempDir,
    logs: Logs,
    patience: Duration,
    /// Time between looks at what a test waits for.
    pace: Duration,
    _log_guard: DefaultGuard,
}

pub(crate) struct Agent {
    stop: Option<oneshot::Sender<()>>,
    ended: JoinHandle<Result<(), Failure>>,
}

#[derive(Clone, Default)]
struct Logs(Arc<Mutex<Vec<u8>>>);

impl Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl World {
    /// A world for tests that start with a paused clock: it jumps to the next thing that anybody
    /// waits for, so that hours pass at once.
    pub(crate) async fn paused() -> Self {
        Self {
            patience: Duration::from_secs(24 * 3600),
            pace: Duration::from_millis(500),
            ..Self::new().await
        }
    }

    pub(crate) async fn new() -> Self {
        Self::with(Config::default()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        let logs = Logs::default();
        let layer = LogLayer::new(tracing::Level::TRACE, Format::Standard, logs.clone());
        let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
        let vault = DevVault::start(config).await.unwrap();
        let world = Self {
            vault,
            dir: tempfile::tempdir().unwrap(),
            logs,
            patience: DEADLINE,
            pace: Duration::from_millis(5),
            _log_guard: guard,
        };
        world.set_up();
        world
    }

    fn set_up(&self) {
        self.put("sys/auth/kubernetes", &json!({"type": "kubernetes"}));
        self.put(
            "auth/kubernetes/config",
            &json!({"kubernetes_host": "https://k8s"}),
        );
        self.set_role(json!({"ttl": "1h"}));
        let policy = r#"
            path "secret/data/production/*" { capabilities = ["read"] }
            path "secret/metadata/production/*" { capabilities = ["list"] }
            path "database/creds/api-role" { capabilities = ["read"] }"#;
        self.put("sys/policies/acl/api-secrets", &json!({"policy": policy}));
        self.set_key("first");
        self.put("sys/mounts/database", &json!({"type": "database"}));
        let connection = json!({
            "plugin_name": "postgresql-database-plugin",
            "connection_url": "postgresql://{{username}}:{{password}}@postgres:5432/app",
            "allowed_roles": "api-role",
        });
        self.put("database/config/postgres", &connection);
        self.set_database_role("1h", "24h");
        let keys = self.vault.service_accounts();
        // By the server's clock, which may stand still.
        let now = self.vault.now();
        let ttl = Duration::from_secs(3600);
        let jwt = keys.mint_at("production", "api-service-sa", &[], now, ttl);
        self.write("jwt", &format!("{jwt}\n"));
    }

    pub(crate) fn put(&self, path: &str, body: &Value) {
        self.vault
            .write(path, body)
            .unwrap_or_else(|refusal| panic!("{path}: {refusal:?}"));
    }

    /// The role of the login, with these settings in addition.
    pub(crate) fn set_role(&self, extra: Value) {
        let mut role = json!({
            "bound_service_account_names": "api-service-sa",
            "bound_service_account_namespaces": "production",
            "policies": "api-secrets",
        });
        let Value::Object(extra) = extra else {
            panic!("{extra}")
        };
        role.as_object_mut().unwrap().extend(extra);
        self.put("auth/kubernetes/role/api-service", &role);
    }

    pub(crate) fn set_database_role(&self, ttl: &str, max_ttl: &str) {
        let role = json!({
            "db_name": "postgres", "creation_statements": "CREATE ROLE",
            "default_ttl": ttl, "max_ttl": max_ttl,
        });
        self.put("database/roles/api-role", &role);
    }

    /// Changes the guide's secret.
    pub(crate) fn set_key(&self, value: &str) {
        self.put(KV, &json!({"data": {"api_key": value}}));
    }

    /// Allows the agent more than what the guide does.
    pub(crate) fn allow(&self, rules: &str) {
        self.put("sys/policies/acl/more", &json!({"policy": rules}));
        self.set_role(json!({"ttl": "1h", "policies": "api-secrets,more"}));
    }

    /// Waits until the agent says that it is ready.
    pub(crate) async fn wait_until_ready(&self) {
        self.until("the marker", || self.read(".ready")).await;
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let mut file = fs::File::create(self.path(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    pub(crate) fn template(&self, name: &str, contents: &str) -> Value {
        json!({"destination": self.path(name), "contents": contents})
    }

    /// A configuration as the injector writes it, with quick intervals.
    pub(crate) fn config(&self, templates: &[Value]) -> Value {
        json!({
            "auto_auth": {
                "method": {
                    "type": "kubernetes",
                    "mount_path": "auth/kubernetes",
                    "min_backoff": "10ms",
                    "max_backoff": "50ms",
                    "config": {"role": "api-service", "token_path": self.path("jwt")},
                },
                "sink": [{"type": "file", "config": {"path": self.path("token")}}],
            },
            "vault": {"address": self.vault.address()},
            "pid_file": self.path("pid"),
            "template": templates,
            "template_config": {
                "exit_on_retry_failure": true,
                "static_secret_render_interval": "1s",
            },
        })
    }

    pub(crate) fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.path(name)).ok()
    }

    /// Waits for a file that is as wanted.
    pub(crate) async fn wait_for(&self, name: &str, wanted: impl Fn(&str) -> bool) -> String {
        let what = format!("{name}, which is {:?}", self.read(name));
        self.until(&what, || self.read(name).filter(|text| wanted(text)))
            .await
    }

    pub(crate) async fn wait_for_text(&self, name: &str, text: &str) {
        self.wait_for(name, |current| current == text).await;
    }

    pub(crate) async fn wait_for_log(&self, words: &str) {
        self.until(words, || self.logs().contains(words).then_some(()))
            .await;
    }

    pub(crate) async fn wait_for_count(&self, method: &str, prefix: &str, count: usize) {
        let what = format!("{count} times {method} {prefix}");
        let enough = || (self.vault.count(method, prefix) >= count).then_some(());
        self.until(&what, enough).await;
    }

    pub(crate) async fn until<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let search = async {
            loop {
                if let Some(found) = look() {
                    return found;
                }
                tokio::time::sleep(self.pace).await;
            }
        };
        let found = tokio::time::timeout(self.patience, search).await;
        found.unwrap_or_else(|_| panic!("waited in vain for {what}; log:\n{}", self.logs()))
    }

    pub(crate) fn logs(&self) -> String {
        String::from_utf8(self.logs.0.lock().unwrap().clone()).unwrap()
    }

    pub(crate) fn logins(&self) -> usize {
        self.vault.count("PUT", "auth/kubernetes/login")
    }
}

/// The settings of a configuration, with the places that a pod has moved below its directory.
pub(crate) fn mk_settings(config: &Value) -> Settings {
    let config: AgentConfig = serde_json::from_value(config.clone()).unwrap();
    let mut settings =
        Settings::from_config(&config, Overrides::default(), &Environment::default()).unwrap();
    let home = settings.pid_file.as_ref().and_then(|path| path.parent());
    settings.ready_marker = home.unwrap().join(".ready");
    settings.status_socket = home.unwrap().join("status.sock");
    if config.cache.is_none() {
        settings.state.clear();
    }
    settings
}

impl Agent {
    pub(crate) fn start(config: &Value) -> Self {
        Self::start_with(mk_settings(config))
    }

    pub(crate) fn start_with(settings: Settings) -> Self {
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            // A dropped sender stops the agent too.
            let _ = stopped.await;
        };
        Self {
            stop: Some(stop),
            ended: tokio::spawn(vault_agent::run(settings, shutdown)),
        }
    }

    /// An agent whose configuration is this file, which it reads again when told, and when it changes.
    pub(crate) fn start_from(file: PathBuf) -> (Self, mpsc::Sender<()>) {
        let read = |file: &PathBuf| -> Result<(AgentConfig, Settings), ConfigError> {
            let text = fs::read_to_string(file).unwrap();
            let config: Value = serde_json::from_str(&text).unwrap();
            let parsed: AgentConfig = serde_json::from_value(config.clone()).unwrap();
            Settings::from_config(&parsed, Overrides::default(), &Environment::default())?;
            Ok((parsed, mk_settings(&config)))
        };
        let (config, settings) = read(&file).unwrap();
        let (order, orders) = mpsc::channel(1);
        let (stop, stopped) = oneshot::channel::<()>();
        let reload = Reload {
            sources: Watched::new(vec![Source::Path(file.clone())]),
            load: Box::new(move || read(&file)),
            config,
            orders,
        };
        let shutdown = async {
            let _ = stopped.await;
        };
        let run = vault_agent::run_with_reload(settings, Some(reload), shutdown);
        let agent = Self {
            stop: Some(stop),
            ended: tokio::spawn(run),
        };
        (agent, order)
    }

    /// An agent that renders once, to its end.
    pub(crate) async fn run_once(mut config: Value) -> Result<(), Failure> {
        config["exit_after_auth"] = true.into();
        Self::start(&config).end().await
    }

    /// Ends the agent as a crash does: nothing of it runs on, nothing is tidied up.
    pub(crate) async fn crash(self) {
        let Self { stop, ended } = self;
        ended.abort();
        let _ = ended.await;
        drop(stop);
    }

    /// Asks the agent to stop, without waiting for its end.
    pub(crate) fn ask_to_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Asks the agent to stop, and gives how it ended.
    pub(crate) async fn stop(mut self) -> Result<(), Failure> {
        drop(self.stop.take());
        self.end().await
    }

    /// Whether the agent has ended by itself.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.is_finished()
    }

    /// Waits until the agent ends by itself.
    pub(crate) async fn end(self) -> Result<(), Failure> {
        let ended = tokio::time::timeout(DEADLINE, self.ended).await;
        ended.expect("the agent must end").unwrap()
    }
}
