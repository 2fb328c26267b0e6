//! A Vault with one secret, and an agent in a process of its own that runs a program.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use dev_vault::{Config, DevVault};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

const DEADLINE: Duration = Duration::from_secs(60);
const KV: &str = "secret/data/app";
const PASSWORD: &str = r#"{{ with secret "secret/app" }}{{ .Data.data.password }}{{ end }}"#;

pub(crate) struct World {
    vault: DevVault,
    pub(crate) dir: TempDir,
}

pub(crate) struct Agent {
    pub(crate) process: Child,
    log: PathBuf,
}

impl World {
    pub(crate) async fn new() -> Self {
        let vault = DevVault::start(Config::default()).await.unwrap();
        let world = Self {
            vault,
            dir: tempfile::tempdir().unwrap(),
        };
        world.put("sys/auth/kubernetes", &json!({"type": "kubernetes"}));
        let host = json!({"kubernetes_host": "https://k8s"});
        world.put("auth/kubernetes/config", &host);
        let role = json!({
            "bound_service_account_names": "app", "bound_service_account_namespaces": "prod",
            "policies": "app", "ttl": "1h",
        });
        world.put("auth/kubernetes/role/app", &role);
        let policy = r#"path "secret/data/app" { capabilities = ["read"] }"#;
        world.put("sys/policies/acl/app", &json!({"policy": policy}));
        world.set_password("first");
        let keys = world.vault.service_accounts();
        let jwt = keys.mint("prod", "app", &[], Duration::from_secs(3600));
        world.write("jwt", &jwt);
        world
    }

    fn put(&self, path: &str, body: &Value) {
        let written = self.vault.write(path, body);
        written.unwrap_or_else(|refusal| panic!("{path}: {refusal:?}"));
    }

    pub(crate) fn set_password(&self, password: &str) {
        self.put(KV, &json!({"data": {"password": password}}));
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let mut file = fs::File::create(self.path(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// An agent that runs this script of a shell, in which `$DIR` is the test's directory.
    pub(crate) fn run(&self, script: &str, exec: &Value) -> Agent {
        self.run_with(script, exec, |_| ())
    }

    pub(crate) fn run_with(
        &self,
        script: &str,
        exec: &Value,
        change: impl FnOnce(&mut Value),
    ) -> Agent {
        let mut config = json!({
            "auto_auth": {"method": {
                "type": "kubernetes", "config": {"role": "app", "token_path": self.path("jwt")},
            }},
            "vault": {"address": self.vault.address()},
            "cache": {"persist": {"type": "kubernetes", "path": self.path("")}},
            "template_config": {
                "exit_on_retry_failure": true, "static_secret_render_interval": "1s",
            },
            "exec": {"command": ["/bin/sh", "-c", script]},
            "env_template": [
                {"name": "PASSWORD", "contents": PASSWORD},
                {"name": "FIXED", "contents": "a b"},
            ],
        });
        let block = config["exec"].as_object_mut().unwrap();
        block.extend(exec.as_object().unwrap().clone());
        change(&mut config);
        self.write("config.json", &config.to_string());
        let log = self.dir.path().join("log");
        let process = Command::new(env!("CARGO_BIN_EXE_vault-agent"))
            .arg(format!("-config={}", self.path("config.json")))
            .arg("-log-level=trace")
            .env_clear()
            .env("DIR", self.dir.path())
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Agent { process, log }
    }

    pub(crate) async fn wait_for(
        &self,
        name: &str,
        agent: &Agent,
        wanted: impl Fn(&str) -> bool,
    ) -> String {
        let look = || Some(self.read(name)).filter(|text| wanted(text));
        match until(look).await {
            Some(text) => text,
            None => panic!("{name} is {:?}; log:\n{}", self.read(name), agent.log()),
        }
    }
}

/// Looks again and again, until the deadline.
pub(crate) async fn until<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let search = async {
        loop {
            if let Some(found) = look() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(DEADLINE, search).await.ok()
}

impl Agent {
    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.process.id().try_into().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// The code that it ends with, and its log.
    pub(crate) async fn end(mut self) -> (i32, String) {
        let status = until(|| self.process.try_wait().unwrap()).await;
        let Some(status) = status else {
            panic!("the agent does not end; log:\n{}", self.log());
        };
        (status.code().unwrap(), self.log())
    }

    pub(crate) async fn wait_for_log(&self, words: &str) {
        let found = until(|| self.log().contains(words).then_some(())).await;
        assert!(found.is_some(), "no {words:?} in the log:\n{}", self.log());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // Where a test failed half-way.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
