//! kubectl, with a deadline for each command.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;

/// The variable that names the cluster's kubeconfig. Without it nothing is touched: the cluster that
/// kubectl talks to by default may be anybody's.
const VARIABLE: &str = "E2E_KUBECONFIG";

/// Longer than any command of a scenario takes, the waiting ones included.
const PATIENCE: Duration = Duration::from_secs(180);

/// What a command printed, and whether it succeeded.
#[derive(Clone, Debug)]
pub struct Said {
    pub ok: bool,
    pub stdout: String,
    pub stderr: String,
}

/// kubectl in a namespace of one cluster.
#[derive(Clone, Debug)]
pub struct Kubectl {
    kubeconfig: PathBuf,
    namespace: String,
}

impl Kubectl {
    /// The cluster that the environment names, in the namespace `default`.
    pub fn of_environment() -> Result<Self> {
        let kubeconfig = std::env::var_os(VARIABLE)
            .with_context(|| format!("{VARIABLE} has to name a kubeconfig; see `make e2e`"))?;
        Ok(Self {
            kubeconfig: kubeconfig.into(),
            namespace: "default".to_owned(),
        })
    }

    /// The same cluster, in another namespace.
    #[must_use]
    pub fn within(&self, namespace: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            ..self.clone()
        }
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Runs a command, which may fail, with a text on its standard input.
    pub async fn try_with(&self, arguments: &[&str], input: &str) -> Result<Said> {
        let mut command = tokio::process::Command::from(self.command(arguments));
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().context("cannot start kubectl")?;
        let mut stdin = child.stdin.take().context("kubectl must have an input")?;
        let run = async {
            // One that ends without reading it all tells why on its standard error.
            let _ = stdin.write_all(input.as_bytes()).await;
            drop(stdin);
            child.wait_with_output().await
        };
        let output = tokio::time::timeout(PATIENCE, run)
            .await
            .with_context(|| format!("kubectl {}: no end after {PATIENCE:?}", line(arguments)))??;
        Ok(Said {
            ok: output.status.success(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// Runs a command that has to succeed; returns what it prints.
    pub async fn run(&self, arguments: &[&str]) -> Result<String> {
        self.run_with(arguments, "").await
    }

    /// The same with a text on its standard input.
    pub async fn run_with(&self, arguments: &[&str], input: &str) -> Result<String> {
        let said = self.try_with(arguments, input).await?;
        ensure!(
            said.ok,
            "kubectl {}: {}",
            line(arguments),
            said.stderr.trim()
        );
        Ok(said.stdout)
    }

    /// `kubectl apply` of a manifest, YAML or JSON.
    pub async fn apply(&self, manifest: &str) -> Result<String> {
        self.run_with(&["apply", "--filename=-"], manifest).await
    }

    /// `kubectl create` of a manifest that has to be refused; returns the words.
    pub async fn refused(&self, manifest: &str) -> Result<String> {
        let said = self.try_with(&["create", "--filename=-"], manifest).await?;
        if said.ok {
            bail!("not refused: {}", said.stdout);
        }
        Ok(said.stderr)
    }

    /// One object.
    pub async fn get(&self, object: &str) -> Result<Value> {
        let text = self.run(&["get", object, "--output=json"]).await?;
        Ok(serde_json::from_str(&text)?)
    }

    /// The one pod of an application that is not on its way out.
    pub async fn pod(&self, application: &str) -> Result<Value> {
        let selector = format!("--selector=app={application}");
        let text = self
            .run(&["get", "pods", &selector, "--output=json"])
            .await?;
        let list: Value = serde_json::from_str(&text)?;
        let mut pods = list["items"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|pod| pod["metadata"]["deletionTimestamp"].is_null());
        let pod = pods
            .next()
            .with_context(|| format!("there is no pod of {application} yet"))?;
        ensure!(
            pods.next().is_none(),
            "there are several pods of {application}"
        );
        Ok(pod.clone())
    }

    /// What `kubectl describe` shows a person.
    pub async fn describe(&self, object: &str) -> Result<String> {
        self.run(&["describe", object]).await
    }

    /// The log of a container.
    pub async fn logs(&self, object: &str, container: &str) -> Result<String> {
        self.run(&["logs", object, "--container", container]).await
    }

    /// Waits until a Deployment is rolled out.
    pub async fn rolled_out(&self, deployment: &str) -> Result<()> {
        let object = format!("deployment/{deployment}");
        self.run(&["rollout", "status", &object, "--timeout=120s"])
            .await
            .map(drop)
    }

    /// A command that is run while a scenario is taken down, when nothing can wait for a future any
    /// more; returns all that it printed.
    pub(super) fn run_now(&self, arguments: &[&str]) -> String {
        match self.command(arguments).stdin(Stdio::null()).output() {
            Ok(output) => {
                String::from_utf8_lossy(&output.stdout).into_owned()
                    + &String::from_utf8_lossy(&output.stderr)
            }
            Err(error) => error.to_string(),
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("kubectl");
        command
            .arg("--kubeconfig")
            .arg(&self.kubeconfig)
            .args(["--namespace", &self.namespace])
            .args(arguments);
        command
    }
}

/// A command for messages, without the scripts that it may carry.
fn line(arguments: &[&str]) -> String {
    let words = arguments
        .iter()
        .map(|word| word.lines().next().unwrap_or_default());
    words.collect::<Vec<_>>().join(" ")
}
