//! The operator in one command: an `ExternalSecret` goes in, a Secret that follows Vault comes out.

mod api_server;
mod kube;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use e2e::process::{Process, free_port};
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::programs::{built, stop, until};
use crate::ui::{Colour, Ui};
use crate::vault::Admin;
use api_server::ApiServer;
use kube::Kube;

const EXTERNAL_SECRET: &str = "e2e/demo/manifests/external-secret.yaml";
const STORE: &str = "e2e/demo/manifests/secret-store.yaml";

/// The server that the committed manifest names; the demo's own has another port.
const WRITTEN_SERVER: &str = "http://127.0.0.1:8200";
const ROOT_TOKEN: &str = "root";

const OBJECT: &str =
    "/apis/external-secrets.io/v1/namespaces/default/externalsecrets/vault-example";
const SECRET: &str = "/api/v1/namespaces/default/secrets/mysecretfoobar";

/// The manifest's refresh interval, and a moment to write.
const FOLLOWS_WITHIN: Duration = Duration::from_secs(16);

/// Flags of the operator's demo.
#[derive(Args)]
pub(crate) struct Flags {
    /// Leave everything running at the end, and print how to play with it.
    #[arg(long)]
    keep: bool,
    /// The API server: the testbed's, or a small stand-in. Without this, the testbed's if it was
    /// built before on this machine.
    #[arg(long, value_enum)]
    api_server: Option<Choice>,
}

/// What serves the API.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Choice {
    Testbed,
    StandIn,
}

/// Everything that was started.
struct Running {
    operator: Process,
    api: ApiServer,
    vault: Process,
    vault_address: String,
}

/// Runs the operator's demo. Interrupted, it stops everything too.
pub(crate) async fn run(flags: &Flags) -> Result<()> {
    let ui = Ui::new();
    let work = tempfile::Builder::new()
        .prefix("secrets-operator-demo-")
        .tempdir()?;
    let choice = flags.api_server.unwrap_or_else(api_server::choose);
    let running = tokio::select! {
        running = show(ui, choice, work.path()) => running?,
        _ = tokio::signal::ctrl_c() => bail!("interrupted; everything was stopped"),
    };
    if flags.keep {
        play(ui, &running).await?;
    }
    ui.step("Stop everything");
    stop(running.operator).await?;
    running.api.stop().await?;
    stop(running.vault).await?;
    work.close()?;
    ui.detail("nothing is left behind");
    Ok(())
}

async fn show(ui: Ui, choice: Choice, work: &Path) -> Result<Running> {
    let (vault, admin, vault_address) = start_vault(ui).await?;
    let definitions = definitions(work)?;
    let api = ApiServer::start(ui, choice, work, &definitions).await?;
    let operator = start_operator(ui, &api).await?;
    let kube = api.client();
    apply(ui, kube, EXTERNAL_SECRET, &vault_address).await?;
    show_waiting(ui, kube).await?;
    apply(ui, kube, STORE, &vault_address).await?;
    if let Err(error) = show_secret(ui, kube).await {
        bail!("{error:#}. The operator's log:\n{}", operator.output());
    }
    follow_vault(ui, kube, &admin).await?;
    repair(ui, kube).await?;
    Ok(Running {
        operator,
        api,
        vault,
        vault_address,
    })
}

async fn start_vault(ui: Ui) -> Result<(Process, Admin, String)> {
    ui.step("Start dev-vault, a stand-in for Vault (not for production)");
    let listen = format!("127.0.0.1:{}", free_port()?);
    let arguments = [
        format!("--listen={listen}"),
        format!("--root-token={ROOT_TOKEN}"),
    ];
    ui.command(&format!("dev-vault {}", arguments.join(" ")));
    let mut command = Command::new(built("dev-vault")?);
    command.args(&arguments);
    let program = Process::start("dev-vault", &mut command, Signal::TERM)?;
    let address = format!("http://{listen}");
    let admin = Admin::new(&address, ROOT_TOKEN)?;
    if let Err(error) = until("dev-vault is not ready", || admin.is_ready()).await {
        bail!("{error}:\n{}", program.output());
    }
    admin.put_foo(ui, "Hello from Vault").await?;
    Ok((program, admin, address))
}

/// The definitions of the operator's kinds, in a file.
fn definitions(work: &Path) -> Result<PathBuf> {
    let output = Command::new(built("secrets-operator")?)
        .arg("crds")
        .output()?;
    anyhow::ensure!(output.status.success(), "secrets-operator crds failed");
    let path = work.join("crds.yaml");
    crate::files::write(&path, &String::from_utf8(output.stdout)?)?;
    Ok(path)
}

async fn start_operator(ui: Ui, api: &ApiServer) -> Result<Process> {
    ui.step("Start the operator");
    let arguments = [
        "--metrics-addr=0".to_owned(),
        format!("--live-addr=127.0.0.1:{}", free_port()?),
        // The demo's Vault is on this machine.
        "--allow-local-addresses".to_owned(),
    ];
    ui.command(&format!("secrets-operator {}", arguments.join(" ")));
    let mut command = Command::new(built("secrets-operator")?);
    command.args(&arguments).env("KUBECONFIG", api.kubeconfig());
    let program = Process::start("secrets-operator", &mut command, Signal::TERM)?;
    program.line("serving").await?;
    Ok(program)
}

/// Applies a manifest of the project, with the address of the demo's Vault in it.
async fn apply(ui: Ui, kube: &Kube, manifest: &str, vault: &str) -> Result<()> {
    ui.step(&format!("Apply {manifest}"));
    let text = std::fs::read_to_string(manifest)
        .with_context(|| format!("cannot read {manifest}: run the demo in the project's folder"))?;
    let text = text.replace(WRITTEN_SERVER, vault);
    let shown = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    for line in shown {
        ui.block(Colour::Dim, line);
    }
    ui.command(&format!("kubectl apply -f {manifest}"));
    for applied in kube.apply(&text).await? {
        ui.block(Colour::Green, &applied);
    }
    Ok(())
}

/// The store is not there yet, and the object says so.
async fn show_waiting(ui: Ui, kube: &Kube) -> Result<()> {
    ui.step("Its store does not exist yet: it waits, and its status says for what");
    let ready = async || {
        let object = kube.get(OBJECT).await.ok().flatten()?;
        let conditions = object["status"]["conditions"].as_array()?.clone();
        conditions.into_iter().find(|it| it["type"] == "Ready")
    };
    until("the ExternalSecret has no condition", || async {
        ready().await.is_some()
    })
    .await?;
    ui.command(
        "kubectl get externalsecret vault-example -o jsonpath='{.status.conditions[0].message}'",
    );
    let condition = ready().await.unwrap_or_default();
    ui.block(
        Colour::Dim,
        condition["message"].as_str().unwrap_or_default(),
    );
    Ok(())
}

async fn show_secret(ui: Ui, kube: &Kube) -> Result<()> {
    until("there is no Secret mysecretfoobar", || async {
        value(kube).await.is_some()
    })
    .await?;
    ui.step("The Secret is there");
    print_value(ui, kube).await
}

async fn follow_vault(ui: Ui, kube: &Kube, admin: &Admin) -> Result<()> {
    ui.step("Change the secret in Vault, and wait for refreshInterval: 15s");
    let changed = "Hello again, with a new value";
    admin.put_foo(ui, changed).await?;
    let start = Instant::now();
    until("the Secret did not follow", || async {
        value(kube).await.as_deref() == Some(changed)
    })
    .await?;
    let took = start.elapsed();
    anyhow::ensure!(
        took < FOLLOWS_WITHIN,
        "the Secret followed after {took:?} only"
    );
    ui.step("The Secret follows");
    print_value(ui, kube).await
}

async fn repair(ui: Ui, kube: &Kube) -> Result<()> {
    ui.step("Edit the Secret by hand");
    let right = value(kube).await;
    let patch = json!({"data": {"foobar": "ZWRpdGVk"}});
    ui.command(&format!(
        "kubectl patch secret mysecretfoobar --type merge \\\n  -p '{patch}'   # edited"
    ));
    let edited = kube.patch(SECRET, &patch).await?;
    let version = &edited["metadata"]["resourceVersion"];
    until("the Secret was not repaired", || async {
        let secret = kube.get(SECRET).await.ok().flatten().unwrap_or_default();
        decoded(&secret) == right && secret["metadata"]["resourceVersion"] != *version
    })
    .await?;
    ui.step("The operator repairs it at once");
    print_value(ui, kube).await
}

/// What the application gets to read.
async fn value(kube: &Kube) -> Option<String> {
    decoded(&kube.get(SECRET).await.ok().flatten()?)
}

fn decoded(secret: &Value) -> Option<String> {
    use base64::Engine as _;
    let data = secret["data"]["foobar"].as_str()?;
    let data = base64::engine::general_purpose::STANDARD
        .decode(data)
        .ok()?;
    String::from_utf8(data).ok()
}

async fn print_value(ui: Ui, kube: &Kube) -> Result<()> {
    ui.command("kubectl get secret mysecretfoobar -o jsonpath='{.data.foobar}' | base64 -d");
    let value = value(kube).await.context("the Secret is gone")?;
    ui.block(Colour::Green, &value);
    Ok(())
}

/// Leaves everything running until the person has seen enough.
async fn play(ui: Ui, running: &Running) -> Result<()> {
    ui.step("Everything keeps running; Ctrl-C ends it and leaves nothing behind");
    ui.detail("in another terminal:");
    ui.command(&format!(
        "export KUBECONFIG={}",
        running.api.kubeconfig().display()
    ));
    ui.command("kubectl get externalsecrets,secretstores,secrets,events");
    ui.command("kubectl edit externalsecret vault-example");
    ui.command("kubectl delete secret mysecretfoobar   # it comes back");
    ui.detail("change the secret, and look again 15 seconds later:");
    ui.command(&format!(
        "VAULT_ADDR={} VAULT_TOKEN={ROOT_TOKEN} vault kv put secret/foo my-value=other",
        running.vault_address
    ));
    ui.detail("or without the vault program:");
    ui.command(&format!(
        "curl -H 'X-Vault-Token: {ROOT_TOKEN}' \\\n  -d '{{\"data\": {{\"my-value\": \"other\"}}}}' {}/v1/secret/data/foo",
        running.vault_address
    ));
    tokio::signal::ctrl_c()
        .await
        .context("cannot wait for Ctrl-C")
}
