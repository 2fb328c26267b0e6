//! The API server of the demo: the stand-in, or the testbed's real one.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use e2e::process::{Process, free_port};
use rustix::process::Signal;

use super::Choice;
use super::kube::Kube;
use crate::programs::{built, stop, until};
use crate::ui::Ui;

const CLUSTER_SCRIPT: &str = "e2e/operator/cluster.sh";

/// The first port of the testbed's servers, unless `PORT_BASE` names another.
const PORT_BASE: &str = "26200";

/// Succeeds if the testbed's control plane was built before.
const IS_BUILT: &str = ". e2e/operator/lib.sh && command -v openssl && \
    test -x \"$KUBERNETES_BIN/kube-controller-manager\" && \
    test -x \"$KUBERNETES_BIN/kube-apiserver\" && test -x \"$ETCD_BIN/etcd\"";

/// A running API server with the operator's kinds.
pub(super) struct ApiServer {
    kube: Kube,
    kubeconfig: PathBuf,
    kind: Kind,
}

enum Kind {
    StandIn(Process),
    Testbed(Cluster),
}

/// What the scripts of the testbed started. It ends with this value.
struct Cluster {
    directory: PathBuf,
    port_base: String,
    is_up: bool,
}

/// The testbed's server if its programs are there, which takes minutes to build.
pub(super) fn choose() -> Choice {
    let mut command = Command::new("bash");
    command.args(["-c", IS_BUILT]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    match command.status() {
        Ok(status) if status.success() => Choice::Testbed,
        _ => Choice::StandIn,
    }
}

impl ApiServer {
    pub(super) async fn start(
        ui: Ui,
        choice: Choice,
        work: &Path,
        definitions: &Path,
    ) -> Result<Self> {
        match choice {
            Choice::StandIn => Self::stand_in(ui, work, definitions).await,
            Choice::Testbed => Self::testbed(ui, work, definitions),
        }
    }

    async fn stand_in(ui: Ui, work: &Path, definitions: &Path) -> Result<Self> {
        ui.step(
            "Start api-server, a stand-in for Kubernetes' API server (no RBAC, not for production)",
        );
        let kubeconfig = work.join("kubeconfig");
        let listen = format!("127.0.0.1:{}", free_port()?);
        let arguments = [
            format!("--listen={listen}"),
            format!("--kubeconfig={}", kubeconfig.display()),
        ];
        ui.command(&format!("api-server {}", arguments.join(" ")));
        ui.command(&format!("export KUBECONFIG={}", kubeconfig.display()));
        let mut command = Command::new(built("api-server")?);
        command.args(&arguments);
        let program = Process::start("api-server", &mut command, Signal::TERM)?;
        let kube = Kube::plain(format!("http://{listen}"))?;
        if let Err(error) = until("api-server is not ready", || kube.is_ready()).await {
            bail!("{error}:\n{}", program.output());
        }
        show_definitions(ui);
        let applied = kube.apply(&std::fs::read_to_string(definitions)?).await?;
        ui.detail(&format!("({} definitions)", applied.len()));
        Ok(Self {
            kube,
            kubeconfig,
            kind: Kind::StandIn(program),
        })
    }

    fn testbed(ui: Ui, work: &Path, definitions: &Path) -> Result<Self> {
        ui.step("Start the testbed's etcd, API server and controller manager");
        let port_base = std::env::var("PORT_BASE").unwrap_or_else(|_| PORT_BASE.to_owned());
        let api_port = port_base.parse::<u16>().context("PORT_BASE")? + 2;
        let mut cluster = Cluster {
            directory: work.join("cluster"),
            port_base,
            is_up: true,
        };
        let state = cluster.directory.join("state");
        let kubeconfig = state.join("admin.kubeconfig");
        ui.command(&format!("{CLUSTER_SCRIPT} up crds.yaml"));
        ui.command(&format!("export KUBECONFIG={}", kubeconfig.display()));
        let output = cluster
            .command("up")
            .arg(definitions)
            .output()
            .context("cannot start bash")?;
        if !output.status.success() {
            cluster.is_up = false;
            bail!(
                "the testbed did not start; --api-server stand-in does without it:\n{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        show_definitions(ui);
        let url = format!("https://127.0.0.1:{api_port}");
        Ok(Self {
            kube: Kube::with_certificates(url, &state.join("pki"))?,
            kubeconfig,
            kind: Kind::Testbed(cluster),
        })
    }

    pub(super) fn client(&self) -> &Kube {
        &self.kube
    }

    pub(super) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    pub(super) async fn stop(self) -> Result<()> {
        match self.kind {
            Kind::StandIn(program) => stop(program).await,
            Kind::Testbed(mut cluster) => cluster.down(),
        }
    }
}

fn show_definitions(ui: Ui) {
    ui.step("Install the operator's kinds: those of External Secrets Operator");
    ui.command("secrets-operator crds | kubectl apply --server-side -f -");
}

impl Cluster {
    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new("bash");
        command
            .args([CLUSTER_SCRIPT, verb])
            .env("OPERATOR_CLUSTER", &self.directory)
            .env("PORT_BASE", &self.port_base)
            .stdin(Stdio::null());
        command
    }

    fn down(&mut self) -> Result<()> {
        self.is_up = false;
        let output = self.command("down").output().context("cannot start bash")?;
        let said = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "the testbed did not stop:\n{said}");
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.is_up {
            // Nobody is left who could be told.
            let _ = self.down();
        }
    }
}
