//! Vault set up by the guide's commands: each is shown as a person would type it and done through
//! the HTTP API.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use vault_client::{Client, ClientConfig, Session};
use vault_wire::Token;

use crate::ui::Ui;

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
    pub(crate) async fn must_be_unused(&self) -> Result<()> {
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
    pub(crate) async fn clean_up(&self, ui: Ui) -> Result<()> {
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

    /// Writes the secret of the operator's manifests.
    pub(crate) async fn put_foo(&self, ui: Ui, value: &str) -> Result<()> {
        let typed = format!("vault kv put secret/foo my-value=\"{value}\"");
        let body = json!({"data": {"my-value": value}});
        self.run(ui, &command(typed, "secret/data/foo", body)).await
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
