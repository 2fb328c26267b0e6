//! The server of the demo, set up by the guide's commands: its own stand-in, or one of the user's.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use e2e::TokenReview;
use e2e::process::{Process, free_port};
use rustix::process::Signal;
use serde_json::json;

use crate::programs::{built, stop, until};
use crate::ui::Ui;
use crate::vault::{Admin, SECRET};

/// The token that an administrator of the demo's own Vault logs in with.
const ROOT_TOKEN: &str = "root";

/// The server: the demo's own stand-in, or one of the user's.
pub(crate) struct Server {
    address: String,
    admin: Admin,
    stand_in: Option<Process>,
}

impl Server {
    /// Starts the stand-in unless there is an address, and sets it up by the guide's commands.
    pub(crate) async fn start(
        ui: Ui,
        own: Option<String>,
        accounts: &TokenReview,
        work: &Path,
    ) -> Result<Self> {
        let server = match own {
            Some(address) => Self::of_the_user(ui, address).await?,
            None => Self::stand_in(ui, accounts, work).await?,
        };
        ui.step("Set it up as the guide says");
        let mut login = json!({"kubernetes_host": "https://kubernetes.default.svc:443"});
        if !server.is_ours() {
            // A real server asks the cluster about tokens. The demo answers for the cluster.
            login = json!({
                "kubernetes_host": accounts.url(),
                "disable_local_ca_jwt": true,
                "token_reviewer_jwt": accounts.reviewer_jwt(),
            });
        }
        server.admin.set_up(ui, &login).await?;
        Ok(server)
    }

    async fn stand_in(ui: Ui, accounts: &TokenReview, work: &Path) -> Result<Self> {
        ui.step("Start dev-vault, a stand-in for Vault (not for production)");
        let key = work.join("service-accounts.pem");
        crate::files::write(&key, &accounts.public_key_pem())?;
        let listen = format!("127.0.0.1:{}", free_port()?);
        let arguments = [
            format!("--listen={listen}"),
            format!("--root-token={ROOT_TOKEN}"),
            format!("--jwt-public-key={}", key.display()),
        ];
        ui.command(&format!("dev-vault {}", arguments.join(" ")));
        let mut program = Command::new(built("dev-vault")?);
        let process = Process::start("dev-vault", program.args(&arguments), Signal::TERM)?;
        process.line("NOT FOR PRODUCTION").await?;
        let address = format!("http://{listen}");
        let admin = Admin::new(&address, ROOT_TOKEN)?;
        until("dev-vault is not ready", || admin.is_ready()).await?;
        Ok(Self {
            address,
            admin,
            stand_in: Some(process),
        })
    }

    async fn of_the_user(ui: Ui, address: String) -> Result<Self> {
        ui.step(&format!("Use the Vault at {address}"));
        let token = std::env::var("VAULT_TOKEN")
            .context("--vault needs a token that may set the server up, in VAULT_TOKEN")?;
        let admin = Admin::new(&address, &token)?;
        anyhow::ensure!(
            admin.is_ready().await,
            "{address} does not answer, or is sealed"
        );
        admin.must_be_unused().await?;
        Ok(Self {
            address,
            admin,
            stand_in: None,
        })
    }

    /// The URL for the agent.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn admin(&self) -> &Admin {
        &self.admin
    }

    /// Whether it is the demo's own stand-in.
    pub(crate) fn is_ours(&self) -> bool {
        self.stand_in.is_some()
    }

    /// A command that changes the guide's secret, for those who play.
    pub(crate) fn example_write(&self) -> String {
        let token = if self.is_ours() {
            ROOT_TOKEN
        } else {
            "$VAULT_TOKEN"
        };
        format!(
            "curl -H \"X-Vault-Token: {token}\" {}/v1/{SECRET} \\\n  -d '{{\"data\": {{\"database_url\": \"postgresql://new\", \"api_key\": \"sk_live_zzzzz\"}}}}'",
            self.address
        )
    }

    /// Ends the stand-in; on a user's server, removes what the demo made.
    pub(crate) async fn stop(self, ui: Ui) -> Result<()> {
        match self.stand_in {
            Some(process) => stop(process).await,
            None => self.admin.clean_up(ui).await,
        }
    }
}
