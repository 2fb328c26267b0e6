//! Vault set up by the guide's commands: each is shown as a person would type it and done through
//! the HTTP API.

use std::path::Path;
use std::process::Command as Program;

use anyhow::{Context as _, Result};
use e2e::TokenReview;
use e2e::process::{Process, free_port};
use rustix::process::Signal;
use serde_json::{Value, json};
use vault_api::{Client, ClientConfig, Session, Token};

use crate::steps::{built, until};
use crate::ui::Ui;

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
        let mut program = Program::new(built("dev-vault")?);
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
            Some(process) => crate::steps::stop(process).await,
            None => self.admin.clean_up(ui).await,
        }
    }
}

/// The secret of the guide.
pub(crate) const SECRET: &str = "secret/data/production/api-service";

const POLICY: &str =
    "path \"secret/data/production/api-service\" {\n  capabilities = [\"read\"]\n}";

const DATABASE_POLICY: &str = "path \"database/creds/api-role\" {\n  capabilities = [\"read\"]\n}";

const CREATION: &str = "CREATE ROLE \"{{name}}\" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'; GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO \"{{name}}\";";

/// An administrator's view of the server.
pub(crate) struct Admin {
    client: Client,
    token: Token,
    address: String,
}

/// One command of the guide and the request that it is.
struct Command {
    typed: String,
    path: &'static str,
    body: Value,
}

fn command(typed: impl Into<String>, path: &'static str, body: Value) -> Command {
    Command {
        typed: typed.into(),
        path,
        body,
    }
}

impl Admin {
    pub(crate) fn new(address: &str, token: &str) -> Result<Self> {
        let client = Client::new(&ClientConfig::new(address))?;
        Ok(Self {
            client,
            token: Token::new(token)?,
            address: address.to_owned(),
        })
    }

    fn session(&self) -> Session<'_> {
        self.client.with_token(&self.token)
    }

    /// Whether the server answers and is neither sealed nor new.
    pub(crate) async fn is_ready(&self) -> bool {
        self.client
            .health()
            .await
            .is_ok_and(|health| health.initialized && !health.sealed)
    }

    /// The guide's Kubernetes login, static secret and policy. `login` is what
    /// `auth/kubernetes/config` needs beside the guide's own line.
    pub(crate) async fn set_up(&self, ui: Ui, login: &Value) -> Result<()> {
        self.enable(
            ui,
            "vault auth enable kubernetes",
            "sys/auth/kubernetes",
            "kubernetes",
        )
        .await?;
        self.run(
            ui,
            &command(
                format!(
                    "vault write auth/kubernetes/config \\\n  {}",
                    assignments(login)
                ),
                "auth/kubernetes/config",
                login.clone(),
            ),
        )
        .await?;
        self.role(ui, "auth/kubernetes/role/api-service", "api-secrets")
            .await?;
        self.enable(
            ui,
            "vault secrets enable -path=secret kv-v2",
            "sys/mounts/secret",
            "kv",
        )
        .await?;
        self.put_secret(ui, "sk_live_xxxxx").await?;
        self.run(
            ui,
            &command(
                format!("vault policy write api-secrets - <<EOF\n{POLICY}\nEOF"),
                "sys/policies/acl/api-secrets",
                json!({"policy": POLICY}),
            ),
        )
        .await
    }

    /// The guide's database role, with a life of seconds instead of hours so that one can watch it.
    pub(crate) async fn set_up_database(&self, ui: Ui) -> Result<()> {
        self.enable(
            ui,
            "vault secrets enable database",
            "sys/mounts/database",
            "database",
        )
        .await?;
        let connection = json!({
            "plugin_name": "postgresql-database-plugin",
            "connection_url": "postgresql://{{username}}:{{password}}@postgres:5432/app",
            "allowed_roles": "api-role",
            "username": "vault_admin",
            "password": "admin_password",
        });
        self.run(
            ui,
            &command(
                format!(
                    "vault write database/config/postgres \\\n  {}",
                    assignments(&connection)
                ),
                "database/config/postgres",
                connection,
            ),
        )
        .await?;
        let role = json!({
            "db_name": "postgres",
            "creation_statements": CREATION,
            "default_ttl": "6s",
            "max_ttl": "14s",
        });
        self.run(ui, &command(
            "vault write database/roles/api-role \\\n  db_name=postgres creation_statements=\"CREATE ROLE …\" \\\n  default_ttl=6s max_ttl=14s   # 1h and 24h in the guide",
            "database/roles/api-role",
            role,
        ))
        .await?;
        self.run(
            ui,
            &command(
                format!("vault policy write api-database - <<EOF\n{DATABASE_POLICY}\nEOF"),
                "sys/policies/acl/api-database",
                json!({"policy": DATABASE_POLICY}),
            ),
        )
        .await?;
        self.role(ui, "auth/kubernetes/role/api-database", "api-database")
            .await
    }

    /// A user's server must have nothing that the demo would overwrite.
    async fn must_be_unused(&self) -> Result<()> {
        let session = self.session();
        for path in [
            "sys/auth/kubernetes",
            "sys/policies/acl/api-secrets",
            SECRET,
        ] {
            // Paths below mounts that are not there are answered with errors: nothing is there.
            let found = session.read(path).await.unwrap_or_default();
            anyhow::ensure!(
                found.is_none(),
                "{path} is there already, and the demo would change it: use a development server"
            );
        }
        Ok(())
    }

    /// Removes from a user's server what [`Admin::set_up`] made. The mount `secret/` stays.
    async fn clean_up(&self, ui: Ui) -> Result<()> {
        let client = reqwest::Client::builder().tls_certs_only([]).build()?;
        for path in [
            "sys/auth/kubernetes",
            "sys/policies/acl/api-secrets",
            "secret/metadata/production/api-service",
        ] {
            ui.command(&format!("vault delete {path}"));
            let request = client.delete(format!("{}/v1/{path}", self.address));
            let answer = request
                .header("X-Vault-Token", self.token.expose())
                .send()
                .await?;
            answer
                .error_for_status()
                .with_context(|| format!("delete {path}"))?;
        }
        Ok(())
    }

    /// Writes the guide's secret with this API key.
    pub(crate) async fn put_secret(&self, ui: Ui, api_key: &str) -> Result<()> {
        let database_url = "postgresql://user:pass@db:5432/app";
        self.run(ui, &command(
            format!(
                "vault kv put secret/production/api-service \\\n  database_url=\"{database_url}\" \\\n  api_key=\"{api_key}\""
            ),
            SECRET,
            json!({"data": {"database_url": database_url, "api_key": api_key}}),
        ))
        .await
    }

    async fn role(&self, ui: Ui, path: &'static str, policies: &str) -> Result<()> {
        let role = json!({
            "bound_service_account_names": "api-service-sa",
            "bound_service_account_namespaces": "production",
            "policies": policies,
            "ttl": "1h",
        });
        let typed = format!("vault write {path} \\\n  {}", assignments(&role));
        self.run(ui, &command(typed, path, role)).await
    }

    /// Mounts a backend; one that is there already is left as it is.
    async fn enable(&self, ui: Ui, typed: &str, path: &'static str, kind: &str) -> Result<()> {
        let body = if kind == "kv" {
            json!({"type": kind, "options": {"version": "2"}})
        } else {
            json!({"type": kind})
        };
        ui.command(typed);
        match self.session().write(path, &body).await {
            Ok(_) => Ok(()),
            Err(error) if error.to_string().contains("path is already in use") => {
                ui.detail("(it is there already)");
                Ok(())
            }
            Err(error) => Err(error).with_context(|| typed.to_owned()),
        }
    }

    async fn run(&self, ui: Ui, command: &Command) -> Result<()> {
        ui.command(&command.typed);
        self.session()
            .write(command.path, &command.body)
            .await
            .map(drop)
            .with_context(|| command.typed.clone())
    }
}

/// `key="value"` words, one a line, as the guide writes them.
fn assignments(body: &Value) -> String {
    let fields = body.as_object().into_iter().flatten();
    let words = fields.map(|(key, value)| match value {
        Value::String(text) if text.starts_with("eyJ") => {
            format!("{key}=\"<a JWT of {} bytes>\"", text.len())
        }
        Value::String(text) => format!("{key}=\"{text}\""),
        other => format!("{key}={other}"),
    });
    words.collect::<Vec<_>>().join(" \\\n  ")
}
