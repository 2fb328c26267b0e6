//! The demo's steps, in order.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use contract::names::{INIT_CONTAINER, SIDECAR_CONTAINER};
use e2e::process::{Process, free_port};
use e2e::{ServiceAccount, TokenReview};
use rustix::process::Signal;

use crate::admission::{self, Webhook};
use crate::patched::PatchedPod;
use crate::pod::Workload;
use crate::programs::{built, file_when, stop, until};
use crate::sandbox::Isolation;
use crate::server::Server;
use crate::ui::{Colour, Ui};
use crate::vault::Admin;

const GUIDE: &str = "manifests/examples/guide-deployment.yaml";
const DATABASE: &str = "manifests/examples/database-deployment.yaml";

/// How often the agent looks at secrets without a lease; short, so that a change shows in seconds.
const INTERVAL: &str = "2s";

/// What the steps share.
struct Demo<'a> {
    ui: Ui,
    work: &'a Path,
    isolation: Isolation,
    accounts: TokenReview,
    webhook: Webhook,
}

/// What runs when all is shown.
struct Running {
    server: Server,
    injector: Process,
    sidecars: Vec<Process>,
    /// The file that the guide's application reads.
    config: PathBuf,
}

/// Runs the whole demo. Interrupted, it stops everything too: each process ends with its value.
pub(crate) async fn run(keep: bool, own_vault: Option<String>) -> Result<()> {
    let ui = Ui::new();
    let work = tempfile::Builder::new()
        .prefix("vault-injector-demo-")
        .tempdir()?;
    let running = tokio::select! {
        running = show(ui, own_vault, work.path()) => running?,
        _ = tokio::signal::ctrl_c() => bail!("interrupted; everything was stopped"),
    };
    if keep {
        play(ui, &running).await?;
    }
    ui.step("Stop everything");
    for sidecar in running.sidecars {
        stop(sidecar).await?;
    }
    stop(running.injector).await?;
    running.server.stop(ui).await?;
    work.close()?;
    ui.detail("nothing is left behind");
    Ok(())
}

async fn show(ui: Ui, own_vault: Option<String>, work: &Path) -> Result<Running> {
    let accounts = TokenReview::start().await?;
    let server = Server::start(ui, own_vault, &accounts, work).await?;
    let (injector, webhook) = start_webhook(ui, server.address(), work).await?;
    let demo = Demo {
        ui,
        work,
        isolation: Isolation::detect(),
        accounts,
        webhook,
    };

    let guide = demo.admit(GUIDE).await?;
    let mut sidecars = vec![demo.render(&guide, "config").await?];
    demo.change_secret(server.admin(), &guide).await?;
    if server.is_ours() {
        ui.step("Add a database credential, living for seconds");
        server.admin().set_up_database(ui).await?;
        let pod = demo.admit(DATABASE).await?;
        let sidecar = demo.render(&pod, "db").await?;
        demo.rotate(&pod, &sidecar).await?;
        sidecars.push(sidecar);
    } else {
        ui.step("Database credentials need a database: shown with the demo's own Vault only");
    }
    let config = guide.volume("vault-secrets").join("config");
    Ok(Running {
        server,
        injector,
        sidecars,
        config,
    })
}

/// Leaves everything running until the person has seen enough.
async fn play(ui: Ui, running: &Running) -> Result<()> {
    ui.step("Everything keeps running; Ctrl-C ends it and leaves nothing behind");
    ui.detail("the file that the application reads:");
    ui.command(&format!("cat {}", running.config.display()));
    ui.detail("change the secret, and look again two seconds later:");
    ui.command(&running.server.example_write());
    tokio::signal::ctrl_c()
        .await
        .context("cannot wait for Ctrl-C")
}

async fn start_webhook(ui: Ui, vault: &str, work: &Path) -> Result<(Process, Webhook)> {
    let directory = work.join("webhook");
    std::fs::create_dir(&directory)?;
    let authority = admission::make_certificates(&directory)?;
    let address = format!("127.0.0.1:{}", free_port()?);
    ui.step("Start the webhook with TLS");
    let arguments = [
        format!("-listen={address}"),
        format!("-tls-cert-file={}", directory.join("tls.crt").display()),
        format!("-tls-key-file={}", directory.join("tls.key").display()),
        format!("-vault-address={vault}"),
        format!("-template-static-secret-render-interval={INTERVAL}"),
        // Nothing here takes a while to notice that it leaves.
        "-shutdown-delay=0s".to_owned(),
    ];
    ui.command(&format!("vault-injector {}", arguments.join(" \\\n  ")));
    let mut command = Command::new(built("vault-injector")?);
    command.args(&arguments);
    let program = Process::start("vault-injector", &mut command, Signal::TERM)?;
    let webhook = Webhook::new(&address, &authority)?;
    if let Err(error) = until("the webhook is not ready", || webhook.is_ready()).await {
        bail!("{error}:\n{}", program.output());
    }
    Ok((program, webhook))
}

impl Demo<'_> {
    /// Sends the pod of a Deployment through admission and makes its volumes.
    async fn admit(&self, manifest: &str) -> Result<PatchedPod> {
        let ui = self.ui;
        ui.step(&format!("Apply {manifest}"));
        let text = std::fs::read_to_string(manifest).with_context(|| {
            format!("cannot read {manifest}: run the demo in the project's folder")
        })?;
        for line in text
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'))
        {
            ui.block(Colour::Dim, line);
        }
        let workload = Workload::parse(&text)?;
        let pod = workload.pod();
        ui.step("The API server asks the webhook about the pod; this is what the patch changes");
        let patch = self.webhook.review(ui, &workload.review(&pod)).await?;
        let mut patched = pod.clone();
        json_patch::patch(&mut patched, &patch)?;
        admission::show_changes(ui, &pod, &patched)?;
        ui.detail(&format!("({} operations)", patch.len()));
        let token = self.accounts.issue(ServiceAccount {
            namespace: &workload.namespace,
            name: &workload.service_account,
        })?;
        PatchedPod::create(&workload.name, patched, self.work, &token, self.isolation)
    }

    /// Runs the init container to its end, starts the sidecar, and shows the file.
    async fn render(&self, pod: &PatchedPod, file: &str) -> Result<Process> {
        let ui = self.ui;
        ui.step(&format!(
            "Run the init container, {}",
            self.isolation.describe()
        ));
        let mut init = pod.start(INIT_CONTAINER)?;
        let status = init.ended().await?;
        ui.block(Colour::Dim, &init.output());
        anyhow::ensure!(status.success(), "the init container ended with {status}");
        ui.step("Start the sidecar");
        let sidecar = pod.start(SIDECAR_CONTAINER)?;
        sidecar.line("rendered").await?;
        let text = std::fs::read_to_string(pod.volume("vault-secrets").join(file))?;
        ui.step(&format!("The application reads /vault/secrets/{file}"));
        ui.block(Colour::Green, &text);
        Ok(sidecar)
    }

    /// A new version of the secret, and the file that follows it.
    async fn change_secret(&self, admin: &Admin, pod: &PatchedPod) -> Result<()> {
        let ui = self.ui;
        ui.step("Change the secret in Vault");
        admin.put_secret(ui, "sk_live_yyyyy").await?;
        let path = pod.volume("vault-secrets").join("config");
        let text = file_when(&path, |text| text.contains("sk_live_yyyyy")).await?;
        ui.step("The file follows");
        ui.block(Colour::Green, &text);
        Ok(())
    }

    /// A lease that is renewed, and replaced before its maximum ends.
    async fn rotate(&self, pod: &PatchedPod, sidecar: &Process) -> Result<()> {
        let ui = self.ui;
        let path = pod.volume("vault-secrets").join("db");
        let first = std::fs::read_to_string(&path)?;
        ui.step("Wait for the lease to be renewed");
        ui.block(Colour::Dim, &sidecar.line("renewed lease").await?);
        ui.step("Wait for new credentials, before the old ones reach their maximum");
        let text = file_when(&path, |text| !text.is_empty() && text != first).await?;
        ui.block(Colour::Red, &first);
        ui.block(Colour::Green, &text);
        Ok(())
    }
}
